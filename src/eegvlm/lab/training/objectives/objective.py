"""What every objective of a phase says of itself; each has a file of its own, and one table names them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.agreement import agreement_of_stages

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.phase_recipe import Part, Phase
    from eegvlm.lab.training.recipe import Recipe

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Objective:
    """The objective of a phase: its batches, its loss, its metrics and its cost.

    Parameters
    ----------
    phase
        Of the recipe.
    processor
        The model's.
    bfloat16
        Whether products are computed in it.

    Attributes
    ----------
    parts
        Parts of the model that may move.
    settings
        Settings of :class:`~eegvlm.lab.training.phase_recipe.Phase` that other objectives do not have.
    network
        Name of the part of the model, next to the language model, that learns alone and may be averaged; ``""`` where
        the language model is involved.
    answers
        Whether the language model answers with a stage.
    needs_signal
        Whether it learns from nights with a signal alone.
    draws_by_stage
        Whether epochs are drawn by stage, where the recipe does so; otherwise as they come.
    """

    phase: Phase
    processor: Any = None
    bfloat16: bool = False

    parts: ClassVar[tuple[Part, ...]] = ()
    settings: ClassVar[frozenset[str]] = frozenset()
    network: ClassVar[str] = ""
    answers: ClassVar[bool] = False
    needs_signal: ClassVar[bool] = True
    draws_by_stage: ClassVar[bool] = True

    def batches(self, nights: TrainingNightInputs) -> tuple[Any, Any]:
        """Return the training and the validation batches.

        Raises
        ------
        InputError
            If the model lacks what the objective teaches.
        """
        raise NotImplementedError

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the loss of a batch and its stage logits (n, 5); no logits where no stage is predicted.

        Parameters
        ----------
        model
            In training mode, the loss is one process's part of the mean over all.
        inputs
            What the batches gave, pictures drawn.
        """
        raise NotImplementedError

    def averaged_network(self, model: Any) -> nn.Module:
        """Return the network whose weights ``average`` averages."""
        network: nn.Module = getattr(model.model, self.network)
        return network

    def statistics_pictures(self, batches: Any, rows: Sequence[int], device: torch.device) -> Iterator[torch.Tensor]:
        """Yield pictures from which averaged weights get batch statistics; none where the network has none.

        Parameters
        ----------
        batches
            Of the training.
        rows
            All that were drawn.
        device
            Where pictures are drawn.
        """
        return iter(())

    def metrics(
        self,
        logits: npt.NDArray[np.float32],
        stages: npt.NDArray[np.int64],
        sources: npt.NDArray[np.int64],
        names: Sequence[str],
    ) -> dict[str, float]:
        """Return accuracy, kappa and recall by stage, for each source.

        Parameters
        ----------
        logits
            (n, 5) of the validation epochs.
        stages, sources
            (n,) the scored stages, and the place of each epoch's source in ``names``.
        names
            Of the validation sources.
        """
        answers = logits.argmax(axis=1)
        figures: dict[str, float] = {}
        for place, name in enumerate(names):
            of_source = sources == place
            agreed = agreement_of_stages(stages[of_source].astype(np.int8), answers[of_source].astype(np.int8))
            figures |= {f"{name}_accuracy": agreed.accuracy, f"{name}_kappa": agreed.kappa or 0.0}
            figures |= {
                f"{name}_recall_{stage.label}": figure.recall
                for stage, figure in zip(STAGES, agreed.stages, strict=True)
                if figure.recall is not None
            }
        return figures

    def evaluation_rows(self, rows: int, processes: int) -> int:
        """Return how many epochs are validated at once, from the rows that each process trains at once."""
        return max(rows * processes, 64)

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float | None:
        """Return the bytes that one row's forward pass keeps for the backward pass; None where that is unknown.

        Parameters
        ----------
        recipe, config
            Of the run, and the model's.
        model
            On the meta device.
        """
        raise NotImplementedError
