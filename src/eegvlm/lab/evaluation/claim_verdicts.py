"""What the signal says to a model's rationales: verdicts by kind of claim and by stage, and flaws of the texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eegvlm.evidence import Finding
from eegvlm.hypnogram import Stage
from eegvlm.lab.evaluation.estimates import Estimate, estimate, share, sums_of
from eegvlm.lab.evaluation.figures import LABELS, Floats
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.reasoning import Claim, Context, Outcome, OwnKind, Verdict, parse, verify

ALL = "all"
_OUTCOMES = tuple(Outcome)


@dataclass(frozen=True)
class JudgedText:
    """A rationale held against the signal of an epoch.

    Attributes
    ----------
    text
        The words.
    stage
        In which it ends; None where it names none.
    verdicts
        One a claim.
    is_whole
        Whether every sentence could be read, and the last one names a stage.
    is_repeated
        Whether another of the texts it was judged with is the same letter by letter.
    """

    text: str
    stage: Stage | None
    verdicts: tuple[Verdict, ...]
    is_whole: bool
    is_repeated: bool = False

    @property
    def contradicts_its_stage(self) -> bool:
        """Whether the first rule it names belongs to another stage than its conclusion."""
        rule = next((verdict.claim for verdict in self.verdicts if verdict.claim.kind == OwnKind.RULE), None)
        of = _stage_of(rule) if rule is not None else None
        return of is not None and self.stage is not None and of is not self.stage

    def count(self, outcome: Outcome) -> int:
        """Count the claims with this outcome."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)


def judge_texts(
    texts: Sequence[str], findings: Sequence[Sequence[Finding]], contexts: Sequence[Context]
) -> tuple[JudgedText, ...]:
    """Hold the texts of a night against the signal.

    Parameters
    ----------
    texts
        Rationales, from whatever source.
    findings, contexts
        Of the epoch that each of them is held against.
    """
    times = Counter(texts)
    judged = []
    for text, epoch_findings, context in zip(texts, findings, contexts, strict=True):
        reading = parse(text)
        verdicts = tuple(verify(reading.claims, epoch_findings, context))
        is_whole = not reading.unread and reading.stage is not None
        judged.append(JudgedText(text, reading.stage, verdicts, is_whole, times[text] > 1))
    return tuple(judged)


@dataclass(frozen=True)
class VerdictRow:
    """Verdicts of some claims.

    Attributes
    ----------
    name
        What the claims have in common.
    claims
        Their number.
    shares
        By outcome: its share of them.
    """

    name: str
    claims: int
    shares: dict[Outcome, Estimate]

    def to_dict(self) -> dict[str, object]:
        """Return the row ready for JSON."""
        shares = {outcome.value: figure.to_dict() for outcome, figure in self.shares.items()}
        return {"name": self.name, "claims": self.claims, **shares}


def verdicts_by_kind(subjects: Sequence[Sequence[JudgedText]], bootstrap: ConfusionBootstrap) -> tuple[VerdictRow, ...]:
    """Return the verdicts of all claims, then of each kind, the most frequent first."""
    tally = _tally(subjects, lambda text, verdict: verdict.claim.kind)
    by_number = sorted(tally, key=lambda kind: (-tally[kind].sum(), kind))
    everything = sum(tally.values(), np.zeros((len(subjects), len(_OUTCOMES))))
    return (_row(ALL, everything, bootstrap), *(_row(kind, tally[kind], bootstrap) for kind in by_number))


def verdicts_by_stage(
    subjects: Sequence[Sequence[JudgedText]], bootstrap: ConfusionBootstrap
) -> tuple[VerdictRow, ...]:
    """Return the verdicts of the claims of rationales that end in each stage; a stage without any is left out."""
    tally = _tally(subjects, lambda text, verdict: "none" if text.stage is None else text.stage.label)
    return tuple(_row(label, tally[label], bootstrap) for label in (*LABELS, "none") if label in tally)


@dataclass(frozen=True)
class TextFlaws:
    """Flaws that need no signal to be seen.

    Attributes
    ----------
    texts
        Number of rationales.
    not_whole
        Number with a sentence that could not be read, or without a stage at the end.
    contradictory
        Number whose rule is one of another stage than that in which they end.
    repeated
        Share that another text of the same night repeats letter by letter.
    """

    texts: int
    not_whole: int
    contradictory: int
    repeated: Estimate

    def to_dict(self) -> dict[str, object]:
        """Return the counts ready for JSON."""
        return {
            "texts": self.texts,
            "not_read_whole": self.not_whole,
            "contradict_their_own_stage": self.contradictory,
            "repeated_in_the_night": self.repeated.to_dict(),
        }


def text_flaws(subjects: Sequence[Sequence[JudgedText]], bootstrap: ConfusionBootstrap) -> TextFlaws:
    """Count the flaws of all texts."""
    texts = [text for of_subject in subjects for text in of_subject]
    sums = sums_of(subjects, lambda text: text.is_repeated, lambda text: 1)
    return TextFlaws(
        len(texts),
        sum(not text.is_whole for text in texts),
        sum(text.contradicts_its_stage for text in texts),
        estimate(sums, share, bootstrap),
    )


def _tally(subjects: Sequence[Sequence[JudgedText]], name: Callable[[JudgedText, Verdict], str]) -> dict[str, Floats]:
    """Count outcomes by name: (subjects, outcomes) each."""
    tally: dict[str, Floats] = {}
    for k, texts in enumerate(subjects):
        for text in texts:
            for verdict in text.verdicts:
                counts = tally.setdefault(name(text, verdict), np.zeros((len(subjects), len(_OUTCOMES))))
                counts[k, _OUTCOMES.index(verdict.outcome)] += 1
    return tally


def _row(name: str, counts: Floats, bootstrap: ConfusionBootstrap) -> VerdictRow:
    whole = counts.sum(axis=1)
    shares = {
        outcome: estimate(np.stack([counts[:, k], whole], axis=1), share, bootstrap)
        for k, outcome in enumerate(_OUTCOMES)
    }
    return VerdictRow(name, int(whole.sum()), shares)


def _stage_of(rule: Claim) -> Stage | None:
    """Return the stage that a claim about a rule (``"N2.1"``, or ``"N2"`` where none is met) is of; None for any."""
    label = (rule.label or "").partition(".")[0]
    return Stage[label] if label in LABELS else None
