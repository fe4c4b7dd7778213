"""A night in which an artefact fills a band of the EEG: a limit that was not validated, and wider probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.hypnogram import Hypnogram
from eegvlm.images import PreparedNight, load_layout
from eegvlm.model.unfamiliar import Unfamiliar
from eegvlm.signals import Recording
from eegvlm.staging.limits import NARROWED_WIDENING, limits_of, widening_of

EPOCHS = 130
SECONDS = np.arange(EPOCHS * 3000) / 100


def brain() -> np.ndarray:
    walk = np.random.default_rng(0).standard_normal(len(SECONDS)).cumsum() / 1.5
    return (walk - walk.mean() + 12 * np.sin(2 * np.pi * 6 * SECONDS)).astype(np.float32)


def muscle_like(microvolt: float) -> np.ndarray:
    """Noise of 20-30 Hz; a tone would be taken out."""
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(len(SECONDS)))
    hz = np.fft.rfftfreq(len(SECONDS), 0.01)
    noise = np.fft.irfft(np.where((hz > 20) & (hz < 30), spectrum, 0), len(SECONDS))
    return (microvolt * noise / noise.std()).astype(np.float32)


@pytest.fixture(scope="module")
def recording() -> Recording:
    muscle = muscle_like(21)
    return Recording.from_arrays({"C4-M1": (brain() + muscle, 100.0), "E1-M2": (brain() + muscle, 100.0)})


@pytest.fixture(scope="module")
def hidden(recording) -> PreparedNight:
    return PreparedNight.read(recording, load_layout("nano"))


@pytest.fixture(scope="module")
def clean() -> tuple[Recording, PreparedNight]:
    recording = Recording.from_arrays({"C4-M1": (brain(), 100.0)})
    return recording, PreparedNight.read(recording, load_layout("nano"))


def test_probabilities_of_a_narrowed_eeg_are_widened(hidden):
    np.testing.assert_array_equal(widening_of(hidden, None, 1.0), np.full(EPOCHS, NARROWED_WIDENING))


def test_those_of_a_clean_one_are_not(clean):
    np.testing.assert_array_equal(widening_of(clean[1], None, 1.0), np.ones(EPOCHS))


def test_a_checkpoint_that_reads_no_evidence_has_none_that_is_hidden(hidden):
    np.testing.assert_array_equal(widening_of(hidden, None, 0.0), np.ones(EPOCHS))


def test_the_wider_of_two_reasons_counts(hidden, clean):
    np.testing.assert_array_equal(widening_of(hidden, Unfamiliar(2.5), 1.0), np.full(EPOCHS, 2.5))
    np.testing.assert_array_equal(widening_of(hidden, Unfamiliar(1.2), 1.0), np.full(EPOCHS, NARROWED_WIDENING))
    np.testing.assert_allclose(widening_of(clean[1], Unfamiliar(1.2), 1.0), 1.2)


def test_a_narrowed_eeg_is_no_condition_that_was_validated_and_narrowed_eyes_are(recording, hidden):
    night = limits_of(recording, hidden, Hypnogram.from_strings(["N2"] * EPOCHS))
    validated = {limit.message.split()[0]: limit.validated for limit in night if limit.code == "narrowed-band"}
    assert validated == {"C4-M1": False, "E1-M2": True}
