"""A scored night from a list in memory: stage labels, or integer codes of a named convention."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegvlm.errors import WrongTypeError
from eegvlm.hypnogram.codings import ASK_CODING, coding_of_name
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import Stage, stage_of_spelling
from eegvlm.hypnogram.stage_map import StageMap, folded, stage_map_of


def from_strings(
    labels: Iterable[str | None],
    *,
    epoch_s: float,
    start: datetime | None,
    onset_s: float,
    probabilities: NDArray[np.floating[Any]] | None,
    stage_map: str | StageMap | None,
) -> Hypnogram:
    """Make a scored night of labels; see :meth:`.Hypnogram.from_strings`."""
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        hint = "give one label an epoch in a list, an array or a Series; read_hypnogram takes a path"
        raise WrongTypeError.of("Hypnogram.from_strings", "labels", labels, hint)
    names = stage_map_of(stage_map)
    stages = [_stage(label, epoch, names) for epoch, label in enumerate(labels, start=1)]
    return Hypnogram(np.array(stages, np.int8), epoch_s, start, onset_s, _float32(probabilities))


def from_codes(
    codes: Iterable[int],
    *,
    coding: str,
    epoch_s: float | None,
    start: datetime | None,
    onset_s: float,
    probabilities: NDArray[np.floating[Any]] | None,
) -> Hypnogram:
    """Make a scored night of integer codes; see :meth:`.Hypnogram.from_codes`."""
    convention = coding_of_name(coding)
    values = np.asarray(codes if hasattr(codes, "__array__") else list(codes))
    if values.ndim != 1 or values.size == 0:
        raise HypnogramError("hypnogram", "codes", f"shape {values.shape}", "give one code an epoch, at least one")
    if values.dtype.kind not in "iuf" or not np.array_equal(values, np.rint(values)):
        hint = "give whole numbers; Hypnogram.from_strings takes labels"
        raise HypnogramError("hypnogram", "codes", f"type {values.dtype}", hint)
    integers = values.astype(np.int64)
    unknown = np.flatnonzero(~np.isin(integers, list(convention.stages)))
    if unknown.size:
        where = f"{integers[unknown[0]]} in epoch {unknown[0] + 1}"
        raise HypnogramError("hypnogram", "codes", where, f"the coding {coding} has {convention.about}")
    stages = np.array([convention.stages[code] for code in integers.tolist()], np.int8)
    length_s = convention.epoch_s if epoch_s is None else epoch_s
    night = Hypnogram(stages, length_s, start, onset_s, _float32(probabilities))
    undocumented = sorted(set(integers.tolist()) & convention.undocumented)
    return night.with_notes(*(f"the undocumented code {code} was read as unscored" for code in undocumented))


def _stage(label: object, epoch: int, names: StageMap) -> Stage:
    if label is None or (isinstance(label, float) and np.isnan(label)):
        return Stage.UNSCORED  # a missing value of a Series
    if isinstance(label, Stage):
        return label
    if not isinstance(label, str):
        hint = f"it is no text; Hypnogram.from_codes takes integers: {ASK_CODING.replace('--coding ', 'coding=')}"
        raise HypnogramError("hypnogram", f"label of epoch {epoch}", repr(label), hint)
    mapped = names.get(folded(label), label)
    stage = stage_of_spelling(mapped) if isinstance(mapped, str) else mapped
    if stage is None:
        hint = "write W, N1, N2, N3, R or ?, or say what it means: stage_map='Light=N2,Deep=N3'"
        raise HypnogramError("hypnogram", f"label of epoch {epoch}", label, hint)
    return stage


def _float32(probabilities: NDArray[np.floating[Any]] | None) -> NDArray[np.float32] | None:
    return None if probabilities is None else np.asarray(probabilities, np.float32)
