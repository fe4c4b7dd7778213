"""Splits of nights into training and test, in which no person ever lies on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eegvlm.datasets.files import natural
from eegvlm.datasets.night import Night
from eegvlm.datasets.problems import DatasetError


@dataclass(frozen=True)
class Split:
    """One division of nights.

    Parameters
    ----------
    name
        What it is, for records: ``"fold 1 of 10, seed 0"``.
    train, test
        Nights; a person's nights are all in one of them.

    Raises
    ------
    DatasetError
        Where a person has nights in both, or one of them is empty.
    """

    name: str
    train: tuple[Night, ...]
    test: tuple[Night, ...]

    def __post_init__(self) -> None:
        both = {night.person for night in self.train} & {night.person for night in self.test}
        if both:
            shown = ", ".join(sorted(both, key=natural)[:3])
            raise DatasetError(
                f"split {self.name}", "subjects on both sides", shown, "move all their nights to one side"
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
    ordered = _ordered(nights)
    persons = _shuffled(ordered, seed)
    if not 2 <= folds <= len(persons):
        raise DatasetError("split", "folds", folds, f"expected 2 to {len(persons)}, the number of subjects")
    return tuple(_split(f"fold {k + 1} of {folds}, seed {seed}", ordered, set(persons[k::folds])) for k in range(folds))


def leave_one_subject_out(nights: Iterable[Night]) -> tuple[Split, ...]:
    """Split into as many folds as persons, in the order of their names.

    Raises
    ------
    DatasetError
        Where there is only one person.
    """
    ordered = _ordered(nights)
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
    ordered = _ordered(nights)
    persons = _shuffled(ordered, seed)
    tested = min(max(1, round(share * len(persons))), max(1, len(persons) - 1))
    return _split(f"{share:.0%} of subjects held out, seed {seed}", ordered, set(persons[:tested]))


def _sleep_edf_20(nights: Sequence[Night]) -> tuple[Split, ...]:
    wanted = {f"SC4{number:02d}" for number in range(20)}
    chosen = [night for night in nights if night.dataset == "sleep-edf" and night.subject in wanted]
    missing = sorted(wanted - {night.subject for night in chosen})
    if missing:
        raise DatasetError("sleep-edf-20", "subjects", f"without {', '.join(missing)}", "complete the data set first")
    return leave_one_subject_out(chosen)


def _sleep_edf_78(nights: Sequence[Night]) -> tuple[Split, ...]:
    chosen = [night for night in nights if night.dataset == "sleep-edf" and night.subject.startswith("SC4")]
    persons = len({night.person for night in chosen})
    if persons != 78:
        raise DatasetError("sleep-edf-78", "subjects", persons, "the protocol has 78; complete the data set first")
    return split_by_subject(chosen, folds=10, seed=0)


def _five_of_eighty_twenty(nights: Sequence[Night]) -> tuple[Split, ...]:
    return tuple(hold_out(nights, share=0.2, seed=seed) for seed in range(5))


# name -> what it is; how it is made
PROTOCOLS: Mapping[str, tuple[str, Callable[[Sequence[Night]], tuple[Split, ...]]]] = {
    "sleep-edf-20": ("Sleep-EDF cassette, subjects 00 to 19, leave one subject out (20 folds)", _sleep_edf_20),
    "sleep-edf-78": (
        "Sleep-EDF cassette, all 78 subjects, 10 folds by subject; publications shuffle differently, so the folds are "
        "this package's own",
        _sleep_edf_78,
    ),
    "5x80-20": (
        "any data set, 80 % of the subjects for training and 20 % for the test, five seeds; as used for SHHS, ISRUC "
        "and MASS, whose lists of subjects were not published",
        _five_of_eighty_twenty,
    ),
}


def published_splits(nights: Iterable[Night], protocol: str) -> tuple[Split, ...]:
    """Split as publications do.

    Parameters
    ----------
    nights
        Of the data set that the protocol is for, all of them.
    protocol
        One of :data:`PROTOCOLS`.

    Raises
    ------
    DatasetError
        Where there is no such protocol, or the nights are not complete enough for it.
    """
    if protocol not in PROTOCOLS:
        raise DatasetError("split", "protocol", protocol, f"choose one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[protocol][1](_ordered(nights))


def _ordered(nights: Iterable[Night]) -> list[Night]:
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
