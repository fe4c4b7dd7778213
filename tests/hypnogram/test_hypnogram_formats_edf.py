"""EDF+ annotations: the spellings and habits of the public data sets, and what MNE reads back."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from edfio import Edf, EdfAnnotation, EdfSignal, Recording

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, read_hypnogram, write_hypnogram

W, N1, N2, N3, R, U = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R, Stage.UNSCORED


def written(folder, *annotations, signals=(), name="scoring.edf", **fields):
    path = folder / name
    Edf(signals, annotations=[EdfAnnotation(*a) for a in annotations], **fields).write(path)
    return path


def test_sleep_edf_annotations_last_as_many_epochs_as_they_say(tmp_path):
    path = written(
        tmp_path,
        (0, 90, "Sleep stage W"),
        (90, 30, "Sleep stage 1"),
        (120, 60, "Sleep stage 4"),
        (180, 30, "Movement time"),
        (210, 30, "Sleep stage R"),
        (240, 60, "Sleep stage ?"),
        starttime=time(16, 13),
        recording=Recording(startdate=date(1989, 4, 24)),
    )
    hypnogram = read_hypnogram(path)
    assert hypnogram.labels == ["W", "W", "W", "N1", "N3", "N3", "?", "R", "?", "?"]
    assert (hypnogram.epoch_s, hypnogram.start, hypnogram.onset_s) == (30, datetime(1989, 4, 24, 16, 13), 0)
    assert "R&K" in hypnogram.notes[0]


def test_hmc_annotations_lie_among_others_and_lights_are_noted(tmp_path):
    path = written(
        tmp_path,
        (0, 30, "Sleep stage W"),
        (12.5, 0, "Lights off@@EEG F4-A1"),
        (30, 30, "Sleep stage N1"),
        (60, 30, "Sleep stage N2"),
        (70, 3, "EEG arousal"),
    )
    hypnogram = read_hypnogram(path)
    assert hypnogram.labels == ["W", "N1", "N2"]
    left_out = "2 other annotations are not sleep stages: 'Lights off', 'EEG arousal'"
    assert hypnogram.notes == (left_out, "lights off is marked at 12.5 s")


def test_mass_20_s_epochs_start_late_and_keep_their_length(tmp_path):
    path = written(tmp_path, *((4.002151 + 20 * k, 20, f"Sleep stage {s}") for k, s in enumerate("WW123R")))
    hypnogram = read_hypnogram(path)
    assert (hypnogram.epoch_s, hypnogram.onset_s) == (20, 4.002151)
    assert hypnogram.resample_to(30).labels == ["W", "N1", "N2", "R"]


def test_epochs_of_a_drifting_clock_are_on_the_grid(tmp_path):
    path = written(tmp_path, *((29.9995 * k, 29.9995, "Sleep stage N2") for k in range(200)))
    hypnogram = read_hypnogram(path)
    assert (hypnogram.epoch_s, len(hypnogram), hypnogram.notes) == (30, 200, ())


def test_gaps_are_unscored_and_noted(tmp_path):
    path = written(tmp_path, (0, 60, "Sleep stage W"), (120, 30, "Sleep stage N2"))
    hypnogram = read_hypnogram(path)
    assert hypnogram.labels == ["W", "W", "?", "?", "N2"]
    assert hypnogram.notes == ("60 s between the stages are not scored",)


def test_annotations_off_the_grid_take_the_majority_of_each_epoch_and_say_so(tmp_path):
    path = written(
        tmp_path,
        (0, 30, "Sleep stage W"),
        (40, 30, "Sleep stage N1"),
        (70, 30, "Sleep stage N2"),
        (100, 20, "Sleep stage R"),
    )
    hypnogram = read_hypnogram(path)
    assert hypnogram.epoch_s == 30
    assert hypnogram.labels == ["W", "N1", "N2", "R"]
    assert any("off the 30-s grid" in note for note in hypnogram.notes)


def test_annotations_without_a_length_last_until_the_next(tmp_path):
    path = written(tmp_path, (0, None, "Sleep stage W"), (90, None, "Sleep stage N2"), (120, None, "Sleep stage R"))
    hypnogram = read_hypnogram(path)
    assert hypnogram.labels == ["W", "W", "W", "N2", "R"]
    assert any("without a length" in note for note in hypnogram.notes)


def test_the_user_may_give_the_length_of_an_epoch(tmp_path):
    path = written(tmp_path, (0, 60, "Sleep stage W"), (60, 60, "Sleep stage R"))
    assert read_hypnogram(path, epoch_s=20).labels == ["W"] * 3 + ["R"] * 3
    assert len(read_hypnogram(path)) == 4


def test_a_recording_with_signals_holds_its_scoring_too(tmp_path):
    import numpy as np

    signal = EdfSignal(np.zeros(6000), 100, label="EEG Fpz-Cz", physical_range=(-100, 100))
    path = written(tmp_path, (0, 30, "Sleep stage W"), (30, 30, "Sleep stage R"), signals=[signal])
    assert read_hypnogram(path).labels == ["W", "R"]


def test_bare_labels_are_read_where_nothing_says_sleep_stage_and_movement_is_not_a_stage_then(tmp_path):
    path = written(tmp_path, (0, 30, "W"), (30, 30, "S2"), (40, 5, "Movement"), (60, 30, "REM"))
    assert read_hypnogram(path).labels == ["W", "N2", "R"]


def test_the_same_stage_twice_at_one_time_is_taken_once(tmp_path):
    path = written(tmp_path, (0, 60, "Sleep stage N2"), (0, 30, "Sleep stage N2"), (60, 30, "Sleep stage R"))
    assert read_hypnogram(path).labels == ["N2", "N2", "R"]


def test_two_scorings_in_one_file_are_refused(tmp_path):
    path = written(tmp_path, (0, 30, "Sleep stage W"), (0, 30, "Sleep stage R"), (30, 30, "Sleep stage R"))
    with pytest.raises(HypnogramError, match="two stages overlap"):
        read_hypnogram(path)


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ([(0, 30, "Sleep stage W"), (30, 30, "Sleep stage 7")], "Sleep stage 7"),
        ([(0, 30, "EEG arousal")], "none of them a stage"),
    ],
)
def test_unknown_stages_and_none_are_refused(tmp_path, annotations, words):
    with pytest.raises(HypnogramError, match=words):
        read_hypnogram(written(tmp_path, *annotations))


def test_a_start_that_the_header_hides_is_none_and_a_hidden_date_keeps_the_clock(tmp_path):
    stage = (0, 30, "Sleep stage W")
    assert read_hypnogram(written(tmp_path, stage)).start is None
    clock_only = written(tmp_path, stage, starttime=time(22, 15))
    assert read_hypnogram(clock_only).start == datetime(1985, 1, 1, 22, 15)


def test_what_is_written_reads_back_with_a_sub_second_start(tmp_path):
    start = datetime(2024, 5, 31, 22, 15, 0, 123_456)
    hypnogram = Hypnogram([W, N1, N2, N3, R, U], start=start, onset_s=7.5)
    write_hypnogram(hypnogram, tmp_path / "scoring.edf")
    assert read_hypnogram(tmp_path / "scoring.edf") == hypnogram


def test_mne_reads_what_is_written(tmp_path):
    mne = pytest.importorskip("mne")
    path = tmp_path / "scoring.edf"
    write_hypnogram(Hypnogram([W, N2, U], start=datetime(2024, 5, 31, 22, 15, 0, 250_000), onset_s=30), path)
    annotations = mne.read_annotations(path)
    assert annotations.description.tolist() == ["Sleep stage W", "Sleep stage N2", "Sleep stage ?"]
    assert annotations.duration.tolist() == [30, 30, 30]
    assert annotations.onset.tolist() == [30, 60, 90]


def test_nothing_of_a_patient_is_written(tmp_path):
    write_hypnogram(Hypnogram([W], start=datetime(2024, 5, 31)), tmp_path / "scoring.edf")
    assert (tmp_path / "scoring.edf").read_bytes()[8:88].decode().strip() == "X X X X"


def test_years_that_edf_cannot_hold_and_codes_are_refused(tmp_path):
    with pytest.raises(HypnogramError, match="1985 to 2084"):
        write_hypnogram(Hypnogram([W], start=datetime(1970, 1, 1)), tmp_path / "scoring.edf")
    with pytest.raises(HypnogramError, match="leave the coding out"):
        write_hypnogram(Hypnogram([W]), tmp_path / "scoring.edf", coding="yasa")
