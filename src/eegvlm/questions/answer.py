"""An answer: statements, each with what it rests on, and verdicts on all that it claims of the signal."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from eegvlm.hypnogram import Stage
from eegvlm.questions.question import Question
from eegvlm.reasoning import Outcome, Verdict, faithfulness


class Basis(StrEnum):
    """What a statement rests on."""

    SIGNAL = "signal"
    """It claims something of the signal, and each claim has a verdict."""
    MODEL = "model"
    """It repeats the model's stages and probabilities."""
    UNKNOWN = "not known"
    """It says what could not be measured or is not known."""
    UNREAD = "unverified"
    """A model said it in words that cannot be compared with a measurement."""


@dataclass(frozen=True)
class Checked:
    """A claim of a statement beside what was measured.

    Parameters
    ----------
    epoch
        Of which epoch it is, from 1.
    verdict
        The claim, the outcome and the measurement.
    """

    epoch: int
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        measured = self.verdict.measured
        return {
            "epoch": self.epoch,
            **asdict(self.verdict.claim),
            "verdict": self.verdict.outcome.value,
            "measured": None if measured is None else round(measured, 2),
        }


@dataclass(frozen=True)
class AnswerStatement:
    """One sentence of an answer.

    Parameters
    ----------
    text
        The sentence.
    basis
        What it rests on.
    checked
        Its claims; empty unless it speaks of the signal.
    """

    text: str
    basis: Basis
    checked: tuple[Checked, ...] = ()

    @property
    def mark(self) -> str:
        """What a reader should think of it: the worst of its verdicts, or its basis."""
        outcomes = {claim.verdict.outcome for claim in self.checked}
        for worst in (Outcome.CONTRADICTED, Outcome.NOT_MEASURABLE, Outcome.CONFIRMED):
            if worst in outcomes:
                return worst.value.replace("_", " ")
        return self.basis.value


@dataclass(frozen=True)
class Answer:
    """The answer to a question about an epoch.

    Parameters
    ----------
    asked
        The question as it was written.
    epoch
        From 1.
    stage
        The epoch's stage.
    statements
        In the order in which they are read.
    question
        How it was understood; None where a model was given the text as it stands.
    answered_by
        ``"evidence and rules"``, or the name of the model that wrote the statements.
    """

    asked: str
    epoch: int
    stage: Stage
    statements: tuple[AnswerStatement, ...]
    question: Question | None = None
    answered_by: str = "evidence and rules"

    @property
    def text(self) -> str:
        """The statements in one line."""
        return " ".join(statement.text for statement in self.statements)

    @property
    def verdicts(self) -> Counter[str]:
        """How many claims had which verdict."""
        return Counter(verdict.outcome.value for verdict in self._verdicts)

    @property
    def _verdicts(self) -> list[Verdict]:
        return [claim.verdict for statement in self.statements for claim in statement.checked]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer ready for JSON."""
        return {
            "epoch": self.epoch,
            "stage": self.stage.label,
            "question": self.asked,
            "kind": None if self.question is None else self.question.kind.value,
            "answered_by": self.answered_by,
            "statements": [
                {
                    "text": statement.text,
                    "basis": statement.basis.value,
                    "claims": [claim.to_dict() for claim in statement.checked],
                }
                for statement in self.statements
            ],
            "verdicts": dict(self.verdicts),
            "faithfulness": faithfulness(self._verdicts),
        }
