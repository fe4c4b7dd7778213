"""Reads a grammar in GBNF by characters: the part of the language that ours is written in."""

from __future__ import annotations

import re

_SYMBOL = re.compile(r'"((?:[^"\\]|\\.)*)"|([\w-]+)|([|()])')

Stack = tuple[str, ...]  # what is still to come: '"' and text, or the name of a rule


class GbnfReader:
    """A walk through a grammar: a place is a set of stacks."""

    def __init__(self, grammar: str) -> None:
        self.rules: dict[str, list[Stack]] = {}
        for line in grammar.splitlines():
            name, _, body = line.partition(" ::= ")
            assert name not in self.rules
            symbols = [f'"{quoted}' if not name + mark else name + mark for quoted, name, mark in _SYMBOL.findall(body)]
            self.rules[name] = _alternatives([re.sub(r"\\(.)", r"\1", symbol) for symbol in symbols])
        self.start = self._opened({("root",)})

    def next(self, place: frozenset[Stack]) -> set[str]:
        return {stack[0][1] for stack in place if stack}

    def advance(self, place: frozenset[Stack], text: str) -> frozenset[Stack]:
        for char in text:
            went = {(f'"{stack[0][2:]}', *stack[1:]) for stack in place if stack and stack[0][1] == char}
            place = self._opened(went)
        return place

    def finished(self, place: frozenset[Stack]) -> bool:
        return () in place

    def _opened(self, stacks: set[Stack]) -> frozenset[Stack]:
        opened: set[Stack] = set()
        todo = list(stacks)
        while todo:
            stack = todo.pop()
            if stack and stack[0] == '"':
                todo.append(stack[1:])
            elif stack and stack[0][0] != '"':
                todo += [(*way, *stack[1:]) for way in self.rules[stack[0]]]
            else:
                opened.add(stack)
        return frozenset(opened)


def _alternatives(symbols: list[str]) -> list[Stack]:
    """Return the ways of a rule, groups written out."""
    ways: list[Stack] = [()]
    done: list[Stack] = []
    while symbols:
        symbol = symbols.pop(0)
        if symbol == "|":
            done += ways
            ways = [()]
        elif symbol == "(":
            depth = symbols.index(")")
            group = _alternatives(symbols[:depth])
            del symbols[: depth + 1]
            ways = [(*way, *inner) for way in ways for inner in group]
        else:
            ways = [(*way, symbol) for way in ways]
    return [*done, *ways]
