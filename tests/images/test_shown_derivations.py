"""Which derivation a night is read from where an electrode pops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from eegvlm.images import PreparedNight, load_layout
from eegvlm.signals import Recording

RATE = 128
N_EPOCHS = 40


def eeg(seed: int, *, popping_epochs: int = 0) -> tuple[np.ndarray, float]:
    """Noise with the slope of EEG, and a pop of 400 µV in some epochs."""
    rng = np.random.default_rng(seed)
    signal = 6 * lfilter([1], [1, -0.95], rng.standard_normal(N_EPOCHS * 30 * RATE))
    decay = 400 * np.exp(-np.arange(3 * RATE) / (0.7 * RATE))
    for epoch in range(popping_epochs):
        at = (30 * epoch + 10) * RATE
        signal[at : at + len(decay)] += decay
    return signal.astype(np.float32), float(RATE)


def read(**signals: tuple[np.ndarray, float]) -> PreparedNight:
    recording = Recording.from_arrays({f"{place}-M1": signal for place, signal in signals.items()})
    return PreparedNight.read(recording, load_layout("nano"))


def test_a_night_of_pops_is_read_from_the_other_derivation_throughout():
    night = read(C4=eeg(0, popping_epochs=30), F4=eeg(1), O2=eeg(2))
    assert set(night.names("eeg")) == {"F4-M1"}
    first = night.panels["eeg"][0]
    assert first.instead_of == "C4-M1"
    assert first.channel.note.endswith("stands in for C4-M1, whose electrode pops")
    alone = read(F4=eeg(1))
    np.testing.assert_array_equal(
        night.drawn_signals(slice(None))["eeg"], alone.drawn_signals(slice(None))["eeg"]
    )  # its own level, as if the other electrode were not there


@pytest.mark.parametrize(("on_c4", "on_f4"), [(10, 0), (30, 30), (30, 5)])
def test_pops_in_few_epochs_or_on_all_derivations_move_nothing(on_c4, on_f4):
    night = read(C4=eeg(0, popping_epochs=on_c4), F4=eeg(1, popping_epochs=on_f4))
    assert set(night.names("eeg")) == {"C4-M1"}
    assert night.panels["eeg"][0].instead_of == ""


def test_the_derivation_that_the_user_chose_is_read_with_its_pops():
    signals = {"C4-M1": eeg(0, popping_epochs=30), "F4-M1": eeg(1)}
    recording = Recording.from_arrays(signals, channels={"eeg": "C4-M1"})
    night = PreparedNight.read(recording, load_layout("nano"))
    assert set(night.names("eeg")) == {"C4-M1"}
