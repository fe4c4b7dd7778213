"""A staged night and its files."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, sleep_statistics, write_hypnogram
from eegvlm.images import Correction
from eegvlm.staging.review import Review, contradicted_epochs, differing_epochs, review, review_flags

# format -> file; the formats' own names are eegvlm.hypnogram's
FILES = {
    "csv": ("hypnogram.csv", "csv"),
    "edf": ("hypnogram.edf", "edf"),
    "bids": ("events.tsv", "bids"),
    "json": ("hypnogram.json", "json"),
}
SUMMARY = "staging.json"
RATIONALES = "rationales.jsonl"


def check_formats(formats: Sequence[str], *others: str) -> None:
    """Refuse a format that is neither one of :data:`FILES` nor one of the others.

    Raises
    ------
    InputError
        Naming it and those there are.
    """
    for name in formats:
        if name not in FILES and name not in others:
            raise InputError("arguments", "formats", name, f"use any of {', '.join((*FILES, *others))}")


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
        Seconds spent reading, drawing, in the model, and where reasons were asked for in measuring and in explaining.
    rationales
        Lines of ``rationales.jsonl``, in the order of time; None where no reasons were asked for.
    corrections
        What was done to the signals of panels before they were drawn (:func:`~eegvlm.images.recording_corrections`).
    """

    hypnogram: Hypnogram
    recording: dict[str, Any]
    panels: dict[str, str | None]
    provenance: dict[str, Any]
    timing: dict[str, float]
    rationales: tuple[dict[str, Any], ...] | None = None
    corrections: dict[str, Correction] = field(default_factory=dict)

    @property
    def review(self) -> Review:
        """In which order to review the night, and what that is expected to leave."""
        told = contradicted_epochs(self.rationales), differing_epochs(self.rationales)
        return review(self.hypnogram, review_flags(self.hypnogram, *told))

    def summary(self) -> dict[str, Any]:
        """Return what ``staging.json`` holds."""
        return {
            **self.provenance,
            "recording": self.recording,
            "panels": self.panels,
            "gains": {panel: round(one.gain, 3) for panel, one in self.corrections.items()},
            "narrowed": {panel: list(one.band) for panel, one in self.corrections.items() if one.narrows},
            "epochs": len(self.hypnogram.stages),
            "unscored_epochs": int((self.hypnogram.stages < 0).sum()),
            "statistics": sleep_statistics(self.hypnogram).to_dict(),
            "notes": list(self.hypnogram.notes),
            "review": self.review.to_dict(),
            **self._explained(),
            "timing": {name: round(seconds, 3) for name, seconds in self.timing.items()},
        }

    def _explained(self) -> dict[str, Any]:
        """Return how many rationales there are and what the signal said to them, where they were asked for."""
        if self.rationales is None:
            return {}
        verdicts = Counter(claim["verdict"] for one in self.rationales for claim in one["claims"])
        differing = sum(one["differs"] for one in self.rationales)
        return {"rationales": {"epochs": len(self.rationales), "differing_stage": differing, "claims": dict(verdicts)}}

    def write(
        self,
        folder: str | Path,
        formats: Sequence[str] = ("csv", "edf", "bids", "json"),
        *,
        also: Callable[[Path], Path] | None = None,
    ) -> list[Path]:
        """Write the night's files; ``staging.json`` comes last, so that its presence means all are there.

        Parameters
        ----------
        folder
            Made where it does not exist.
        formats
            Any of ``csv``, ``edf``, ``bids``, ``json``. Rationales are written where they were asked for.
        also
            Writes another file into the folder, such as the report, and returns it.

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
        (folder / RATIONALES).unlink(missing_ok=True)  # an earlier staging's would be taken for this one's
        if self.rationales is not None:
            lines = [json.dumps(one, ensure_ascii=False, allow_nan=False) + "\n" for one in self.rationales]
            (folder / RATIONALES).write_text("".join(lines), encoding="utf-8", newline="\n")
            written.append(folder / RATIONALES)
        if also is not None:
            written.append(also(folder))
        partial = folder / (SUMMARY + ".new")
        partial.write_text(json.dumps(self.summary(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(partial, folder / SUMMARY)  # noqa: PTH105 (atomic on every system)
        return [*written, folder / SUMMARY]
