"""From a recording's channels to a layout's panels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.images import load_layout, panel_channels, panel_signals, render
from eegvlm.signals import Recording, Role

_RNG = np.random.default_rng(0)


def noise(seconds: float, rate: float, rms: float = 20.0) -> tuple[np.ndarray, float]:
    return (_RNG.normal(0, rms, round(seconds * rate)).astype(np.float32), rate)


def test_every_panel_names_its_channel_or_none_in_the_layouts_order():
    recording = Recording.from_arrays({"C4-M1": noise(90, 200), "F4-M1": noise(90, 200), "E1-M2": noise(90, 200, 40)})
    channels = panel_channels(load_layout("nano"), recording)
    assert list(channels) == ["eeg", "eog_left", "eog_right", "emg"]
    assert channels["eeg"].name == "C4-M1"
    assert channels["eog_left"].name == "E1-M2"
    assert channels["eog_right"] is None
    assert channels["emg"] is None


def test_the_first_preferred_role_that_is_there_is_shown():
    recording = Recording.from_arrays({"F4-M1": noise(90, 200), "O2-M1": noise(90, 200)})
    channel = panel_channels(load_layout("nano"), recording)["eeg"]
    assert channel.role is Role.EEG_FRONTAL
    assert "stands in for central" in channel.note


def test_signals_have_the_layouts_rate_and_count_and_nan_at_an_incomplete_end():
    recording = Recording.from_arrays({"C4-M1": noise(100, 128), "ECG": noise(100, 128, 300)})
    layout = load_layout("psg-336")
    signals = panel_signals(layout, recording)
    assert set(signals) == {"eeg_central", "ecg"}
    assert signals["eeg_central"].shape == (4, 6000)
    assert signals["eeg_central"].dtype == np.float32
    assert np.isfinite(signals["eeg_central"][:3]).all()
    assert np.isnan(signals["eeg_central"][3]).all()
    some = panel_signals(layout, recording, 1, 2)
    assert np.allclose(some["eeg_central"], signals["eeg_central"][1:3], atol=1e-3)
    assert render(layout, signals).shape == (4, 3, 336, 336)


def test_the_panels_band_is_what_is_drawn():
    t = np.arange(60 * 200) / 200
    slow, fast = 30 * np.sin(2 * np.pi * 5 * t), 30 * np.sin(2 * np.pi * 45 * t)
    recording = Recording.from_arrays({"C4-M1": (slow + fast, 200.0)})
    drawn = panel_signals(load_layout("nano"), recording)["eeg"]
    spectrum = np.abs(np.fft.rfft(drawn[1])) / 1500
    assert spectrum[150] == pytest.approx(30, rel=0.05)
    assert spectrum[1350] < 0.5


def test_a_channel_too_slow_for_the_panels_band_leaves_the_panel_empty():
    recording = Recording.from_arrays({"C4-M1": noise(90, 100), "EMG chin": noise(90, 64, 5)})
    layout = load_layout("nano")
    assert panel_channels(layout, recording)["emg"].name == "EMG chin"
    fast = replace(layout.panel("emg"), band=(40.0, 49.0))
    layout = replace(layout, panels=(*layout.panels[:3], fast))
    assert panel_channels(layout, recording)["emg"] is None
    assert "emg" not in panel_signals(layout, recording)
