"""The grammar as GBNF, for servers that decode by one: llama.cpp; vLLM and SGLang, by XGrammar or llguidance.

The rule ``root`` is a rationale without the space before it. A rule ``after-N`` is a place between two sentences;
places after which the same may follow are one. A rule ``s-ID`` is a statement of the table in all its wordings, a rule
``v-N`` the texts of a slot. Not covered: how a tokenizer cuts the text. A server permits every cut of it, training
knows one (:mod:`eegvlm.staging.token_grammar`).

References
----------
https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from eegvlm.hypnogram import Stage
from eegvlm.reasoning.acceptor import sayable_wordings
from eegvlm.reasoning.grammar import GrammarPlace, grammar_of
from eegvlm.reasoning.grounding import true_sentences
from eegvlm.scoring import TABLE, Context, Finding, Table
from eegvlm.scoring.statement import WordingSegment

_ENDED = -1  # the place after the last sentence

_Wordings = Mapping[str, Sequence[Sequence[WordingSegment]]]


def gbnf(
    channels: Iterable[str],
    *,
    stage: Stage | None = None,
    expert: bool = False,
    varied: bool = True,
    table: Table = TABLE,
) -> str:
    """Return the grammar of rationales about some channels: the texts that :func:`~eegvlm.reasoning.acceptor` accepts.

    Parameters
    ----------
    channels, stage, expert, varied, table
        As for :func:`~eegvlm.reasoning.acceptor`.

    Raises
    ------
    InputError
        Where a word is not known, or the stage is "unscored".

    Examples
    --------
    >>> from eegvlm.reasoning import gbnf
    >>> gbnf(["EEG"]).splitlines()[0]
    'root ::= after-0'
    """
    wordings: dict[str, list[tuple[WordingSegment, ...]]] = {}
    for statement, segments in sayable_wordings(channels, stage, expert=expert, varied=varied, table=table):
        wordings.setdefault(statement.id, []).append(segments)
    return _rules(wordings, grammar_of(table).beginning(stage.label if stage is not None else ""))


def grounded_gbnf(
    findings: Sequence[Finding], context: Context, stage: Stage | None = None, *, table: Table = TABLE
) -> str:
    """Return the grammar of one epoch: what was measured alone, as :func:`~eegvlm.reasoning.grounded` has it.

    Parameters
    ----------
    findings, context, stage, table
        As for :func:`~eegvlm.reasoning.grounded`.
    """
    sentences = true_sentences(findings, context, table=table)
    wordings = {name: [(WordingSegment(literal=text),) for text in texts] for name, texts in sentences.items()}
    return _rules(wordings, grammar_of(table).beginning(stage.label if stage is not None else ""))


def _rules(wordings: _Wordings, beginning: GrammarPlace) -> str:
    places = _Places(wordings)
    lines = [f"root ::= after-{places.number(beginning)}"]
    lines += [f"after-{number} ::= {ways}" for number, ways in enumerate(places.rules)]
    values: dict[tuple[str, ...], int] = {}
    for name, texts in wordings.items():
        if name in places.said:
            alternatives = dict.fromkeys(_sentence(segments, values) for segments in texts)
            lines.append(f"{_rule_name(name)} ::= {' | '.join(alternatives)}")
    lines += [f"v-{number} ::= {' | '.join(map(_quoted, texts))}" for texts, number in values.items()]
    return "\n".join(lines) + "\n"


class _Places:
    """Numbers places of the grammar, those alike in all that may follow by one number.

    Attributes
    ----------
    rules
        What may follow each place, by its number.
    said
        Statements that may be made at all.
    """

    def __init__(self, wordings: _Wordings) -> None:
        self._wordings = wordings
        self._numbers: dict[GrammarPlace, int] = {}
        self._by_rule: dict[str, int] = {}
        self.said: set[str] = set()

    @property
    def rules(self) -> list[str]:
        return list(self._by_rule)

    def number(self, place: GrammarPlace) -> int:
        number = self._numbers.get(place)
        if number is None:
            number = self._numbers[place] = _ENDED if place.finished else self._number_of(place)
        return number

    def _number_of(self, place: GrammarPlace) -> int:
        by_target: dict[int, list[str]] = {}
        for statement in place.following():
            if statement.id in self._wordings:
                self.said.add(statement.id)
                by_target.setdefault(self.number(place.after(statement)), []).append(_rule_name(statement.id))
        ways = []
        for target, names in sorted(by_target.items()):
            sentence = names[0] if len(names) == 1 else f"( {' | '.join(names)} )"
            ways.append(sentence if target == _ENDED else f'{sentence} " " after-{target}')
        return self._by_rule.setdefault(" | ".join(ways), len(self._by_rule))


def _sentence(segments: Sequence[WordingSegment], values: dict[tuple[str, ...], int]) -> str:
    pieces = []
    for segment in segments:
        if segment.slot is None:
            pieces.append(_quoted(segment.literal))
        elif len(segment.slot.texts) == 1:
            pieces.append(_quoted(segment.slot.texts[0]))
        else:
            pieces.append(f"v-{values.setdefault(segment.slot.texts, len(values))}")
    return " ".join(pieces)


def _rule_name(statement_id: str) -> str:
    return "s-" + re.sub("[^a-z0-9]+", "-", statement_id.lower())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
