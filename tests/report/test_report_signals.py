"""Traces in few bytes, the spectrogram's frequencies."""

from __future__ import annotations

import base64
import io
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eegvlm.images import load_layout
from eegvlm.report.packed_numbers import pack_numbers, unpack_numbers
from eegvlm.report.packing import pack_bytes, unpack_bytes
from eegvlm.report.spectrogram import column_powers, column_seconds, draw_spectrogram
from eegvlm.report.traces import ENVELOPE_BINS, decode, encode, fit, panel_coding, rounding_error

LAYOUT = load_layout("nano")
EEG, EMG = panel_coding(LAYOUT.panel("eeg"), 100), panel_coding(LAYOUT.panel("emg"), 100)


def _eeg(n: int, seed: int = 0) -> np.ndarray:
    """Return noise in the EEG's band, 20 uV rms, slow waves the largest."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=(n, 3000)), axis=1)
    hz = np.arange(1501) / 30
    spectrum *= np.where((hz > 0.3) & (hz < 34), 1 / np.maximum(hz, 1), 0)
    signal = np.fft.irfft(spectrum, axis=1)
    return (20 * signal / signal.std()).astype(np.float32)


def test_a_wave_comes_back_within_a_microvolt_or_two() -> None:
    epochs = _eeg(8)
    shown = decode(encode(epochs, EEG), EEG, 3000)
    assert np.sqrt(np.mean((shown - epochs) ** 2)) < 1.5
    assert rounding_error(epochs, EEG, 1.0) == pytest.approx(np.sqrt(np.mean((shown - epochs) ** 2)), rel=1e-6)


def test_a_slow_wave_keeps_its_amplitude() -> None:
    t = np.arange(3000, dtype=np.float32)[None] / 100
    wave = 75 * np.sin(2 * np.pi * 0.8 * t)
    assert np.ptp(decode(encode(wave, EEG), EEG, 3000)) == pytest.approx(150, abs=4)


@given(st.lists(st.floats(-3000, 3000, width=32), min_size=1, max_size=50))
def test_muscle_keeps_the_lowest_and_the_highest_of_each_tenth_of_a_second(samples: list[float]) -> None:
    epochs = np.resize(np.array(samples, np.float32), (2, 3000))
    shown = decode(encode(epochs, EMG), EMG, 3000)
    parts = epochs.reshape(2, ENVELOPE_BINS, 10)
    for shown_end, end in ((shown[..., 0], parts.min(axis=2)), (shown[..., 1], parts.max(axis=2))):
        assert np.all(np.abs(shown_end - end) <= 1.01 * np.sqrt(0.25 * np.abs(end)) + 0.1)  # half a step


def test_an_epoch_without_signal_costs_zeros() -> None:
    epochs = _eeg(2)
    epochs[1, 5] = np.nan
    assert not encode(epochs, EEG)[:, 1].any()


def test_what_does_not_fit_is_rounded_more_coarsely_until_it_does() -> None:
    blocks = [[encode(_eeg(64, seed), EEG)] for seed in range(3)]
    fine, by = fit(blocks, [EEG], 10**9)
    assert by == 1.0
    most = sum(map(len, fine)) // 2
    packed, by = fit(blocks, [EEG], most)
    assert sum(map(len, packed)) <= most
    coarse = replace(EEG, step_uv=EEG.step_uv * by)
    numbers = unpack_numbers(zlib.decompress(packed[0], 31), EEG.numbers, 64)
    error = np.sqrt(np.mean((decode(numbers, coarse, 3000) - _eeg(64)) ** 2))
    assert error == pytest.approx(rounding_error(_eeg(64), EEG, by), rel=1e-3)
    assert error < 8


@given(
    st.lists(st.sampled_from([1, 2, 7, 127, 32767]), min_size=1, max_size=12), st.integers(1, 70), st.integers(0, 99)
)
def test_numbers_of_every_size_come_back(limits: list[int], columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    numbers = np.array([random.integers(-one, one, columns, endpoint=True) for one in limits], np.int16)
    assert np.array_equal(unpack_numbers(pack_numbers(numbers), len(limits), columns), numbers)


@given(st.binary(max_size=300))
def test_bytes_come_back_from_letters_that_html_does_not_read(data: bytes) -> None:
    text = pack_bytes(data)
    assert unpack_bytes(text) == data
    assert len(text) <= 1 + 2 * -(-8 * len(data) // 13)
    assert not set(text) & set("&< \n\\")


def test_power_density_integrates_to_the_variance() -> None:
    epochs = _eeg(20)
    powers = column_powers(epochs, 100, 30)
    assert powers.shape == (20, 119)
    assert powers.sum(axis=1).mean() * 0.25 == pytest.approx(np.var(epochs), rel=0.15)


@pytest.mark.parametrize("seconds", [1, 2, 5, 10, 15, 30])
def test_a_rhythm_stands_at_its_frequency_in_every_column(seconds: int) -> None:
    t = np.arange(6000, dtype=np.float32).reshape(2, 3000) / 100
    powers = column_powers(np.sin(2 * np.pi * 10 * t), 100, seconds)
    assert powers.shape[0] == 60 // seconds
    assert set((0.5 + 0.25 * powers.argmax(axis=1)).tolist()) == {10.0}


@pytest.mark.parametrize(("n_epochs", "seconds"), [(3, 1), (10, 1), (120, 5), (960, 30), (2880, 30)])
def test_columns_are_as_fine_as_the_night_is_short(n_epochs: int, seconds: int) -> None:
    assert column_seconds(n_epochs) == seconds


def test_no_signal_is_transparent_and_no_signal_at_all_is_no_image() -> None:
    epochs = _eeg(4)
    epochs[2] = np.nan
    drawn = draw_spectrogram(column_powers(epochs, 100, 30), 100)
    assert drawn is not None
    opacity = np.asarray(Image.open(io.BytesIO(base64.b64decode(drawn.image))).convert("RGBA"))[..., 3]
    assert opacity.min(axis=0).tolist() == [255, 255, 0, 255]
    assert drawn.highest_hz == 30
    assert draw_spectrogram(np.full((4, 119), np.nan, np.float32), 100) is None
