"""One night's reasons under test: rationales and their verdicts, swapped pictures, deleted segments, both answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.lab.evaluation.answers import N_STAGES, NightAnswers
from eegvlm.lab.evaluation.claim_verdicts import JudgedText, judge_texts
from eegvlm.lab.evaluation.deletion import NightDeletions, delete_cited
from eegvlm.lab.evaluation.figures import Floats
from eegvlm.lab.evaluation.run import check_length
from eegvlm.lab.evaluation.swap import Swap, draw_partners
from eegvlm.reasoning import Context, night_contexts
from eegvlm.signals import Recording

if TYPE_CHECKING:
    from eegvlm.staging import Counterfactuals, Stager
    from eegvlm.staging.explaining import Reasons

PARTS = ("reasons", "swap", "deletion")
"""What is done with a night, in order."""

Epochs = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ExplainedNight:
    """What was found on a night.

    Attributes
    ----------
    subject, night
        Names.
    scored
        Number of epochs with signal that the expert scored.
    texts
        Rationales of those that were drawn, held against their own signal.
    swaps
        The same after their pictures were exchanged, where another stage was there to exchange with.
    deletions
        Of their confirmed claims.
    direct, reasoned
        Both answers to these epochs, each epoch alone.
    """

    subject: str
    night: str
    scored: int
    texts: tuple[JudgedText, ...]
    swaps: tuple[Swap, ...]
    deletions: NightDeletions
    direct: NightAnswers
    reasoned: NightAnswers


def explain_night(
    stager: Stager,
    recording: Recording,
    truth: Hypnogram,
    *,
    subject: str,
    night: str,
    rng: np.random.Generator,
    epochs: int | None = None,
    reasons: Reasons = "free",
    batch_size: int = 32,
    tell: Callable[[str], None] = lambda part: None,
) -> ExplainedNight:
    """Let a model explain a night, and test its reasons.

    Parameters
    ----------
    stager
        One that can explain.
    recording, truth
        The night, and the expert's stages.
    subject, night
        Names.
    rng
        Draws epochs, partners and chance segments.
    epochs
        So many of the scored epochs are drawn; None: all of them.
    reasons
        What the model may state, as in :meth:`.Stager.stage`.
    batch_size
        Epochs that are read at a time.
    tell
        Called with each of :data:`PARTS` before it begins.

    Raises
    ------
    InputError
        If the night cannot be staged, or has another number of epochs than the expert's.
    """
    tell(PARTS[0])
    staged = stager.stage(recording, batch_size=batch_size).hypnogram
    check_length(recording, staged, truth)
    probe = stager.counterfactuals(recording, batch_size=batch_size)
    scored = np.flatnonzero((truth.stages != Stage.UNSCORED) & recording.scorable)
    chosen = scored if epochs is None else np.sort(rng.permutation(scored)[:epochs])
    # a text may speak of its neighbours' stages, which are those that the model gave them
    contexts = night_contexts(probe.measured.evidence, probe.measured.channels, staged.stages)
    grounded_in = staged.stages if reasons == "grounded" else None
    answers = probe.explain(chosen, _signals(probe, chosen), grounded_in)
    texts = _judge(probe, answers.texts, chosen, contexts)
    tell(PARTS[1])
    partners = draw_partners(truth.stages, chosen, scored, rng)
    rows = np.flatnonzero(partners >= 0)
    exchanged = probe.explain(chosen[rows], _signals(probe, partners[rows]), grounded_in)
    swapped = _judge(probe, exchanged.texts, chosen[rows], contexts)
    swaps = tuple(Swap(texts[row], other) for row, other in zip(rows, swapped, strict=True))
    tell(PARTS[2])
    temperature = stager.stage_temperature

    def calibrated(logits: npt.NDArray[np.float32]) -> Floats:
        return _probabilities(logits / temperature)

    of_chosen = [contexts[epoch] for epoch in chosen]
    deletions = delete_cited(probe, chosen, texts, of_chosen, answers.logits, calibrated, rng)
    answered = partial(_answers, subject, night, truth.stages, chosen)
    direct = answered(answers.logits.argmax(axis=1), calibrated(answers.logits))
    reasoned = answered(answers.stages, _probabilities(answers.reasoned))
    return ExplainedNight(subject, night, len(scored), texts, swaps, deletions, direct, reasoned)


def _probabilities(logits: npt.NDArray[np.float32]) -> Floats:
    probabilities: Floats = softmax(logits.astype(np.float64), axis=1)
    return probabilities


def _signals(probe: Counterfactuals, epochs: Epochs) -> dict[str, npt.NDArray[np.float32]]:
    return probe.signals_of(epochs)


def _judge(
    probe: Counterfactuals, texts: npt.NDArray[np.object_], epochs: Epochs, contexts: list[Context]
) -> tuple[JudgedText, ...]:
    """Hold each text against the signal of its epoch."""
    findings = probe.measured.evidence.findings
    return judge_texts(texts.tolist(), [findings[k] for k in epochs], [contexts[k] for k in epochs])


def _answers(
    subject: str,
    night: str,
    truth: npt.NDArray[np.int8],
    chosen: Epochs,
    stages: npt.NDArray[np.integer],
    probabilities: Floats,
) -> NightAnswers:
    """Return answers that are judged on the chosen epochs only."""
    judged = np.full(len(truth), Stage.UNSCORED, np.int8)
    judged[chosen] = truth[chosen]
    answers = np.full(len(truth), Stage.UNSCORED, np.int8)
    answers[chosen] = stages
    rows = np.full((len(truth), N_STAGES), np.nan, np.float32)
    rows[chosen] = probabilities
    return NightAnswers(subject, night, judged, answers, rows)
