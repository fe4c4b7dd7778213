"""Who sleeps, and on which recorder: what stays the same through one night and differs between nights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eegvlm.lab.simulation.calibration import spectral_table
from eegvlm.lab.simulation.events import EventKind
from eegvlm.lab.simulation.recorder import EQ_KNOTS_HZ, Recorder
from eegvlm.lab.simulation.streams import stream

_ZEROS = (0.0,) * 12
CHIN_TONE = (1.0, 0.62, 0.45, 0.38, 0.17)
"""Tone of the typical chin in W, N1, N2, N3, R: lowest in R."""


@dataclass(frozen=True)
class Subject:
    """A sleeper. The defaults are the typical one: median spectra, a plain recorder.

    Attributes
    ----------
    age
        Years.
    architecture
        ``healthy`` or ``apnoea``: whose stage transitions the night follows.
    alpha_producer, alpha_hz, spindle_hz
        Whether closed eyes bring alpha, and where the two rhythms lie.
    gain
        Factor on the amplitude of everything from the brain (skull, electrode distance).
    offsets
        12 shifts of log power (six numbers of Fpz-Cz, six of Pz-Oz), the same in all stages.
    stage_offsets
        5 x 12 further shifts, one row a stage.
    frontality
        Shift of every derivation towards the frontal (+) or posterior (-) spectrum: the montage's mix.
    eyes_closed
        Share of wake that is quiet with closed eyes.
    event_rates, event_amplitudes
        Factors on how often a kind of event occurs and on how large it is; 1 where a kind is missing.
    eye_leak
        Factor on how strongly eye movements reach the EEG.
    ecg_leak_uv
        Height of the R wave in the EEG; 0 for none.
    reversed_k_complexes
        Share of K-complexes that appear upside down (an active reference).
    eye_size
        Factor on all eye movements: electrodes lie nearer to or further from the eyes.
    eog_brain
        Factor on the amplitude of what eye electrodes see of the brain.
    chin_uv
        Rms of the chin EMG in wake.
    chin_tone
        Tone in W, N1, N2, N3, R beside that of wake.
    chin_floor_uv
        Rms of what is no muscle in the chin EMG: electrodes and amplifier. No tone shows below it.
    chin_ecg_uv
        Height of the R wave in the chin EMG; 0 for none.
    heart_bpm
        Heart rate in quiet wake.
    recorder
        The :class:`Recorder`.
    """

    age: float = 28.0
    architecture: str = "healthy"
    alpha_producer: bool = True
    alpha_hz: float = 10.0
    spindle_hz: float = 13.2
    gain: float = 1.0
    offsets: tuple[float, ...] = _ZEROS
    stage_offsets: tuple[tuple[float, ...], ...] = (_ZEROS,) * 5
    frontality: float = 0.0
    eyes_closed: float = 0.4
    event_rates: dict[EventKind, float] = field(default_factory=dict)
    event_amplitudes: dict[EventKind, float] = field(default_factory=dict)
    eye_leak: float = 1.0
    ecg_leak_uv: float = 0.0
    reversed_k_complexes: float = 0.05
    eye_size: float = 1.0
    eog_brain: float = 1.0
    chin_uv: float = 18.0
    chin_tone: tuple[float, ...] = CHIN_TONE
    chin_floor_uv: float = 0.0
    chin_ecg_uv: float = 0.0
    heart_bpm: float = 66.0
    recorder: Recorder = field(default_factory=Recorder)

    @property
    def amplitude(self) -> float:
        """Factor on events that are given in µV: the gain and what the offsets of this night share."""
        shared = float(np.mean(np.reshape(self.offsets, (2, 6))[:, 1:5]))
        return self.gain * float(np.exp(0.5 * 0.8 * shared))


def draw_subject(seed: int, *, architecture: str | None = None, spread: float = 1.0) -> Subject:
    """Draw a sleeper and a recorder.

    Offsets follow the covariance between the 20 calibration nights (ten persons). Beyond them, and so that recordings
    of other hospitals lie inside the spread: a gain, the level of slow drift (larger still in wake, as of patients who
    turn in bed), a montage mix, and the recorder. Chins differ most: some hardly relax, so that R looks like N1. Age
    lowers slow-wave and sigma power and alpha frequency (Landolt & Borbély 2001, Clin. Neurophysiol. 112:2222-2236;
    Purcell et al. 2017, Nat. Commun. 8:15930).

    Parameters
    ----------
    seed
        The same seed gives the same sleeper.
    architecture
        ``healthy`` or ``apnoea``; one in four is a patient where it is not given.
    spread
        Factor on every deviation from the typical sleeper and recorder; 1 is about the spread between laboratories.
    """
    rng = stream(seed, "subject")
    patient = bool(rng.random() < 0.25)
    chosen = architecture or ("apnoea" if patient else "healthy")
    age = float(rng.uniform(38, 72) if chosen == "apnoea" else rng.uniform(19, 76))
    decades = (age - 28) / 10
    offsets, stage_offsets = _draw_levels(rng, decades, spread)
    rates, amplitudes = _draw_habits(rng, decades, spread)
    if chosen == "apnoea":
        rates[EventKind.AROUSAL] *= 5

    def around(median: float, sd_log: float) -> float:
        return float(median * np.exp(spread * rng.normal(0, sd_log)))

    return Subject(
        age=age,
        architecture=chosen,
        alpha_producer=bool(rng.random() < 0.8),
        alpha_hz=float(np.clip(9.9 - 0.12 * decades + spread * rng.normal(0, 0.75), 8.0, 11.5)),
        spindle_hz=float(13.2 + spread * rng.uniform(-1, 1)),
        gain=around(1.1, 0.2),
        offsets=tuple(offsets.tolist()),
        stage_offsets=tuple(tuple(row) for row in stage_offsets.tolist()),
        frontality=float(spread * rng.normal(0, 0.1)),
        eyes_closed=float(rng.uniform(0.25, 0.9)),
        event_rates=rates,
        event_amplitudes=amplitudes,
        eye_leak=around(1.0, 0.45),
        ecg_leak_uv=around(9, 0.6) if rng.random() < 0.3 else 0.0,
        reversed_k_complexes=float(rng.uniform(0, 0.2)),
        chin_uv=around(16, 0.45),
        **_draw_electrodes(stream(seed, "eyes and chin"), spread),
        heart_bpm=float(np.clip(rng.normal(66, 8), 48, 90)),
        recorder=_draw_recorder(stream(seed, "recorder"), spread),
    )


def _draw_levels(rng: np.random.Generator, decades: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw the shifts of log power: (12,) of all stages, and what the stages add, (5, 12)."""
    table = spectral_table()
    level = np.tensordot(rng.standard_normal(len(table.night_factors)), table.night_factors, 1)
    level += rng.standard_normal((5, 12)) * table.night_rest
    offsets = level[1:].mean(axis=0)
    stage_offsets = level - offsets
    offsets[[0, 6]] += rng.normal(0.3, 0.6)
    stage_offsets[0, [0, 1, 6, 7]] += np.tile(np.abs(rng.normal([0.5, 0.2], 0.3)), 2)
    loss = np.array([0.0, 0.02, 0.05, 0.09, 0.02])[:, None] * np.tile([1, 1, 0.5, 0.3, 0, 0], 2)
    return spread * offsets, spread * stage_offsets - decades * loss


