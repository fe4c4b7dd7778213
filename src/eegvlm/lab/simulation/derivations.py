"""Where each channel looks from: its share of the two calibrated spectra, and how it sees each event.

Signs follow the electrodes: the cornea is positive, so looking right lifts the right eye's electrode and lowers the
left one's; a blink turns the eye up, towards the electrode above the right eye and away from the one below the
left (AASM placement). Fpz-Cz is bipolar, so waves that are largest at the vertex appear upside down in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eegvlm.lab.simulation.events import EventKind

K = EventKind


@dataclass(frozen=True)
class Derivation:
    """One EEG or EOG channel.

    Attributes
    ----------
    label
        As written into files.
    fronts
        Share of the Fpz-Cz spectrum (the rest is Pz-Oz), mixed in log power.
    wake_fronts
        The same share for the bands up to theta in wake, which in Fpz-Cz are mostly the eyes.
    colour
        Shift of the six log powers: a mastoid lies far away, so less of the fast activity cancels.
    gain
        Amplitude beside the bipolar calibration derivations.
    sources
        Weights of the frontal, the posterior and the channel's own background; squares sum to about 1.
    sees
        Signed amplitude of each event beside the place where it is largest. Rhythms (alpha, theta, arousals)
        follow the channel's own spectrum and are 1 where they are not named.
    horizontal, vertical
        Signed amplitude of horizontal and vertical eye movements beside the electrode E2.
    eog
        Eye channels keep their eye movements whatever their spectrum says.
    """

    label: str
    fronts: float
    wake_fronts: float
    gain: float
    sources: tuple[float, float, float]
    sees: Mapping[EventKind, float]
    horizontal: float
    vertical: float
    eog: bool = False
    colour: tuple[float, ...] = (0.0,) * 6


_MASTOID = (0.1, 0.0, 0.05, 0.15, 0.40, 0.2)


def _eeg(label: str, place: str, side: int) -> Derivation:
    """Build a scalp derivation against the opposite mastoid; ``side`` is 1 on the right, -1 on the left."""
    fronts, wake_fronts, gain, sources, look, up = {
        "frontal": (0.85, 0.6, 1.10, (0.80, 0.25, 0.54), 0.32, 0.38),
        "central": (0.50, 0.42, 1.20, (0.58, 0.58, 0.57), 0.17, 0.18),
        "occipital": (0.08, 0.08, 1.15, (0.20, 0.80, 0.56), 0.07, 0.06),
    }[place]
    visibility = {
        "frontal": (1.0, 1.0, 0.75, 0.85, 0.8, 0.45),
        "central": (0.85, 0.85, 1.0, 1.0, 1.0, 0.24),
        "occipital": (0.38, 0.42, 0.35, 0.35, 0.4, 0.09),
    }[place]
    kinds = (K.K_COMPLEX, K.SLOW_WAVE, K.VERTEX_WAVE, K.SPINDLE, K.SAWTOOTH, K.BLINK)
    sees = dict(zip(kinds, visibility, strict=True))
    return Derivation(label, fronts, wake_fronts, gain, sources, sees, side * look, up, colour=_MASTOID)


def _eog(label: str, horizontal: float, vertical: float, blink: float) -> Derivation:
    sees = {K.K_COMPLEX: 0.55, K.SLOW_WAVE: 0.5, K.VERTEX_WAVE: 0.3, K.SPINDLE: 0.2, K.SAWTOOTH: 0.3, K.BLINK: blink}
    return Derivation(label, 0.55, 0.3, 0.75, (0.66, 0.20, 0.72), sees, horizontal, vertical, True, _MASTOID)


_ALL = (
    _eeg("EEG F4-M1", "frontal", 1),
    _eeg("EEG C4-M1", "central", 1),
    _eeg("EEG O2-M1", "occipital", 1),
    _eeg("EEG F3-M2", "frontal", -1),
    _eeg("EEG C3-M2", "central", -1),
    _eeg("EEG O1-M2", "occipital", -1),
    Derivation(
        "EEG Fpz-Cz",
        1.0,
        1.0,
        1.0,
        (0.75, 0.0, 0.66),
        {K.K_COMPLEX: 0.7, K.SLOW_WAVE: 0.75, K.VERTEX_WAVE: -0.5, K.SPINDLE: 0.6, K.SAWTOOTH: -0.5, K.BLINK: 0.9},
        0.05,
        0.55,
    ),
    Derivation(
        "EEG Pz-Oz",
        0.0,
        0.0,
        1.0,
        (0.0, 0.75, 0.66),
        {K.K_COMPLEX: 0.4, K.SLOW_WAVE: 0.5, K.VERTEX_WAVE: 0.4, K.SPINDLE: 0.45, K.SAWTOOTH: 0.4, K.BLINK: 0.02},
        0.0,
        0.02,
    ),
    _eog("EOG E1-M2", -0.95, -0.6, -0.45),
    _eog("EOG E2-M2", 1.0, 0.75, 0.8),
    Derivation(
        "EOG horizontal",
        0.3,
        0.3,
        0.6,
        (0.1, 0.1, 0.98),
        {K.K_COMPLEX: 0.05, K.SLOW_WAVE: 0.05, K.VERTEX_WAVE: 0.02, K.SPINDLE: 0.05, K.SAWTOOTH: 0.05, K.BLINK: 0.15},
        1.9,
        0.15,
        eog=True,
    ),
)

DERIVATIONS: Mapping[str, Derivation] = {one.label: one for one in _ALL}
"""Every EEG and EOG channel that can be simulated, by label."""

CHIN, HEART = "EMG chin", "ECG"

DEFAULT_CHANNELS = ("EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EOG E1-M2", "EOG E2-M2", CHIN, HEART)
"""The seven channels of a plain sleep laboratory montage."""

KNOWN_CHANNELS = (*DERIVATIONS, CHIN, HEART)
