"""What ``eegvlm stage`` left in a night's folder: the model's stages, reasons, quality and order of review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.hypnogram import STAGES, Hypnogram, read_hypnogram
from eegvlm.hypnogram.second_opinion import SECOND_READER
from eegvlm.review.problems import ReviewError
from eegvlm.staging.result_files import FILES, RATIONALES
from eegvlm.staging.results_folder import SUMMARY

_READ = tuple(FILES[name][0] for name in ("json", "csv", "bids", "edf"))


@dataclass(frozen=True, eq=False)
class Results:
    """The model's answer to a night.

    Parameters
    ----------
    summary
        ``staging.json``.
    hypnogram
        Stages, and probabilities where the formats that were written hold them.
    rationales
        Epoch, counted from 1 -> its line of ``rationales.jsonl``.
    second
        A second reader's hypnogram, where ``stage`` asked for one.
    """

    summary: Mapping[str, Any]
    hypnogram: Hypnogram
    rationales: Mapping[int, Mapping[str, Any]]
    second: Hypnogram | None

    @property
    def model(self) -> dict[str, Any]:
        """The model's name and the SHA-256 of its weights."""
        return {"name": self.summary.get("model"), "weights_sha256": self.summary.get("weights_sha256")}

    @property
    def review(self) -> Mapping[str, Any]:
        """Order of review, shares and flags; epochs count from 1."""
        return self.summary.get("review") or {}

    @property
    def to_review(self) -> list[int]:
        """Epochs that a scorer should look at, counted from 1: those listed first, then the flagged ones."""
        listed = [*self.review.get("order", ())]
        flagged = [flag["epoch"] for flag in self.review.get("flags", ())]
        return list(dict.fromkeys([*listed, *flagged]))

    @property
    def limit(self) -> str:
        """Why the probabilities promise nothing of this night; "" where they do."""
        shares = self.review.get("shares") or ()
        is_silent = bool(shares) and all(share.get("rest") is None for share in shares)
        return str(self.review.get("basis", "")) if is_silent else ""

    def of_epoch(self, epoch: int) -> dict[str, Any]:
        """Return the model's stage of an epoch, counted from 1, and its probability where it is known."""
        confidence = self.hypnogram.confidence
        value = None if confidence is None else float(confidence[epoch - 1])
        known = value is not None and np.isfinite(value)
        return {"model": self.hypnogram[epoch - 1].label, "p": round(value, 4) if known and value is not None else None}

    def to_dict(self) -> dict[str, Any]:
        """Return everything for the page."""
        probabilities = self.hypnogram.probabilities
        rows = None
        if probabilities is not None:
            rows = [None if np.isnan(row).any() else [round(float(p), 4) for p in row] for row in probabilities]
        return {
            "model": self.model,
            "notice": self.summary.get("notice"),
            "columns": [stage.label for stage in STAGES],
            "stages": self.hypnogram.labels,
            "probabilities": rows,
            "rationales": {str(epoch): one for epoch, one in self.rationales.items()},
            "second": None if self.second is None else self.second.labels,
            "second_reader": (self.summary.get("second_reader") or {}).get("reader"),
            "quality": self.summary.get("quality"),
            "panels": self.summary.get("panels"),
            "problems": self.summary.get("problems", []),
            "notes": list(self.hypnogram.notes),
            "review": {"to_review": self.to_review, "flags": self.review.get("flags", []), "limit": self.limit},
        }


def read_results(folder: Path) -> Results:
    """Read a night's folder.

    Raises
    ------
    ReviewError
        If it is no folder of results, or one that is not finished.
    InputError
        If one of its files cannot be read.
    """
    summary = read_summary(folder)
    file = next((folder / name for name in _READ if (folder / name).is_file()), None)
    if file is None:
        raise ReviewError(folder, "hypnogram", "none", "stage the recording again with --formats csv,json")
    second = folder / SECOND_READER
    hypnogram = read_hypnogram(file)
    if len(hypnogram) != summary["recording"]["n_epochs"]:
        found = f"{len(hypnogram)} epochs of {summary['recording']['n_epochs']}"
        raise ReviewError(file, "length", found, "it is of another staging: stage the recording again")
    return Results(
        summary, hypnogram, _rationales(folder / RATIONALES), read_hypnogram(second) if second.is_file() else None
    )


def read_summary(folder: Path) -> dict[str, Any]:
    """Read ``staging.json``.

    Raises
    ------
    ReviewError
        If it is not there, or is not one.
    """
    file = folder / SUMMARY
    try:
        summary = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "give a folder that eegvlm stage has finished, or a recording"
        raise ReviewError(file, "results", error.strerror or error, hint) from error
    except ValueError as error:
        raise ReviewError(file, "JSON", error, "it is damaged: stage the recording again") from error
    recording = summary.get("recording") if isinstance(summary, dict) else None
    if not isinstance(recording, dict) or not isinstance(recording.get("n_epochs"), int):
        raise ReviewError(file, "recording", type(recording).__name__, "it is damaged: stage the recording again")
    return dict(summary)


def _rationales(file: Path) -> dict[int, Mapping[str, Any]]:
    if not file.is_file():
        return {}
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        return {int(one["epoch"]): one for one in lines}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReviewError(file, "rationales", error, "the file is damaged: stage the recording again") from error
