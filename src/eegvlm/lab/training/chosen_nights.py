"""Which nights a recipe's recorded source takes, told by names alone: no signal is read."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol, TypeVar, cast

from eegvlm.errors import InputError
from eegvlm.images import ImageLayout
from eegvlm.lab.datasets import Night, open_dataset, split_by_subject
from eegvlm.lab.datasets.problems import why_no_night
from eegvlm.lab.datasets.splits import too_few_persons
from eegvlm.lab.epochs import is_store
from eegvlm.lab.training.built_nights import ANY_STORE, BuiltNight, built_nights
from eegvlm.lab.training.source_recipe import RecordedNights, UnlabelledNights

_LOG = logging.getLogger(__name__)


class _Named(Protocol):
    """What choosing nights reads of one."""

    @property
    def name(self) -> str: ...

    @property
    def person(self) -> str: ...


_Night = TypeVar("_Night", bound=_Named)


def chosen_nights(
    source: RecordedNights,
    layout: ImageLayout,
    roots: Mapping[str, Path],
    *,
    level: int = logging.DEBUG,
) -> list[Night] | list[BuiltNight]:
    """Return the nights of a source, in the order of their names: of a data set, or of a built epoch store.

    Parameters
    ----------
    source
        What is taken.
    layout
        Whose panels a built store must hold.
    roots
        Where each source lies, by its name.
    level
        At which problems of the data set are logged: once as warnings, when its nights are read.

    Raises
    ------
    InputError
        If the source has no root, its store is not what the recipe asks for, or no night fits.
    """
    root = folder_of(source.name, roots)
    if source.dataset == ANY_STORE or is_store(root):
        return _taken(source, built_nights(source, root, layout), root)
    return recorded_nights(source, roots, level=level)


def recorded_nights(source: RecordedNights, roots: Mapping[str, Path], *, level: int = logging.DEBUG) -> list[Night]:
    """Return the nights of a recorded source, in the order of their names; see :func:`chosen_nights`.

    Raises
    ------
    InputError
        If its root was not given or is a built epoch store, or no night fits.
    """
    root = folder_of(source.name, roots)
    if is_store(root):
        raise InputError(root, f"data {source.name}", "an epoch store", "give the folder of the recordings themselves")
    dataset = open_dataset(
        source.dataset,
        root,
        scorer=source.scorer,
        wake_crop_min=source.wake_crop_min,
        grid=source.grid,
        extend_20s=source.extend_20s,
        look_inside=False,
        rules=source.rules,
    )
    for problem in dataset.problems:
        _LOG.log(level, "data %s: %s", source.name, problem.message)
    if not dataset.nights:
        why = why_no_night(dataset.name, dataset.problems)
        raise InputError(root, f"data {source.name}", "no scored night", why)
    return _taken(source, dataset.nights, root)


def files_of(source: UnlabelledNights, roots: Mapping[str, Path]) -> list[Path]:
    """Return the recordings of a source without scorings.

    Raises
    ------
    InputError
        If its root was not given, or no file fits.
    """
    root = folder_of(source.name, roots)
    files = sorted({path for pattern in source.only for path in root.rglob(pattern)})
    if not files:
        raise InputError(root, f"data {source.name}", "no recording", f"names fit none of {', '.join(source.only)}")
    return files


def folder_of(name: str, roots: Mapping[str, Path]) -> Path:
    """Return a named source's folder.

    Raises
    ------
    InputError
        If none was given.
    """
    if name not in roots:
        raise InputError("recipe", f"data {name}", "no folder", f"say where it lies: --data {name}=FOLDER")
    return roots[name]


def _taken(source: RecordedNights, nights: Sequence[_Night], root: Path) -> list[_Night]:
    """Return the nights that a source takes, in the order of their names."""
    taken = [
        night
        for night in _fold(source, nights)
        if any(fnmatchcase(night.name, pattern) for pattern in source.only)
        and not any(fnmatchcase(night.name, pattern) for pattern in source.without)
        and (source.persons is None or night.person in source.persons)
    ]
    if not taken:
        raise InputError(
            root,
            f"data {source.name}",
            "no scored night",
            f"its settings leave none of {len(nights)}: see only, without, fold and persons",
        )
    return sorted(taken, key=lambda night: night.name)


def _fold(source: RecordedNights, nights: Sequence[_Night]) -> Sequence[_Night]:
    """Return the nights of the source's group of persons, or of all others."""
    if not source.fold:
        return nights
    written = re.fullmatch(r"(not )?(\d+)/(\d+)", source.fold)
    if written is None or not 1 <= int(written[2]) <= int(written[3]):
        raise InputError("recipe", f"data {source.name} fold", source.fold, 'write it as "1/5" or "not 1/5"')
    persons = len({night.person for night in nights})
    if persons < int(written[3]):
        setting = "" if persons < 2 else f" (instead of {written[3]} write {persons}, in training and validation alike)"
        raise InputError("recipe", f"data {source.name} fold", source.fold, f"{too_few_persons(persons)}{setting}")
    # a split reads no more of a night than its data set, name and person
    split = split_by_subject(cast("Sequence[Night]", nights), folds=int(written[3]))[int(written[2]) - 1]
    return cast("Sequence[_Night]", split.train if written[1] else split.test)
