"""One night of a data set as what a store keeps of it: counts, stages, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.images import ImageLayout, panel_channels
from eegvlm.lab.datasets import DatasetProblem, Night
from eegvlm.lab.epochs.counts import MISSING, microvolt_per_count, to_counts
from eegvlm.lab.epochs.fingerprints import fingerprints
from eegvlm.lab.epochs.night_file import NightLabels, one_hot
from eegvlm.lab.epochs.problems import StoreError
from eegvlm.signals import Channel, Problem


@dataclass(frozen=True, eq=False)
class NightEpochs:
    """A night that was read.

    Parameters
    ----------
    night
        Where it comes from.
    channels
        Panel to channel; None where the recording has none.
    counts
        Panel to int16 ``(n, samples)``; panels without a channel are left out.
    saturated
        Panel to int32 ``(n,)``, samples that were cut to the range.
    stages
        int8 ``(n,)``, -1 where unscored.
    onset_s
        float64 ``(n,)``, seconds after the first sample of the recording, also where wake was cropped before.
    hashes
        Of each epoch's source, see :func:`eegvlm.lab.epochs.fingerprints.fingerprints`.
    problems
        What the recording says of itself.
    """

    night: Night
    channels: dict[str, Channel | None]
    counts: dict[str, npt.NDArray[np.int16]]
    saturated: dict[str, npt.NDArray[np.int32]]
    stages: npt.NDArray[np.int8]
    onset_s: npt.NDArray[np.float64]
    hashes: list[str | None]
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.stages)

    @property
    def labels(self) -> NightLabels:
        """What a night file says of the epochs: the scorer's stages, all of them to learn."""
        return NightLabels(self.night.person, self.stages, one_hot(self.stages), np.ones(len(STAGES), np.bool_))

    @property
    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """What else it says of each: ``onset_s``, ``saturated`` over all panels, ``hash`` (empty where None)."""
        return {
            "onset_s": self.onset_s,
            "saturated": sum(self.saturated.values(), start=np.zeros(len(self), np.int32)),
            "hash": np.array([digest or "" for digest in self.hashes], "S32"),
        }

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which epochs have no sample in any panel: bool ``(n,)``."""
        missing = np.ones(len(self), np.bool_)
        for counts in self.counts.values():
            missing &= (counts == MISSING).all(axis=1)
        return missing


def read_night(night: Night, layout: ImageLayout) -> NightEpochs:
    """Read a night as a layout's panels show it.

    Raises
    ------
    InputError
        Where the recording or its scoring cannot be used, or no panel has a channel.
    """
    recording = night.recording()
    stages = night.hypnogram().stages
    if len(stages) != recording.n_epochs:
        lengths = f"{len(stages)} stages for {recording.n_epochs} epochs"
        raise StoreError(night.name, "scoring", lengths, "correct the scoring's start or length")
    channels = panel_channels(layout, recording)
    available = {name: channel for name, channel in channels.items() if channel is not None}
    if not available:
        roles = ", ".join(dict.fromkeys(role.value for panel in layout.panels for role in panel.roles))
        raise StoreError(night.name, f"channels for layout {layout.name}", "none found", f"it shows {roles}")
    counts, saturated = {}, {}
    for name, channel in available.items():
        panel = layout.panel(name)
        epochs = recording.epochs(channel, rate=layout.rate, band=panel.band)
        counts[name], saturated[name] = to_counts(epochs, microvolt_per_count(panel))
    return NightEpochs(
        night,
        channels,
        counts,
        saturated,
        stages.astype(np.int8),
        recording.onsets_s,
        fingerprints(recording, available.values()),
        recording.problems,
    )


def why_left_out(night: Night, error: InputError | OSError, root: Path) -> DatasetProblem:
    """Say in one sentence, without a folder of this machine, why a night is not in the store."""
    if isinstance(error, InputError):
        path = Path(error.path)
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        message = str(InputError(name, error.field, error.value, error.hint))
    else:
        message = f"{night.name}: reading failed: {error.strerror or type(error).__name__}"
    return DatasetProblem("unreadable-night", message.replace(f"{root.as_posix()}/", ""), night.name)
