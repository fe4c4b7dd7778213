"""What a second reader says of a staged night, and where it differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from eegvlm.core.files import write_text
from eegvlm.hypnogram.agreement import Agreement, agreement
from eegvlm.hypnogram.formats.eegvlm_csv import comment_lines
from eegvlm.hypnogram.formats.probability_text import COLUMNS, cells_of
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.pooling import check_same_epochs

SECOND_READER: Final = "second_reader.csv"
_HEADER: Final = ("epoch", "onset_s", "duration_s", "stage", *COLUMNS, "confidence", "ours", "agree")


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """A second reader's hypnogram, compared with ours.

    Parameters
    ----------
    reader, version
        The second reader's name and version.
    hypnogram
        What it says, in the epochs of ours.
    agreement
        Ours is the reference; None where no epoch is scored by both.
    differing
        Epochs, counted from 0, to which both give a stage, but not the same.
    """

    reader: str
    version: str
    hypnogram: Hypnogram
    agreement: Agreement | None
    differing: tuple[int, ...]

    @classmethod
    def of(cls, ours: Hypnogram, second: Hypnogram, *, reader: str, version: str) -> SecondOpinion:
        """Compare a second hypnogram with ours.

        Raises
        ------
        HypnogramError
            If its epochs are not those of ours.
        """
        check_same_epochs(ours, second, f"second reader {reader}")
        both = ours.scored & second.scored
        compared = agreement(ours, second, by="onset") if both.any() else None
        differing = np.flatnonzero(both & (ours.stages != second.stages))
        return cls(reader, version, second, compared, tuple(differing.tolist()))

    @property
    def sentence(self) -> str:
        """The agreement in words: percent, Cohen's kappa, the number of epochs, and a shift that would change it."""
        who = f"{self.reader} {self.version}"
        if self.agreement is None:
            return f"{who}: no epoch is scored by both readers"
        kappa = self.agreement.kappa
        kappa_text = "kappa is undefined (one stage throughout)" if kappa is None else f"kappa {kappa:.2f}"
        shift = self.agreement.shift
        warning = "" if shift is None else f". Warning: {shift.sentence(self.reader)}"
        share = f"{100 * self.agreement.accuracy:.1f} % of {self.agreement.n_compared} epochs"
        return f"{who} agrees on {share}, {kappa_text}{warning}"

    def to_dict(self) -> dict[str, Any]:
        """Return what ``staging.json`` holds; epochs count from 1."""
        return {
            "reader": self.reader,
            "version": self.version,
            "has_probabilities": self.hypnogram.probabilities is not None,
            "unscored_epochs": int((~self.hypnogram.scored).sum()),
            "agreement": None if self.agreement is None else self.agreement.to_dict(),
            "differing_epochs": [epoch + 1 for epoch in self.differing],
            "notes": list(self.hypnogram.notes),
        }

    def write_csv(self, folder: str | Path, ours: Hypnogram) -> Path:
        """Write ``second_reader.csv``: each epoch's stage and probabilities by the second reader, and ours beside it.

        The first columns are those of ``hypnogram.csv``, so that :func:`eegvlm.hypnogram.read_hypnogram` reads it;
        ``ours`` is our stage, and ``agree`` is ``yes``, ``no``, or empty where either leaves the epoch unscored.

        Parameters
        ----------
        folder
            An existing folder.
        ours
            The hypnogram that was compared.

        Returns
        -------
        Path
            The file.
        """
        check_same_epochs(ours, self.hypnogram, f"second reader {self.reader}")
        agree = np.where(ours.scored & self.hypnogram.scored, "yes", "")
        agree[list(self.differing)] = "no"
        notes = (f"second reader {self.reader} {self.version}", *self.hypnogram.notes)
        lines = [*comment_lines(ours.start, notes), ",".join(_HEADER)]
        rows = zip(_rows(self.hypnogram), ours.labels, agree, strict=True)
        lines += [",".join([*row, label, agrees]) for row, label, agrees in rows]
        path = Path(folder) / SECOND_READER
        write_text(path, "\n".join(lines) + "\n")
        return path


def _rows(night: Hypnogram) -> Iterator[list[str]]:
    """Yield each epoch's cells as ``hypnogram.csv`` has them."""
    probabilities = np.full((len(night), len(COLUMNS) + 1), np.nan, np.float32)
    if night.probabilities is not None and night.confidence is not None:
        probabilities = np.column_stack([night.probabilities, night.confidence])
    for number, (onset, stage, values) in enumerate(
        zip(night.onsets_s, night.labels, probabilities, strict=True), start=1
    ):
        yield [str(number), repr(round(float(onset), 6)), repr(night.epoch_s), stage, *cells_of(values, missing="")]
