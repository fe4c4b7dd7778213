"""The five AASM sleep stages, and which of them a text spells; the words are in :mod:`eegvlm.hypnogram.stage_words`."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from eegvlm.core.accents import without_accents
from eegvlm.hypnogram import stage_words
from eegvlm.hypnogram.error import HypnogramError


class Stage(IntEnum):
    """A sleep stage as an integer: ``W`` 0, ``N1`` 1, ``N2`` 2, ``N3`` 3, ``R`` 4, ``UNSCORED`` -1.

    The numbers are those of a column of probabilities and of a row of a confusion matrix. They are this
    package's own: codes in files differ from source to source, see :mod:`eegvlm.hypnogram.codings`.
    """

    W = 0
    N1 = 1
    N2 = 2
    N3 = 3
    R = 4
    UNSCORED = -1

    @property
    def label(self) -> str:
        """The label in every output: ``W``, ``N1``, ``N2``, ``N3``, ``R``, and ``?`` for unscored."""
        return "?" if self is Stage.UNSCORED else self.name

    @classmethod
    def from_label(cls, label: str) -> Stage:
        """Return the stage that a label means.

        Parameters
        ----------
        label
            ``W``, ``N1``, ``N2``, ``N3``, ``R``, ``?``, or any spelling that :func:`stage_of_spelling` knows.

        Raises
        ------
        HypnogramError
            If the label is not known. A bare digit is not a label: integer codes need a coding.
        """
        stage = stage_of_spelling(label)
        if stage is None:
            raise HypnogramError("stage", "label", label, "write W, N1, N2, N3, R, or ? for unscored")
        return stage


STAGES: tuple[Stage, ...] = (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)

_BY_LABEL = {stage.label: stage for stage in Stage}
_STAGE_OF = {key: _BY_LABEL[label] for label, keys in stage_words.SPELLINGS.items() for key in keys}
_STAGE_AFTER_THE_WORD = {
    key: _BY_LABEL[label] for label, keys in stage_words.AFTER_THE_WORD_STAGE.items() for key in keys
}
_FOREIGN = re.compile(r"[^\w\s:./|,()-]")  # N2! and (probably) REM? are remarks, not names
_NEGATIVE = re.compile(r"(?:^|\s)-\d")  # a code below zero is no stage after a hyphen
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_GLUED = re.compile(r"(?:sleepstage|stage|sleep)(?=n?\d$|s\d$|[wru]$|rem$|wake$)")
_EXPLICIT = re.compile(r"sleep[\s_-]*stage(?!s)")


@lru_cache(maxsize=4096)
def _key(text: str) -> tuple[str, bool]:
    """Reduce a text to the key of :mod:`stage_words`, and tell whether it spoke of a stage or of sleep.

    The key is ``?`` for a mere question mark and empty for what cannot be a name.
    """
    plain = without_accents(text.partition("@@")[0]).strip()
    is_question = plain.endswith("?")
    plain = plain.removesuffix("?")
    if _FOREIGN.search(plain) or _NEGATIVE.search(plain):
        return "", False
    tokens = _TOKEN.findall(plain)
    first, last = 0, len(tokens)
    while first < last and tokens[first] in stage_words.AROUND:
        first += 1
    while last > first and tokens[last - 1] in stage_words.AROUND:
        last -= 1
    around = (*tokens[:first], *tokens[last:])
    says_stage = any(token in stage_words.SAYS_STAGE for token in around)
    whole, key = "".join(tokens), "".join(tokens[first:last])
    if whole in _STAGE_OF:  # a name of which "stage" is a part: no stage
        key = whole
    elif glued := _GLUED.match(key):  # SleepStage2, StageN1
        key, says_stage = key[glued.end() :], True
    if is_question:
        return ("?" if not key else ""), says_stage
    return key, says_stage


def stage_of_spelling(text: str) -> Stage | None:
    """Return the stage that a text spells, or None if it is not a known spelling of one.

    Letter case, accents, punctuation, a channel after ``@@`` and the words around the name that only say
    "stage" or "sleep", in nine languages, do not matter. A bare digit spells nothing.

    Examples
    --------
    >>> [stage_of_spelling(text) for text in ("Sleep stage N2", "SLEEP-S2", "Stadium II", "NREM2", "Fase N2")]
    [<Stage.N2: 2>, <Stage.N2: 2>, <Stage.N2: 2>, <Stage.N2: 2>, <Stage.N2: 2>]
    >>> stage_of_spelling("2") is stage_of_spelling("Sleep stages verified") is None
    True
    """
    key, says_stage = _key(text)
    if key == "?":
        return Stage.UNSCORED
    if says_stage and key in _STAGE_AFTER_THE_WORD:
        return _STAGE_AFTER_THE_WORD[key]
    return _STAGE_OF.get(key)


def says_sleep_stage(text: str) -> bool:
    """Tell whether a text calls itself a sleep stage (``Sleep stage ...``), as EDF+ prescribes."""
    return _EXPLICIT.match(text.strip().casefold()) is not None


def is_light_sleep(text: str) -> bool:
    """Tell whether a text names light sleep, which is N1 and N2 together and therefore no stage."""
    return _key(text)[0] in stage_words.LIGHT_SLEEP


def is_deep_sleep(text: str) -> bool:
    """Tell whether a text names N3 as deep sleep, the counterpart of light sleep."""
    return _key(text)[0] in stage_words.DEEP_SLEEP


def is_rechtschaffen_kales(text: str) -> bool:
    """Tell whether a label comes from the rules of 1968: stages 1 to 4, movement time."""
    return _key(text)[0] in stage_words.RECHTSCHAFFEN_KALES
