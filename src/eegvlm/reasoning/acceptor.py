"""The acceptor: which text may come next, for decoding that can only write rationales.

The grammar is walked character by character. A state is a small integer that stands for everything that decides the
future, so that what follows from it can be kept: a decoder asks once for each state which of its tokens are permitted.
States are made when they are first met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.reasoning.grammar import GrammarPlace, grammar_of
from eegvlm.scoring import TABLE, Table
from eegvlm.scoring.slots import CHIN_WORD, EEG_WORDS, EYE_WORDS, Slot
from eegvlm.scoring.statement import Statement, WordingSegment

_KNOWN = frozenset((*EEG_WORDS, *EYE_WORDS, CHIN_WORD))
# a reading in progress: wording, segment within it, and how far: an offset in a literal, the text so far of a slot
_Item = tuple[int, int, int | str]
# the place before the sentence, or after it where the statement is certain already (then True), and the readings
_State = tuple[GrammarPlace, bool, frozenset[_Item]]


class Acceptor:
    """A walk through the grammar; make it with :func:`acceptor`.

    A state is an ``int``; it is equal where the same texts may follow from the same place, and only within one
    acceptor.
    """

    start = 0

    def __init__(self, channels: frozenset[str], stage: str, *, expert: bool, varied: bool, table: Table) -> None:
        self._wordings: list[tuple[Statement, tuple[WordingSegment, ...]]] = []
        self._of: dict[str, list[int]] = {}
        for number, (statement, cut) in enumerate(_sayable_wordings(channels, expert, varied, table)):
            self._of.setdefault(statement.id, []).append(number)
            self._wordings.append((statement, cut))
        self._states: list[_State] = []
        self._index: dict[_State, int] = {}
        self._next: list[dict[str, int] | None] = []
        self._forced: dict[int, tuple[str, int]] = {}
        self._open(grammar_of(table).beginning(stage), first=True)

    def next(self, state: int) -> dict[str, int]:
        """Return permitted character -> state after it; empty where the rationale is finished."""
        following = self._next[state]
        if following is None:
            following = self._next[state] = self._expand(state)
        return following

    def advance(self, state: int, text: str) -> int | None:
        """Return the state after more text, or None where the grammar does not permit it."""
        for char in text:
            after = self.next(state).get(char)
            if after is None:
                return None
            state = after
        return state

    def finished(self, state: int) -> bool:
        """Tell whether the text is a whole rationale; nothing may follow it."""
        return not self._states[state][2]

    def forced(self, state: int) -> tuple[str, int]:
        """Return the text that must come next, up to a choice or the end ("" at a choice), and the state after it."""
        text_and_state = self._forced.get(state)
        if text_and_state is None:
            chars, at = [], state
            while len(after := self.next(at)) == 1:
                ((char, at),) = after.items()
                chars.append(char)
            text_and_state = self._forced[state] = ("".join(chars), at)
        return text_and_state

    def choices(self, state: int) -> tuple[str, ...]:
        """Return the texts that may come next, each as far as nothing is left to choose in it; () at the end.

        No text is the beginning of another. There is one only where the continuation is forced.
        """
        return tuple(char + self.forced(after)[0] for char, after in self.next(state).items())

    def words(self, state: int) -> dict[str, int]:
        """Return the words that may come next, without the space before them, and the state after each."""
        words: dict[str, int] = {}
        unfinished = [("", state)]
        while unfinished:
            text, at = unfinished.pop()
            after = self.next(at)
            if not text and " " in after:
                unfinished.append(("", after[" "]))
                continue
            if text and (not after or " " in after):
                words[text] = at
            unfinished += [(text + char, then) for char, then in after.items() if char != " "]
        return words

    def permitted(self, state: int, texts: Iterable[str]) -> list[bool]:
        """Tell of each text (a tokenizer's vocabulary) whether it may come next; an empty text may not."""
        first = self.next(state)
        return [bool(text) and text[0] in first and self.advance(state, text) is not None for text in texts]

    def _open(self, place: GrammarPlace, *, first: bool = False) -> int:
        """Return the state at a sentence's beginning: segment -1 is the space before it."""
        segment = 0 if first else -1
        items = ((n, segment, 0) for statement in place.following() for n in self._of.get(statement.id, ()))
        return self._state(place, frozenset(items), settled=False)

    def _state(self, place: GrammarPlace, items: frozenset[_Item], *, settled: bool) -> int:
        statements = {self._wordings[wording][0] for wording, _, _ in items}
        if len(statements) == 1 and not settled:
            # what came before the sentence no longer matters: fewer states
            place, settled = place.after(statements.pop()), True
        key = (place, settled, items)
        number = self._index.get(key)
        if number is None:
            number = self._index[key] = len(self._states)
            self._states.append(key)
            self._next.append(None)
        return number

    def _expand(self, state: int) -> dict[str, int]:
        place, settled, items = self._states[state]
        after: dict[str, set[_Item]] = {}
        follow: dict[str, int] = {}
        for wording, at, how_far in items:
            statement, segments = self._wordings[wording]
            for char, item in _steps(segments, at, how_far):
                if item is None:
                    follow[char] = self._open(place if settled else place.after(statement))
                else:
                    after.setdefault(char, set()).add((wording, *item))
        for char, following in after.items():
            follow[char] = self._state(place, frozenset(following), settled=settled)
        return dict(sorted(follow.items()))


def _steps(
    segments: Sequence[WordingSegment], at: int, how_far: int | str
) -> list[tuple[str, tuple[int, int | str] | None]]:
    """Return the characters by which a reading can go on, with where they lead; None is the sentence's end."""
    if at < 0:
        return [(" ", (0, 0))]
    segment = segments[at]
    if segment.slot is None:
        offset = int(how_far)
        return [(segment.literal[offset], _moved(segments, at, offset + 1))]
    filling = str(how_far) if how_far else ""
    steps: list[tuple[str, tuple[int, int | str] | None]] = []
    for char in segment.slot.following.get(filling, ""):
        steps.append((char, _in_slot(segment.slot, at, filling + char)))
    if segment.slot.complete(filling):
        # what follows a slot is always literal text
        steps.append((segments[at + 1].literal[0], _moved(segments, at + 1, 1)))
    return steps


def _moved(segments: Sequence[WordingSegment], at: int, offset: int) -> tuple[int, int | str] | None:
    if offset < len(segments[at].literal):
        return at, offset
    return (at + 1, 0) if at + 1 < len(segments) else None


def _in_slot(slot: Slot, at: int, filling: str) -> tuple[int, int | str]:
    # where nothing can be added, how the slot was filled no longer matters: one state for all
    return (at, filling) if slot.following[filling] else (at + 1, 0)


def _narrowed(segment: WordingSegment, channels: frozenset[str]) -> WordingSegment:
    return segment if segment.slot is None else WordingSegment(name=segment.name, slot=segment.slot.among(channels))


def _sayable(statement: Statement, channels: frozenset[str]) -> bool:
    if not all(channels.intersection(words) for words in statement.needs):
        return False
    return all(slot.among(channels).texts for slot in statement.slots.values())


def acceptor(
    channels: Iterable[str],
    *,
    stage: Stage | None = None,
    expert: bool = False,
    varied: bool = True,
    table: Table = TABLE,
) -> Acceptor:
    """Return the acceptor of rationales about some channels; the same one for the same arguments.

    Parameters
    ----------
    channels
        Words of the recording's channels, as ``channel_words`` gives them: with ``("EEG",)`` alone nothing can be said
        of eyes and chin but that they could not be measured.
    stage
        The stage to which the text must come; any where None.
    expert
        Whether an expert's scoring may be spoken of.
    varied
        Whether every wording is permitted, or only the first of each statement (fewer choices, the same facts).
    table
        Whose sentences are permitted.

    Raises
    ------
    InputError
        Where a word is not known, or the stage is "unscored".
    """
    words = _checked(channels, stage)
    return _made(words, stage.label if stage is not None else "", expert, varied, table)


def sayable_wordings(
    channels: Iterable[str], stage: Stage | None = None, *, expert: bool, varied: bool, table: Table = TABLE
) -> list[tuple[Statement, tuple[WordingSegment, ...]]]:
    """Return what can be said of some channels: each statement with each wording, its slots narrowed to them.

    Parameters
    ----------
    channels, stage, expert, varied, table
        As for :func:`acceptor`; the stage is checked alone.

    Raises
    ------
    InputError
        As :func:`acceptor`.
    """
    return list(_sayable_wordings(_checked(channels, stage), expert, varied, table))


def _sayable_wordings(
    channels: frozenset[str], expert: bool, varied: bool, table: Table
) -> Iterator[tuple[Statement, tuple[WordingSegment, ...]]]:
    for statement in table.statements:
        if not _sayable(statement, channels):
            continue
        texts = statement.in_voice(expert=expert)
        for text in texts if varied else texts[:1]:
            yield statement, tuple(_narrowed(segment, channels) for segment in statement.segments(text))


def _checked(channels: Iterable[str], stage: Stage | None) -> frozenset[str]:
    words = frozenset(channels)
    if not words <= _KNOWN:
        raise InputError("acceptor", "channels", sorted(words - _KNOWN), f"use some of {', '.join(sorted(_KNOWN))}")
    if stage is Stage.UNSCORED:
        raise InputError("acceptor", "stage", stage.label, "give one of the five stages, or None")
    return words


@lru_cache(maxsize=128)
def _made(channels: frozenset[str], stage: str, expert: bool, varied: bool, table: Table) -> Acceptor:
    return Acceptor(channels, stage, expert=expert, varied=varied, table=table)
