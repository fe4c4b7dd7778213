"""Statements: what can be said, with the claims it makes and the wordings it may take.

A wording is literal text with slots in braces, as in ``"A spindle of {hz} Hz starts at {at} s."``. Composing fills it,
parsing reads it, and the acceptor walks it (:mod:`eegvlm.reasoning`): all three from the same data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from eegvlm.scoring.claim import Claim
from eegvlm.scoring.limits import EPOCH_S
from eegvlm.scoring.slots import Slot, Value

WHOLE_EPOCH: Final = MappingProxyType({"start_s": 0.0, "end_s": EPOCH_S})
"""Where a claim about the whole epoch lies."""
_SLOT = re.compile(r"\{(\w+)\}")


class Step(IntEnum):
    """The steps of a rationale, in their order."""

    BACKGROUND = 0
    EVENTS = 1
    NEIGHBOURS = 2
    RULE = 3
    ALTERNATIVES = 4
    DECISION = 5


@dataclass(frozen=True)
class WordingSegment:
    """A piece of a wording: literal text, or the name and slot of what varies."""

    literal: str = ""
    name: str = ""
    slot: Slot | None = None


@dataclass(frozen=True)
class ClaimPattern:
    """A claim whose fields are constants or, written ``"{name}"``, the value of a slot."""

    kind: str
    fields: Mapping[str, Any]

    def fill(self, values: Mapping[str, Value]) -> Claim:
        """Return the claim for values of the slots."""
        fields: dict[str, Any] = {
            field: values[value[1:-1]] if isinstance(value, str) and value[:1] == "{" else value
            for field, value in self.fields.items()
        }
        return Claim(str(self.kind), **fields)


def claims(kind: str, **fields: Any) -> ClaimPattern:
    """Return a pattern of a claim."""
    return ClaimPattern(kind, fields)


@dataclass(frozen=True, eq=False)
class Statement:
    """Something that can be said of an epoch, in one sentence.

    Attributes
    ----------
    id
        Its name.
    step
        Where in a rationale it belongs.
    wordings
        Texts of the same meaning; each uses all slots.
    says
        The claims it makes.
    slots
        By name.
    expert_wordings
        Wordings where an expert's scoring is explained; ``wordings`` hold there as well where this is empty.
    decides
        Label of the stage that this statement leads to; "" where it leaves that open.
    rejects
        Label of the stage that this statement argues against; "" where it does not.
    serves
        Labels of the stages for which an alternative is ruled out by this; empty for other steps.
    needs
        Groups of channel words without which nothing of the kind can be said; one word of each group is enough.
    """

    id: str
    step: Step
    wordings: tuple[str, ...]
    says: tuple[ClaimPattern, ...] = ()
    slots: Mapping[str, Slot] = field(default_factory=dict)
    expert_wordings: tuple[str, ...] = ()
    decides: str = ""
    rejects: str = ""
    serves: frozenset[str] = frozenset()
    needs: tuple[tuple[str, ...], ...] = ()

    def fill(self, **values: Value) -> Sentence | None:
        """Return the statement about given values, rounded as text will have them; None where one does not fit."""
        rounded: dict[str, Value] = {}
        texts: dict[str, str] = {}
        for name, slot in self.slots.items():
            text = slot.write(values[name])
            if text is None:
                return None
            texts[name], rounded[name] = text, slot.read(text)
        return Sentence(self, texts, tuple(pattern.fill(rounded) for pattern in self.says))

    def in_voice(self, *, expert: bool) -> tuple[str, ...]:
        """Return the wordings for an expert's scoring, or for a stage that no expert gave."""
        return self.expert_wordings if expert and self.expert_wordings else self.wordings

    @cached_property
    def every_wording(self) -> tuple[str, ...]:
        """All wordings, of both voices."""
        return self.wordings + self.expert_wordings

    def segments(self, wording: str) -> tuple[WordingSegment, ...]:
        """Cut a wording into literal text and slots."""
        pieces = _SLOT.split(wording)
        cut = [
            WordingSegment(literal=piece) if k % 2 == 0 else WordingSegment(name=piece, slot=self.slots[piece])
            for k, piece in enumerate(pieces)
        ]
        return tuple(segment for segment in cut if segment.literal or segment.slot)


@dataclass(frozen=True)
class Sentence:
    """A statement with its values.

    Attributes
    ----------
    statement
        What is said.
    texts
        Slot's name -> text.
    claims
        What is claimed.
    """

    statement: Statement
    texts: Mapping[str, str]
    claims: tuple[Claim, ...]

    def text(self, wording: str) -> str:
        """Return the sentence in one of its statement's wordings."""
        return wording.format_map(self.texts)
