"""A look at every signal of a recording, for ``eegvlm inspect``."""

from __future__ import annotations

from dataclasses import dataclass

from eegvlm.signals.channel import Channel
from eegvlm.signals.hypnogram_label import is_hypnogram_label
from eegvlm.signals.plausibility import Amplitude, measure
from eegvlm.signals.recording import Recording
from eegvlm.signals.roles import Role


@dataclass(frozen=True)
class SurveyedSignal:
    """One signal of the file.

    Parameters
    ----------
    label
        Its unique label.
    roles
        Roles of the channels in which it takes part.
    rate
        Samples per second.
    unit
        Unit as the file spells it.
    shown_unit
        Unit of ``amplitude``: ``"µV"`` for a voltage, else as in the file.
    amplitude
        Extremes and robust amplitude of samples spread over the recording.
    note
        Derivations it serves and problems it has.
    """

    label: str
    roles: tuple[Role, ...]
    rate: float
    unit: str
    shown_unit: str
    amplitude: Amplitude
    note: str


def survey(recording: Recording) -> tuple[SurveyedSignal, ...]:
    """Look at every signal of a recording.

    Parameters
    ----------
    recording
        Any recording.

    Returns
    -------
    tuple of SurveyedSignal
        In file order. Reads a few minutes of each signal.
    """
    rows = []
    for index, signal in enumerate(recording.source.signals):
        serves = [
            channel
            for channel in recording.channels
            if channel.role is not Role.OTHER and index in [number for number, _ in channel.terms]
        ]
        notes = [f"part of {channel.name} ({channel.derivation})" for channel in serves if channel.derived]
        notes += [channel.note for channel in serves if not channel.derived and channel.note]
        if is_hypnogram_label(signal.label):
            notes.append(f"seems to be the hypnogram: convert and compare read FILE:{signal.label}")
        notes += [p.code for p in recording.problems if p.channel in (signal.label, *_alone(serves))]
        rows.append(
            SurveyedSignal(
                signal.label,
                tuple(channel.role for channel in serves),
                float(signal.rate),
                signal.unit,
                "µV" if signal.factor is not None and (serves or signal.unit) else signal.unit,
                measure(recording.source, ((index, 1.0),)),
                "; ".join(dict.fromkeys(notes)),
            )
        )
    return tuple(rows)


def _alone(channels: list[Channel]) -> list[str]:
    return [channel.name for channel in channels if not channel.derived]
