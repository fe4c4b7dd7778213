"""A machine's tone is taken out of the epochs that hold it, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation.night import simulate_night
from eegvlm.signals import Recording
from eegvlm.signals.tone_removal import without_tones
from eegvlm.staging.unstaged import quality_problems, quality_words

RATE = 64.0
EPOCHS = 40


@pytest.fixture(scope="module")
def eeg() -> np.ndarray:
    night = simulate_night(hours=EPOCHS / 120, seed=11, rate=RATE, channels=["EEG C4-M1"])
    return night.signals["EEG C4-M1"].reshape(EPOCHS, -1).astype(np.float32)


def tone(hz: float, microvolt: float, wander_hz: float = 0.0) -> np.ndarray:
    """Return a sine of this rms, whose frequency wanders in four minutes."""
    at = np.arange(EPOCHS * 30 * RATE) / RATE
    phase = 2 * np.pi * hz * at - wander_hz * 240 * np.cos(2 * np.pi * at / 240)
    return (np.sqrt(2) * microvolt * np.sin(phase)).reshape(EPOCHS, -1).astype(np.float32)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize(("hz", "wander_hz"), [(22.0, 0.0), (22.03, 0.0), (10.0, 0.0), (28.1, 0.05), (5.5, 0.05)])
def test_a_tone_that_wanders_a_little_is_taken_out(eeg: np.ndarray, hz: float, wander_hz: float) -> None:
    added = tone(hz, 20.0, wander_hz)
    toneless = without_tones(eeg + added, RATE, np.ones(EPOCHS, np.bool_))
    assert toneless is not None
    cleaned, removed = toneless
    assert removed.epochs.all()
    assert removed.hz == (pytest.approx(hz, abs=0.06),)
    assert removed.microvolt == pytest.approx(20, rel=0.1)
    assert rms(cleaned - eeg) < 0.12 * rms(added)


def test_what_lies_a_hertz_beside_the_tone_stays(eeg: np.ndarray) -> None:
    toneless = without_tones(eeg + tone(22.0, 20.0), RATE, np.ones(EPOCHS, np.bool_))
    assert toneless is not None
    of_all, before = (np.abs(np.fft.rfft(samples.reshape(-1))) for samples in (toneless[0], eeg))
    hz = np.fft.rfftfreq(eeg.size, 1 / RATE)
    beside = np.abs(hz - 22.0) > 1
    assert np.abs(of_all - before)[beside].max() < 0.02 * before[beside].max()


def test_two_tones_are_both_taken_out(eeg: np.ndarray) -> None:
    toneless = without_tones(eeg + tone(22.0, 20.0) + tone(28.0, 12.0), RATE, np.ones(EPOCHS, np.bool_))
    assert toneless is not None
    assert toneless[1].hz == (pytest.approx(22, abs=0.05), pytest.approx(28, abs=0.05))
    assert rms(toneless[0] - eeg) < 4


def test_epochs_without_the_tone_keep_their_samples(eeg: np.ndarray) -> None:
    noisy, tonal = eeg.copy(), np.zeros(EPOCHS, np.bool_)
    tonal[12:30] = True
    noisy[tonal] += tone(22.0, 20.0)[tonal]
    noisy[20] = np.nan
    toneless = without_tones(noisy, RATE, tonal)
    assert toneless is not None
    cleaned, removed = toneless
    assert removed.epochs.tolist() == [12 <= epoch < 30 and epoch != 20 for epoch in range(EPOCHS)]
    np.testing.assert_array_equal(cleaned[~removed.epochs], noisy[~removed.epochs])
    assert rms((cleaned - eeg)[removed.epochs]) < 3


@pytest.mark.parametrize("epochs", [0, 9])
def test_a_tone_of_a_few_epochs_stays(eeg: np.ndarray, epochs: int) -> None:
    noisy, tonal = eeg.copy(), np.zeros(EPOCHS, np.bool_)
    tonal[:epochs] = True
    noisy[tonal] += tone(22.0, 20.0)[tonal]
    assert without_tones(noisy, RATE, tonal) is None


def test_a_rhythm_of_the_brain_is_no_tone(eeg: np.ndarray) -> None:
    assert without_tones(eeg, RATE, np.ones(EPOCHS, np.bool_)) is None


def test_a_night_with_a_tone_is_read_without_it_and_this_is_told() -> None:
    night = simulate_night(hours=0.5, seed=11, rate=128.0, channels=["EEG C4-M1"])
    clean = night.signals["EEG C4-M1"]
    at = np.arange(len(clean)) / 128
    noisy = clean + np.sqrt(2) * 20 * np.sin(2 * np.pi * 22 * at)
    recordings = [Recording.from_arrays({"EEG C4-M1": (samples, 128.0)}) for samples in (clean, noisy)]
    as_was, read = (PreparedNight.read(recording, load_layout("nano")) for recording in recordings)
    assert as_was.tones == {}
    problems = {problem.code: problem for problem in quality_problems(read, recordings[1])}
    assert (
        problems["tone-removed"].message == "a tone (22.0 Hz, 20 µV rms) was taken out of C4-M1 in 60 epochs (min 0-30)"
    )
    assert "doubtful-signal" not in problems or "a tone" not in problems["doubtful-signal"].message
    words = quality_words(read)
    assert words is not None
    assert words.count("good") > 50
    (panel,) = read.signals(slice(None))
    difference = read.signals(slice(None))[panel] - as_was.signals(slice(None))[panel]
    assert rms(difference) < 2
