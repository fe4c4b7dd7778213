"""Dreem Open Datasets: DOD-H (25 healthy sleepers) and DOD-O (55 patients with apnoea), each scored by five experts.

``dodh/<id>.h5`` (or ``.edf``, as the authors' program converts it) with ``scorers/dodh/scorer_1/<id>.json`` and so
on, lists of -1 unscored, 0 W, 1 N1, 2 N2, 3 N3, 4 R. Where two scorers or more are there, their consensus
(:mod:`eegvlm.hypnogram.consensus`) is the default scoring; without them it is the ``hypnogram`` that the HDF5 file
holds. Each recording is a person of its own. Guillot et al. 2020, IEEE Trans. Neural Syst. Rehabil. Eng.
28(9):1955-1965.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from eegvlm.hypnogram import Hypnogram, HypnogramError
from eegvlm.hypnogram.consensus import consensus, soft_agreements
from eegvlm.lab.datasets.hdf5_record import StoredSignal, StoredSignals, hdf5_or_edf, opened
from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName
from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.sources import Scoring

CONSENSUS, HELD = "consensus", "hypnogram"
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_RECORDING = re.compile(rf"({_ID})\.(?:h5|edf)", re.IGNORECASE)
_SCORING = re.compile(rf"({_ID})\.json", re.IGNORECASE)
_SCORER = re.compile(r"scorer[ _-]?(\d+)", re.IGNORECASE)
_SET = re.compile(r"dod[ _-]?([ho])", re.IGNORECASE)


@dataclass(frozen=True)
class Consensus:
    """What the scorers of a night agree on."""

    scorings: tuple[Scoring, ...]
    scorer: str = CONSENSUS

    @property
    def path(self) -> Path | None:
        """The first scorer's file."""
        return self.scorings[0].path

    def read(self, recording_s: float | None = None) -> Hypnogram:
        """Read all scorings and let them vote; ``recording_s`` as in :meth:`.Scoring.read`.

        Raises
        ------
        HypnogramError
            Where they are not of one length.
        """
        hypnograms = [scoring.read(recording_s) for scoring in self.scorings]
        if len({len(hypnogram) for hypnogram in hypnograms}) > 1:
            lengths = ", ".join(
                f"{scoring.scorer} {len(hypnogram)}"
                for scoring, hypnogram in zip(self.scorings, hypnograms, strict=True)
            )
            raise HypnogramError(self.path or CONSENSUS, "epochs", lengths, "scorings of one night have one length")
        stages = np.stack([hypnogram.stages for hypnogram in hypnograms])
        agreements = ", ".join(
            f"{scoring.scorer} {value:.2f}"
            for scoring, value in zip(self.scorings, soft_agreements(stages), strict=True)
        )
        return Hypnogram(
            consensus(stages), notes=(f"consensus of scorers; soft agreement with the others: {agreements}",)
        )


@dataclass(frozen=True)
class HeldHypnogram:
    """The stages that an HDF5 file holds."""

    path: Path
    scorer: str = HELD

    def read(self, recording_s: float | None = None) -> Hypnogram:
        """Read them."""
        with opened(self.path) as file:
            if "hypnogram" not in file:
                raise DatasetError(self.path, "hypnogram", "none", "put the scorers' files beside it")
            return Hypnogram(np.asarray(file["hypnogram"][:]).astype(np.int8))


def read_name(letter: str, path: PurePath) -> Name | None:
    """Tell what a file is, by its name and by the folders that say which of the two sets it is of."""
    sets = {match[1].lower() for folder in path.parts[:-1] if (match := _SET.fullmatch(folder))}
    if sets and letter not in sets:
        return OtherName()
    if match := _RECORDING.fullmatch(path.name):
        return RecordingName(match[1].lower(), match[1].lower())
    match, scorer = _SCORING.fullmatch(path.name), _SCORER.fullmatch(path.parent.name)
    if match is None:
        return None
    return ScoringName(match[1].lower(), f"scorer-{scorer[1]}", coding="aasm") if scorer else OtherName()


def stored_signals(file: Any, path: Path) -> StoredSignals:
    """Find the signals of a file: EEG, EOG and EMG, in microvolt, at the rates that its description states."""
    try:
        described = json.loads(file.attrs["description"])
        rates = {str(signal["path"]).strip("/"): float(signal["fs"]) for signal in described}
    except (KeyError, TypeError, ValueError) as error:
        hint = "give the file as it was downloaded: its description states the rate of each signal"
        raise DatasetError(path, "description", error, hint) from error
    signals = []
    for group in ("eeg", "eog", "emg"):
        for name in file.get(f"signals/{group}", ()):
            place = f"signals/{group}/{name}"
            if place not in rates:
                raise DatasetError(path, "description", f"nothing of {place}", "give the file as it was downloaded")
            signals.append(StoredSignal(place, name.replace("_", "-"), rates[place], 1.0))
    return StoredSignals(tuple(signals))


def _held(path: Path) -> tuple[Scoring, ...]:
    return (HeldHypnogram(path),) if path.suffix.lower() == ".h5" else ()


def _with_consensus(scorings: Sequence[Scoring]) -> tuple[Scoring, ...]:
    experts = tuple(scoring for scoring in scorings if scoring.scorer.startswith("scorer-"))
    if len(experts) < 2:
        return tuple(scorings)
    # The file's own stages are what the scorers agreed on, too.
    return (Consensus(experts), *experts)


LAYOUTS = {
    name: DatasetLayout(
        name,
        "dod",
        partial(read_name, name[-1]),
        ("scorer-1", "scorer-2", "scorer-3", "scorer-4", "scorer-5", HELD),
        signals=partial(hdf5_or_edf, describe=stored_signals),
        own_scorings=_held,
        derived=_with_consensus,
    )
    for name in ("dod-h", "dod-o")
}
