"""Real files that break readers, and what each gets."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from eegvlm.signals import EPOCH_S, Recording, RecordingError, Role, read_recording

pytestmark = pytest.mark.real_data

SLEEP_EDF = {"eeg_frontal": "Fpz-Cz", "eeg_occipital": "Pz-Oz", "eog_left": "EOG horizontal"}
# file -> what matches, the codes of its problems, its length in seconds; or the sentence that refuses it
OUTCOMES: dict[str, tuple[dict[str, str], set[str], float] | str] = {
    "edfio_tests/SC4001EC-Hypnogram.bdf": "this is a scoring, not a recording",
    "edfio_tests/SC4001EC-Hypnogram.edf": "this is a scoring, not a recording",
    "edfio_tests/mne_test.bdf": ({}, {"numbered-electrodes"}, 6),
    "edfio_tests/mne_test.edf": ({}, {"numbered-electrodes"}, 6),
    "edfio_tests/short_psg.bdf": (SLEEP_EDF, {"low-rate"}, 300),
    "edfio_tests/short_psg.edf": (SLEEP_EDF, {"low-rate"}, 300),
    "edfio_tests/test_subsecond.bdf": ({"eeg_frontal": "Fp1"}, set(), 698),
    "edfio_tests/test_subsecond.edf": ({"eeg_frontal": "Fp1"}, set(), 698),
    "fake_html_edf/SC4001E0-PSG.edf": "a web page, saved instead of the recording",
    "fake_html_edf/SC4001EC-Hypnogram.edf": "a web page, saved instead of the recording",
    "lfs_pointer_edf/SC4001E0-PSG.edf": "a Git LFS pointer",
    "mne_python_tests/duplicate_channel_labels.edf": ({"eeg_frontal": "F2-Ref"}, {"duplicate-label"}, 10),
    "mne_python_tests/test.bdf": (
        {
            "eeg_frontal": "F4-M1",
            "eeg_central": "C4-M1",
            "eeg_occipital": "O2-M1",
            "eog_left": "E1-M2",
            "eog_right": "E2-M2",
        },
        set(),
        1,
    ),
    "mne_python_tests/test.edf": ({}, {"numbered-electrodes"}, 6),
    "mne_python_tests/test_bdf_stim_channel.bdf": ({"eeg_central": "C4"}, set(), 10),
    "mne_python_tests/test_edf_stim_channel.edf": (
        {"eeg_frontal": "F4", "eeg_central": "C4", "eeg_occipital": "O2", "ecg": "ECG ECG1"},
        {"partly-flat"},
        9.59375,
    ),
    "mne_python_tests/test_stim_channel.edf": ({}, set(), 600),
    "mne_python_tests/test_uneven_samp.edf": ({}, set(), 110),
    "pyedflib_tests/test_generator.bdf": ({}, set(), 30),
    "pyedflib_tests/test_generator.edf": ({}, set(), 600),
    "pyedflib_tests/test_generator_datarec_generator_0_5.bdf": ({}, set(), 30),
    "pyedflib_tests/test_generator_datarec_generator_2.bdf": ({}, set(), 30),
    "pyedflib_tests/test_legacy.edf": ({}, set(), 600),
    "pyedflib_tests/test_subsecond.edf": ({"eeg_frontal": "Fp1"}, set(), 698),
    "pyedflib_tests/test_utf8.edf": ({"eeg_frontal": "Fp1"}, set(), 698),
    "rsleep_noxturnal/subject1.edf": (
        {
            "eeg_frontal": "F4-M1",
            "eeg_central": "C4-M1",
            "eeg_occipital": "O2-M1",
            "eog_left": "E1-M2",
            "eog_right": "E2-M1",
            "emg_chin": "1-2",
            "ecg": "ECG",
        },
        set(),
        120,
    ),
    "rsleep_noxturnal/noxturnal_events_example_unicode.csv": "plain text|no EDF",
}
READABLE = [name for name, outcome in OUTCOMES.items() if not isinstance(outcome, str)]


def matched(recording: Recording) -> dict[str, str]:
    return {c.role.value: c.name for c in recording.channels if c.role is not Role.OTHER}


@pytest.mark.parametrize("name", OUTCOMES)
def test_file_gets_its_outcome(name: str, real_data: Path) -> None:
    outcome = OUTCOMES[name]
    path = real_data / "edf_edge_cases" / name
    if isinstance(outcome, str):
        with pytest.raises(RecordingError, match=outcome):
            read_recording(path)
        return
    recording = read_recording(path)
    channels, codes, duration = outcome
    assert matched(recording) == channels
    assert {problem.code for problem in recording.problems} == codes
    assert recording.duration_s == duration


def test_no_file_of_the_folder_is_left_out(real_data: Path) -> None:
    folder = real_data / "edf_edge_cases"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == set(OUTCOMES)


@pytest.mark.parametrize("name", READABLE)
def test_samples_are_those_that_edfio_reads(name: str, real_data: Path) -> None:
    import edfio

    path = real_data / "edf_edge_cases" / name
    recording = read_recording(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.suffix == ".bdf":
            peer = edfio.read_bdf(path, header_encoding="latin-1")
        else:
            peer = edfio.read_edf(path, header_encoding="latin-1")
    ordinary = [s for s in peer.signals if s.label not in ("EDF Annotations", "BDF Annotations")]
    assert len(ordinary) == len(recording.source.signals)
    for index, (ours, theirs) in enumerate(zip(recording.source.signals, ordinary, strict=True)):
        assert float(ours.rate) == pytest.approx(theirs.sampling_frequency)
        factor = 1.0 if ours.factor is None else ours.factor
        expected = theirs.data * factor
        tolerance = 2e-7 * max(abs(theirs.physical_min), abs(theirs.physical_max)) * factor
        result = recording.source.read(index, 0, ours.n_samples)
        np.testing.assert_allclose(result, expected, rtol=1e-6, atol=tolerance)
        third = ours.n_samples // 3
        np.testing.assert_array_equal(recording.source.read(index, third, 2 * third + 1), result[third : 2 * third + 1])


@pytest.mark.parametrize("name", READABLE)
def test_every_channel_can_be_cut_into_epochs(name: str, real_data: Path) -> None:
    recording = read_recording(real_data / "edf_edge_cases" / name)
    for channel in recording.channels[:12]:
        epochs = recording.epochs(channel, rate=100)
        assert epochs.shape == (recording.n_epochs, 3000)
        assert np.isfinite(epochs).all(axis=1).tolist() == recording.scorable.tolist()
    described = recording.describe()
    assert described["n_epochs"] == -(-recording.duration_s // EPOCH_S)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("pyedflib_tests/test_subsecond.edf", datetime(2020, 1, 24, 4, 5, 56, 394531)),
        ("edfio_tests/test_subsecond.bdf", datetime(2020, 1, 24, 4, 5, 56, 394531)),
        ("pyedflib_tests/test_legacy.edf", datetime(2011, 4, 4, 12, 57, 2)),
        ("edfio_tests/short_psg.edf", datetime(1989, 4, 24, 16, 13)),
    ],
)
def test_start_is_to_the_microsecond(name: str, start: datetime, real_data: Path) -> None:
    assert read_recording(real_data / "edf_edge_cases" / name).start == start


def test_non_ascii_labels_are_readable(real_data: Path) -> None:
    recording = read_recording(real_data / "edf_edge_cases" / "rsleep_noxturnal" / "subject1.edf")
    labels = [signal.label for signal in recording.source.signals]
    assert "C3 Impédance" in labels
    assert len(labels) == 89


def test_edf_and_bdf_of_one_night_agree(real_data: Path) -> None:
    folder = real_data / "edf_edge_cases" / "edfio_tests"
    edf, bdf = (read_recording(folder / f"short_psg.{kind}") for kind in ("edf", "bdf"))
    for first, second in zip(edf.channels, bdf.channels, strict=True):
        np.testing.assert_allclose(edf.samples(first), bdf.samples(second), atol=1e-3)


def test_original_scoring_given_as_a_recording_is_named(real_data: Path) -> None:
    with pytest.raises(RecordingError, match="this is a scoring"):
        read_recording(real_data / "sleep_edf" / "SC4001EC-Hypnogram.edf")


def test_first_minutes_of_sleep_edf(real_data: Path) -> None:
    recording = read_recording(real_data / "sleep_edf" / "SC4001E0-PSG_first300s.edf")
    assert matched(recording) == SLEEP_EDF
    assert recording.n_epochs == 10
    (problem,) = recording.problems
    assert (problem.code, problem.channel, problem.severity) == ("low-rate", "EMG submental", "error")
