"""Lists of events whose texts look like stages are refused; scorings with holes are read."""

from __future__ import annotations

import random
from datetime import date, time

import edfio
import numpy as np
import pytest
from eight_hours import EPOCHS, LABELS, RUNS

from eegvlm.hypnogram import HypnogramError, read_hypnogram

RNG = random.Random(3)
# 120 events of 3 to 15 s, each within an epoch of its own, with the stage of that epoch.
EVENTS = [
    (30 * epoch + round(RNG.uniform(1, 14), 1), round(RNG.uniform(3, 15), 1), LABELS[epoch])
    for epoch in sorted(RNG.sample(range(960), 120))
]


def table(folder, header, rows, name="night.csv", delimiter=","):
    path = folder / name
    path.write_text("\n".join(delimiter.join(map(str, row)) for row in (header, *rows)) + "\n")
    return path


def edf(folder, annotations):
    signal = edfio.EdfSignal(np.zeros(28800), 1.0, label="EEG C4-M1", physical_dimension="uV", physical_range=(-1, 1))
    path = folder / "night.edf"
    edfio.Edf(
        [signal],
        annotations=[edfio.EdfAnnotation(*annotation) for annotation in annotations],
        recording=edfio.Recording(startdate=date(2024, 10, 26)),
        starttime=time(22, 41, 17),
    ).write(path)
    return path


@pytest.mark.parametrize("unit", ["", "_s"])
def test_events_with_the_stage_in_which_they_lie_are_no_scoring(tmp_path, unit):
    rows = [(at, length, "Hypopnea", stage) for at, length, stage in EVENTS]
    path = table(tmp_path, (f"onset{unit}", f"duration{unit}", "event", "stage"), rows)
    with pytest.raises(HypnogramError):
        read_hypnogram(path)


@pytest.mark.parametrize("n", [3, 6, 120])
def test_the_sentence_says_how_little_the_events_cover_and_what_to_give(tmp_path, n):
    rows = [(at, round(at + length, 1), stage) for at, length, stage in EVENTS[:n]]
    with pytest.raises(HypnogramError, match=rf"line 2, stages: {n} that last \d+% .*events.*give the list of stages"):
        read_hypnogram(table(tmp_path, ("start_s", "end_s", "stage"), rows))


@pytest.mark.parametrize("types", ["RS", "RMW", "AHR"])
def test_types_of_arousals_and_apnoeas_are_no_stages(tmp_path, types):
    rng = random.Random(1)
    rows = [(at, length, rng.choice(types)) for at, length, _ in EVENTS]
    with pytest.raises(HypnogramError, match="these seem to be events"):
        read_hypnogram(table(tmp_path, ("onset_s", "duration_s", "type"), rows))
    with pytest.raises(HypnogramError, match="these seem to be events"):
        read_hypnogram(edf(tmp_path, rows))
    with pytest.raises(HypnogramError, match="these seem to be events"):
        read_hypnogram(table(tmp_path, ("onset", "duration", "trial_type"), rows, "sub-1_events.tsv", "\t"))


def test_marks_of_rapid_eye_movements_without_a_length_are_no_stages(tmp_path):
    with pytest.raises(HypnogramError, match="120 without a length, at times that are no epochs"):
        read_hypnogram(edf(tmp_path, [(at, None, "REM") for at, _, _ in EVENTS]))


def test_periods_of_rem_alone_are_no_scoring(tmp_path):
    rows = [run for run in RUNS if run[2] == "R"]
    with pytest.raises(HypnogramError, match="single periods"):
        read_hypnogram(table(tmp_path, ("start_s", "end_s", "stage"), rows))


@pytest.mark.parametrize("length", [1, 30])
def test_changes_of_stage_that_all_last_one_length_are_refused(tmp_path, length):
    rows = [(start, length, f"Sleep stage {stage}") for start, _, stage in RUNS]
    with pytest.raises(HypnogramError, match="each as long as it lasts"):
        read_hypnogram(table(tmp_path, ("onset_s", "duration_s", "annotation"), rows))
    with pytest.raises(HypnogramError, match="each as long as it lasts"):
        read_hypnogram(edf(tmp_path, rows))


@pytest.mark.parametrize("length", [1, 20])
def test_epochs_that_never_meet_are_refused(tmp_path, length):
    rows = [(start, length, stage) for start, _, stage in EPOCHS]
    with pytest.raises(HypnogramError, match=r"events|no stage lasts until the next one starts"):
        read_hypnogram(table(tmp_path, ("onset_s", "duration_s", "stage"), rows))


@pytest.mark.parametrize("at", [2.0, 13.7, 28.0])
def test_an_event_with_the_name_of_a_stage_within_an_epoch_is_refused(tmp_path, at):
    events = [(start + at, 1.5, "REM") for start, _, stage in EPOCHS[::40] if stage != "R"]
    rows = sorted([(float(start), 30.0, stage) for start, _, stage in EPOCHS] + events)
    with pytest.raises(HypnogramError, match="two stages overlap"):
        read_hypnogram(edf(tmp_path, rows))


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_scoring_with_epochs_missing_anywhere_is_read(tmp_path, share):
    rows_left = sorted(random.Random(2).sample(range(960), int(share * 960)))
    path = table(tmp_path, ("onset_s", "duration_s", "stage"), [(30 * k, 30, LABELS[k]) for k in rows_left])
    read = read_hypnogram(path)
    assert {round(read.onset_s / 30) + k: label for k, label in enumerate(read.labels) if label != "?"} == {
        k: LABELS[k] for k in rows_left
    }


def test_two_naps_with_hours_between_are_read(tmp_path):
    naps = [(at + 30 * k, 30, label) for at in (0, 36000) for k, label in enumerate(LABELS[:100])]
    read = read_hypnogram(table(tmp_path, ("onset_s", "duration_s", "stage"), naps))
    assert read.labels == LABELS[:100] + ["?"] * 1100 + LABELS[:100]


def test_changes_that_repeat_a_stage_at_the_top_of_a_page_are_read(tmp_path):
    changes = {start for start, _, _ in RUNS}
    rows = [(start, None, f"Sleep stage {stage}") for start, _, stage in EPOCHS if start in changes or start % 300 == 0]
    assert read_hypnogram(edf(tmp_path, rows)).labels == LABELS
