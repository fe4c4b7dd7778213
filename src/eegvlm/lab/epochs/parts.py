"""The training, validation and test parts of an export: which night lies in which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from eegvlm.lab.datasets import Night, Split, hold_out, with_validation
from eegvlm.lab.epochs.problems import StoreError
from eegvlm.lab.epochs.store import EpochStore

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Parts:
    """How the nights of a store are divided; a person's nights are all in one part.

    Parameters
    ----------
    name
        Of the division, for records.
    nights
        Part to the names of its nights. A night that no part has is not exported.
    """

    name: str
    nights: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, split: Split) -> Parts:
        """Return the parts of a split."""
        return cls._named(split.name, {"train": split.train, "validation": split.validation, "test": split.test})

    @classmethod
    def _named(cls, name: str, parts: Mapping[str, Iterable[Night]]) -> Parts:
        return cls(name, {part: tuple(night.name for night in nights) for part, nights in parts.items()})

    @cached_property
    def part_of(self) -> dict[str, str]:
        """Name of a night to its part."""
        return {night: part for part, nights in self.nights.items() for night in nights}


def divided_by_person(nights: Iterable[Night], *, test: float, validation: float, seed: int = 0) -> Parts | None:
    """Divide nights so that shares of the persons test and validate.

    Parameters
    ----------
    nights
        In any order: the same nights and seed give the same parts.
    test
        Share of the persons, from 0 to below 1; at least one person where it is not 0.
    validation
        Share of the persons who are not tested.
    seed
        Of the choice.

    Returns
    -------
    Parts or None
        None where both shares are 0: nothing is divided.

    Raises
    ------
    DatasetError
        Where there are too few persons, or a share is not one.
    """
    everyone = tuple(nights)
    if not test and not validation:
        return None
    if test:
        split = hold_out(everyone, share=test, seed=seed)
        return Parts.of(with_validation(split, validation, seed=seed) if validation else split)
    split = hold_out(everyone, share=validation, seed=seed)
    parts = {"train": split.train, "validation": split.test}
    return Parts._named(f"{validation:.0%} of subjects validate, seed {seed}", parts)


def numbers_by_part(store: EpochStore, parts: Parts | None) -> dict[str, list[int]]:
    """Return the numbers of a store's nights by part, those of no part left out; all are for training where None.

    Raises
    ------
    StoreError
        Where no night of the store is in any part.
    """
    numbers_of: dict[str, list[int]] = {}
    for number, night in enumerate(store.manifest.nights):
        part = "train" if parts is None else parts.part_of.get(night.name)
        if part is not None:
            numbers_of.setdefault(part, []).append(number)
    if parts is not None and not numbers_of:
        raise StoreError(store.folder, f"nights of {parts.name}", "none", "divide the nights that the store holds")
    return numbers_of
