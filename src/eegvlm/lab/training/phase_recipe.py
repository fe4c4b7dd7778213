"""What a recipe says of a phase: what is learnt, what moves, and how fast."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from os import PathLike
from typing import Literal, NoReturn

from eegvlm.errors import InputError
from eegvlm.lab.simulation import Randomisation

Part = Literal["enhancement", "night", "evidence", "tower", "projector", "language"]

RENAMED_OBJECTIVES = {"describe": "contrastive", "follow": "sequence"}
"""Names in recipes of earlier versions, and today's."""


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters in place of the language model's own weights; merged into these once the phase has ended.

    Parameters
    ----------
    rank, alpha, dropout
        As in peft.
    targets
        Names of the linear layers of the language model that get one.

    References
    ----------
    Hu et al. 2022, LoRA: low-rank adaptation of large language models, ICLR.
    """

    rank: int = 128
    alpha: int = 256
    dropout: float = 0.05
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Phase:
    """One phase of training.

    Parameters
    ----------
    name
        Also the name of its folder.
    objective
        ``contrastive``: the tower alone, between pictures and descriptions of what is measurable in them.
        ``classify``: the enhancement network alone, cross-entropy of its classifier. ``sequence``: the night encoder
        alone, the same cross-entropy of all epochs of a window of the night. ``evidence``: the evidence encoder alone,
        the same of windows of what was measured, each of its readers by itself. ``answer``: the whole model,
        cross-entropy of the label token and the end of the answer. ``reason``: the same, but in a share of the batches
        the model writes the reasons, too, composed from what is measurable in each epoch.
    trains
        Parts whose weights move: any of ``enhancement``, ``night``, ``evidence``, ``tower``, ``projector``,
        ``language``.
    member
        Of ``classify``, of a network with ``model.enhancement_members``: the one that learns, counted from 1. 0: all of
        them, each by itself, from the same batches.
    steps, epochs
        How long: optimiser steps, or, where these are not given, passes over the epochs to learn
        (``data.epochs_a_pass``).
    batch_size, accumulate
        Epochs of an optimiser step, and the number of equal parts in which they are computed one after another.
    learning_rate, projector_learning_rate
        The highest; the projector's own where it is given.
    scheduler, warmup
        How the learning rate falls after it has risen in this share of the steps.
    patience
        Stop once the validation loss has not improved for this many evaluations; 0: never.
    lora
        The language model learns by adapters, its own weights are frozen; the labels' rows of its embeddings move.
    gradient_checkpointing
        Compute activations again in the backward pass instead of keeping them.
    reasoned
        Share of the batches of ``reason`` that hold reasons.
    folds
        Of ``classify``: before the network itself, train this many, each without one group of persons. Later phases
        read a person's high-level vectors from the network that has not seen this person.
    average
        Of ``classify`` and ``sequence``: the network ends as the mean of its weights over this share of the steps, the
        last ones (:mod:`eegvlm.lab.training.averaging`); 0: as they are after the last step.
    soft_negatives
        What the weights that sources state by ``soft_negatives`` are multiplied by in this phase.
    randomisation
        Of ``classify``: what recorders may do to a signal in this phase, in place of the data's.
    """

    name: str
    objective: str
    trains: tuple[Part, ...]
    member: int = 0
    steps: int = 0
    epochs: float = 0.0
    batch_size: int = 64
    accumulate: int = 1
    learning_rate: float = 1e-3
    projector_learning_rate: float | None = None
    scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = 0.05
    warmup: float = 0.05
    label_smoothing: float = 0.0
    patience: int = 0
    lora: Lora | None = None
    gradient_checkpointing: bool = False
    reasoned: float = 0.5
    folds: int = 0
    average: float = 0.0
    soft_negatives: float = 1.0
    randomisation: Randomisation | None = None

    def optimiser_steps(self, epochs_a_pass: int) -> int:
        """Return how many steps it takes."""
        return self.steps or math.ceil(self.epochs * epochs_a_pass / self.batch_size)

    def check(self, where: str | PathLike[str]) -> None:
        """Refuse settings that contradict each other.

        Raises
        ------
        InputError
            Naming the phase and the setting.
        """
        from eegvlm.lab.training.objectives import OBJECTIVES  # each of which knows this class

        def refuse(value: object, hint: str) -> NoReturn:
            raise InputError(where, f"phase {self.name}", value, hint)

        if self.objective in RENAMED_OBJECTIVES:
            refuse(f"objective {self.objective}", f"write {RENAMED_OBJECTIVES[self.objective]}, as it is called now")
        if self.objective not in OBJECTIVES:
            refuse(f"objective {self.objective}", f"there are {', '.join(OBJECTIVES)}")
        objective = OBJECTIVES[self.objective]
        for part in self.trains:
            if part not in objective.parts:
                teachers = [name for name, other in OBJECTIVES.items() if part in other.parts]
                refuse(f"trains {part}", f"it moves in phases of objective {', '.join(teachers)} alone")
        objective_settings = {name for other in OBJECTIVES.values() for name in other.settings}
        for setting in fields(self):
            value = getattr(self, setting.name)
            if setting.name in objective_settings - objective.settings and value != setting.default:
                having = [name for name, other in OBJECTIVES.items() if setting.name in other.settings]
                stated = setting.name if is_dataclass(value) else f"{setting.name} {value}"
                refuse(stated, f"phases of objective {', '.join(having)} alone have it")
        for wrong, stated, hint in (
            (not self.trains, "trains nothing", f"name some of {', '.join(objective.parts)}"),
            (self.steps <= 0 and self.epochs <= 0, "no length", "give it steps, or epochs"),
            (self.accumulate < 1 or self.batch_size % self.accumulate, f"accumulate {self.accumulate}",
             f"give a divisor of batch_size {self.batch_size}"),
            (self.lora is not None and "language" not in self.trains, "lora", "adapters need trains: [language]"),
            (self.member < 0, f"member {self.member}", "members are counted from 1; 0 are all of them"),
            (self.member and self.folds, f"folds {self.folds}", "cross-fit all members in one phase"),
            (self.folds == 1 or self.folds < 0, f"folds {self.folds}", "give 2 or more, or 0"),
            (not 0 <= self.average <= 1, f"average {self.average}", "give a share of the steps, from 0 to 1"),
            (self.soft_negatives < 0, f"soft_negatives {self.soft_negatives}", "give 0 or more"),
        ):  # fmt: skip
            if wrong:
                refuse(stated, hint)
