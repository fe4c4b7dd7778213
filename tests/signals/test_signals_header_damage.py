"""Damaged numbers of a header: lengths that no file can have, and scales that contradict the rest of the file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eegvlm.signals import Recording, RecordingError, Role, read_recording

Maker = Callable[..., Any]
EEG = ("F4-M1", "C4-M1", "O2-M1")


def codes(recording: Recording) -> set[str]:
    return {problem.code for problem in recording.problems}


@pytest.fixture
def three(edf: Maker, lead: Maker, tmp_path: Path) -> Callable[..., Recording]:
    """Return a maker of recordings of three EEG channels: ``three({"physical": (-1, 1)})`` changes the second."""

    def make(change: dict[str, Any] | None = None, **more: Any) -> Recording:
        leads = [lead(label, seed=seed, **(change or {}) if seed == 1 else {}) for seed, label in enumerate(EEG)]
        return read_recording(edf(leads, **more).write(tmp_path / "night.edf"))

    return make


@pytest.mark.parametrize("duration", ["99999999", "9999999", "604800", "90000", "1e8"])
def test_a_duration_that_no_recording_has_is_refused_before_memory_is_taken(
    duration: str, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    path = edf([lead("C4-M1")], record_s=duration).write(tmp_path / "night.edf")
    tracemalloc.start()
    with pytest.raises(RecordingError, match=r"duration of a data record.*(14 days|export the recording again)"):
        read_recording(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_arrays_of_years_are_refused() -> None:
    with pytest.raises(RecordingError, match=r"rate of 'C4'.*at most 14 days"):
        Recording.from_arrays({"C4": (np.zeros(2_000), 0.001), "F4": (np.zeros(2_000), 100_000.0)})


def test_a_week_is_read(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1", rate=50, record_s=1)], record_s="1", n_records=-1).write(tmp_path / "week.edf")
    with path.open("r+b") as file:
        file.truncate(512 + 7 * 86400 * 50 * 2)
    assert read_recording(path).n_epochs == 7 * 2880


def test_a_file_that_is_nearly_all_gap_is_refused(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    onsets = [f"+{second}" for second in (*range(30), *range(500_000, 500_030))]
    path = edf([lead("C4-M1")], plus="D", onsets=onsets).write(tmp_path / "a.edf")
    with pytest.raises(RecordingError, match=r"onset of the last data record.*1.0 min of signal.*time line"):
        read_recording(path)
    continuous = read_recording(edf([lead("C4-M1")], plus="C", onsets=onsets).write(tmp_path / "b.edf"))
    assert codes(continuous) == {"contradictory-onsets"}
    assert continuous.duration_s == 60


def test_two_nights_in_one_file_are_read(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    onsets = [f"+{30 * record + (57_600 if record >= 60 else 0)}" for record in range(120)]
    leads = [lead("C4-M1", seconds=3600, rate=64, record_s=30)]
    recording = read_recording(edf(leads, record_s="30", plus="D", onsets=onsets).write(tmp_path / "a.edf"))
    assert recording.gaps == ((1800.0, 59_400.0),)


def test_a_rate_beyond_any_amplifier_bars_the_channel(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    recording = read_recording(edf([lead("C4-M1", rate=100)], record_s="0.001").write(tmp_path / "a.edf"))
    assert codes(recording) == {"high-rate"}
    with pytest.raises(RecordingError, match="100000 Hz"):
        recording.channel(Role.EEG_CENTRAL)


@pytest.mark.parametrize("number", ["1_000", "12\n34", "0x10", "1/2", "--5", "1 0", "nan", "inf"])
def test_what_is_no_number_is_no_calibration(number: str, three: Callable[..., Recording]) -> None:
    assert "no-calibration" in codes(three({"physical": ("-3276.8", number)}))


@pytest.mark.parametrize("number", ["3276,7", "+3276.7", "3.2767e3", "3276.70"])
def test_spellings_of_one_number_are_one_scale(number: str, three: Callable[..., Recording]) -> None:
    assert codes(three({"physical": ("-3276.8", number)})) == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"physical": (-327.68, 327.67)}, "calibration-differs"),
        ({"physical": (-3276.8, 3276.1)}, "calibration-differs"),
        ({"digital": (-32767, 32767)}, "calibration-differs"),
        ({"physical": (3276.7, -3276.8)}, "polarity-differs"),
        ({"physical": (-3276.8, 9276.7)}, "shifted-calibration"),
        ({"digital": (-32768, 22767)}, "shifted-calibration"),
        ({"physical": (0, 3276.7)}, "shifted-calibration"),
        ({"digital": (-99999, 32767)}, "digital-range"),
    ],
)
def test_a_scale_that_contradicts_the_file_is_told(
    change: dict[str, Any], code: str, three: Callable[..., Recording]
) -> None:
    assert code in codes(three(change))


def test_a_wrong_limit_of_a_lonely_channel_is_told_by_its_samples(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    wrong = lead("C4-M1", physical=(-3276.8, 2276.7))
    assert codes(read_recording(edf([wrong]).write(tmp_path / "a.edf"))) == {"shifted-calibration"}


def test_samples_beyond_the_digital_range_are_told(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    wrong = lead("C4-M1", physical=(-50, 50), digital=(-500, 500))
    assert "beyond-range" in codes(read_recording(edf([wrong]).write(tmp_path / "a.edf")))


def test_ranges_fitted_to_the_data_are_no_contradiction(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    leads = []
    for seed, label in enumerate(EEG):
        counts = lead(label, seed=seed).counts
        low, high = int(counts.min()) - 50 * seed, int(counts.max()) + 90 * seed
        full = np.round((counts - low) / (high - low) * 65535 - 32768).astype(int)
        leads.append(lead(label, counts=full, physical=(low / 10, high / 10)))
    assert codes(read_recording(edf(leads).write(tmp_path / "a.edf"))) == set()


def test_an_amplifier_with_direct_current_is_no_contradiction(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    offset = lead("C4-M1").counts + 15_000
    assert codes(read_recording(edf([lead("C4-M1", counts=offset)]).write(tmp_path / "a.edf"))) == set()


def test_two_signals_of_a_modality_with_ranges_of_their_own_are_no_contradiction(
    edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    leads = [lead("Fpz-Cz", physical=(-1920, 1920)), lead("Pz-Oz", physical=(-1970, 1960))]
    assert codes(read_recording(edf(leads).write(tmp_path / "a.edf"))) == set()
    leads[1] = lead("Pz-Oz", physical=(-19200, 19200))
    assert "calibration-differs" in codes(read_recording(edf(leads).write(tmp_path / "b.edf")))


def test_exchanged_ranges_of_eeg_are_told_by_the_amplitudes(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    leads = [lead("Fpz-Cz", physical=(-10090, 10090)), lead("Pz-Oz", physical=(-1970, 1960), seed=1)]
    assert "amplitudes-differ" in codes(read_recording(edf(leads).write(tmp_path / "a.edf")))


def test_a_rate_unlike_its_siblings_is_told(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    leads = [lead("F4-M1"), lead("C4-M1"), lead("O2-M1", rate=128)]
    assert codes(read_recording(edf(leads).write(tmp_path / "a.edf"))) == {"rate-differs"}


@pytest.mark.parametrize("duration", ["0.7", "0.02"])
def test_an_unusual_rate_is_told(duration: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    assert codes(read_recording(edf([lead("C4-M1")], record_s=duration).write(tmp_path / "a.edf"))) == {"odd-rate"}


@pytest.mark.parametrize(
    "label", ["EEG D4-M1", "C4-W1", "EOG K", "EMG submenta", "", b"EEG C\xff-M1", "E?G C3-M2", "EOG horizntal"]
)
def test_a_label_that_hints_at_a_channel_is_told(label: str | bytes, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    recording = read_recording(edf([lead("F4-M1"), lead(label)]).write(tmp_path / "a.edf"))
    assert codes(recording) == {"label-unread"}


@pytest.mark.parametrize(
    "label", ["EEG T3-A2", "T4", "Left Leg", "EMG LAT", "EOG VEOG_I", "Thorax", "Snore", "EEG 001", "Status", "1-2"]
)
def test_a_label_that_scoring_has_no_use_for_is_not_told(label: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    assert codes(read_recording(edf([lead("F4-M1"), lead(label)]).write(tmp_path / "a.edf"))) == set()


def test_dates_that_contradict_each_other_are_told(three: Callable[..., Recording]) -> None:
    recording = three(start=("02.03.25", "22.30.15"))
    assert codes(recording) == {"start-contradiction"}
    assert recording.start is not None
    assert recording.start.year == 2024


@pytest.mark.parametrize(
    ("plus", "first", "code"),
    [("C", 7.0, "late-first-record"), ("C", -0.25, "late-first-record"), ("", 0.25, "undeclared-edf-plus")],
)
def test_a_start_that_the_first_onset_moves_is_told(
    plus: str, first: float, code: str, three: Callable[..., Recording]
) -> None:
    assert codes(three(plus=plus, onsets=[f"{first + second:+g}" for second in range(60)])) == {code}


def test_annotations_without_a_claim_of_edf_plus_are_nothing_to_tell(three: Callable[..., Recording]) -> None:
    assert codes(three(onsets=[f"+{second}" for second in range(60)])) == set()
    assert codes(three(onsets=["no onset"] * 60)) == set()


def test_edf_plus_without_annotations_is_told(three: Callable[..., Recording]) -> None:
    assert codes(three(plus="C")) == {"no-time-keeping"}
