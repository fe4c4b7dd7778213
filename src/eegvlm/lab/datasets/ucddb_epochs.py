"""Epochs of UCDDB as arrays: one EEG derivation, 128 Hz, ADC counts, with the stage of each epoch.

``ucddb002.npz`` holds ``eeg_counts`` int16 (n, 3840), ``stage`` int8 (n,) with 0 W, 1 N1, 2 N2, 3 N3, 4 R,
``epoch_index`` int32 (n,), each epoch's place in the night, and ``sampling_rate_hz``. Epochs that are not in the file
are gaps in the recording and unscored in the hypnogram. One count is 8/4095 x 100 = 0.1954 microvolt, inferred from
the size of the EEG of all patients; an offset of 0.55/8 x 4095 counts is taken off. The derivation was not recorded.
``ucddb002_stage.txt`` beside it, where there is one, is the scoring of the whole night.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName
from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.sources import Channels, RecordingClock
from eegvlm.signals import EPOCH_S, Problem, Recording

RATE = 128
PER_EPOCH = 3840
COUNTS_PER_UNIT = 4095 / 8
MICROVOLT_PER_COUNT = 100 / COUNTS_PER_UNIT
OFFSET_COUNTS = 0.55 * COUNTS_PER_UNIT
LABEL = "C3-A2 or C4-A1"
SCORER, WHOLE_NIGHT = "epochs", "whole-night"
_NAME = re.compile(r"(ucddb(\d{3}))(\.npz|_stage\.txt)", re.IGNORECASE)
_MOST_EPOCHS = 24 * 120
_SAID = (
    "the file does not say whether it is C3-A2 or C4-A1; one count is taken as 0.1954 µV, inferred from the EEG's size"
)


@dataclass(frozen=True)
class EpochArchive:
    """Epochs of one night in one file; both its signal and its scoring."""

    path: Path
    scorer: str = SCORER

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    def clock(self) -> RecordingClock:
        """Say that the start is unknown and that the night ends with the last epoch in the file."""
        _, index = self._scored()
        return RecordingClock(None, (int(index[-1]) + 1) * EPOCH_S)

    def read(self, recording_s: float | None = None) -> Hypnogram:
        """Read the stages; epochs that are not in the file are unscored."""
        stage, index = self._scored()
        stages = np.full(int(index[-1]) + 1, Stage.UNSCORED, np.int8)
        stages[index] = stage
        missing = len(stages) - len(stage)
        notes = (f"{missing} of {len(stages)} epochs are not in the file and unscored",) if missing else ()
        return Hypnogram(stages, EPOCH_S, notes=notes)

    def open(self, channels: Channels | None) -> Recording:
        """Read the samples into a night with gaps.

        Raises
        ------
        DatasetError
            Where the file is not of this kind or damaged.
        """
        from eegvlm.signals.arrays import ArraySource

        _, index = self._scored()
        counts = self._array("eeg_counts")
        if counts.shape != (len(index), PER_EPOCH) or counts.dtype.kind not in "iu":
            shape = f"{counts.dtype} {counts.shape}"
            raise self._error("eeg_counts", shape, f"expected integers of shape ({len(index)}, {PER_EPOCH})")
        night = np.full((int(index[-1]) + 1, PER_EPOCH), np.nan, np.float32)
        night[index] = (counts.astype(np.float32) - np.float32(OFFSET_COUNTS)) * np.float32(MICROVOLT_PER_COUNT)
        source = replace(
            ArraySource.of({LABEL: (night.reshape(-1), float(RATE))}, None),
            name=str(self.path),
            problems=(Problem("derivation-unknown", _SAID, LABEL),),
        )
        recording = Recording.from_source(source, channels or {"eeg_central": LABEL})
        montage = recording.montage
        noted = tuple(replace(channel, note=_SAID) for channel in montage.channels)
        return replace(recording, montage=replace(montage, channels=noted))

    def _scored(self) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.intp]]:
        stage, index = self._array("stage"), self._array("epoch_index")
        rate = self._array("sampling_rate_hz")
        if rate.size != 1 or rate.item() != RATE:
            raise self._error("sampling_rate_hz", rate, f"expected {RATE}")
        if stage.ndim != 1 or not stage.size or not np.isin(stage, range(5)).all():
            raise self._error("stage", f"shape {stage.shape}", "expected one of 0 to 4 for each epoch")
        if index.shape != stage.shape or index.dtype.kind not in "iu":
            raise self._error("epoch_index", f"{index.dtype} {index.shape}", f"expected {len(stage)} integers")
        if index[0] < 0 or (np.diff(index) <= 0).any() or index[-1] >= _MOST_EPOCHS:
            raise self._error("epoch_index", "not rising", f"expected rising numbers from 0 to {_MOST_EPOCHS - 1}")
        return stage.astype(np.int8), index.astype(np.intp)

    def _array(self, name: str) -> npt.NDArray[np.generic]:
        try:
            with self.path.open("rb") as file:
                archive = np.load(file, allow_pickle=False)
                if isinstance(archive, np.ndarray):
                    raise self._error("content", "a single array", "expected a .npz file of four arrays")
                if name not in archive.files:
                    raise self._error("arrays", ", ".join(archive.files), f"expected {name} among them")
                array: npt.NDArray[np.generic] = archive[name]
        # A damaged archive makes its reader fail in many ways.
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise self._error("content", error, "it is damaged; copy it again") from error
        return array

    def _error(self, field: str, value: object, hint: str) -> DatasetError:
        return DatasetError(self.path, field, value, hint)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return OtherName() if path.suffix.lower() == ".rec" else None
    night, subject = match[1].lower(), match[2]
    if match[3].lower() == ".npz":
        return RecordingName(night, subject)
    return ScoringName(night, WHOLE_NIGHT, coding="ucddb")


LAYOUT = DatasetLayout(
    "ucddb-epochs",
    "ucddb",
    read_name,
    (SCORER, WHOLE_NIGHT),
    signals=EpochArchive,
    own_scorings=lambda path: (EpochArchive(path),),
)
