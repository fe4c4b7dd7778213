"""A scored night and ``mne.Annotations``: one annotation an epoch out, any annotations of stages in.

MNE calls the local time of a recording UTC; so it is written, and so it is read.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegvlm.core.extras import import_extra
from eegvlm.errors import WrongTypeError
from eegvlm.hypnogram.error import HypnogramError, with_options_of
from eegvlm.hypnogram.formats import probability_text
from eegvlm.hypnogram.formats.events import Event, pick_stages
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.stated_seconds import hypnogram_from_seconds
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage_map import StageMap, stage_map_of

if TYPE_CHECKING:
    import mne

_OPTIONS = {"--map": "stage_map=", "--epoch": "epoch_s="}


def to_annotations(hypnogram: Hypnogram) -> mne.Annotations:
    """Return one annotation an epoch; see :meth:`.Hypnogram.to_annotations`."""
    module = import_extra("mne", "mne", "Hypnogram.to_annotations")
    onsets, durations = hypnogram.onsets_s.tolist(), [hypnogram.epoch_s] * len(hypnogram)
    texts = [f"Sleep stage {label}" for label in hypnogram.labels]
    extras: list[dict[str, float] | None] = [None] * len(hypnogram)
    if hypnogram.probabilities is not None:
        rows = hypnogram.probabilities.astype(float).tolist()
        extras = [
            dict(zip(probability_text.COLUMNS, row, strict=True)) if scored else None
            for row, scored in zip(rows, hypnogram.scored, strict=True)
        ]
    if (lights := hypnogram.lights) is not None:
        for at_s, text in ((lights.off_s, "Lights Off"), (lights.on_s, "Lights On")):
            if at_s is not None:
                onsets.append(at_s)
                durations.append(0.0)
                texts.append(text)
                extras.append(None)
    origin = None if hypnogram.start is None else hypnogram.start.replace(tzinfo=UTC)
    return module.Annotations(onsets, durations, texts, orig_time=origin, extras=extras)


def from_annotations(
    annotations: mne.Annotations, *, epoch_s: float | None, stage_map: str | StageMap | None
) -> Hypnogram:
    """Read the stages among annotations; see :meth:`.Hypnogram.from_annotations`."""
    if not all(hasattr(annotations, name) for name in ("onset", "duration", "description", "orig_time")):
        hint = "give mne.Annotations, such as raw.annotations; Hypnogram.from_dataframe takes a table of events"
        raise WrongTypeError.of("Hypnogram.from_annotations", "annotations", annotations, hint)
    names = stage_map_of(stage_map)
    source = ScoringSource(Path("Annotations"), b"", epoch_s=epoch_s, stage_map=names)
    rows: Any = zip(annotations.onset, annotations.duration, annotations.description, strict=True)
    events = [
        Event(float(onset), float(duration), str(text), f"annotation {number}")
        for number, (onset, duration, text) in enumerate(rows, start=1)
    ]
    start = annotations.orig_time
    try:
        return hypnogram_from_seconds(
            source, pick_stages(source, events), start=None if start is None else start.replace(tzinfo=None)
        )
    except HypnogramError as error:
        raise with_options_of(error, _OPTIONS) from error
