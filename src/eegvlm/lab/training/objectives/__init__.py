"""The objectives of phases, by the name that recipes give them: to add one, write its file and name it here."""

from __future__ import annotations

from eegvlm.lab.training.objectives.answer import AnswerObjective
from eegvlm.lab.training.objectives.answer_text import AnswerTextObjective
from eegvlm.lab.training.objectives.classify import ClassifyObjective
from eegvlm.lab.training.objectives.contrastive import ContrastiveObjective
from eegvlm.lab.training.objectives.evidence import EvidenceObjective
from eegvlm.lab.training.objectives.objective import Objective
from eegvlm.lab.training.objectives.reason import ReasonObjective
from eegvlm.lab.training.objectives.reason_text import ReasonTextObjective
from eegvlm.lab.training.objectives.sequence import SequenceObjective

__all__ = ["GENERAL_OBJECTIVES", "OBJECTIVES", "Objective"]

OBJECTIVES: dict[str, type[Objective]] = {
    "contrastive": ContrastiveObjective,
    "classify": ClassifyObjective,
    "sequence": SequenceObjective,
    "evidence": EvidenceObjective,
    "answer": AnswerObjective,
    "reason": ReasonObjective,
}

GENERAL_OBJECTIVES: dict[str, type[Objective]] = {"answer": AnswerTextObjective, "reason": ReasonTextObjective}
"""Those of a base that was not made for sleep."""
