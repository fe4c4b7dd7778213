"""The error of this room: a scoring that cannot be used."""

from __future__ import annotations

from eegvlm.errors import InputError


class HypnogramError(InputError):
    """A scoring, or a request on one, that cannot be used; says where, what, and the remedy."""
