"""Signals that look like EEG from epoch to epoch and are none: steady noise, copies of earlier samples, tones."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.signals import Quality, QualityKind, Recording, measure_quality
from eegvlm.signals.quality_limits import STEADY_EPOCHS

RATE = 64
EPOCH = 30 * RATE


def pink(epochs: int, seed: int = 0, microvolt: float = 20.0) -> np.ndarray:
    """Noise with the slope of sleep, of the same kind throughout."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(epochs * EPOCH))
    hz = np.fft.rfftfreq(epochs * EPOCH, 1 / RATE)
    noise = np.fft.irfft(spectrum / np.maximum(hz, 0.5), epochs * EPOCH)
    return (microvolt * noise / noise.std()).astype(np.float32)


def living(epochs: int, seed: int = 0) -> np.ndarray:
    """Noise whose size changes from epoch to epoch as that of sleep does."""
    sizes = np.exp(np.random.default_rng(seed + 1).normal(0, 0.5, epochs))
    return (pink(epochs, seed) * np.repeat(sizes, EPOCH)).astype(np.float32)


def quality_of(eeg: np.ndarray, rate: float = RATE, **more: np.ndarray) -> Quality:
    channels = {"C4-M1": eeg, **{name.replace("_", "-"): signal for name, signal in more.items()}}
    return measure_quality(Recording.from_arrays({name: (signal, float(rate)) for name, signal in channels.items()}))


def levels(quality: Quality, kind: QualityKind, name: str = "C4-M1") -> np.ndarray:
    return quality.channels[name].levels[kind]


def test_noise_that_never_changes_is_no_eeg():
    assert (levels(quality_of(pink(STEADY_EPOCHS)), QualityKind.STEADY) == 2).all()


def test_a_signal_that_changes_from_epoch_to_epoch_is_one():
    assert not levels(quality_of(living(STEADY_EPOCHS)), QualityKind.STEADY).any()


def test_less_than_an_hour_and_a_half_is_not_judged():
    assert not levels(quality_of(pink(STEADY_EPOCHS - 1)), QualityKind.STEADY).any()


def test_the_part_that_never_changes_is_found_within_a_night():
    night = np.concatenate([living(40), pink(200, seed=5), living(40, seed=9)])
    steady = levels(quality_of(night), QualityKind.STEADY) == 2
    assert steady[44:236].all()
    assert not steady[:36].any()
    assert not steady[244:].any()


def test_an_artefact_now_and_then_does_not_make_noise_an_eeg():
    eeg = pink(STEADY_EPOCHS).reshape(STEADY_EPOCHS, EPOCH)
    eeg[::30, : 4 * RATE] *= 20  # somebody moves the cable
    assert (levels(quality_of(eeg.ravel()), QualityKind.STEADY) == 2).all()


def test_an_artefact_in_every_epoch_does_not_make_a_living_signal_steady():
    eeg = living(STEADY_EPOCHS).reshape(STEADY_EPOCHS, EPOCH)
    eeg[:, : 2 * RATE] = 0  # two seconds of each half minute are lost
    assert not levels(quality_of(eeg.ravel()), QualityKind.STEADY).any()


def test_dead_epochs_in_between_are_left_out_of_the_comparison():
    eeg = np.concatenate([pink(100), np.zeros(50 * EPOCH, np.float32), pink(100, seed=3)])
    steady = levels(quality_of(eeg), QualityKind.STEADY) == 2
    assert steady[:100].all()
    assert steady[150:].all()
    assert not steady[100:150].any()


@pytest.mark.parametrize("lag", [EPOCH, 7 * EPOCH + 317], ids=["whole epochs", "anywhere"])
def test_a_loop_is_a_copy_from_its_second_turn_on(lag):
    eeg = np.resize(living(12)[:lag], 12 * EPOCH)
    repeated = levels(quality_of(eeg), QualityKind.REPEATED)
    first = lag // EPOCH
    assert not repeated[:first].any()
    assert (repeated[first + 1 :] == 2).all()


def test_lost_packets_that_are_filled_with_what_came_before_are_doubtful():
    packets = living(10).reshape(-1, 2 * RATE).copy()
    packets[2::5] = packets[1::5]  # two seconds of ten
    assert (levels(quality_of(packets.ravel()), QualityKind.REPEATED) == 1).all()


def test_signals_of_few_levels_are_no_copies():
    coarse = 20 * np.round(living(40) / 20)  # four bits or so
    assert not levels(quality_of(coarse), QualityKind.REPEATED).any()


def test_zeros_and_clipped_stretches_are_no_copies():
    eeg = living(8).clip(-15, 15)
    eeg[3 * EPOCH : 5 * EPOCH] = 0
    assert not levels(quality_of(eeg), QualityKind.REPEATED).any()


def test_eyes_and_chin_are_not_looked_at_for_copies():
    loop = np.resize(living(1), 4 * EPOCH)
    assert not levels(quality_of(living(4), E1_M2=loop), QualityKind.REPEATED, "E1-M2").any()


@pytest.mark.parametrize("hz", [4.0, 13.37, 22.0])
def test_a_tone_is_found_whatever_its_frequency(hz):
    wave = 60 * np.sin(2 * np.pi * hz * np.arange(6 * EPOCH) / RATE)
    quality = quality_of(living(6) + wave)
    assert (levels(quality, QualityKind.TONE) == 1).all()
    assert quality.channels["C4-M1"].usable.all()


def test_a_rhythm_that_wanders_by_half_a_hertz_is_no_tone():
    pace = 10 + 0.5 * np.repeat(np.random.default_rng(0).standard_normal(6 * 30), RATE)
    alpha = 25 * np.sin(2 * np.pi * np.cumsum(pace) / RATE)
    assert not levels(quality_of(pink(6) + alpha), QualityKind.TONE).any()


def test_a_tone_of_less_than_five_microvolt_is_not_told():
    wave = 4 * np.sin(2 * np.pi * 20 * np.arange(6 * EPOCH) / RATE)
    assert not levels(quality_of(pink(6, microvolt=5) + wave), QualityKind.TONE).any()


def test_what_is_measured_does_not_depend_on_where_blocks_are_cut():
    eeg = np.concatenate([living(20), living(20)])
    whole = quality_of(eeg)
    assert (levels(whole, QualityKind.REPEATED)[20:] == 2).all()
    later = quality_of(eeg[3 * EPOCH :])
    np.testing.assert_array_equal(levels(later, QualityKind.REPEATED)[20:], levels(whole, QualityKind.REPEATED)[23:])
