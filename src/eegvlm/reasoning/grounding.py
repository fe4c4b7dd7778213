"""The grammar of one epoch: every sentence that holds in it, each with the values that were measured.

A decoder that walks it chooses what to say and to which stage it comes, but cannot say what was not measured. That the
text then agrees with the measurement shows nothing of what a model sees; the free grammar (:mod:`.acceptor`) does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eegvlm.hypnogram import STAGES, Stage
from eegvlm.reasoning.grammar import GrammarPlace, grammar_of
from eegvlm.scoring import TABLE, Context, Epoch, Finding, Table
from eegvlm.scoring.background import POWER, TIME, power, rhythm, time
from eegvlm.scoring.neighbours import surroundings
from eegvlm.scoring.statement import Sentence

_REGIONS = ("central", "frontal", "occipital")


def true_sentences(
    findings: Sequence[Finding], context: Context, *, table: Table = TABLE
) -> dict[str, tuple[str, ...]]:
    """Return all that can truly be said of an epoch.

    Parameters
    ----------
    findings, context, table
        As for :func:`~eegvlm.reasoning.compose`.

    Returns
    -------
    dict
        Statement's id -> its texts, in the first wording. Several where it holds of several channels. Of each stage
        there is a rule, or the admission that none is met, and the sentence that decides for it.
    """
    epoch = Epoch(findings, context, table)
    stages_met = {rule.stage for rule in epoch.rules_met}
    sentences: list[Sentence | None] = [
        *(rhythm(epoch, region) for region in _REGIONS),
        *(power(epoch, region, band) for region in _REGIONS for band in POWER),
        *(time(epoch, band) for band in TIME),
        *(fact.tell(epoch) for fact in table.facts),
        *surroundings(epoch),
        *(table.sentence(f"rule.{rule.id}") for rule in epoch.rules_met),
        *(table.sentence(f"unsupported.{stage.label}") for stage in STAGES if stage not in stages_met),
        *(table.sentence(f"rival.{rule.id}") for rule in table.rivals() if rule in epoch.rules_met),
        *(table.sentence(f"against.{argument.id}") for argument in table.arguments if argument.holds(epoch)),
        *(table.sentence(f"stage.{stage.label}") for stage in STAGES),
    ]
    texts: dict[str, dict[str, None]] = {}
    for sentence in sentences:
        if sentence is not None:
            wording = sentence.statement.in_voice(expert=context.expert)[0]
            texts.setdefault(sentence.statement.id, {})[sentence.text(wording)] = None
    return {name: tuple(of_statement) for name, of_statement in texts.items()}


class _Reading(NamedTuple):
    """A sentence under way: which one, and how many of its words are written."""

    sentence: int
    written: int


@dataclass(frozen=True)
class _State:
    place: GrammarPlace
    readings: tuple[_Reading, ...]


class GroundedGrammar:
    """The texts that can be made of some sentences, word by word.

    Parameters
    ----------
    sentences
        What :func:`true_sentences` gives.
    stage
        Label of the stage to which the text must come; "" where it is open.
    table
        Whose statements they are.

    Attributes
    ----------
    start
        The state before the first word.
    """

    def __init__(self, sentences: Mapping[str, Sequence[str]], stage: str = "", *, table: Table = TABLE) -> None:
        self._sentences = [(name, text.split(" ")) for name, texts in sentences.items() for text in texts]
        self._of: dict[str, list[int]] = {}
        for number, (name, _) in enumerate(self._sentences):
            self._of.setdefault(name, []).append(number)
        self.start = self._open(grammar_of(table).beginning(stage))

    def words(self, state: _State) -> dict[str, _State]:
        """Return the words that may come next, and the state after each.

        Where one sentence is under way, and no other that begins alike, the rest of it comes as if it were one word.
        """
        if len(state.readings) == 1:
            ((number, written),) = state.readings
            name, words = self._sentences[number]
            return {" ".join(words[written:]): self._open(state.place.after_named(name))}
        same: dict[str, list[_Reading]] = {}
        after: dict[str, _State] = {}
        for number, written in state.readings:
            name, words = self._sentences[number]
            word = words[written]
            if written + 1 == len(words):
                after[word] = self._open(state.place.after_named(name))
            else:
                same.setdefault(word, []).append(_Reading(number, written + 1))
        return {**{word: _State(state.place, tuple(readings)) for word, readings in same.items()}, **after}

    def finished(self, state: _State) -> bool:
        """Tell whether the text is a whole rationale."""
        return state.place.finished

    def _open(self, place: GrammarPlace) -> _State:
        readings = (_Reading(n, 0) for statement in place.following() for n in self._of.get(statement.id, ()))
        return _State(place, tuple(readings))


def grounded(
    findings: Sequence[Finding], context: Context, stage: Stage | None = None, *, table: Table = TABLE
) -> GroundedGrammar:
    """Return the grammar of an epoch, of texts that come to a stage where one is given."""
    sentences = true_sentences(findings, context, table=table)
    return GroundedGrammar(sentences, stage.label if stage is not None else "", table=table)
