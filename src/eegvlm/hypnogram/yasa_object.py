"""A scored night and ``yasa.Hypnogram``, which YASA's statistics and plots take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eegvlm.core.extras import import_extra
from eegvlm.errors import WrongTypeError
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.yasa_json import OTHER_STAGES_NOTE, STAGE_NAMES
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import STAGES, Stage, stage_of_spelling

if TYPE_CHECKING:
    import yasa

_COLUMNS = list(STAGE_NAMES)
_NAMES = {**dict(zip(STAGES, STAGE_NAMES, strict=True)), Stage.UNSCORED: "UNS"}


def to_yasa(hypnogram: Hypnogram) -> yasa.Hypnogram:
    """Return it as YASA's; see :meth:`.Hypnogram.to_yasa`."""
    module: Any = import_extra("yasa", "second-reader", "Hypnogram.to_yasa")
    start = None if hypnogram.start is None else hypnogram.time_of(0)
    return module.Hypnogram(
        [_NAMES[stage] for stage in hypnogram],
        n_stages=5,
        freq=f"{hypnogram.epoch_s:g}s",
        start=start,
        proba=_probabilities(hypnogram),
    )


def from_yasa(hypnogram: yasa.Hypnogram) -> Hypnogram:
    """Read YASA's; see :meth:`.Hypnogram.from_yasa`."""
    if not all(hasattr(hypnogram, name) for name in ("hypno", "sampling_frequency", "n_stages")):
        hint = "give a yasa.Hypnogram; Hypnogram.from_codes(..., coding='yasa') takes its integers"
        raise WrongTypeError.of("Hypnogram.from_yasa", "hypnogram", hypnogram, hint)
    if hypnogram.n_stages != len(_COLUMNS):
        hint = "only five stages can be read: light sleep is N1 and N2 together"
        raise HypnogramError("yasa.Hypnogram", "n_stages", hypnogram.n_stages, hint)
    stages = [stage_of_spelling("?" if name == "ART" else name) for name in hypnogram.hypno.astype(str)]
    start = None if hypnogram.start is None else hypnogram.start.to_pydatetime().replace(tzinfo=None)
    codes = np.array(stages, np.int8)
    night = Hypnogram(codes, epoch_s=round(1 / hypnogram.sampling_frequency, 6), start=start)
    proba = hypnogram.proba
    if proba is None:
        return night
    if not all(name in proba.columns for name in _COLUMNS):
        return night.with_notes(OTHER_STAGES_NOTE)
    rows = proba[_COLUMNS].to_numpy(np.float32)
    return replace(night, probabilities=np.where(night.scored[:, None], rows, np.float32(np.nan)))


def _probabilities(hypnogram: Hypnogram) -> Any:
    """Return YASA's table of probabilities: it has no row without any, so unscored epochs get equal ones."""
    if hypnogram.probabilities is None:
        return None
    pandas = import_extra("pandas", "second-reader", "Hypnogram.to_yasa")
    rows = hypnogram.probabilities.astype(np.float64)
    rows[np.isnan(rows).any(axis=1)] = 1 / len(_COLUMNS)
    return pandas.DataFrame(rows / rows.sum(axis=1, keepdims=True), columns=_COLUMNS)
