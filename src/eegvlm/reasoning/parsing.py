"""From text to claims: the sentences of the grammar are read, all else is handed back unread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from eegvlm.hypnogram import Stage
from eegvlm.scoring import TABLE, Claim, OwnKind, Table
from eegvlm.scoring.statement import Statement, WordingSegment

_DERIVATION = re.compile(r"^(Read from [^:\n]{1,80}: [^\n]{1,80}? holds no usable signal here\.\s*)+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_LONGEST = 400  # a longer sentence is none of ours
# bounded, so that no text can make a match slow; wider than what is written, so that other models' numbers are read
_NUMBER = r"\d{1,5}(?:\.\d{1,3})?"
_COUNT = r"\d{1,5}"


@dataclass(frozen=True)
class Reading:
    """What a text says.

    Attributes
    ----------
    claims
        In the order of the text.
    unread
        The sentences that the grammar does not know, as they stand.
    """

    claims: tuple[Claim, ...]
    unread: tuple[str, ...]

    @property
    def stage(self) -> Stage | None:
        """The stage that the text ends in, None where it names none."""
        last = self.claims[-1] if self.claims else None
        return Stage[last.label] if last is not None and last.kind == OwnKind.STAGE and last.label else None


def derivation_note(read: str, instead_of: str) -> str:
    """Return the sentence that stands before a rationale whose epoch was read from another derivation.

    It says where the signal comes from and claims nothing of it: :func:`parse` passes it over.

    Parameters
    ----------
    read, instead_of
        Names of the channel that was read, and of the one that holds no signal there.
    """
    return f"Read from {read}: {instead_of} holds no usable signal here."


def parse(text: str, *, table: Table = TABLE) -> Reading:
    """Read the claims of a text.

    Parameters
    ----------
    text
        Any text. Sentences end in a stop that white space follows; white space and the two signs for micro are not
        told apart. Numbers may lie outside what :func:`compose` writes.
    table
        Whose sentences are read.

    Returns
    -------
    Reading
        Never raises; the time is proportional to the text's length.
    """
    claims: list[Claim] = []
    unread: list[str] = []
    for sentence in _SENTENCE_END.split(_DERIVATION.sub("", text)):
        of_sentence = _read(sentence, table)
        if of_sentence is not None:
            claims += of_sentence
        elif sentence.strip():
            unread.append(sentence.strip())
    return Reading(tuple(claims), tuple(unread))


def _read(sentence: str, table: Table) -> tuple[Claim, ...] | None:
    if len(sentence) > _LONGEST:
        return None
    plain = " ".join(sentence.replace("μ", "µ").split())
    for pattern, statement in _by_first_word(table).get(plain.partition(" ")[0], ()):
        match = pattern.fullmatch(plain)
        if match:
            values = {name: statement.slots[name].read(text) for name, text in match.groupdict().items()}
            return tuple(says.fill(values) for says in statement.says)
    return None


@cache
def _by_first_word(table: Table) -> dict[str, list[tuple[re.Pattern[str], Statement]]]:
    patterns: dict[str, list[tuple[re.Pattern[str], Statement]]] = {}
    for statement in table.statements:
        for wording in statement.every_wording:
            pattern = re.compile("".join(_pattern(segment) for segment in statement.segments(wording)), re.ASCII)
            patterns.setdefault(wording.partition(" ")[0], []).append((pattern, statement))
    return patterns


def _pattern(segment: WordingSegment) -> str:
    if segment.slot is None:
        return re.escape(segment.literal)
    if segment.slot.is_number:
        inner = _COUNT if segment.slot.whole else _NUMBER
    else:
        inner = "|".join(re.escape(text) for text in segment.slot.texts)
    return f"(?P<{segment.name}>{inner})"
