"""A night as text: one character an epoch, one line for a stretch."""

from __future__ import annotations

from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import Stage

_TEXT_OF = {Stage.W: "W", Stage.N1: "1", Stage.N2: "2", Stage.N3: "3", Stage.R: "R", Stage.UNSCORED: "?"}


def night_text(hypnogram: Hypnogram, *, per_line: int) -> str:
    """Return a night as text; see :meth:`.Hypnogram.as_text`."""
    characters = "".join(_TEXT_OF[stage] for stage in hypnogram)
    lines = []
    for first in range(0, len(hypnogram), per_line):
        seconds = round(hypnogram.onset_s + first * hypnogram.epoch_s)
        elapsed = f"{'-' if seconds < 0 else ''}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}"
        head = elapsed if hypnogram.start is None else hypnogram.time_of(first).strftime("%H:%M")
        lines.append(f"{head}  {characters[first : first + per_line]}")
    return "\n".join(lines)
