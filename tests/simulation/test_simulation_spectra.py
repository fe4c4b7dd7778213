"""Simulated spectra follow the fitted tables."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.lab.simulation import Carriers, Subject, simulate_night
from eegvlm.lab.simulation.background import FrameGrid, envelopes, shaped_background, white_spectra
from eegvlm.lab.simulation.bands import BAND_NAMES, BANDS_HZ, welch_readings
from eegvlm.lab.simulation.calibration import spectral_table

LABELS = ("EEG Fpz-Cz", "EEG Pz-Oz")


def band_means(epochs: np.ndarray) -> np.ndarray:
    """Return slow variance and five band means per epoch, as the calibration data define them (100 Hz)."""
    from scipy.signal import welch

    f, p = welch(epochs, fs=100, nperseg=256)
    means = np.stack([p[:, (f >= low) & (f <= high)].mean(1) for low, high in BANDS_HZ.values()], axis=1)
    slow = epochs.var(axis=1) - means @ np.array([high - low for low, high in BANDS_HZ.values()])
    return np.concatenate([slow[:, None], means], axis=1)


@pytest.fixture(scope="module")
def typical() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    nights = [simulate_night(seed=s, rate=100, channels=LABELS, subject=Subject()) for s in range(2)]
    stages = np.concatenate([night.stages for night in nights])
    return stages, {label: band_means(np.concatenate([n.epochs(label) for n in nights])) for label in LABELS}


@pytest.mark.slow
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("stage", "within_db"), [(0, 2.0), (1, 1.8), (2, 0.7), (3, 1.0), (4, 0.8)])
def test_median_band_powers_of_a_stage_match_the_table(typical, label, stage, within_db):
    stages, powers = typical
    columns = slice(6 * LABELS.index(label) + 1, 6 * LABELS.index(label) + 6)
    expected = np.exp(spectral_table().centre[stage, columns])
    away = 10 * np.log10(np.median(powers[label][stages == stage, 1:], axis=0) / expected)
    assert np.abs(away).max() < within_db, dict(zip(BAND_NAMES[1:], away.round(2), strict=True))


def test_a_sigma_peak_stands_on_the_spectrum_of_n2_and_not_on_that_of_rem():
    from scipy.signal import welch

    night = simulate_night(stages=np.repeat([2, 4], 100), seed=1, rate=100, channels=["EEG C4-M1"], subject=Subject())
    f, p = welch(night.epochs("EEG C4-M1"), fs=100, nperseg=512)
    for stage, rises in ((2, True), (4, False)):
        median = np.median(p[night.stages == stage], axis=0)
        low, peak, high = (median[np.argmin(np.abs(f - hz))] for hz in (10.0, 13.2, 17.4))
        assert (peak > 2 * np.sqrt(low * high)) == rises


def test_epochs_of_a_stage_vary_as_much_as_the_table_says(typical):
    stages, powers = typical
    table = spectral_table().quantiles
    for stage in (2, 3, 4):
        spread = np.subtract(*np.quantile(np.log(powers["EEG Fpz-Cz"][stages == stage, 1:5]), [0.75, 0.25], axis=0))
        wanted = table[stage, 15, 1:5] - table[stage, 9, 1:5]  # normal scores of +-0.75: close to the quartiles
        assert (spread / wanted > 0.7).all()
        assert (spread / wanted < 1.5).all()


def test_neighbouring_epochs_of_a_stage_resemble_each_other(typical):
    stages, powers = typical
    delta = np.log(powers["EEG Fpz-Cz"][:, 1])
    pairs = np.flatnonzero((stages[1:] == 2) & (stages[:-1] == 2))
    assert 0.25 < np.corrcoef(delta[pairs], delta[pairs + 1])[0, 1] < 0.9


def test_a_background_reads_its_target_in_every_epoch():
    grid = FrameGrid(40, 100.0)
    rng = np.random.default_rng(0)
    target = np.exp(rng.normal([3.5, 3.0, 1.3, 0.3, -1.0, -2.5], 0.4, (40, 6)))
    made = shaped_background(target, white_spectra(rng, grid), np.ones((4, 40, grid.length), np.float32), grid)
    away = 10 * np.log10(band_means(made.reshape(40, -1))[:, 1:] / target[:, 1:])
    assert np.abs(np.median(away, axis=0)).max() < 0.4
    assert np.abs(away).mean() < 0.8


def test_waxing_and_waning_leaves_the_power_of_an_epoch():
    grid = FrameGrid(30, 100.0)
    stages = np.repeat([0, 2, 3], 10)
    waves = envelopes(1, stages, grid)
    assert np.allclose((waves**2).mean(axis=2), 1, atol=1e-4)
    assert waves[2].std() > 0.2


def test_welch_readings_give_the_level_of_white_noise_in_every_band():
    readings = welch_readings(1501, 1 / 30)
    read = np.full(1501, 2.0 / 30) @ readings  # 2 µV²/Hz
    assert np.allclose(read[1:5], 2.0, rtol=0.01)


def test_carriers_keep_the_spectrum_and_bring_their_own_texture():
    rng = np.random.default_rng(3)
    clicks = (rng.random((60, 3000)) < 0.002) * rng.normal(0, 1, (60, 3000))
    epochs = np.cumsum(clicks - 0.02 * np.cumsum(clicks, axis=1), axis=1).astype(np.float32) * 30
    carriers = Carriers(epochs, np.repeat([0, 3], 30))
    stages = np.full(120, 2)
    asked = {"seed": 4, "rate": 100, "channels": ["EEG Pz-Oz"], "subject": Subject(), "stages": stages}
    carried, plain = simulate_night(**asked, carriers=carriers), simulate_night(**asked)
    powers = [np.median(band_means(night.epochs("EEG Pz-Oz"))[:, 1:5], axis=0) for night in (carried, plain)]
    assert np.abs(10 * np.log10(powers[0] / powers[1])).max() < 1.0

    def peakedness(night) -> float:
        steps = np.diff(night.epochs("EEG Pz-Oz"), 2, axis=1)
        return float(np.median((steps**4).mean(1) / (steps**2).mean(1) ** 2))

    assert peakedness(carried) > 2 * peakedness(plain)
    assert (carried.events.onset_s == plain.events.onset_s).all()
