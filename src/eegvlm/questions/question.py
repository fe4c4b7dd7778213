"""The questions that can be asked of an epoch: a closed set of five kinds, read from plain English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from eegvlm.errors import InputError
from eegvlm.evidence import FindingKind
from eegvlm.hypnogram import Stage
from eegvlm.hypnogram.stage import stage_of_spelling

K = FindingKind


class QuestionKind(StrEnum):
    """What is asked."""

    WHY = "why this stage"
    WHY_NOT = "why not that stage"
    EVENTS = "which events"
    COMPARE = "compare with another epoch"
    SURE = "how sure"


KINDS: Mapping[QuestionKind, str] = {
    QuestionKind.WHY: "why N2?",
    QuestionKind.WHY_NOT: "why not N3?",
    QuestionKind.EVENTS: "which events? or: are there spindles?",
    QuestionKind.COMPARE: "compare with epoch 120",
    QuestionKind.SURE: "how sure?",
}
"""An example of each kind."""

NAMES: Mapping[FindingKind, str] = {
    K.SPINDLE: "spindles",
    K.K_COMPLEX: "K-complexes",
    K.SLOW_WAVE_SHARE: "slow waves",
    K.VERTEX_WAVE: "vertex waves",
    K.SAWTOOTH: "sawtooth waves",
    K.RAPID_EYE_MOVEMENT: "rapid eye movements",
    K.SLOW_EYE_MOVEMENT: "slow eye movements",
    K.BLINK: "blinks",
    K.CHIN_TONE: "chin tone",
    K.AROUSAL: "arousals",
    K.MOVEMENT: "movement",
    K.ELECTRODE_ARTEFACT: "electrode artefacts",
}
"""What can be asked for, in the words of answers."""

EVENTS: Mapping[str, tuple[FindingKind, ...]] = {
    "spindle": (K.SPINDLE,),
    "k complex": (K.K_COMPLEX,),
    "slow wave": (K.SLOW_WAVE_SHARE,),
    "vertex": (K.VERTEX_WAVE,),
    "sawtooth": (K.SAWTOOTH,),
    "slow eye": (K.SLOW_EYE_MOVEMENT,),
    "rolling eye": (K.SLOW_EYE_MOVEMENT,),
    "eye": (K.RAPID_EYE_MOVEMENT, K.SLOW_EYE_MOVEMENT, K.BLINK),
    "blink": (K.BLINK,),
    "arousal": (K.AROUSAL,),
    "movement": (K.MOVEMENT,),
    "artefact": (K.MOVEMENT, K.ELECTRODE_ARTEFACT),
    "artifact": (K.MOVEMENT, K.ELECTRODE_ARTEFACT),
    "chin": (K.CHIN_TONE,),
    "muscle": (K.CHIN_TONE,),
}
"""Words for what can be measured; the first that a question holds counts, so "slow eye" stands before "eye"."""

_COMPARE = re.compile(r"\b(?:compare|compared|differ|differs|different|difference|unlike|versus|vs)\b")
_NUMBER = re.compile(r"\b(\d{1,6})\b")
_SURE = re.compile(r"\b(?:sure|certain|confident|confidence|probability|probable|likely)\b")
_EVENTS = re.compile(r"\b(?:events?|seen|happens?|what is (?:in|there))\b")
_WHY = re.compile(r"\b(?:why|reasons?|explain)\b")
_NOT = re.compile(r"\b(?:not|isn t|rather than|instead of)\b")
_STAGE = re.compile(r"\b(?:wakefulness|wake|awake|w|n ?[123]|nrem ?[123]|rem|r|stage ?[123])\b")


@dataclass(frozen=True)
class Question:
    """A question that was understood.

    Parameters
    ----------
    kind
        One of five.
    stage
        Which stage it asks about; None where it names none.
    other
        The epoch to compare with, from 1.
    events
        The kinds of events it asks for.
    """

    kind: QuestionKind
    stage: Stage | None = None
    other: int | None = None
    events: tuple[FindingKind, ...] = ()


def parse_question(text: str) -> Question:
    """Read a question.

    Parameters
    ----------
    text
        English; letter case and punctuation do not matter.

    Raises
    ------
    InputError
        If it is none of the five kinds, or lacks what its kind needs; the hint shows one of each.

    Examples
    --------
    >>> parse_question("Why not N3?")
    Question(kind=<QuestionKind.WHY_NOT: 'why not that stage'>, stage=<Stage.N3: 3>, other=None, events=())
    """
    plain = " ".join(re.sub(r"[^a-z0-9]+", " ", text.casefold()).split())
    named = [stage for word in _STAGE.findall(plain) if (stage := stage_of_spelling(word)) is not None]
    if _COMPARE.search(plain):
        numbers = _NUMBER.findall(re.sub(r"\b(?:n|stage) ?[123]\b", "", plain))
        if len(numbers) != 1:
            raise InputError("arguments", "QUESTION", text, 'name one epoch to compare with: "compare with epoch 120"')
        return Question(QuestionKind.COMPARE, other=int(numbers[0]))
    if _WHY.search(plain):
        if not _NOT.search(plain):
            return Question(QuestionKind.WHY, named[0] if named else None)
        if not named:
            raise InputError("arguments", "QUESTION", text, "name the stage: why not N3?")
        if len(_NOT.findall(plain)) > 1 and len(set(named)) > 1:
            raise InputError("arguments", "QUESTION", text, "ask of one stage at a time: why not N3?")
        return Question(QuestionKind.WHY_NOT, named[-1])
    if _SURE.search(plain):
        return Question(QuestionKind.SURE, named[0] if named else None)
    events = next((kinds for word, kinds in EVENTS.items() if word in plain), None)
    if events is not None or _EVENTS.search(plain):
        return Question(QuestionKind.EVENTS, events=events or tuple(NAMES))
    examples = "; ".join(KINDS.values())
    raise InputError("arguments", "QUESTION", text, f"ask one of five kinds: {examples}")
