"""Questions about an epoch, answered from what was measured, the scoring rules and the epochs around it.

The door of the room: :func:`parse_question` reads one of five kinds of questions (why this stage, why not that one,
which events, compare with another epoch, how sure), :class:`AskedNight` holds a staged night, :func:`answer` gives an
:class:`Answer` whose statements carry verdicts, :func:`answer_freely` lets a general-purpose model speak and verifies
each of its sentences. Notable: what could not be measured is said. Not covered: questions about a whole night or about
the sleeper, and other languages than English.
"""

from eegvlm.questions.answer import Answer, AnswerStatement, Basis, Checked
from eegvlm.questions.answering import answer
from eegvlm.questions.asked_night import AskedNight
from eegvlm.questions.freely import answer_freely
from eegvlm.questions.question import KINDS, Question, QuestionKind, parse_question

__all__ = [
    "KINDS",
    "Answer",
    "AnswerStatement",
    "AskedNight",
    "Basis",
    "Checked",
    "Question",
    "QuestionKind",
    "answer",
    "answer_freely",
    "parse_question",
]
