"""A finding: one thing that was measured in one epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One measurement in one epoch.

    Attributes
    ----------
    kind
        What was measured: a name in the table of kinds (:mod:`.kinds`).
    channel
        Name of the channel; None where several were needed.
    start_s, end_s
        Where in the epoch, 0 to 30. An event that crosses the border is a finding in both epochs, each with its part.
    value, unit
        The measurement: Hz of a dominant rhythm or spindle, % of a share or of the night's chin tone, µV (peak to peak)
        of an amplitude or a wave, s of an arousal or artefact. ``unit`` is ``"Hz"``, ``"%"``, ``"uV"`` or ``"s"``.
    amplitude_uv
        Peak to peak, where the value is something else; the rms of the chin tone.
    frequency_hz
        Of what oscillates, where the value is something else.
    duration_s
        Of the whole event, the part in a neighbouring epoch included.
    band
        Of a band share or dominant rhythm: ``delta``, ``theta``, ``alpha``, ``sigma`` or ``beta``.
    time_percent
        Of a band share or dominant rhythm: in how much of the epoch that band stands out most.
    """

    kind: str
    channel: str | None
    start_s: float
    end_s: float
    value: float
    unit: str
    amplitude_uv: float | None = None
    frequency_hz: float | None = None
    duration_s: float | None = None
    band: str | None = None
    time_percent: float | None = None
