"""A labelled stretch of time, as a file gives it."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """A labelled stretch of time: start (s), length (s; None if not said), the text, where it stands."""

    onset_s: float
    duration_s: float | None
    text: str
    where: str
