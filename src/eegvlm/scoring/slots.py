"""Slots: the parts of a sentence that vary, each with the finite set of texts that may stand there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from eegvlm.hypnogram import STAGES
from eegvlm.scoring import limits

ONE_EEG: Final = "EEG"
EEG_WORDS: Final = (ONE_EEG, "frontal EEG", "central EEG", "occipital EEG")
CHIN_WORD: Final = "chin EMG"
EYE_WORDS: Final = ("left EOG", "right EOG")
NEEDED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {"eeg": (), "eog": (EYE_WORDS,), "chin": ((CHIN_WORD,),)}
"""By modality: groups of channel words without which nothing can be said; no epoch is read without EEG."""

Value = float | int | str


@dataclass(frozen=True)
class Slot:
    """A varying part of a sentence.

    Attributes
    ----------
    texts
        Every text that may stand here.
    steps
        Of a number: (from, to, grain) of each range; empty for words.
    whole
        True for counts.
    prefer
        Of channels: only the first of these that a recording has can stand here, as only there it is measured; any
        where empty.
    """

    texts: tuple[str, ...]
    steps: tuple[tuple[float, float, float], ...] = ()
    whole: bool = False
    prefer: tuple[str, ...] = ()
    _set: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_set", frozenset(self.texts))

    @property
    def is_number(self) -> bool:
        """Whether a number stands here."""
        return bool(self.steps)

    def write(self, value: Value) -> str | None:
        """Return the text of a value, rounded to the slot's grain; None where it lies outside."""
        text = self._rounded(float(value)) if self.is_number else str(value)
        return text if text in self._set else None

    def read(self, text: str) -> Value:
        """Return the value of a text; a number may lie outside the slot's range and grain."""
        if not self.is_number:
            return text
        return round(float(text)) if self.whole else float(text)

    @cached_property
    def following(self) -> dict[str, str]:
        """For every beginning of a text, the characters that may come next."""
        after: dict[str, set[str]] = {}
        for text in self.texts:
            for k, char in enumerate(text):
                after.setdefault(text[:k], set()).add(char)
            after.setdefault(text, set())
        return {start: "".join(sorted(chars)) for start, chars in after.items()}

    @property
    def is_channel(self) -> bool:
        """Whether the word for an EEG stands here."""
        return ONE_EEG in self._set

    def among(self, channels: frozenset[str]) -> Slot:
        """Return the slot for a recording of some channels; itself where it takes no channel."""
        if not self.is_channel:
            return self
        present = [text for text in self.prefer or self.texts if text in channels]
        return Slot(tuple(present[:1] if self.prefer else present))

    def complete(self, text: str) -> bool:
        """Tell whether a text may stand here as it is."""
        return text in self._set

    def _rounded(self, value: float) -> str:
        if not abs(value) < 1e9:
            return ""
        for _, high, grain in self.steps:
            near = grain * int(value / grain + 0.5) if value >= 0 else -1.0
            if near <= high:
                return f"{near:g}"
        return ""


def number(*steps: tuple[float, float, float], whole: bool = False) -> Slot:
    """Return the slot of the numbers from ``low`` to ``high`` in steps of ``grain``, for each range."""
    texts: dict[str, None] = {}
    for low, high, grain in steps:
        for k in range(round((high - low) / grain) + 1):
            texts[f"{low + k * grain:g}"] = None
    return Slot(tuple(texts), steps, whole)


def words(texts: Iterable[str]) -> Slot:
    """Return a slot of words."""
    return Slot(tuple(texts))


EEG = words(EEG_WORDS)
# where evidence looks for waves: the first of these that was recorded
CENTRAL_FIRST = Slot(EEG_WORDS, prefer=(ONE_EEG, "central EEG", "frontal EEG", "occipital EEG"))
FRONTAL_FIRST = Slot(EEG_WORDS, prefer=(ONE_EEG, "frontal EEG", "central EEG", "occipital EEG"))
STAGE = words(stage.label for stage in STAGES)
BAND_HZ = {band: number((low, high, 0.5)) for band, (low, high) in limits.BANDS.items()}
SPINDLE_HZ = number((*limits.SPINDLE_HZ, 0.5))
MICROVOLT = number((0, 100, 5), (100, 1000, 10), (1000, 2000, 100))
PERCENT = number((0, 100, 5))
LOW_TONE = number((0, limits.LOW_TONE_PERCENT, 5))
MIDDLE_TONE = number((limits.LOW_TONE_PERCENT, limits.NORMAL_TONE_PERCENT, 5))
FULL_TONE = number((limits.NORMAL_TONE_PERCENT, 100, 5), (100, 1000, 10), (1000, 9900, 100))
ONSET_S = number((0, 30, 1))
HIDDEN_S = number((1, 30, 1))
SEVERAL = number((2, 60, 1), whole=True)
