"""The heart is taken out of where it leaks in, all of it, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eegvlm.lab.simulation.emg_ecg import beats, electrocardiogram
from eegvlm.lab.simulation.events import EventKind
from eegvlm.lab.simulation.night import SimulatedNight, simulate_night
from eegvlm.lab.simulation.subject import Subject
from eegvlm.signals import QualityKind, Recording, measure_quality
from eegvlm.signals.beat_tracking import most_likely_beats
from eegvlm.signals.heartbeat import HeartLeak, leak_stretches, without_heart

Array = NDArray[np.float32]

RATE = 128.0
BAND = (0.3, 35.0)
EEG, ECG = "EEG C4-M1", "ECG"
EPOCHS = 120


@pytest.fixture(scope="module")
def night() -> SimulatedNight:
    return simulate_night(hours=1, seed=7, rate=RATE, channels=[EEG], subject=Subject())


@pytest.fixture(scope="module")
def r_waves(night: SimulatedNight) -> Array:
    return beats(7, night.stages, night.subject)


def irregular() -> Array:
    intervals = 0.9 * np.exp(np.random.default_rng(1).normal(0, 0.1, 60 * EPOCHS))
    times = np.cumsum(intervals)
    return times[times < 30 * EPOCHS]


def leak(r_waves: Array, *, uv: float = 65.0) -> Array:
    return electrocardiogram(r_waves, round(30 * EPOCHS * RATE), RATE, uv)


def in_panel(samples: Array) -> Array:
    recording = Recording.from_arrays({EEG: (samples, RATE)})
    return recording.epochs(recording.channels[0], rate=100.0, band=BAND)


def cleaned(samples: Array, ecg: Array | None = None) -> tuple[Array, HeartLeak] | None:
    signals = {EEG: (samples, RATE)} | ({} if ecg is None else {ECG: (ecg, RATE)})
    quality = measure_quality(Recording.from_arrays(signals))
    name = next(name for name in quality.channels if "ECG" not in name)
    judged = quality.channels[name]
    return without_heart(
        in_panel(samples),
        100.0,
        judged.levels[QualityKind.ECG_LEAK] > 0,
        ecg_beats=quality.beats,
        own_beats=judged.beats,
        low=BAND[0],
    )


def rms(samples: Array) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


@pytest.mark.parametrize("recorded", [True, False], ids=["ECG recorded", "no ECG"])
@pytest.mark.parametrize("rhythm", ["steady", "irregular"])
def test_a_leak_is_removed_to_under_a_fifth_and_the_eeg_stays(
    night: SimulatedNight, r_waves: Array, rhythm: str, *, recorded: bool
) -> None:
    times = r_waves if rhythm == "steady" else irregular()
    eeg = night.signals[EEG]
    result = cleaned(eeg + leak(times), leak(times, uv=1100) if recorded else None)
    assert result is not None
    signals, removed = result
    assert removed.epochs.sum() > 0.95 * EPOCHS
    assert removed.microvolt == pytest.approx(62, abs=6)
    found, clean = signals[removed.epochs], in_panel(eeg)[removed.epochs]
    assert rms(found - clean) < 0.2 * rms(in_panel(leak(times)))
    assert np.corrcoef(found.ravel(), clean.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("kind", [EventKind.SPINDLE, EventKind.K_COMPLEX])
def test_spindles_and_k_complexes_survive(night: SimulatedNight, r_waves: Array, kind: EventKind) -> None:
    eeg = night.signals[EEG]
    result = cleaned(eeg + leak(r_waves), leak(r_waves, uv=1100))
    assert result is not None
    clean, found = in_panel(eeg).ravel(), result[0].ravel()
    events = night.events.select(kind=kind)
    assert len(events.onset_s) > 10
    inside = np.zeros(clean.size, np.bool_)
    for onset, duration in zip(events.onset_s, events.duration_s, strict=True):
        inside[round(100 * onset) : round(100 * (onset + duration))] = True
    assert np.corrcoef(found[inside], clean[inside])[0, 1] > 0.98
    assert found[inside].std() == pytest.approx(clean[inside].std(), rel=0.03)


@pytest.mark.parametrize("recorded", [True, False], ids=["ECG recorded", "no ECG"])
def test_nothing_is_done_on_a_clean_night(night: SimulatedNight, r_waves: Array, *, recorded: bool) -> None:
    assert cleaned(night.signals[EEG], leak(r_waves, uv=1100) if recorded else None) is None


@pytest.mark.parametrize("recorded", [True, False], ids=["ECG recorded", "no ECG"])
def test_a_leak_in_half_of_the_night_leaves_the_other_half_to_the_bit(
    night: SimulatedNight, r_waves: Array, *, recorded: bool
) -> None:
    half = leak(r_waves)
    half[: len(half) // 2] = 0
    samples = night.signals[EEG] + half
    result = cleaned(samples, leak(r_waves, uv=1100) if recorded else None)
    assert result is not None
    signals, removed = result
    assert removed.epochs[EPOCHS // 2 + 1 :].mean() > 0.95
    assert not removed.epochs[: EPOCHS // 2 - 1].any()
    untouched = ~removed.epochs
    assert np.array_equal(signals[untouched], in_panel(samples)[untouched])
    assert removed.beats_s.min() >= 30 * np.flatnonzero(removed.epochs)[0]


def test_beats_are_found_where_the_ecg_is_off(night: SimulatedNight, r_waves: Array) -> None:
    ecg = leak(r_waves, uv=1100)
    ecg[round(len(ecg) * 0.7) :] = 0
    result = cleaned(night.signals[EEG] + leak(r_waves), ecg)
    assert result is not None
    signals, removed = result
    late = np.arange(EPOCHS) >= 0.7 * EPOCHS
    assert removed.epochs[late].mean() > 0.95
    rest = signals[late] - in_panel(night.signals[EEG])[late]
    assert rms(rest) < 0.25 * rms(in_panel(leak(r_waves))[late])


def test_epochs_without_signal_stay_without(night: SimulatedNight, r_waves: Array) -> None:
    samples = night.signals[EEG] + leak(r_waves)
    samples[round(600 * RATE) : round(900 * RATE)] = np.nan
    result = cleaned(samples, leak(r_waves, uv=1100))
    assert result is not None
    signals, removed = result
    assert np.isnan(signals[20:30]).all()
    assert not removed.epochs[20:30].any()
    assert np.isfinite(signals[~np.isnan(in_panel(samples))]).all()


def test_a_fast_heart_is_removed_where_one_beat_reaches_into_the_next(night: SimulatedNight) -> None:
    times = np.cumsum(0.55 * np.exp(np.random.default_rng(2).normal(0, 0.05, 200 * EPOCHS)))
    times = times[times < 30 * EPOCHS]
    result = cleaned(night.signals[EEG] + leak(times), leak(times, uv=1100))
    assert result is not None
    rest = result[0] - in_panel(night.signals[EEG])
    assert rms(rest[result[1].epochs]) < 0.2 * rms(in_panel(leak(times)))


def test_the_r_waves_of_an_ecg_are_those_of_the_quality(night: SimulatedNight, r_waves: Array) -> None:
    quality = measure_quality(
        Recording.from_arrays({EEG: (night.signals[EEG], RATE), ECG: (leak(r_waves, uv=1100), RATE)})
    )
    far = np.abs(quality.beats - r_waves[np.searchsorted((r_waves[1:] + r_waves[:-1]) / 2, quality.beats)])
    assert np.mean(far < 0.002) > 0.99
    assert len(quality.beats) == pytest.approx(len(r_waves), rel=0.02)


@pytest.mark.parametrize(
    ("leaky", "stretches"),
    [
        ([0] * 30, []),
        ([1] * 9 + [0] * 21, []),
        ([0] * 5 + [1] * 10 + [0] * 15, [(5, 15)]),
        (([1] + [0] * 2) * 10, []),
        ([1] * 10 + [0] * 10 + [1] * 10, [(0, 30)]),
        ([1] * 10 + [0] * 11 + [1] * 9, [(0, 10)]),
    ],
)
def test_a_stretch_has_ten_epochs_with_a_leak_and_in_half_of_it(
    leaky: list[int], stretches: list[tuple[int, int]]
) -> None:
    expected = np.zeros(30, np.bool_)
    for first, stop in stretches:
        expected[first:stop] = True
    assert np.array_equal(leak_stretches(np.array(leaky, np.bool_)), expected)


def test_the_likeliest_beats_keep_the_pace() -> None:
    beat = np.arange(0.0, 20.0, 1.0)
    hidden = np.isin(beat, [7.0])
    false = np.array([3.5, 12.4])
    times = np.concatenate([beat[~hidden], false])
    gains = np.where(np.isin(times, false), 3.0, 8.0)
    order = np.argsort(times)
    chosen = most_likely_beats(times[order], gains[order], np.ones(len(times)))
    assert np.array_equal(chosen, beat[~hidden])


def test_no_candidate_is_no_beat() -> None:
    assert len(most_likely_beats(np.zeros(0), np.zeros(0), np.zeros(0))) == 0
    assert len(most_likely_beats(np.array([1.0, 2.0]), np.array([-1.0, -2.0]), np.ones(2))) == 0


def of_patient(path: Path) -> tuple[Array, HeartLeak] | None:
    """Look for the heart in a patient of UCDDB, whose ECG is not at hand."""
    with np.load(path) as stored:
        counts = stored["eeg_counts"].astype(np.float32)
    return cleaned((counts - np.median(counts)).reshape(-1) * np.float32(800 / 4095))


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("patient", ["009", "013", "019"])
def test_the_beats_found_in_real_eeg_follow_each_other_as_those_of_a_heart_do(real_data: Path, patient: str) -> None:
    result = of_patient(real_data / "ucddb" / f"ucddb{patient}.npz")
    assert result is not None
    intervals = np.diff(result[1].beats_s)
    change = np.abs(np.diff(intervals)) / intervals[1:]
    # candidates at random that keep the pace within 15 % differ by more than 10 % from one to the next
    assert np.median(change) < 0.03


@pytest.mark.real_data
def test_no_heart_is_found_in_real_eeg_that_holds_none(real_data: Path) -> None:
    assert of_patient(real_data / "ucddb" / "ucddb018.npz") is None
