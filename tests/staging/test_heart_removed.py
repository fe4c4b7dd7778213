"""What was taken out of a recording is told."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation.emg_ecg import electrocardiogram
from eegvlm.lab.simulation.night import simulate_night
from eegvlm.lab.simulation.subject import Subject
from eegvlm.signals import Recording
from eegvlm.staging.unstaged import quality_problems, quality_words


@pytest.fixture(scope="module")
def leaky() -> Recording:
    night = simulate_night(hours=0.5, seed=7, channels=["EEG C4-M1"], subject=Subject())
    eeg = night.signals["EEG C4-M1"]
    r_waves = np.arange(0.5, 1800, 0.93)
    ecg = electrocardiogram(r_waves, len(eeg), night.rate)
    return Recording.from_arrays({"EEG C4-M1": (eeg + 65 / 1100 * ecg, night.rate), "ECG": (ecg, night.rate)})


def test_the_removed_heart_is_told_with_its_height_and_epochs(leaky: Recording) -> None:
    night = PreparedNight.read(leaky, load_layout("nano"))
    told = [problem for problem in quality_problems(night, leaky) if problem.code == "heart-removed"]
    assert len(told) == 1
    assert told[0].channel == "C4-M1"
    assert told[0].message.startswith("the heart (6")
    assert "µV) was taken out of C4-M1 in 60 epochs" in told[0].message


def test_an_epoch_is_not_doubtful_for_a_heart_that_was_taken_out(leaky: Recording) -> None:
    night = PreparedNight.read(leaky, load_layout("nano"))
    words = quality_words(night)
    assert words is not None
    assert words.count("good") > 50
    assert not any(
        "the heart" in one.message for one in quality_problems(night, leaky) if one.code == "doubtful-signal"
    )
