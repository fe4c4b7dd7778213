"""A hypnogram that is a signal of an EDF file: one code a sample, at 1 Hz or any other rate.

Some laboratories export the scoring so, and Sleep-EDF did before 2013. It is read where the signal is named
(``night.edf:Hypnogram``). Codes need a coding.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eegvlm.core.runs import equal_runs
from eegvlm.hypnogram.codings import ASK_CODING
from eegvlm.hypnogram.formats.epoch_list import events_of_texts
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.signals.hypnogram_label import is_hypnogram_label

if TYPE_CHECKING:
    from edfio import Bdf, BdfSignal, Edf, EdfSignal

_LONGEST_SAMPLE_S = 4.0  # samples at least this far apart are epochs; others are only as long as a sample
_MOST_CODES = 20


def hypnogram_signals(edf: Edf | Bdf) -> list[str]:
    """Return the labels of the signals that seem to be hypnograms, by their names."""
    return [label for label in edf.labels if is_hypnogram_label(label)]


def read_signal(source: ScoringSource, edf: Edf | Bdf, name: str, start: datetime | None) -> Hypnogram:
    """Read a signal of codes.

    Parameters
    ----------
    source
        The file, with the coding of its codes.
    edf
        The same, opened.
    name
        The signal's label; letter case does not matter.
    start
        The recording's start.

    Raises
    ------
    HypnogramError
        If there is no such signal, it does not hold codes, or no coding was named.
    """
    matching = [signal for signal in edf.signals if signal.label.casefold() == name.casefold()]
    if len(matching) != 1:
        labels = ", ".join(hypnogram_signals(edf) or edf.labels)
        raise source.error("signal", name, f"{len(matching)} signals have this label; the file has {labels}")
    signal = matching[0]
    codes = _codes(source, signal)
    if source.coding is None:
        distinct = ", ".join(str(code) for code in np.unique(codes))
        raise source.error(f"signal {signal.label}", f"codes {distinct}", ASK_CODING)
    sample_s = 1.0 / signal.sampling_frequency
    events = [
        Event(
            round(float(first) * sample_s, 6),
            round(float(stop - first) * sample_s, 6),
            str(codes[first]),
            f"signal {signal.label} at {first * sample_s:g} s",
        )
        for first, stop in equal_runs(codes).tolist()
    ]
    epoch_s = round(sample_s, 6) if sample_s >= _LONGEST_SAMPLE_S else None
    hypnogram = hypnogram_from_events(source, events_of_texts(source, events), start=start, epoch_s=epoch_s)
    return hypnogram.with_notes(f"read from the signal {signal.label} ({signal.sampling_frequency:g} Hz)")


def _codes(source: ScoringSource, signal: EdfSignal | BdfSignal) -> NDArray[np.int64]:
    """Return a signal's samples as integers: int64, shape (n,)."""
    samples = np.asarray(signal.data, dtype=np.float64)
    codes = np.rint(samples)
    # A header whose physical range is wider than the codes leaves each of them off by a part of a step.
    step = abs(signal.physical_max - signal.physical_min) / abs(signal.digital_max - signal.digital_min)
    off = float(np.abs(samples - codes).max()) if samples.size else 1.0
    if off > min(step / 2 + 1e-6, 0.25) or len(np.unique(codes)) > _MOST_CODES:
        raise source.error(f"signal {signal.label}", "no codes", "expected one integer code a sample")
    return codes.astype(np.int64)
