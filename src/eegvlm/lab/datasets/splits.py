"""Splits of nights into training, validation and test, in which no person ever lies in two parts.

Those that publications use have names: :mod:`eegvlm.lab.datasets.protocols`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from eegvlm.lab.datasets.files import natural
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.problems import DatasetError


@dataclass(frozen=True)
class Split:
    """One division of nights.

    Parameters
    ----------
    name
        What it is, for records: ``"fold 1 of 10, seed 0"``.
    train, test, validation
        Nights; a person's nights are all in one of them. Validation is empty unless it was asked for
        (:func:`with_validation`).

    Raises
    ------
    DatasetError
        Where a person has nights in two parts, or there is no training or no test night.
    """

    name: str
    train: tuple[Night, ...]
    test: tuple[Night, ...]
    validation: tuple[Night, ...] = ()

    def __post_init__(self) -> None:
        parts = [{night.person for night in part} for part in (self.train, self.test, self.validation)]
        both = set().union(*(first & second for first, second in combinations(parts, 2)))
        if both:
            persons = ", ".join(sorted(both, key=natural)[:3])
            raise DatasetError(
                f"split {self.name}", "subjects on both sides", persons, "move all their nights to one side"
            )
        for side, nights in (("train", self.train), ("test", self.test)):
            if not nights:
                raise DatasetError(f"split {self.name}", side, "no night", "give more subjects or fewer folds")


def split_by_subject(nights: Iterable[Night], *, folds: int, seed: int = 0) -> tuple[Split, ...]:
    """Split into folds; each person is tested in exactly one of them.

    Parameters
    ----------
    nights
        In any order: the same nights and seed give the same folds.
    folds
        How many, from 2 to the number of persons. Their numbers of persons differ by one at most.
    seed
        Of the shuffling of persons.

    Raises
    ------
    DatasetError
        Where there are fewer persons than folds.
    """
    ordered = in_order(nights)
    persons = _shuffled(ordered, seed)
    if not 2 <= folds <= len(persons):
        raise DatasetError("split", "folds", folds, too_few_persons(len(persons)))
    return tuple(_split(f"fold {k + 1} of {folds}, seed {seed}", ordered, set(persons[k::folds])) for k in range(folds))


def too_few_persons(persons: int) -> str:
    """Return why there are not more folds, and the remedy: in each, other persons are tested."""
    if persons < 2:
        return f"the data hold nights of {persons} person, and a split needs 2: add nights of others"
    choices = "only 2" if persons == 2 else f"2 to {persons}"
    return f"the data hold nights of {persons} persons, who can make {choices} folds: ask for fewer, or add persons"


def leave_one_subject_out(nights: Iterable[Night]) -> tuple[Split, ...]:
    """Split into as many folds as persons, in the order of their names.

    Raises
    ------
    DatasetError
        Where there is only one person.
    """
    ordered = in_order(nights)
    persons = list(dict.fromkeys(night.person for night in ordered))
    return tuple(_split(f"subject {person} left out", ordered, {person}) for person in persons)


def hold_out(nights: Iterable[Night], *, share: float, seed: int = 0) -> Split:
    """Keep a share of the persons for the test.

    Parameters
    ----------
    nights
        In any order.
    share
        Of the persons, between 0 and 1; at least one person is tested and one is not.
    seed
        Of the choice.

    Raises
    ------
    DatasetError
        Where the share is not between 0 and 1, or there is only one person.
    """
    if not 0 < share < 1:
        raise DatasetError("split", "share", share, "expected a number between 0 and 1")
    ordered = in_order(nights)
    persons = _shuffled(ordered, seed)
    tested = min(max(1, round(share * len(persons))), max(1, len(persons) - 1))
    return _split(f"{share:.0%} of subjects held out, seed {seed}", ordered, set(persons[:tested]))


def with_validation(split: Split, amount: float, *, seed: int = 0) -> Split:
    """Move persons from training to validation.

    Parameters
    ----------
    split
        Its validation is empty.
    amount
        From 1 on a number of persons, below it a share of those trained on; at least one person.
    seed
        Of the choice.

    Raises
    ------
    DatasetError
        Where the amount is not positive, or nobody would be left to train on.
    """
    persons = _shuffled(split.train, seed)
    if amount <= 0 or (amount >= 1 and amount != int(amount)):
        raise DatasetError(f"split {split.name}", "validation", amount, "give a share, or a whole number of persons")
    count = int(amount) if amount >= 1 else max(1, round(amount * len(persons)))
    if count >= len(persons):
        hint = f"give fewer than the {len(persons)} persons that are not tested"
        if len(persons) < 2:
            hint = "one person is left beside those who are tested, to train on: make more folds, or add persons"
        raise DatasetError(f"split {split.name}", "validation", f"{count} persons", hint)
    chosen = set(persons[:count])
    return replace(
        split,
        train=tuple(night for night in split.train if night.person not in chosen),
        validation=tuple(night for night in split.train if night.person in chosen),
    )


def in_order(nights: Iterable[Night]) -> list[Night]:
    """Sort nights by data set and name, numbers counted: the order from which seeds draw."""
    return sorted(nights, key=lambda night: (night.dataset, natural(night.name)))


def _shuffled(ordered: Sequence[Night], seed: int) -> list[str]:
    persons = sorted({night.person for night in ordered}, key=natural)
    return [persons[k] for k in np.random.default_rng(seed).permutation(len(persons))]


def _split(name: str, nights: Sequence[Night], tested: set[str]) -> Split:
    return Split(
        name,
        tuple(night for night in nights if night.person not in tested),
        tuple(night for night in nights if night.person in tested),
    )
