"""A technician's table that begins ten minutes after its recording: clock, dates, epoch numbers, onsets alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import edfio
import numpy as np
import pytest

from eegvlm.cli.compare import compare
from eegvlm.hypnogram import Hypnogram, agreement, align, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.timing import Timing
from eegvlm.lab.datasets import open_dataset

START = datetime(2001, 1, 1, 22, 30)
LEAD, EPOCHS = 20, 240
LABELS = ("W", "N1", "N2", "N3", "R")
Row = Callable[[int, str], str]


def stages() -> np.ndarray:
    drawn = np.random.default_rng(7)
    return np.repeat(drawn.integers(0, 5, EPOCHS), drawn.integers(2, 25, EPOCHS))[:EPOCHS].astype(np.int8)


def clock(row: int) -> datetime:
    return START + timedelta(seconds=30 * (LEAD + row))


def table(path: Path, header: str, row: Row) -> Path:
    lines = [row(k, LABELS[stage]) for k, stage in enumerate(stages()[LEAD:])]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


FORMS: dict[str, tuple[str, Row, Timing]] = {
    "clock": ("No.,StartTime,Label", lambda k, s: f"{k + 1},{clock(k):%H:%M:%S},{s}", Timing.CLOCK),
    "am-pm": ("No.,Start Time,Stage", lambda k, s: f"{k + 1},{clock(k):%I:%M:%S %p},{s}", Timing.CLOCK),
    "datetime": ("Epoch,Start Time,Stage", lambda k, s: f"{k + 1},{clock(k):%Y-%m-%d %H:%M:%S},{s}", Timing.CLOCK),
    "iso": ("Start,Stage", lambda k, s: f"{clock(k):%Y-%m-%dT%H:%M:%S},{s}", Timing.CLOCK),
    "onset": ("onset,duration,Stage", lambda k, s: f"{30 * (LEAD + k)},30,{s}", Timing.ONSET),
    "epoch": ("Epoch,Stage", lambda k, s: f"{LEAD + k + 1},{s}", Timing.EPOCH_NUMBER),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_table_is_laid_ten_minutes_into_its_recording(tmp_path, form):
    header, row, timing = FORMS[form]
    scoring = read_hypnogram(table(tmp_path / "scoring.csv", header, row))
    aligned = align(scoring, duration_s=30.0 * EPOCHS, start=START)
    np.testing.assert_array_equal(aligned.stages[:LEAD], -1)
    np.testing.assert_array_equal(aligned.stages[LEAD:], stages()[LEAD:])
    assert aligned.timing is timing


@pytest.mark.parametrize("form", FORMS)
def test_a_table_is_compared_where_it_lies(tmp_path, form, capsys):
    header, row, timing = FORMS[form]
    scoring = table(tmp_path / "scoring.csv", header, row)
    staged = tmp_path / "hypnogram.csv"
    write_hypnogram(Hypnogram(stages(), start=START), staged)
    figures = agreement(read_hypnogram(scoring), read_hypnogram(staged))
    assert (figures.kappa, figures.n_compared, figures.aligned_by) == (1.0, EPOCHS - LEAD, timing)
    compare(scoring, staged)
    printed = capsys.readouterr().out
    assert "compared 100 % of A, 91.6 % of B" in printed
    assert f"aligned by {timing.value}" in printed


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_of_nights_uses_the_stages_where_they_lie(tmp_path, form):
    header, row, timing = FORMS[form]
    noise = np.random.default_rng(0).normal(0, 20, 64 * 30 * EPOCHS).clip(-499, 499)
    signal = edfio.EdfSignal(noise, 64, label="EEG C4-M1", physical_dimension="uV", physical_range=(-500, 500))
    about = edfio.Recording(startdate=START.date())
    edfio.Edf([signal], recording=about, starttime=START.time()).write(tmp_path / "night.edf")
    table(tmp_path / "night_scoring.csv", header, row)
    dataset = open_dataset("folder", tmp_path)
    (night,) = dataset.nights
    np.testing.assert_array_equal(night.hypnogram().stages[LEAD:], stages()[LEAD:])
    assert dataset.aligned_by_in_words == f"{timing.value} (1 night)"
