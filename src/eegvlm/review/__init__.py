"""The local page on which a scorer checks a staged night, corrects it, and signs it.

The door of the room: :func:`serve`. Notable: the scoring is an append-only journal that is on the disk before an edit
is confirmed (:mod:`.journal`), and everything that is shown of a scoring is replayed from it (:mod:`.scoring`); the
server listens on the loopback interface alone and answers nobody who lacks the token of its address (:mod:`.guard`).

Not covered: several nights open in one window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eegvlm.review.server import serve

__all__ = ["serve"]

__getattr__, _, _ = lazy_loader.attach(__name__, submod_attrs={"server": ["serve"]})
