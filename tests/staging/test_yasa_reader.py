"""YASA as a second reader: which channels it is given, and that no answer ever moves to another epoch.

What is given to YASA is tested with a stand-in, so that it is also where YASA is not installed.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.hypnogram import agreement, yasa_staging
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording, RecordingError
from eegvlm.staging import second_reader_named, yasa_reader
from eegvlm.staging.yasa_reader import YasaReader

RATE = 100
LEVELS_UV = 10.0 * (1 + np.arange(5))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """What YASA is given; in its place stands a reader that tells an epoch's stage by its mean voltage."""
    signals: dict[str, np.ndarray] = {}

    def by_level(epochs: dict[str, np.ndarray], rate: float) -> np.ndarray:
        assert rate == RATE
        signals.update(epochs)
        nearest = np.abs(epochs["eeg"].mean(axis=1)[:, None] - LEVELS_UV).argmin(axis=1)
        return np.eye(5, dtype=np.float32)[nearest]

    monkeypatch.setattr(yasa_staging, "version", lambda _: "0.8.1")
    monkeypatch.setattr(yasa_reader, "yasa_probabilities", by_level)
    return signals


def levels(stages: np.ndarray, *, rate: int = RATE, further_s: float = 0.0) -> np.ndarray:
    """Return an EEG whose mean voltage tells the stage of each epoch."""
    further = np.full(round(further_s * rate), LEVELS_UV[0])
    noise = np.random.default_rng(0).normal(0, 1, len(stages) * 30 * rate)
    return np.concatenate([np.repeat(LEVELS_UV[stages], 30 * rate) + noise, further])


STAGES = np.random.default_rng(1).integers(0, 5, 40)


@pytest.mark.parametrize("rate", [100, 128, 256])
def test_every_epoch_of_a_whole_night_gets_its_own_answer(given: dict[str, np.ndarray], rate: int):
    night = YasaReader().stage(Recording.from_arrays({"C4-M1": (levels(STAGES, rate=rate), float(rate))}))
    np.testing.assert_array_equal(night.stages, STAGES)
    assert night.notes == (
        "read C4-M1 as EEG",
        "read no EOG: the recording has none",
        "read no EMG: the recording has none",
    )


def test_an_incomplete_last_epoch_is_unscored_and_moves_none(given: dict[str, np.ndarray]):
    night = YasaReader().stage(Recording.from_arrays({"C4-M1": (levels(STAGES, further_s=17.0), 100.0)}))
    assert night.labels[-1] == "?"
    np.testing.assert_array_equal(night.stages[:-1], STAGES)
    assert np.isnan(night.probabilities[-1]).all()


def test_epochs_in_a_gap_are_unscored_and_those_after_it_keep_their_place(given: dict[str, np.ndarray]):
    eeg = levels(STAGES)
    eeg[10 * 3000 + 500 : 13 * 3000 + 200] = np.nan
    night = YasaReader().stage(Recording.from_arrays({"C4-M1": (eeg, 100.0)}))
    expected = STAGES.copy()
    expected[10:14] = -1
    np.testing.assert_array_equal(night.stages, expected)
    assert len(given["eeg"]) == 36
    assert np.isfinite(given["eeg"]).all()
    assert night.notes[-1].startswith("4 epochs without complete EEG were cut out")


def test_eog_and_chin_are_given_where_they_are_complete(given: dict[str, np.ndarray]):
    eeg = levels(STAGES)
    with_gap = eeg.copy()
    with_gap[5000:6000] = np.nan
    night = YasaReader().stage(
        Recording.from_arrays(
            {"C4-M1": (eeg, 100.0), "E1-M2": (2 * eeg, 100.0), "EMG chin": (with_gap, 100.0)},
        )
    )
    assert list(given) == ["eeg", "eog"]
    np.testing.assert_allclose(given["eog"], 2 * given["eeg"], atol=0.01)
    assert night.notes[1] == "read E1-M2 as EOG"
    assert night.notes[2].startswith("read no EMG: ")
    assert night.notes[2].endswith(" has gaps where the EEG has none")
    assert not (night.stages < 0).any()


