"""The objectives of phases, by the name that recipes give them: to add one, write its file and name it here."""

from __future__ import annotations

from eegvlm.lab.training.objectives.answer import Answer
from eegvlm.lab.training.objectives.answer_text import AnswerText
from eegvlm.lab.training.objectives.classify import Classify
from eegvlm.lab.training.objectives.describe import Describe
from eegvlm.lab.training.objectives.evidence import Evidence
from eegvlm.lab.training.objectives.follow import Follow
from eegvlm.lab.training.objectives.objective import Objective
from eegvlm.lab.training.objectives.reason import Reason

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
