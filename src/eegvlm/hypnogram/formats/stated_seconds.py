"""Times that a format gives in seconds, refused where a file of it must hold something else.

Milliseconds, samples, minutes and numbers of epochs all pass for seconds until the night that they give is looked at:
no night is longer than 48 h, and stages last whole epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from eegvlm.hypnogram.formats.epoch_lengths import are_multiples
from eegvlm.hypnogram.formats.events import StageEvents, hypnogram_from_events
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.onset_unit import COMMON_EPOCHS_S, LONGEST_NIGHT_S
from eegvlm.hypnogram.hypnogram import Hypnogram


def hypnogram_from_seconds(source: ScoringSource, picked: StageEvents, *, start: datetime | None = None) -> Hypnogram:
    """Lay stages on epochs as :func:`.events.hypnogram_from_events` does, if their times can be seconds.

    Raises
    ------
    HypnogramError
        If the night would be longer than 48 h, or fewer than nine in ten stages last whole epochs of 30, 20, 10, 5 or
        4 s and the user named no length of an epoch.
    """
    begin_s = min(event.onset_s for event in picked.events)
    end_s = max(event.onset_s + (event.duration_s or 0.0) for event in picked.events)
    if not end_s - begin_s <= LONGEST_NIGHT_S:
        hint = "the format gives seconds, and no night is longer than 48 h; are these milliseconds or samples?"
        raise source.error("times", f"{begin_s:g} to {end_s:g}", hint)
    lengths = [event.duration_s for event in picked.events if event.duration_s]
    if source.epoch_s is None and lengths and not are_whole_epochs(lengths):
        first_lengths = ", ".join(f"{length:g}" for length in dict.fromkeys(lengths[:5]))
        hint = "the format gives seconds, and these are no whole epochs; if they are seconds, give the epoch length"
        raise source.error("lengths of stages", first_lengths, hint)
    return hypnogram_from_events(source, picked, start=start)


def can_be_a_night(starts_s: Sequence[float], lengths_s: Sequence[float]) -> bool:
    """Tell whether starts and lengths can be seconds of a night that was scored in epochs."""
    end_s = max(start + length for start, length in zip(starts_s, lengths_s, strict=True))
    return end_s - min(starts_s) <= LONGEST_NIGHT_S and are_whole_epochs(lengths_s)


def are_whole_epochs(lengths_s: Sequence[float]) -> bool:
    """Tell whether nine in ten lengths are whole epochs of 30, 20, 10, 5 or 4 s."""
    lengths = np.asarray(lengths_s, dtype=float)
    return any(are_multiples(lengths, epoch_s) for epoch_s in COMMON_EPOCHS_S)
