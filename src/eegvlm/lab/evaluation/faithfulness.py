"""Faithfulness: whether the reasons that a model writes are true, and whether its answers hang on them.

Notable: claims are held against what was measured on the channels that the model sees; another epoch's picture and
blanked segments show whether words and stages follow the picture. Both answers are those of each epoch alone, before
smoothing. Not covered: whether a detector's spindle is a spindle (``eegvlm.evidence``).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from eegvlm.errors import InputError
from eegvlm.lab.evaluation.claim_verdicts import TextFlaws, VerdictRow, text_flaws, verdicts_by_kind, verdicts_by_stage
from eegvlm.lab.evaluation.comparison import Comparison, compare
from eegvlm.lab.evaluation.deletion import DeletionRow, deletion_rows
from eegvlm.lab.evaluation.estimates import Estimate, estimate, share, sums_of
from eegvlm.lab.evaluation.evaluation import Evaluation, judge
from eegvlm.lab.evaluation.explained_night import PARTS, ExplainedNight, explain_night
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.lab.evaluation.perturbations import keep_modalities
from eegvlm.lab.evaluation.run import Channels, JudgedNight, Progress, reason
from eegvlm.lab.evaluation.swap import SwapFigures, swap_figures
from eegvlm.signals import MODALITIES

if TYPE_CHECKING:
    from eegvlm.staging import Stager
    from eegvlm.staging.explaining import Reasons

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """The figures.

    Attributes
    ----------
    subjects, nights
        Their numbers.
    scored
        Number of epochs with signal that the expert scored.
    epochs_a_night
        How many of them were drawn in each night at most; None: all.
    reasons
        What the model was permitted to state.
    seed
        Of the draws.
    by_kind, by_stage
        Verdicts of the claims.
    flaws
        Of the texts.
    swap
        The swap test.
    deletion
        The deletion test.
    without_room
        Confirmed claims that the deletion test left out, as equal segments did not fit beside what they cite.
    answers
        ``reasoned`` and ``direct``, judged on the same epochs.
    differ
        Share of epochs to which the two give different stages.
    errors
        Nights that are left out: name to reason.
    """

    subjects: int
    nights: int
    scored: int
    epochs_a_night: int | None
    reasons: Reasons
    seed: int
    by_kind: tuple[VerdictRow, ...]
    by_stage: tuple[VerdictRow, ...]
    flaws: TextFlaws
    swap: SwapFigures
    deletion: tuple[DeletionRow, ...]
    without_room: int
    answers: Mapping[str, Evaluation]
    differ: Estimate
    errors: Mapping[str, str]

    @cached_property
    def comparison(self) -> Comparison:
        """The reasoned answers minus the direct ones."""
        (comparison,) = compare(self.answers)
        return comparison

    def to_dict(self) -> dict[str, object]:
        """Return everything under its name, ready for JSON."""
        return {
            "subjects": self.subjects,
            "nights": self.nights,
            "scored_epochs": self.scored,
            "epochs_drawn_a_night": self.epochs_a_night if self.epochs_a_night is not None else "all",
            "reasons": self.reasons,
            "seed": self.seed,
            "claims_by_kind": [row.to_dict() for row in self.by_kind],
            "claims_by_stage": [row.to_dict() for row in self.by_stage],
            "texts": self.flaws.to_dict(),
            "swap": self.swap.to_dict(),
            "deletion": [row.to_dict() for row in self.deletion],
            "deletion_without_room": self.without_room,
            "answers": {name: evaluation.overall.to_dict() for name, evaluation in self.answers.items()},
            "reasoned_minus_direct": self.comparison.to_dict(),
            "answers_differ": self.differ.to_dict(),
            "errors": dict(self.errors),
        }


def check_can_explain(stager: Stager) -> None:
    """Refuse a checkpoint that gives no reasons.

    Raises
    ------
    InputError
        Naming the checkpoint and what to do.
    """
    if not stager.can_explain:
        hint = "this checkpoint has no reasoned prompt: leave --faithfulness out, or use one trained to give reasons"
        raise InputError(str(stager.provenance.get("model", "model")), "faithfulness", "no reasons", hint)


def faithfulness(
    stager: Stager,
    nights: Iterable[JudgedNight],
    *,
    epochs_a_night: int | None = None,
    reasons: Reasons = "free",
    channels: Channels | None = None,
    modalities: tuple[str, ...] = MODALITIES,
    batch_size: int = 32,
    progress: Progress | None = None,
    bootstrap: ConfusionBootstrap | None = None,
) -> Faithfulness:
    """Let a model explain every night, and test its reasons.

    Parameters
    ----------
    stager
        One that can explain.
    nights
        At least one. A night that cannot be opened or staged is left out and named.
    epochs_a_night
        The most scored epochs of a night, drawn by the bootstrap's seed; None: all of them.
    reasons
        ``"free"``: the model states whatever the grammar permits, so that verdicts show what it sees. ``"grounded"``:
        it chooses among what holds in the epoch; then all is confirmed, and the other tests are what tells.
    channels
        As in :func:`eegvlm.signals.read_recording`.
    modalities
        Signals that the model may read.
    batch_size
        Epochs that are read at a time.
    progress
        Called with (parts done, parts in all, what is done next).
    bootstrap
        How intervals over subjects are drawn. All other draws come from its seed too.

    Raises
    ------
    InputError
        If the checkpoint gives no reasons, or not a single night could be used.
    """
    check_can_explain(stager)
    bootstrap, nights = bootstrap or ConfusionBootstrap(), list(nights)
    explained: list[ExplainedNight] = []
    errors: dict[str, str] = {}
    first: InputError | None = None
    total = len(nights) * len(PARTS)
    for k, night in enumerate(nights):

        def tell(part: str, done: int = k * len(PARTS), name: str = night.name) -> None:
            if progress is not None:
                progress(done + PARTS.index(part), total, f"{name}: {part}")

        rng = np.random.default_rng([bootstrap.seed, zlib.crc32(night.name.encode())])
        try:
            truth = night.hypnogram()
            recording = keep_modalities(night.recording(channels), modalities)
            explanation = explain_night(
                stager,
                recording,
                truth,
                subject=night.person,
                night=night.name,
                rng=rng,
                epochs=epochs_a_night,
                reasons=reasons,
                batch_size=batch_size,
                tell=tell,
            )
        except InputError as error:
            errors[night.name], first = reason(error), first or error
            continue
        if explanation.texts:
            explained.append(explanation)
        else:
            errors[night.name] = "the expert scored no epoch with signal"
    if progress is not None:
        progress(total, total, "")
    if not explained:
        raise first or InputError("evaluation", "nights", len(nights), "no night has an epoch to explain")
    return summarise_faithfulness(explained, epochs_a_night, reasons, errors, bootstrap)


def summarise_faithfulness(
    nights: Sequence[ExplainedNight],
    epochs_a_night: int | None = None,
    reasons: Reasons = "free",
    errors: Mapping[str, str] | None = None,
    bootstrap: ConfusionBootstrap | None = None,
) -> Faithfulness:
    """Compute the figures of nights that have been explained; parameters as in :func:`faithfulness`."""
    bootstrap = bootstrap or ConfusionBootstrap()
    names = sorted({night.subject for night in nights})

    def by_subject(items: Sequence[Sequence[T]]) -> list[list[T]]:
        """Gather what belongs to the nights of each subject."""
        groups: dict[str, list[T]] = {name: [] for name in names}
        for night, items_of_night in zip(nights, items, strict=True):
            groups[night.subject] += items_of_night
        return list(groups.values())

    texts = by_subject([night.texts for night in nights])
    answers = {
        kind: judge([getattr(night, kind) for night in nights], bootstrap=bootstrap) for kind in ("reasoned", "direct")
    }
    differing = by_subject([_differences(night) for night in nights])
    return Faithfulness(
        subjects=len(names),
        nights=len(nights),
        scored=sum(night.scored for night in nights),
        epochs_a_night=epochs_a_night,
        reasons=reasons,
        seed=bootstrap.seed,
        by_kind=verdicts_by_kind(texts, bootstrap),
        by_stage=verdicts_by_stage(texts, bootstrap),
        flaws=text_flaws(texts, bootstrap),
        swap=swap_figures(by_subject([night.swaps for night in nights]), bootstrap),
        deletion=deletion_rows(by_subject([night.deletions.deletions for night in nights]), bootstrap),
        without_room=sum(night.deletions.without_room for night in nights),
        answers=answers,
        differ=estimate(sums_of(differing, float, lambda _: 1), share, bootstrap),
        errors=errors or {},
    )


def _differences(night: ExplainedNight) -> list[bool]:
    """Tell of each judged epoch whether the two answers differ."""
    differ: list[bool] = (night.direct.stages != night.reasoned.stages)[night.direct.scored].tolist()
    return differ
