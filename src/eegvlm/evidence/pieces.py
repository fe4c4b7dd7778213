"""A long night in overlapping pieces, so that memory does not grow with it, and their evidence as one.

A detector looks at most five minutes around an event (the usual level of muscle activity), and a piece goes on for nine
minutes beyond the stretch whose events are taken from it. Pieces begin on the grid of the blocks that
:mod:`.continuous` transforms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eegvlm.evidence.channel_spectra import EPOCH_S, INNER
from eegvlm.evidence.chin import ChinTone
from eegvlm.evidence.event_table import EventTable
from eegvlm.evidence.evidence import Evidence
from eegvlm.evidence.rhythms import Rhythms

_LENGTH, _BEYOND = 30 * INNER, INNER  # epochs: four and a half hours, nine minutes


@dataclass(frozen=True)
class MeasuredPiece:
    """A part of a night that is measured at once.

    Attributes
    ----------
    start, stop
        Epochs that are taken from it.
    first, last
        Epochs that are measured; they reach beyond the former on both sides, except at the night's ends.
    """

    start: int
    stop: int
    first: int
    last: int

    @property
    def rows(self) -> slice:
        """What is measured."""
        return slice(self.first, self.last)

    @property
    def taken(self) -> slice:
        """What is taken, counted from the first epoch that is measured."""
        return slice(self.start - self.first, self.stop - self.first)

    def events(self, events: EventTable) -> EventTable:
        """Return the events that begin in what is taken, in seconds of the night."""
        onset = events.onset_s + self.first * EPOCH_S
        begins = (onset >= self.start * EPOCH_S) & (onset < self.stop * EPOCH_S)
        shifted = EventTable(onset, events.duration_s, events.amplitude_uv, events.frequency_hz)
        return shifted.keep(begins)


def pieces_of(n_epochs: int) -> list[MeasuredPiece]:
    """Cut a night into pieces of four and a half hours; the last one takes what is left."""
    return [
        MeasuredPiece(
            start, min(start + _LENGTH, n_epochs), max(0, start - _BEYOND), min(start + _LENGTH + _BEYOND, n_epochs)
        )
        for start in range(0, n_epochs, _LENGTH)
    ]


def in_a_row(parts: Sequence[tuple[MeasuredPiece, Evidence]]) -> Evidence:
    """Return the evidence of a whole night.

    Parameters
    ----------
    parts
        Every piece of the night in order, at least one, and what was measured in it; all of the same channels.

    Returns
    -------
    Evidence
        The chin's tone is relative to the median of the whole night.
    """
    first = parts[0][1]
    if len(parts) == 1:
        return first
    return Evidence(
        sum(piece.stop - piece.start for piece, _ in parts),
        {
            kind: {
                name: _end_to_end([piece.events(part.events[kind][name]) for piece, part in parts]) for name in tables
            }
            for kind, tables in first.events.items()
        },
        {name: _rhythms([(piece, part.rhythms[name]) for piece, part in parts]) for name in first.rhythms},
        {
            name: np.concatenate([part.slow_wave_share[name][piece.taken] for piece, part in parts])
            for name in first.slow_wave_share
        },
        _chin(parts),
        {name: np.concatenate([part.present[name][piece.taken] for piece, part in parts]) for name in first.present},
        first.eyes,
    )


def _end_to_end(tables: Sequence[EventTable]) -> EventTable:
    fields = ("onset_s", "duration_s", "amplitude_uv", "frequency_hz")
    return EventTable(*(np.concatenate([getattr(table, field) for table in tables]) for field in fields))


def _rhythms(parts: Sequence[tuple[MeasuredPiece, Rhythms]]) -> Rhythms:
    fields = ("share", "time", "dominant_hz", "dominant", "rms_uv", "peak_to_peak_uv")
    return Rhythms(
        *(np.concatenate([getattr(rhythms, field)[piece.taken] for piece, rhythms in parts]) for field in fields)
    )


def _chin(parts: Sequence[tuple[MeasuredPiece, Evidence]]) -> ChinTone | None:
    tones = [(piece, part.chin) for piece, part in parts if part.chin is not None]
    if not tones:
        return None
    return ChinTone.of(tones[0][1].name, np.concatenate([chin.rms_uv[piece.taken] for piece, chin in tones]))
