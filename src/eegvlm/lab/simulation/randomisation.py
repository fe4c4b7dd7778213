"""Domain randomisation: what recorders, electrodes and montages may do to an epoch, as data.

Every field of :class:`Randomisation` is a range or a chance, so that a recipe can carry it; :func:`randomise` draws one
recorder for every epoch, or one for a whole night, and applies it in a single pass through the frequency domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import fft
from scipy.ndimage import map_coordinates

from eegvlm.errors import InputError

_EQ_KNOTS_HZ = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 18.0, 28.0, 45.0])
_PIVOT_HZ = 6.0
_ROWS_AT_ONCE = 256

Range = tuple[float, float]


@dataclass(frozen=True)
class Randomisation:
    """How much signals may vary. The defaults are the medium strength that carries over to real recordings.

    Attributes
    ----------
    eq_db
        Spread (sd) of a smooth equaliser with nine knots from 0.5 to 45 Hz.
    tilt_db_per_octave
        Spread of a tilt around 6 Hz.
    gain_db
        Spread of the gain.
    lowpass_chance, lowpass_hz
        Chance of a fourth-order low-pass filter, and the range of its corner.
    highpass_chance, highpass_hz
        The same for a second-order high-pass filter.
    pink_chance, pink_uv, white_chance, white_uv
        Chance and range of the rms of added 1/f and white noise.
    polarity_chance
        Chance of a reversed signal.
    warp
        Range of the time warp (1.05: rhythms are 5 % faster).
    shift_s
        Largest shift in time, to both sides; what is missing is mirrored.
    mix_chance, mix_weight
        Chance that a partner derivation is mixed in, and the range of its signed weight. In training the partner is the
        layout's next EEG panel; a layout with one EEG panel has none.
    """

    eq_db: float = 3.0
    tilt_db_per_octave: float = 0.6
    gain_db: float = 1.3
    lowpass_chance: float = 0.3
    lowpass_hz: Range = (20.0, 45.0)
    highpass_chance: float = 0.3
    highpass_hz: Range = (0.2, 1.1)
    pink_chance: float = 0.4
    pink_uv: Range = (0.5, 4.0)
    white_chance: float = 0.4
    white_uv: Range = (0.3, 2.5)
    polarity_chance: float = 0.5
    warp: Range = (0.94, 1.06)
    shift_s: float = 1.0
    mix_chance: float = 0.3
    mix_weight: Range = (-0.4, 0.6)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                if len(value) != 2 or not all(map(_is_number, value)) or value[0] > value[1]:
                    raise InputError("randomisation", field.name, value, "give a range: two numbers, the smaller first")
                if field.name != "mix_weight" and value[0] <= 0:
                    raise InputError("randomisation", field.name, value, "give a range above 0")
            elif not _is_number(value) or value < 0:
                raise InputError("randomisation", field.name, value, "give a number from 0")
            elif field.name.endswith("_chance") and value > 1:
                raise InputError("randomisation", field.name, value, "give a chance from 0 to 1")

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> Randomisation:
        """Build one from a recipe's mapping; lists stand for ranges.

        Raises
        ------
        eegvlm.errors.InputError
            For an unknown key or an impossible value.
        """
        keys = {field.name for field in fields(cls)}
        for key in mapping:
            if key not in keys:
                raise InputError("randomisation", str(key), mapping[key], f"the keys are {', '.join(sorted(keys))}")
        ranges: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in mapping.items()
        }
        for field in fields(cls):
            if field.name in ranges and isinstance(field.default, tuple) != isinstance(ranges[field.name], tuple):
                form = "a range of two numbers" if isinstance(field.default, tuple) else "one number"
                raise InputError("randomisation", field.name, mapping[field.name], f"give {form}")
        return cls(**ranges)

    @classmethod
    def none(cls) -> Randomisation:
        """Return the randomisation that changes nothing."""
        return cls(
            eq_db=0,
            tilt_db_per_octave=0,
            gain_db=0,
            lowpass_chance=0,
            highpass_chance=0,
            pink_chance=0,
            white_chance=0,
            polarity_chance=0,
            warp=(1.0, 1.0),
            shift_s=0,
            mix_chance=0,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads."""
        entries = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in entries.items()}


