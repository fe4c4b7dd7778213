"""What a recipe says of persons: how those of its recorded sources are dealt out to training, validation and test."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from eegvlm.errors import InputError
from eegvlm.lab.datasets import PROTOCOLS

BY_PERSON = "by-person"


@dataclass(frozen=True)
class SplitRecipe:
    """How the persons of the recorded sources of ``data.train`` are divided.

    Parameters
    ----------
    protocol
        ``by-person``: ``folds`` groups of persons; or one of :data:`eegvlm.lab.datasets.PROTOCOLS`, which divides the
        nights of its data sets and leaves those of others in training.
    folds
        How many groups; 0: five of ``by-person``, and a published protocol's own number, which alone it can have.
    fold
        Which group is tested, from 1 on.
    validation
        Persons of the rest that validate: a share below 1, a number from 1 on; 0: as the protocol says, a tenth of
        ``by-person``.
    seed
        Of the groups of ``by-person`` and of the choice of those who validate.
    """

    protocol: str = BY_PERSON
    folds: int = 0
    fold: int = 1
    validation: float = 0.0
    seed: int = 0

    @property
    def groups(self) -> int:
        """Groups of ``by-person``."""
        return self.folds or 5

    def check(self, path: str | Path) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        InputError
            If the protocol is not known, or a number is out of range.
        """
        if self.protocol not in (BY_PERSON, *PROTOCOLS):
            hint = f"choose one of {', '.join((BY_PERSON, *PROTOCOLS))}"
            raise InputError(path, "data.split.protocol", self.protocol, hint)
        if self.folds < 0 or (self.folds == 1 and self.protocol == BY_PERSON):
            raise InputError(path, "data.split.folds", self.folds, "give 2 or more")
        if self.fold < 1 or (self.protocol == BY_PERSON and self.fold > self.groups):
            raise InputError(path, "data.split.fold", self.fold, "count folds from 1 to their number")
        if self.validation < 0 or (self.validation >= 1 and self.validation != int(self.validation)):
            hint = "give a share below 1, or a whole number of persons"
            raise InputError(path, "data.split.validation", self.validation, hint)


def split_option(split: SplitRecipe | None, *, protocol: str | None = None, fold: str | None = None) -> SplitRecipe:
    """Return the split that the command line asks for.

    Parameters
    ----------
    split
        The recipe's.
    protocol
        Of ``--split``; the recipe's where None.
    fold
        ``k/n`` of ``--fold``; the first one where None.

    Raises
    ------
    InputError
        If the fold is not written so, or its n is not the recipe's protocol's own.
    """
    chosen = split or SplitRecipe()
    if protocol is not None:
        chosen = replace(chosen, protocol=protocol, folds=0, fold=1)
    if fold is not None:
        written = re.fullmatch(r"(\d+)/(\d+)", fold)
        if written is None or not 1 <= int(written[1]) <= int(written[2]):
            raise InputError("arguments", "--fold", fold, "write it as k/n, such as 2/10")
        chosen = replace(chosen, fold=int(written[1]), folds=int(written[2]))
    chosen.check("arguments")
    return chosen
