"""The local page on which a scorer checks a staged night, corrects it, and signs it.

The door of the room: :func:`serve`. Notable: the scoring is an append-only journal that is on the disk before an edit
is confirmed (:mod:`.journal`), and everything that is shown of a scoring is replayed from it (:mod:`.scoring`); the
server listens on the loopback interface alone and answers nobody who lacks the token of its address (:mod:`.guard`).

Not covered: several nights open in one window.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegvlm.review.server import serve

__all__ = ["serve"]

_LAZY = {"serve": "eegvlm.review.server"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