def randomise(
    signals: np.ndarray,
    rng: np.random.Generator,
    spec: Randomisation,
    *,
    rate: float,
    per: str = "epoch",
    partner: np.ndarray | None = None,
) -> np.ndarray:
    """Vary epochs as if other recorders had recorded them.

    Parameters
    ----------
    signals
        float32 (n_epochs, samples) in µV. NaN stays NaN where it is; it counts as 0 in what surrounds it.
    rng
        Source of randomness; the result is determined by its state.
    spec
        How much.
    rate
        Samples per second.
    per
        ``epoch``: every epoch has its own recorder. ``night``: all share one, as a recording does (time warp
        and shift included; noise is fresh in every epoch).
    partner
        (n_epochs, samples): a second derivation of the same epochs, to mix in (``mix_chance``).

    Returns
    -------
    numpy.ndarray
        float32 (n_epochs, samples), a new array.

    Raises
    ------
    eegvlm.errors.InputError
        If ``per`` is neither or the arrays do not fit.
    """
    if per not in ("epoch", "night"):
        raise InputError("randomise", "per", per, "choose epoch or night")
    if signals.ndim != 2 or (partner is not None and partner.shape != signals.shape):
        raise InputError("randomise", "signals", signals.shape, "give (n_epochs, samples), and a partner of that shape")
    n, samples = signals.shape
    missing = np.isnan(signals)
    filled = np.where(missing, np.float32(0), signals).astype(np.float32)
    draws = n if per == "epoch" else 1
    if partner is not None:
        weight = rng.uniform(*spec.mix_weight, draws) * (rng.random(draws) < spec.mix_chance)
        filled += weight.astype(np.float32)[:, None] * np.nan_to_num(partner).astype(np.float32)
    response, noise_density = _drawn_recorders(rng, spec, fft.rfftfreq(samples, 1 / rate), draws, samples)
    speed = rng.uniform(*spec.warp, draws)
    shift = rng.uniform(-spec.shift_s, spec.shift_s, draws) * rate
    out = np.empty_like(filled)
    for first in range(0, n, _ROWS_AT_ONCE):
        rows = slice(first, min(n, first + _ROWS_AT_ONCE))
        recorders = rows if per == "epoch" else slice(0, 1)
        piece = _warped(filled[rows], speed[recorders], shift[recorders])
        spectrum = fft.rfft(piece) * response[recorders]
        if noise_density.any():
            noise = rng.standard_normal((len(piece), 2 * spectrum.shape[1]), dtype=np.float32).view(np.complex64)
            spectrum += noise * noise_density[recorders]
        out[rows] = fft.irfft(spectrum, samples)
    out[missing] = np.nan
    return out


def _drawn_recorders(
    rng: np.random.Generator, spec: Randomisation, f: np.ndarray, draws: int, samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return complex responses and noise amplitudes, both (draws, frequencies), in units of an rfft."""
    octaves = np.log2(np.maximum(f, f[1]) / _PIVOT_HZ)
    knots = np.stack([np.interp(octaves, np.log2(_EQ_KNOTS_HZ / _PIVOT_HZ), row) for row in np.eye(len(_EQ_KNOTS_HZ))])
    db = rng.normal(0, 1, (draws, len(knots))) * spec.eq_db @ knots
    db += rng.normal(0, 1, (draws, 1)) * spec.tilt_db_per_octave * np.clip(octaves, -4, 4)
    db += rng.normal(0, 1, (draws, 1)) * spec.gain_db
    sign = np.where(rng.random((draws, 1)) < spec.polarity_chance, -1.0, 1.0)
    response = (sign * 10 ** (db / 20)).astype(np.complex64)

    low = rng.uniform(*spec.lowpass_hz, (draws, 1))
    low[rng.random((draws, 1)) >= spec.lowpass_chance] = np.inf
    high = rng.uniform(*spec.highpass_hz, (draws, 1)) * (rng.random((draws, 1)) < spec.highpass_chance)
    s = 1j * f / low
    response /= (s * s + 0.7654 * s + 1) * (s * s + 1.8478 * s + 1)
    q = 1j * np.maximum(f, 1e-6)
    response *= q * q / (q * q + 1.4142 * high * q + high * high)

    pink = rng.uniform(*spec.pink_uv, (draws, 1)) * (rng.random((draws, 1)) < spec.pink_chance)
    white = rng.uniform(*spec.white_uv, (draws, 1)) * (rng.random((draws, 1)) < spec.white_chance)
    colour = 1 / np.maximum(f, 0.3)
    colour[0] = 0
    power = pink**2 * colour / colour.sum() + white**2 / len(f)
    noise = np.sqrt(power) * samples / 2
    return response, noise.astype(np.float32)


def _warped(rows: np.ndarray, speed: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Read rows at another speed and place (mirrored at the ends), by cubic splines: linear interpolation damps beta.

    Up to 0.3 of the rate amplitudes stay within 10 %.
    """
    if np.all(speed == 1) and np.all(shift == 0):
        return rows
    samples = rows.shape[1]
    middle = 0.5 * (samples - 1)
    at = (np.arange(samples) - middle) * speed[:, None] + middle + shift[:, None]
    return np.stack(
        [
            map_coordinates(row, places[None], order=3, mode="mirror")
            for row, places in zip(rows, np.broadcast_to(at, rows.shape), strict=True)
        ]
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))
