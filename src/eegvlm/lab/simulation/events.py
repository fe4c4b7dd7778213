"""The kinds of events a night holds, and the table that says exactly where each one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np


class EventKind(StrEnum):
    """What can happen in a simulated recording; the value is the ``trial_type`` in written tables."""

    ALPHA_TRAIN = "alpha_train"
    BLINK = "blink"
    SLOW_EYE_MOVEMENT = "slow_eye_movement"
    RAPID_EYE_MOVEMENT = "rapid_eye_movement"
    THETA_BURST = "theta_burst"
    VERTEX_WAVE = "vertex_wave"
    SPINDLE = "spindle"
    K_COMPLEX = "k_complex"
    SLOW_WAVE = "slow_wave"
    SAWTOOTH = "sawtooth"
    AROUSAL = "arousal"
    BODY_MOVEMENT = "body_movement"
    MUSCLE_ARTEFACT = "muscle_artefact"
    ELECTRODE_POP = "electrode_pop"
    DRIFT = "drift"
    MAINS = "mains"


@dataclass(frozen=True)
class Events:
    """The truth about a night: one row for every event on every channel that shows it.

    Attributes
    ----------
    kind
        Values of :class:`EventKind`.
    channel
        The label of the channel.
    onset_s, duration_s
        Seconds from the start of the recording. An eye movement or an electrode pop ends when its return has decayed.
    amplitude_uv
        Peak to peak as written into this channel, before the recorder's filters; it is at least :data:`SEEN_UV`.
    frequency_hz
        Mean frequency of what oscillates, NaN for what does not.
    event
        A number that the rows of one event share, counted from 0 in order of onset.
    """

    kind: np.ndarray
    channel: np.ndarray
    onset_s: np.ndarray
    duration_s: np.ndarray
    amplitude_uv: np.ndarray
    frequency_hz: np.ndarray
    event: np.ndarray

    def __len__(self) -> int:
        return len(self.onset_s)

    def select(
        self, *, kind: str | None = None, channel: str | None = None, start_s: float = -np.inf, stop_s: float = np.inf
    ) -> Events:
        """Return the rows of one kind and/or channel that touch the span from ``start_s`` to ``stop_s``."""
        keep = (self.onset_s < stop_s) & (self.onset_s + self.duration_s > start_s)
        if kind is not None:
            keep &= self.kind == str(kind)
        if channel is not None:
            keep &= self.channel == channel
        return Events(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})

    def counts(self) -> dict[EventKind, int]:
        """Count the events (not their rows) of each kind."""
        once = np.unique(self.event, return_index=True)[1]
        kinds = self.kind[once]
        return {kind: int(np.sum(kinds == str(kind))) for kind in EventKind}

    def rows(self) -> Iterator[tuple[float, float, str, str, float, float]]:
        """Yield onset, duration, kind, channel, amplitude, frequency in the order of the written table."""
        yield from zip(
            self.onset_s.tolist(),
            self.duration_s.tolist(),
            self.kind.tolist(),
            self.channel.tolist(),
            self.amplitude_uv.tolist(),
            self.frequency_hz.tolist(),
            strict=True,
        )


SEEN_UV = 3.0
"""An event is listed for a channel where it is at least this large (µV, peak to peak)."""
