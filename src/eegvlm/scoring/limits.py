"""Limits: every number at which a detector or a rule decides, under one name.

Detectors, rules, wordings and the grains of what is written take them from here. Numbers with a clause of the AASM
manual are the manual's for adults; where it gives none, the detector that uses the limit says why it is as it is. Not
covered: how far something must stand out from what surrounds it, which belongs to each detector's method alone.
"""

from __future__ import annotations

from typing import Final

BANDS: Final[dict[str, tuple[float, float]]] = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 12.0),
    "sigma": (12.0, 16.0),
    "beta": (16.0, 30.0),
}
"""Hz, the upper end excluded."""

EPOCH_S: Final = 30.0
HALF_EPOCH_S: Final = 15.0

SPINDLE_HZ: Final = (11.0, 16.0)
SPINDLE_S: Final = (0.5, 3.0)
SPINDLE_LEAST_NYQUIST_HZ: Final = 18.0
"""A channel that ends lower holds no spindles that could be told from muscle."""
SPINDLE_LEAST_UV: Final = 10.0
"""Peak to peak; below this the eye sees none."""

K_COMPLEX_LEAST_UV: Final = 60.0
K_COMPLEX_S: Final = (0.5, 2.2)

SLOW_WAVE_LEAST_UV: Final = 75.0
SLOW_WAVE_S: Final = (0.5, 2.0)
"""Length of a wave: 0.5 to 2 Hz."""
SLOW_WAVE_PERCENT: Final = 20.0
"""Share of the epoch from which slow waves make N3."""
MIXED_SLOW_WAVE_PERCENT: Final = 10.0
"""Share of slow waves from which activity is no longer called mixed, and a description speaks of them."""

VERTEX_WAVE_LEAST_UV: Final = 30.0
VERTEX_WAVE_S: Final = (0.06, 0.25)
"""Length of the negative deflection, between its crossings."""
SAWTOOTH_LEAST_UV: Final = 20.0
SAWTOOTH_HZ: Final = (2.0, 6.0)
SAWTOOTH_S: Final = (1.0, 8.0)

RAPID_EYE_MOVEMENT_LEAST_UV: Final = 50.0
SLOW_EYE_MOVEMENT_LEAST_UV: Final = 50.0
BLINK_LEAST_UV: Final = 60.0
LEAST_BLINKS: Final = 2
"""Blinks in an epoch that support wakefulness."""

LOW_TONE_PERCENT: Final = 65.0
"""Chin tone (% of the night's median) up to which it counts as low."""
NORMAL_TONE_PERCENT: Final = 90.0
"""Chin tone from which it counts as normal or high."""

ALPHA_PERCENT: Final = 50.0
"""Share of the epoch above which alpha makes W."""
SOME_ALPHA_PERCENT: Final = 25.0
"""Share of alpha below which the eyes of an awake sleeper are taken to be open, and beta is described instead."""
LOW_AMPLITUDE_UV: Final = 60.0
"""Median peak-to-peak amplitude of a second up to which activity is of low amplitude."""

AROUSAL_S: Final = (3.0, 15.0)
AROUSAL_LEAST_NYQUIST_HZ: Final = 20.0
AROUSAL_REACH_S: Final = 1.0
"""Seconds from a K-complex's end within which an arousal must begin to be bound to it."""

SWING_UV: Final = 400.0
"""A swing beyond what a brain makes: movement."""
POP_LEAST_UV: Final = 100.0
FLAT_UV: Final = 0.5
HIDDEN_S: Final = HALF_EPOCH_S
"""Hidden seconds above which an epoch is scored by its neighbours."""
LEAST_HIDDEN_S: Final = 3.0
"""Hidden seconds below which movement decides nothing, and is not told."""
