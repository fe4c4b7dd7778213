"""Simulated nights as a data set: one specification, nothing computed before it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.lab.datasets import DatasetError, open_dataset, split_by_subject
from eegvlm.lab.datasets.simulated import SimulatedNights, parse_nights
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Role


@pytest.mark.parametrize(
    ("text", "nights"),
    [
        ("4", SimulatedNights(nights=4)),
        ("", SimulatedNights()),
        ("simulated:nights=4,seed=1000000,hours=8", SimulatedNights(4, 1000000, 8.0)),
        ("hours=0.5, seed=7", SimulatedNights(1, 7, 0.5)),
        ("nights=2,rate=100", SimulatedNights(2, 0, 8.0, 100.0)),
    ],
)
def test_a_specification_may_leave_out_any_part(text: str, nights: SimulatedNights) -> None:
    assert parse_nights(text) == nights


@pytest.mark.parametrize(
    "text", ["nights=0", "nights=2.5", "seed=-1", "hours=0", "hours=nan", "rate=99.99", "night=2", "4,5"]
)
def test_a_specification_that_cannot_be_used_is_one_sentence(text: str) -> None:
    with pytest.raises(DatasetError, match="simulated: "):
        open_dataset("simulated", text)


def test_stages_alone_are_those_of_the_whole_night() -> None:
    night = open_dataset("simulated:nights=2,seed=40,hours=0.5,rate=100").night("seed-41")
    whole = simulate_night(hours=0.5, seed=41, rate=100)
    np.testing.assert_array_equal(night.hypnogram().stages, whole.stages)
    recording = night.recording()
    assert recording.n_epochs == len(night.hypnogram()) == 60
    assert recording.start == night.hypnogram().start
    assert str(recording.path) == "<simulated night 41>"
    eeg = recording.channel(Role.EEG_CENTRAL)
    assert eeg is not None
    np.testing.assert_array_equal(recording.samples(eeg), whole.signals["EEG C4-M1"])


def test_opening_a_thousand_nights_simulates_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eegvlm.lab.simulation.simulate_night", lambda **_: pytest.fail("a night was simulated"))
    dataset = open_dataset("simulated", "nights=1000,seed=5")
    assert (len(dataset), len(dataset.subjects), dataset.problems) == (1000, 1000, ())
    assert len(split_by_subject(dataset.nights, folds=5)) == 5


def test_wake_can_be_cropped_and_channels_chosen() -> None:
    night = open_dataset("simulated", "seed=1,hours=2", wake_crop_min=5).nights[0]
    hypnogram = night.hypnogram()
    sleep = np.flatnonzero(hypnogram.stages > 0)
    assert sleep[0] <= 10
    assert len(hypnogram) - 1 - sleep[-1] <= 10
    recording = night.recording({"eeg": "EEG O2-M1"})
    assert recording.n_epochs == len(hypnogram)
    assert {c.name for c in recording.channels if c.role.modality == "eeg"} == {"EEG O2-M1"}
