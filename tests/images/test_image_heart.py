"""A night is shown without the heart that leaks into its EEG and EOG."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.images import PreparedNight, load_layout, panel_signals
from eegvlm.images import night as night_module
from eegvlm.lab.simulation.derivations import CHIN
from eegvlm.lab.simulation.emg_ecg import beats, electrocardiogram
from eegvlm.lab.simulation.night import SimulatedNight, simulate_night
from eegvlm.lab.simulation.subject import Subject
from eegvlm.signals import Recording

LAYOUT = load_layout("nano")
LEADS = ("EEG C4-M1", "EOG E1-M2")
RATE = 128.0


@pytest.fixture(scope="module")
def simulated() -> SimulatedNight:
    return simulate_night(hours=0.75, seed=7, rate=RATE, channels=[*LEADS, CHIN, "ECG"], subject=Subject())


def with_heart(night: SimulatedNight, *leads: str, ecg: bool) -> Recording:
    r_waves = beats(7, night.stages, night.subject)
    signals = {label: samples for label, samples in night.signals.items() if ecg or label != "ECG"}
    for label in leads:
        signals[label] = signals[label] + electrocardiogram(r_waves, len(signals[label]), RATE, 65.0)
    return Recording.from_arrays({label: (samples, RATE) for label, samples in signals.items()})


def test_a_clean_night_is_shown_to_the_bit(simulated: SimulatedNight) -> None:
    recording = simulated.recording()
    night = PreparedNight.read(recording, LAYOUT)
    assert night.heart == {}
    expected = panel_signals(LAYOUT, recording)
    for panel, signals in night.signals(slice(None)).items():
        assert np.array_equal(signals, expected[panel], equal_nan=True)


@pytest.mark.parametrize("ecg", [True, False], ids=["ECG recorded", "no ECG"])
def test_the_heart_is_taken_out_of_the_channels_it_leaks_into(simulated: SimulatedNight, *, ecg: bool) -> None:
    night = PreparedNight.read(with_heart(simulated, *LEADS, ecg=ecg), LAYOUT)
    assert set(night.heart) == {"C4-M1", "EOG E1-M2"}
    clean = PreparedNight.read(simulated.recording(), LAYOUT).signals(slice(None))
    for panel in ("eeg", "eog_left"):
        found = night.signals(slice(None))[panel]
        assert np.corrcoef(found.ravel(), clean[panel].ravel())[0, 1] > 0.97


def test_a_channel_without_a_leak_keeps_its_samples_beside_one_with_it(simulated: SimulatedNight) -> None:
    night = PreparedNight.read(with_heart(simulated, "EEG C4-M1", ecg=True), LAYOUT)
    assert set(night.heart) == {"C4-M1"}
    plain = panel_signals(LAYOUT, simulated.recording())
    assert np.array_equal(night.signals(slice(None))["eog_left"], plain["eog_left"])


def test_the_level_is_that_of_the_eeg_without_the_heart(simulated: SimulatedNight) -> None:
    clean = PreparedNight.read(simulated.recording(), LAYOUT).corrections["eeg"].gain
    night = PreparedNight.read(with_heart(simulated, *LEADS, ecg=True), LAYOUT)
    assert night.corrections["eeg"].gain == pytest.approx(clean, rel=0.02)


@pytest.mark.slow
def test_the_size_of_the_blocks_does_not_matter(simulated: SimulatedNight, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = with_heart(simulated, *LEADS, ecg=False)
    expected = PreparedNight.read(recording, LAYOUT)
    monkeypatch.setattr(night_module, "_BLOCK", 7)
    night = PreparedNight.read(recording, LAYOUT)
    for name, leak in expected.heart.items():
        assert np.array_equal(night.heart[name].epochs, leak.epochs)
        assert night.heart[name].beats_s == pytest.approx(leak.beats_s, abs=1e-4)
    for panel, signals in night.signals(slice(None)).items():
        assert signals == pytest.approx(expected.signals(slice(None))[panel], abs=0.01)
