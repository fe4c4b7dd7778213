"""What a picture keeps: the signal comes back from the pixels, to a bound that each layout can promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eegvlm.images import LayoutError, layout_names, load_layout, panel_signals, recover_signal, render
from eegvlm.images.inverse import column_spans
from eegvlm.signals import Recording, read_recording


def band_limited(n: int, *, seed: int, rms: float, slope: float, high: float = 35.0) -> np.ndarray:
    """Make epochs at 100 Hz with a 1/f**slope spectrum from 0.3 Hz to `high`."""
    rng = np.random.default_rng(seed)
    hz = np.fft.rfftfreq(3000, 0.01)
    shape = np.where((hz >= 0.3) & (hz <= high), np.maximum(hz, 0.3) ** -slope, 0)
    noise = rng.normal(size=(n, len(hz))) + 1j * rng.normal(size=(n, len(hz)))
    signal = np.fft.irfft(noise * shape, 3000)
    return (signal * (rms / signal.std(axis=1, keepdims=True))).astype(np.float32)


def correlation(a: np.ndarray, b: np.ndarray, below: float = 25.0, rate: float = 100.0) -> np.ndarray:
    hz = np.fft.rfftfreq(a.shape[1], 1 / rate)
    a, b = (np.fft.rfft(x, axis=1)[:, (hz > 0) & (hz <= below)] for x in (a, b))
    return (a * b.conj()).real.sum(axis=1) / np.sqrt((np.abs(a) ** 2).sum(axis=1) * (np.abs(b) ** 2).sum(axis=1))


def there_and_back(name: str, signal: np.ndarray, panel: str = "eeg", **options: str) -> np.ndarray:
    layout = load_layout(name)
    return recover_signal(layout, render(layout, {panel: signal}), panel, **options)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), rms=st.floats(2, 60), slope=st.floats(0.5, 1.5))
def test_the_lossless_layout_deserves_its_name(seed, rms, slope):
    signal = band_limited(2, seed=seed, rms=rms, slope=slope)
    recovered = there_and_back("lossless", signal)
    assert recovered.shape == signal.shape
    assert recovered.dtype == np.float32
    assert correlation(recovered, signal).min() > 0.9995
    assert np.sqrt(((recovered - signal) ** 2).mean()) < max(0.04 * rms, 0.15)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), rms=st.floats(5, 30), slope=st.floats(0.8, 1.5))
def test_nano_keeps_the_eeg_below_25_hz(seed, rms, slope):
    signal = band_limited(2, seed=seed, rms=rms, slope=slope)
    assert correlation(there_and_back("nano", signal), signal).min() > 0.97


@pytest.mark.parametrize(
    ("name", "panel"), [("eeg-vlm-336", "eeg"), ("psg-336", "eeg_central"), ("psg-448x224", "eeg_central")]
)
def test_a_layout_without_wrapping_keeps_the_slow_part(name, panel):
    layout = load_layout(name)
    signal = band_limited(8, seed=3, rms=20, slope=1.2)
    if layout.rate != 100:
        signal = signal.repeat(2, axis=1)
    recovered = there_and_back(name, signal, panel)
    assert correlation(recovered, signal, below=2.0, rate=layout.rate).min() > 0.98
    assert np.median(correlation(recovered, signal, rate=layout.rate)) > 0.85


def test_projection_beats_the_middle_of_the_span_where_columns_are_many():
    signal = band_limited(6, seed=1, rms=20, slope=1.0)
    best, middle = (there_and_back("nano", signal, method=m) for m in ("auto", "midrange"))
    assert (correlation(best, signal) > correlation(middle, signal)).all()
    assert np.array_equal(there_and_back("nano", signal, method="projection"), best)


@pytest.mark.parametrize("name", layout_names())
def test_the_ends_of_every_span_are_read_to_a_small_part_of_a_pixel(name):
    # Also across grid lines, in colour, and with negative up.
    layout = load_layout(name)
    for panel in layout.panels:
        limit = panel.microvolt_per_pixel * (panel.row_height / 2 - 1)
        levels = np.linspace(-limit, limit, 9, dtype=np.float32)
        signal = np.repeat(levels[:, None], round(30 * layout.rate), axis=1)
        low, high = column_spans(layout, panel, render(layout, {panel.name: signal}).numpy())
        tolerance = 0.02 * panel.microvolt_per_pixel
        assert np.abs(low - levels[:, None]).max() < tolerance
        assert np.abs(high - levels[:, None]).max() < tolerance


def test_what_is_beyond_the_row_is_at_least_at_its_border():
    signal = band_limited(1, seed=2, rms=20, slope=1.2)
    signal[0, 1000:1100] += 400 * np.hanning(100).astype(np.float32)
    recovered = there_and_back("nano", signal)
    assert recovered[0, 1030:1070].min() > 110
    assert correlation(recovered[:, :900], signal[:, :900]).item() > 0.98


def test_where_nothing_is_drawn_nothing_is_recovered():
    signal = band_limited(2, seed=5, rms=20, slope=1.2)
    signal[0, 600:900] = np.nan
    recovered = there_and_back("nano", signal)
    assert np.isnan(recovered[0, 600:900]).all()
    assert np.isfinite(recovered[0, 910:]).all()
    assert np.isfinite(recovered[1]).all()
    layout = load_layout("nano")
    assert np.isnan(recover_signal(layout, render(layout, {"eeg": signal}), "emg")).all()


def test_a_batch_is_recovered_as_each_picture_alone():
    signal = band_limited(67, seed=9, rms=15, slope=1.0)
    together = there_and_back("nano", signal)
    assert np.array_equal(together[65:66], there_and_back("nano", signal[65:66]))


def test_pictures_of_another_layout_are_refused():
    layout = load_layout("nano")
    pictures = render(layout, {"eeg": np.zeros((1, 3000))})
    with pytest.raises(ValueError, match="uint8 of shape"):
        recover_signal(load_layout("lossless"), pictures, "eeg")
    with pytest.raises(ValueError, match="uint8 of shape"):
        recover_signal(layout, pictures.to(torch.float32), "eeg")
    with pytest.raises(LayoutError, match="panel: ecg"):
        recover_signal(layout, pictures, "ecg")


def test_an_open_band_is_recovered_too():
    layout = load_layout("lossless")
    eeg = replace(layout.panels[0], band=(None, None))
    layout = replace(layout, panels=(eeg,))
    signal = band_limited(2, seed=4, rms=20, slope=1.0, high=48)
    recovered = recover_signal(layout, render(layout, {"eeg": signal}), "eeg", method="projection")
    assert correlation(recovered, signal).min() > 0.999


@pytest.mark.real_data
def test_real_wake_eeg_survives_nano_and_lossless(real_data):
    recording = read_recording(real_data / "sleep_edf" / "SC4001E0-PSG_first300s.edf")
    for name, bound in (("nano", 0.97), ("lossless", 0.9999)):
        layout = load_layout(name)
        signals = panel_signals(layout, recording)
        recovered = recover_signal(layout, render(layout, signals), "eeg")
        assert np.median(correlation(recovered, signals["eeg"])) > bound


@pytest.mark.real_data
def test_real_sleep_of_all_stages_survives_nano(real_data):
    with np.load(real_data / "ucddb" / "ucddb018.npz") as data:
        counts, index = data["eeg_counts"], data["epoch_index"]
    first = next(i for i in range(100, len(index)) if index[i + 12] - index[i] == 12)
    microvolt = (counts[first : first + 12].ravel() - 282) * 0.1954
    recording = Recording.from_arrays({"C4-A1": (microvolt, 128.0)})
    layout = load_layout("nano")
    signals = panel_signals(layout, recording)
    recovered = recover_signal(layout, render(layout, signals), "eeg")
    assert np.median(correlation(recovered, signals["eeg"])) > 0.985
