"""A staged night and its files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, sleep_statistics, write_hypnogram

# format -> file; the formats' own names are eegvlm.hypnogram's
FILES = {
    "csv": ("hypnogram.csv", "csv"),
    "edf": ("hypnogram.edf", "edf"),
    "bids": ("events.tsv", "bids"),
    "json": ("hypnogram.json", "json"),
}
SUMMARY = "staging.json"


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that is not one of :data:`FILES`.

    Raises
    ------
    InputError
        Naming it and those there are.
    """
    for name in formats:
        if name not in FILES:
            raise InputError("arguments", "formats", name, f"use any of {', '.join(FILES)}")


@dataclass(frozen=True)
class StagedNight:
    """A hypnogram with probabilities, and everything that says where it came from.

    Parameters
    ----------
    hypnogram
        One stage and five probabilities an epoch; unscored epochs have NaN.
    recording
        ``Recording.describe()``: channels, length, gaps, problems; no patient fields.
    panels
        The channel drawn in each panel of the layout, ``None`` where the recording has none.
    provenance
        Software, model and hash of its weights, layout, precision.
    timing
        Seconds spent reading, drawing, and in the model.
    """

    hypnogram: Hypnogram
    recording: dict[str, Any]
    panels: dict[str, str | None]
    provenance: dict[str, Any]
    timing: dict[str, float]

    def summary(self) -> dict[str, Any]:
        """Return what ``staging.json`` holds."""
        return {
            **self.provenance,
            "recording": self.recording,
            "panels": self.panels,
            "epochs": len(self.hypnogram.stages),
            "unscored_epochs": int((self.hypnogram.stages < 0).sum()),
            "statistics": sleep_statistics(self.hypnogram).to_dict(),
            "notes": list(self.hypnogram.notes),
            "timing": {name: round(seconds, 3) for name, seconds in self.timing.items()},
        }

    def write(self, folder: str | Path, formats: Sequence[str] = ("csv", "edf", "bids", "json")) -> list[Path]:
        """Write the night's files; ``staging.json`` comes last, so that its presence means all are there.

        Parameters
        ----------
        folder
            Made where it does not exist.
        formats
            Any of ``csv``, ``edf``, ``bids``, ``json``.

        Returns
        -------
        list of Path
            The files, in the order in which they were written.
        """
        folder = Path(folder)
        check_formats(formats)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SUMMARY).unlink(missing_ok=True)
        written = []
        for name in formats:
            file, format_name = FILES[name]
            write_hypnogram(self.hypnogram, folder / file, format=format_name)
            written.append(folder / file)
        partial = folder / (SUMMARY + ".new")
        partial.write_text(json.dumps(self.summary(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(partial, folder / SUMMARY)  # noqa: PTH105 (atomic on every system)
        return [*written, folder / SUMMARY]
