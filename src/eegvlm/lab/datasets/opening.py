"""From a data set's name and its place on disk to its nights."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from eegvlm.hypnogram.epoch_grid import GridName
from eegvlm.lab.datasets import folder, signed, simulated
from eegvlm.lab.datasets.beside import FolderRules
from eegvlm.lab.datasets.catalogue import DATASETS
from eegvlm.lab.datasets.checks import Contents, look_into
from eegvlm.lab.datasets.cutting import Cutting
from eegvlm.lab.datasets.dataset import Dataset
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.pairing import Found, find_nights
from eegvlm.lab.datasets.problems import DatasetError, DatasetProblem

Progress = Callable[[int, int], None]


def open_dataset(
    name: str,
    root: str | os.PathLike[str] | None = None,
    *,
    scorer: str | None = None,
    wake_crop_min: float | None = None,
    only: str | None = None,
    grid: GridName = "scoring",
    extend_20s: bool = False,
    look_inside: bool = True,
    rules: FolderRules | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Open a data set: find its nights, and name whatever is wrong with it.

    No signal is loaded. Every recording's header and every scoring is read once, unless ``look_inside`` is False.

    Parameters
    ----------
    name
        One of :data:`eegvlm.lab.datasets.DATASETS`; ``simulated:nights=4,seed=0,hours=8`` carries its root in its name.
    root
        The folder into which the data set was unpacked, or one above it; for ``simulated`` the specification.
    scorer
        Whose stages are used, where several scored; the data set's first one where None.
    wake_crop_min
        Minutes of wake to keep before and after sleep (published results often use 30); None keeps all.
    only
        A pattern that a night's name must fit: ``01-03-*`` is SS3 of MASS, ``SC4*`` the cassette part of Sleep-EDF.
    grid, extend_20s
        Which epochs the nights are cut into, see :class:`eegvlm.lab.datasets.cutting.Cutting`. Simulated nights are
        scored on the epochs of the recording.
    look_inside
        Whether headers and scorings are read; without, only what names tell is in ``problems``.
    rules
        For ``folder`` only.
    progress
        Called with the number of nights looked into and of all.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        Where the name, the root or an option cannot be used, or a pair of files in ``folder`` is ambiguous. An empty
        data set is no error here; its problems say why.

    Examples
    --------
    >>> dataset = open_dataset("simulated", "nights=2,seed=7,hours=0.5")
    >>> [night.name for night in dataset.nights]
    ['seed-7', 'seed-8']
    >>> dataset.nights[0].hypnogram().n_epochs
    60
    """
    name, place = _name_and_place(name, root)
    if wake_crop_min is not None and not (
        math.isfinite(wake_crop_min) and 0 <= wake_crop_min * 2 == int(wake_crop_min * 2)
    ):
        raise DatasetError(name, "wake crop", wake_crop_min, "expected minutes in steps of 0.5, from 0")
    if rules is not None and name != "folder":
        raise DatasetError(name, "rules", rules, "only 'folder' takes them; leave them out")
    info = DATASETS[name]
    if info.layout is not None:
        listing = find_nights(info.layout, Path(place))
    elif name == "signed" or (name == "folder" and rules is None and signed.holds_signed_nights(Path(place))):
        listing = signed.find(Path(place))
    elif name == "folder":
        listing = folder.find(Path(place), rules, scorer=scorer)
    else:
        listing = simulated.find(place)
    listing = _only(listing, only, name)
    nights, problems = _by_scorer(listing, scorer, name)
    cutting = Cutting(grid, extend_20s)
    if name == "simulated":
        cutting = Cutting("recording")  # a scoring starts with its night, and need not be simulated to learn that
    nights = tuple(replace(night, wake_crop_min=wake_crop_min, cutting=cutting) for night in nights)
    contents: dict[str, Contents] = {}
    if look_inside and name != "simulated":
        done = 0

        def count() -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(done, total)

        total = len(nights)
        one_scoring = info.layout is not None and info.layout.one_scoring
        nights, more, contents = look_into(
            nights,
            Path(place),
            all_scorers=not one_scoring,
            any_scorer=one_scoring and scorer is None,
            progress=count,
        )
        problems = (*problems, *more)
    options: dict[str, Any] = {"scorer": scorer, "wake_crop_min": wake_crop_min, "only": only}
    if name != "simulated":
        options |= {"grid": cutting.grid, "extend_20s": cutting.extend_20s or None}
    return Dataset(name, place, nights, problems, options, contents)


def _name_and_place(name: str, root: str | os.PathLike[str] | None) -> tuple[str, str]:
    if name.startswith("simulated:") and root is None:
        name, root = "simulated", name
    if name not in DATASETS:
        raise DatasetError("data set", "name", name, f"choose one of {', '.join(DATASETS)}")
    if root is None:
        raise DatasetError(name, "root", "not given", f"give where it lies ({DATASETS[name].files})")
    return name, os.fspath(root)


def _only(listing: Found, pattern: str | None, name: str) -> Found:
    """Keep the nights, and the problems of nights, whose names fit."""
    if pattern is None:
        return listing
    nights = tuple(night for night in listing.nights if fnmatchcase(night.name, pattern))
    if listing.nights and not nights:
        examples = ", ".join(night.name for night in listing.nights[:3])
        raise DatasetError(name, "only", pattern, f"no night's name fits it; names are such as {examples}")
    problems = tuple(
        problem for problem in listing.problems if problem.night is None or fnmatchcase(problem.night, pattern)
    )
    return Found(nights, problems)


def _by_scorer(listing: Found, scorer: str | None, name: str) -> tuple[tuple[Night, ...], tuple[DatasetProblem, ...]]:
    """Put the scorer who was asked for first; a night that lacks him is named and left out."""
    if scorer is None or not listing.nights:
        return listing.nights, listing.problems
    everyone = tuple(dict.fromkeys(who for night in listing.nights for who in night.scorers))
    if scorer not in everyone:
        raise DatasetError(name, "scorer", scorer, f"choose one of {', '.join(everyone)}")
    nights, problems = [], [problem for problem in listing.problems if problem.code != "missing-scorer"]
    for night in listing.nights:
        if scorer in night.scorers:
            rest = tuple(scoring for scoring in night.scorings if scoring.scorer != scorer)
            nights.append(replace(night, scorings=(night.scoring(scorer), *rest)))
        else:
            message = f"night {night.name} has no scoring by {scorer}, only by {', '.join(night.scorers)}"
            problems.append(DatasetProblem("missing-scorer", message, night.name))
    return tuple(nights), tuple(problems)
