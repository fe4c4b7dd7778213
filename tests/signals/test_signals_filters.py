"""The filters do what their numbers say, and agree with scipy's."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import signal

from eegvlm.signals.filters import band_taps, convolve, resampler


def gain(taps: np.ndarray, frequency: float, rate: float) -> float:
    return float(abs(signal.freqz(taps, worN=[frequency], fs=rate)[1][0]))


@pytest.mark.parametrize(("low", "high", "rate"), [(0.3, 35.0, 100.0), (0.5, 12.0, 128.0), (10.0, 90.0, 256.0)])
def test_band_has_its_edges_at_half_gain(low: float, high: float, rate: float) -> None:
    taps = band_taps(low, high, rate)
    assert gain(taps, low, rate) == pytest.approx(0.5, abs=0.01)
    assert gain(taps, high, rate) == pytest.approx(0.5, abs=0.01)
    assert gain(taps, 0.0, rate) < 1e-12
    middle = [gain(taps, f, rate) for f in np.linspace(min(5 * low / 3, low + 2), high - high / 8, 50)]
    assert np.abs(np.array(middle) - 1).max() < 0.005
    assert gain(taps, min(1.13 * high, rate / 2), rate) < 0.002


def test_band_is_symmetric_so_that_nothing_is_delayed() -> None:
    taps = band_taps(0.3, 35.0, 100.0)
    assert len(taps) % 2 == 1
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-15)


def test_low_pass_is_scipys_kaiser_design() -> None:
    taps = band_taps(None, 30.0, 100.0)
    beta = signal.kaiser_beta(60.0)
    np.testing.assert_allclose(taps, signal.firwin(len(taps), 30.0, window=("kaiser", beta), fs=100.0), atol=1e-9)


def test_open_band_changes_nothing() -> None:
    samples = np.random.default_rng(0).normal(size=50).astype(np.float32)
    np.testing.assert_array_equal(convolve(samples, band_taps(None, None, 100.0)), samples)


@pytest.mark.parametrize(("low", "high"), [(0.0, None), (50.0, None), (20.0, 10.0)])
def test_impossible_band_is_refused(low: float, high: float | None) -> None:
    with pytest.raises(ValueError, match="band"):
        band_taps(low, high, 100.0)


@pytest.mark.parametrize("length", [1000, 20_000, 70_001])
def test_convolution_is_scipys(length: int) -> None:
    taps = band_taps(0.3, 35.0, 100.0)
    samples = np.random.default_rng(0).normal(0, 30, length).astype(np.float32)
    expected = signal.fftconvolve(samples.astype(float), taps, mode="valid")
    result = convolve(samples, taps)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("rate_in", "rate_out"),
    [
        (256, 100),
        (200, 100),
        (512, 100),
        (128, 100),
        (125, 100),
        (64, 100),
        (100, 200),
        (Fraction(1999, 10), 100),
        (2000, 128),
    ],
)
def test_sine_below_the_limit_passes_and_above_it_does_not(rate_in: Fraction, rate_out: int) -> None:
    rate_in = Fraction(rate_in)
    design = resampler(rate_in, Fraction(rate_out))
    nyquist = float(min(rate_in, Fraction(rate_out))) / 2
    time_in = np.arange(int(20 * rate_in)) / float(rate_in)
    time_out = np.arange(10 * rate_out) / rate_out + 5
    for frequency in (0.1 * nyquist, 0.5 * nyquist, 0.88 * nyquist):
        sine = np.sin(2 * np.pi * frequency * time_in + 1).astype(np.float32)
        result = design.resample(sine, 0, 5 * rate_in, len(time_out))
        np.testing.assert_allclose(result, np.sin(2 * np.pi * frequency * time_out + 1), atol=3e-4)
    if rate_in > rate_out:
        alias = np.sin(2 * np.pi * 1.02 * nyquist * time_in).astype(np.float32)
        assert np.abs(design.resample(alias, 0, 5 * rate_in, len(time_out))).max() < 3e-4


def test_resampling_agrees_with_scipys_polyphase_filter() -> None:
    noise = np.random.default_rng(0).normal(0, 30, 256 * 60)
    smooth = signal.sosfiltfilt(signal.butter(8, 30.0, fs=256.0, output="sos"), noise)
    expected = signal.resample_poly(smooth, 25, 64, window=("kaiser", 8.0))[1000:5000]
    result = resampler(Fraction(256), Fraction(100)).resample(smooth.astype(np.float32), 0, Fraction(2560), 4000)
    np.testing.assert_allclose(result, expected, atol=0.15)


def test_resampling_may_begin_anywhere() -> None:
    samples = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    design = resampler(Fraction(1999, 10), Fraction(100))
    whole = design.resample(samples, 0, Fraction(1000), 5000)
    for skip in (1, 7, 999, 1000, 4321):
        part = design.resample(samples[890:], 890, 1000 + skip * Fraction(1999, 1000), 5000 - skip)
        np.testing.assert_allclose(part, whole[skip:], atol=1e-5)


def test_too_little_input_is_refused() -> None:
    design = resampler(Fraction(256), Fraction(100))
    with pytest.raises(ValueError, match="does not reach far enough"):
        design.resample(np.zeros(1000, np.float32), 0, Fraction(10), 100)


def test_constant_stays_constant() -> None:
    result = resampler(Fraction(256), Fraction(100)).resample(np.full(5000, 50, np.float32), 0, Fraction(1000), 1000)
    np.testing.assert_allclose(result, 50, atol=1e-4)