def _draw_habits(
    rng: np.random.Generator, decades: float, spread: float
) -> tuple[dict[EventKind, float], dict[EventKind, float]]:
    """Draw factors on how often each kind of event occurs, and on how large it is."""
    kinds = list(EventKind)
    busy = rng.uniform(0.55, 1.15)
    rates = np.clip((busy * rng.lognormal(0.05, 0.25, len(kinds))) ** spread, 0.2, 1.8)
    amplitudes = rng.lognormal(-0.05, 0.25, len(kinds)) ** spread
    amplitudes[kinds.index(EventKind.SPINDLE)] *= np.exp(-0.05 * decades)
    return dict(zip(kinds, rates.tolist(), strict=True)), dict(zip(kinds, amplitudes.tolist(), strict=True))


def _draw_electrodes(rng: np.random.Generator, spread: float) -> dict[str, Any]:
    """Draw what the electrodes at eyes and chin see."""
    depth = 1 + spread * rng.uniform(-0.85, 0.2)  # of the fall of tone with sleep
    deviations = spread * rng.normal(0, 0.22, 5)
    tone = np.array(CHIN_TONE) ** max(depth, 0.1) * np.exp(deviations - deviations[0])
    return {
        "eye_size": float(np.exp(spread * rng.normal(0, 0.35))),
        "eog_brain": float(np.exp(spread * rng.normal(0.15, 0.35))),
        "chin_tone": tuple(tone.tolist()),
        "chin_floor_uv": float(rng.lognormal(np.log(1.5), 0.7)),
        "chin_ecg_uv": float(rng.lognormal(np.log(8), 0.8)) if rng.random() < 0.45 else 0.0,
    }


def _draw_recorder(rng: np.random.Generator, spread: float) -> Recorder:
    corner = rng.uniform(17, 25) if rng.random() < 0.3 else rng.choice([30.0, 35.0, 50.0, 70.0])
    line = rng.uniform(16, 32)  # mains of other rates, folded into the band by a recorder without a filter
    walk = rng.normal(0, 1.0) + np.cumsum(rng.normal(0, 0.8, len(EQ_KNOTS_HZ)))
    return Recorder(
        highpass_hz=float(rng.choice([0.03, 0.1, 0.16, 0.3, 0.5])),
        lowpass_hz=float(corner) if rng.random() < 0.6 else None,
        eq_db=tuple((spread * walk).round(2).tolist()),
        gain=float(np.exp(spread * rng.normal(0, 0.15))),
        polarity=-1 if rng.random() < 0.15 else 1,
        noise_uv=float(rng.lognormal(np.log(0.5), 0.7)),
        mains_hz=float(rng.choice([50.0, 60.0, line], p=[0.4, 0.4, 0.2])),
        mains_uv=float(rng.lognormal(np.log(2.5), 0.7)) if rng.random() < 0.3 else 0.0,
        mains_share=float(rng.uniform(0.05, 1.0)),
    )
