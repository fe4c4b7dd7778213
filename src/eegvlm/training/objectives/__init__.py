"""The objectives of phases, by the name that recipes give them: to add one, write its file and name it here."""

from __future__ import annotations

from eegvlm.training.objectives.answer import Answer
from eegvlm.training.objectives.answer_text import AnswerText
from eegvlm.training.objectives.classify import Classify
from eegvlm.training.objectives.describe import Describe
from eegvlm.training.objectives.evidence import Evidence
from eegvlm.training.objectives.follow import Follow
from eegvlm.training.objectives.objective import Objective
from eegvlm.training.objectives.reason import Reason

__all__ = ["GENERAL_OBJECTIVES", "OBJECTIVES", "Objective"]

OBJECTIVES: dict[str, type[Objective]] = {
    "describe": Describe,
    "classify": Classify,
    "follow": Follow,
    "evidence": Evidence,
    "answer": Answer,
    "reason": Reason,
}

GENERAL_OBJECTIVES: dict[str, type[Objective]] = {"answer": AnswerText}
"""Those of a base that was not made for sleep."""
