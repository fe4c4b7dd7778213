"""Detectors against signals made by hand, in which the definition says what must be found."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.evidence.arousals import detect_arousals
from eegvlm.evidence.artefacts import electrode_artefacts, movements
from eegvlm.evidence.channel_spectra import ChannelSpectra
from eegvlm.evidence.chin import measure_chin
from eegvlm.evidence.event_table import EventTable
from eegvlm.evidence.eyes import eye_movements
from eegvlm.evidence.k_complexes import k_complexes
from eegvlm.evidence.rhythms import BAND_NAMES, measure_rhythms
from eegvlm.evidence.sawtooth_waves import sawtooth_waves
from eegvlm.evidence.slow_waves import find_waves, slow_waves
from eegvlm.evidence.spindles import detect_spindles
from eegvlm.evidence.vertex_waves import vertex_waves

RATE = 100


def quiet(epochs: int = 6, *, rms: float = 3.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, rms, epochs * 30 * RATE)


def put(signal: np.ndarray, at_s: float, wave: np.ndarray) -> np.ndarray:
    start = round(at_s * RATE)
    signal[start : start + len(wave)] += wave
    return signal


def burst(hz: float, length_s: float, peak_to_peak: float) -> np.ndarray:
    t = np.arange(round(length_s * RATE)) / RATE
    edge = np.minimum(1, np.minimum(t, length_s - t) / 0.1)
    return peak_to_peak / 2 * edge * np.sin(2 * np.pi * hz * t)


def ready(signal: np.ndarray) -> ChannelSpectra:
    return ChannelSpectra.of(signal.reshape(-1, 30 * RATE).astype(np.float32), RATE, "one")


def test_a_13_hz_burst_of_one_second_and_30_uv_is_one_spindle_with_its_measures() -> None:
    found = detect_spindles(ready(put(quiet(), 40.0, burst(13, 1.0, 30))))
    assert len(found) == 1
    assert found.onset_s[0] == pytest.approx(40.0, abs=0.2)
    assert found.duration_s[0] == pytest.approx(1.0, abs=0.25)
    assert found.frequency_hz[0] == pytest.approx(13.0, abs=0.3)
    assert found.amplitude_uv[0] == pytest.approx(30, abs=6)


@pytest.mark.parametrize(("hz", "length_s", "height"), [(13, 0.3, 30), (9, 1.0, 30), (20, 1.0, 30), (13, 1.0, 4)])
def test_a_burst_too_short_too_slow_too_fast_or_too_small_is_no_spindle(hz: int, length_s: float, height: int) -> None:
    assert not len(detect_spindles(ready(put(quiet(rms=1.0), 40.0, burst(hz, length_s, height)))))


def test_a_spindle_on_an_epoch_border_is_found_once_and_whole() -> None:
    found = detect_spindles(ready(put(quiet(), 59.5, burst(13, 1.0, 30))))
    assert len(found) == 1
    assert found.onset_s[0] < 60 < found.end_s[0]


def test_a_burst_of_muscle_is_no_spindle() -> None:
    noise = np.random.default_rng(1).normal(0, 25, RATE)
    assert not len(detect_spindles(ready(put(quiet(), 40.0, noise))))


@pytest.mark.parametrize(("height", "count"), [(80, 1), (60, 0)])
def test_an_08_hz_wave_of_80_uv_is_a_slow_wave_and_of_60_uv_is_none(height: int, count: int) -> None:
    t = np.arange(round(4 / 0.8 * RATE)) / RATE
    train = put(quiet(rms=0.5), 40.0, -height / 2 * np.sin(2 * np.pi * 0.8 * t))
    found = slow_waves(find_waves(ready(train)))
    inner = found.keep((found.onset_s > 40.5) & (found.end_s < 44.5))
    assert (len(inner) >= 2) if count else not len(found)
    if count:
        assert inner.duration_s == pytest.approx(1.25, abs=0.05)
        assert inner.amplitude_uv == pytest.approx(80, abs=3)


@pytest.mark.parametrize("hz", [0.3, 3.0])
def test_a_large_wave_outside_05_to_2_hz_is_no_slow_wave(hz: float) -> None:
    t = np.arange(30 * RATE * 4) / RATE
    assert slow_waves(find_waves(ready(70 * np.sin(2 * np.pi * hz * t)))).share(4).max() < 0.02


def test_slow_waves_that_overlap_are_counted_once_in_the_share_of_an_epoch() -> None:
    events = EventTable.of([0.0, 1.0, 29.0], [2.0, 4.0, 32.0], [80, 80, 80])
    assert events.share(2) == pytest.approx([5 / 30, 2 / 30])


def test_six_seconds_of_slow_waves_are_a_fifth_of_an_epoch() -> None:
    t = np.arange(6 * RATE) / RATE
    share = slow_waves(find_waves(ready(put(quiet(rms=0.5), 40, -60 * np.sin(2 * np.pi * t))))).share(6)
    assert share[1] == pytest.approx(0.2, abs=0.02)
    assert share[[0, 2, 3, 4, 5]].max() < 0.01


def test_one_biphasic_wave_in_quiet_sleep_is_a_k_complex_and_the_same_among_equals_is_none() -> None:
    t = np.arange(RATE) / RATE
    wave = 110 * (-np.exp(-(((t - 0.3) / 0.11) ** 2)) + 0.7 * np.exp(-(((t - 0.65) / 0.15) ** 2)))
    alone = k_complexes(find_waves(ready(put(quiet(rms=8), 70.0, wave))))
    assert len(alone) == 1
    assert alone.onset_s[0] == pytest.approx(70.1, abs=0.25)
    among = np.tile(wave, 6 * 30)
    assert not len(k_complexes(find_waves(ready(among))))


def test_a_lone_sharp_negative_wave_is_a_vertex_wave_and_an_alpha_train_is_none() -> None:
    t = np.arange(20) / RATE
    sharp = put(quiet(rms=3), 70.0, -90 * np.sin(np.pi * t / 0.2) ** 2)
    found = vertex_waves(ready(sharp), find_waves(ready(sharp)))
    assert len(found) == 1
    assert found.onset_s[0] == pytest.approx(70.1, abs=0.15)
    alpha = put(quiet(rms=3), 70.0, burst(10, 3.0, 60))
    assert not len(vertex_waves(ready(alpha), find_waves(ready(alpha))))


def _eyes(move: np.ndarray, *, out_of_phase: bool) -> tuple[ChannelSpectra, ChannelSpectra]:
    left = put(quiet(seed=2), 70.0, -move if out_of_phase else move)
    return ready(left), ready(put(quiet(seed=3), 70.0, move))


def _saccade() -> np.ndarray:
    t = np.arange(2 * RATE) / RATE
    return 80 * np.minimum(1, t / 0.06) * np.exp(-t / 0.8) * np.minimum(1, (2 - t) / 0.3)


def test_a_conjugate_jump_is_a_rapid_eye_movement_and_the_same_in_phase_is_brain_activity() -> None:
    found = eye_movements(*_eyes(_saccade(), out_of_phase=True), None)
    assert len(found.rapid) == 1
    assert found.rapid.amplitude_uv[0] > 100
    same = eye_movements(*_eyes(_saccade(), out_of_phase=False), None)
    assert not len(same.rapid)


def test_slow_rolling_is_a_slow_eye_movement_and_no_rapid_one() -> None:
    t = np.arange(round(2 / 0.35 * RATE)) / RATE
    found = eye_movements(*_eyes(60 * np.sin(2 * np.pi * 0.35 * t), out_of_phase=True), None)
    assert len(found.slow) == 1
    assert not len(found.rapid)


def test_chin_tone_is_relative_to_the_night_and_absent_from_a_slow_envelope() -> None:
    level = np.repeat([10.0, 10, 10, 4], 30 * RATE)
    tone = measure_chin(ready(quiet(4, rms=1.0) * level))
    assert tone is not None
    assert tone.relative == pytest.approx([1, 1, 1, 0.4], abs=0.05)
    assert measure_chin(ChannelSpectra.of(np.ones((2, 30 * 32), np.float32), 32, "chin")) is None


def test_a_step_that_decays_is_a_pop_and_a_dead_stretch_is_found() -> None:
    t = np.arange(RATE) / RATE
    signal = put(quiet(), 40.0, 250 * np.exp(-3 * t))
    signal[100 * RATE : 110 * RATE] = 0
    found = electrode_artefacts(ready(signal))
    assert len(found) == 2
    assert found.onset_s == pytest.approx([40, 100.3], abs=0.4)


def test_a_10_hz_epoch_is_alpha_for_all_of_its_time() -> None:
    t = np.arange(30 * RATE) / RATE
    rhythms = measure_rhythms((20 * np.sin(2 * np.pi * 10 * t)).astype(np.float32)[None], RATE)
    assert rhythms.dominant_hz[0] == 10.0
    assert rhythms.share[0, BAND_NAMES.index("alpha")] > 0.98
    assert rhythms.time[0, BAND_NAMES.index("alpha")] == 1.0
    assert rhythms.peak_to_peak_uv[0] == pytest.approx(40, abs=2.5)  # of 10 samples a cycle


def test_shares_of_the_bands_sum_to_one_and_an_epoch_with_a_gap_has_none() -> None:
    epochs = quiet(3).reshape(3, -1).astype(np.float32)
    epochs[1, 5] = np.nan
    rhythms = measure_rhythms(epochs, RATE)
    assert rhythms.share[[0, 2]].sum(axis=1) == pytest.approx(1)
    assert np.isnan(rhythms.share[1]).all()
    assert rhythms.dominant[1] == -1


def test_marks_clear_of_others_are_those_that_touch_none_of_them() -> None:
    events = EventTable.of([0.0, 5.0, 9.0], [2.0, 6.0, 10.0], [1, 1, 1])
    others = [EventTable.of([0.5, 1.0], [8.0, 1.2], [1, 1]), EventTable.of([20.0], [21.0], [1])]
    assert events.clear_of(others).onset_s.tolist() == [9.0]
    assert events.clear_of([]).onset_s.tolist() == [0.0, 5.0, 9.0]


def test_a_burst_of_muscle_is_movement_and_a_quiet_night_has_none() -> None:
    noise = np.random.default_rng(1).normal(0, 40, 2 * RATE)
    found = movements(ready(put(quiet(), 40.0, noise)))
    assert len(found) == 1
    assert (found.onset_s[0], found.end_s[0]) == pytest.approx((40, 42), abs=0.3)
    assert not len(movements(ready(quiet())))


def test_a_shift_to_alpha_and_beta_for_five_seconds_is_an_arousal_and_for_two_is_none() -> None:
    for length, count in ((5.0, 1), (2.0, 0)):
        shift = burst(10, length, 40) + burst(22, length, 15)
        assert len(detect_arousals(ready(put(quiet(), 100.0, shift)))) == count


def test_a_train_of_notched_waves_is_sawtooth_and_a_sine_is_none() -> None:
    t = np.arange(3 * RATE) / RATE
    saw = 40 * ((3 * t) % 1 - 0.5)
    assert len(sawtooth_waves(ready(put(quiet(), 100.0, saw)))) == 1
    assert not len(sawtooth_waves(ready(put(quiet(), 100.0, burst(3, 3.0, 60)))))
