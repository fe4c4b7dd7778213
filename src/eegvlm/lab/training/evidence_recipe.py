"""What a recipe says of evidence: how windows of a night's measurements vary while they are learnt."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from eegvlm.errors import InputError


@dataclass(frozen=True)
class EvidenceData:
    """How windows of evidence vary.

    Parameters
    ----------
    epochs
        Epochs of a long window; of a shorter night all.
    pieces, piece_epochs
        Share of the windows that are pieces of a night, with their medians from the piece alone, and their fewest and
        most epochs.
    gaps
        Share of the windows in which whole stages, or stretches, are missing.
    jitter
        Spread, in units of the natural logarithm, by which the amplitude of every band is moved, for all and for each
        band: what another recorder would do.
    relative_alone
        Share of the windows that hold relative entries alone.
    eeg_alone, channel_drop
        Share of the windows without eyes and chin; otherwise of those without eyes, and of those without the chin.
    drop
        Of phases that read the evidence encoder's vectors beside pictures, or texts of what was measured: share of the
        rows without them.
    """

    epochs: int = 400
    pieces: float = 0.35
    piece_epochs: tuple[int, int] = (20, 120)
    gaps: float = 0.3
    jitter: float = 0.2
    relative_alone: float = 0.2
    eeg_alone: float = 0.5
    channel_drop: float = 0.3
    drop: float = 0.25

    def check(self, path: Path) -> None:
        """Refuse what is no share, and lengths that no window has.

        Raises
        ------
        InputError
            Naming the setting.
        """
        fewest, most = self.piece_epochs
        for name, wrong, hint in (
            ("epochs", self.epochs < 1, "give 1 or more"),
            ("piece_epochs", not 1 <= fewest <= most, "give two numbers from 1, the smaller first"),
            ("jitter", not 0 <= self.jitter < float("inf"), "give 0 or more"),
            *((field.name, not 0 <= getattr(self, field.name) <= 1, "give a share from 0 to 1")
              for field in fields(self) if field.type == "float" and field.name != "jitter"),
        ):  # fmt: skip
            if wrong:
                raise InputError(path, f"data.evidence.{name}", getattr(self, name), hint)

    def window(self, length: int, rng: np.random.Generator) -> int:
        """Return the length of a window of a night with this many epochs."""
        if rng.random() < self.pieces:
            return min(length, int(rng.integers(self.piece_epochs[0], self.piece_epochs[1] + 1)))
        return min(length, self.epochs)