def test_a_slow_eog_is_left_out_and_named(given: dict[str, np.ndarray]):
    eog = np.random.default_rng(0).normal(0, 20, 40 * 30 * 64)
    night = YasaReader().stage(Recording.from_arrays({"C4-M1": (levels(STAGES), 100.0), "E1-M2": (eog, 64.0)}))
    assert list(given) == ["eeg"]
    assert night.notes[1] == "read no EOG: E1-M2 has 64 Hz, YASA needs more than 80"


def test_a_slow_or_short_eeg_is_refused_with_the_remedy(given: dict[str, np.ndarray]):
    with pytest.raises(InputError, match="64 Hz; YASA needs more than 80 Hz"):
        YasaReader().stage(Recording.from_arrays({"C4-M1": (levels(STAGES, rate=64), 64.0)}))
    with pytest.raises(InputError, match=r"4\.5 minutes; YASA needs 5 minutes"):
        YasaReader().stage(Recording.from_arrays({"C4-M1": (levels(STAGES[:9]), 100.0)}))


def test_a_recording_without_eeg_is_refused(given: dict[str, np.ndarray]):
    with pytest.raises(RecordingError, match="none recognised; YASA needs one"):
        YasaReader().stage(Recording.from_arrays({"EMG chin": (levels(STAGES), 100.0)}))


@pytest.mark.parametrize("missing", ["yasa", "mne"])
def test_without_yasa_the_remedy_is_named_before_a_night_is_read(monkeypatch: pytest.MonkeyPatch, missing: str):
    def version(name: str) -> str:
        if name == missing:
            raise PackageNotFoundError(name)
        return "1.9"

    monkeypatch.setattr(yasa_staging, "version", version)
    with pytest.raises(InputError, match=rf"{missing} is not installed; pip install 'eeg-vlm\[second-reader\]'"):
        second_reader_named("yasa")


def test_a_yasa_without_probabilities_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(yasa_staging, "version", lambda _: "0.6.5")
    with pytest.raises(InputError, match=r"0\.6\.5; 0\.7 or later is needed"):
        second_reader_named("yasa")


def test_yasa_itself_stages_a_night_with_gaps_as_it_stages_its_parts_joined():
    pytest.importorskip("yasa")
    signals = simulate_night(hours=1, seed=5, rate=100, channels=["EEG C4-M1"]).signals
    eeg = signals["EEG C4-M1"].copy()
    eeg[30 * 3000 : 34 * 3000] = np.nan
    recording = Recording.from_arrays({"C4-M1": (eeg[:-1000], 100.0)})
    night = second_reader_named("yasa").stage(recording)
    assert [epoch for epoch, label in enumerate(night.labels) if label == "?"] == [30, 31, 32, 33, 119]
    read = recording.epochs(recording.channels[0], rate=100.0)[night.scored]
    joined = yasa_staging.yasa_probabilities({"eeg": read}, 100.0)
    np.testing.assert_array_equal(night.probabilities[night.scored], joined)
    np.testing.assert_allclose(joined.sum(axis=1), 1, atol=1e-3)


def test_yasa_itself_reads_eog_and_chin_beside_the_eeg():
    pytest.importorskip("yasa")
    recording = simulate_night(hours=0.5, seed=5).recording()
    night = second_reader_named("yasa").stage(recording)
    assert len(night) == 60
    assert night.scored.all()
    assert [note.split()[-1] for note in night.notes] == ["EEG", "EOG", "EMG"]


@pytest.mark.real_data
def test_yasa_agrees_with_the_expert_on_a_real_night(real_data: Path):
    pytest.importorskip("yasa")
    night = open_dataset("ucddb-epochs", str(real_data / "ucddb"), only="ucddb018").nights[0]
    staged = second_reader_named("yasa").stage(night.recording())
    kappa = agreement(night.hypnogram(), staged, by="onset").kappa
    assert kappa is not None
    assert kappa > 0.75  # 0.813 with YASA 0.8.1
