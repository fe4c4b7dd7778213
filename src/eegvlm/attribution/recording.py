"""A recording under a model: which of its epochs are looked at, their attribution, and those worth drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eegvlm.attribution.attribution import Attribution, Blanking, Progress, attribute
from eegvlm.attribution.choosing import choose_epochs
from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Hypnogram, Stage

if TYPE_CHECKING:
    from eegvlm.signals import Recording
    from eegvlm.staging import Stager

MOST_SHOWN = 12


@dataclass(frozen=True, eq=False)
class ShownEpoch:
    """An epoch to be drawn.

    Parameters
    ----------
    night, epoch
        Where it lies; the epoch from 0.
    stage, probability
        The stage that is followed, and its probability.
    picture
        uint8 (channels, height, width), as the model saw it.
    losses
        Of its patches, (patches,).
    """

    night: str
    epoch: int
    stage: Stage
    probability: float
    picture: npt.NDArray[np.uint8]
    losses: npt.NDArray[np.float32]

    @property
    def title(self) -> str:
        """What stands above it."""
        return f"{self.night}, epoch {self.epoch + 1}: {self.stage.label}, p {self.probability:.2f}"


@dataclass(frozen=True, eq=False)
class AttributedRecording:
    """The attribution of a recording, and some of its epochs to be drawn."""

    attribution: Attribution
    shown: tuple[ShownEpoch, ...]


def attribute_recording(
    stager: Stager,
    recording: Recording,
    cutting: Blanking | None = None,
    *,
    name: str = "",
    epochs: Sequence[int] | None = None,
    most: int = 100,
    expert: Hypnogram | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> AttributedRecording:
    """Blank the patches of a recording's epochs.

    Parameters
    ----------
    stager
        The model; EEG-VLM or a general-purpose one.
    recording
        The night.
    cutting
        What is blanked, and with what.
    name
        Of the night, in figures; its file's where empty.
    epochs
        Which ones, from 0; None: :func:`choose_epochs` draws them.
    most
        How many are drawn.
    expert
        Stages that are followed in place of the model's own answers; one an epoch.
    batch_size
        Pictures that are read at a time; None: as many as suit the device.
    progress
        Called with (epochs done, epochs in all).

    Raises
    ------
    InputError
        If the recording cannot be used, an epoch is not in it or not usable, or none is left.
    """
    cutting = cutting or Blanking()
    redrawing = stager.redrawing(recording, batch_size=batch_size)
    usable = redrawing.night.usable
    if expert is not None and len(expert) != len(usable):
        hint = f"the scoring has {len(expert)}; lay both on the epochs of the recording"
        raise InputError(recording.path, "epochs", len(usable), hint)
    if epochs is None:
        chosen = choose_epochs(_stages(redrawing.own_answers(), expert), most, np.random.default_rng(cutting.seed))
        if not len(chosen):
            hint = "give another recording: no epoch has usable EEG" + ("" if expert is None else " and a stage")
            raise InputError(recording.path, "epochs to look at", 0, hint)
    else:
        chosen = np.unique(np.array(epochs, np.intp))
        for epoch in chosen.tolist():
            if not 0 <= epoch < len(usable):
                raise InputError(recording.path, "epoch", epoch + 1, f"the recording has epochs 1 to {len(usable)}")
            if not usable[epoch]:
                raise InputError(recording.path, "epoch", epoch + 1, "it holds no usable EEG: choose another")
            if expert is not None and expert[epoch] is Stage.UNSCORED:
                raise InputError(recording.path, "epoch", epoch + 1, "the expert left it unscored: choose another")
    stages = None if expert is None else expert.stages[chosen]
    attribution = attribute(redrawing, chosen, cutting, stages=stages, progress=progress)
    rows = _surest(attribution) if epochs is None else list(range(min(len(attribution), MOST_SHOWN)))
    pictures = redrawing.pictures(attribution.epochs[rows]).cpu().numpy()
    shown_epochs = tuple(
        ShownEpoch(
            name or recording.path.stem,
            int(attribution.epochs[row]),
            Stage(int(attribution.stages[row])),
            float(attribution.probabilities[row]),
            picture,
            attribution.losses[row],
        )
        for row, picture in zip(rows, pictures, strict=True)
    )
    return AttributedRecording(attribution, shown_epochs)


def surest(candidates: Sequence[ShownEpoch]) -> list[ShownEpoch]:
    """Return, of several nights' epochs, the one with the highest probability of each stage."""
    by_stage = [[epoch for epoch in candidates if epoch.stage is stage] for stage in STAGES]
    return [max(epochs, key=lambda epoch: epoch.probability) for epochs in by_stage if epochs]


def _stages(answers: npt.NDArray[np.float64], expert: Hypnogram | None) -> npt.NDArray[np.int8]:
    """Return the stage that is followed in each epoch; -1 where the epoch is not usable, or has no stage."""
    usable = np.isfinite(answers[:, 0])
    stages = np.nan_to_num(answers, nan=-np.inf).argmax(axis=1) if expert is None else expert.stages
    return np.where(usable, stages, -1).astype(np.int8)


def _surest(attribution: Attribution) -> list[int]:
    """Return the row of the most probable epoch of each stage."""
    by_stage = [np.flatnonzero(attribution.stages == stage) for stage in STAGES]
    return [int(rows[attribution.probabilities[rows].argmax()]) for rows in by_stage if len(rows)]
