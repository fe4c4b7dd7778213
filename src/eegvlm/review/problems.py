"""What a scorer can do that cannot be done now."""

from __future__ import annotations

from eegvlm.errors import InputError


class ReviewError(InputError):
    """A request that cannot be carried out: an epoch that does not exist, a word that is no stage."""


class ConflictError(ReviewError):
    """An edit of a scoring that was changed by another window since this one last read it."""


class ReadOnlyError(ReviewError):
    """An edit of a scoring that is signed."""


class NotFoundError(ReviewError):
    """A night, a scoring or a recording that is not there."""
