"""Write, then read: the identity, for every format and all that it carries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eegvlm.hypnogram import Hypnogram, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.formats.registry import FORMATS, WRITABLE

NAMES = {
    "edf": "night.edf",
    "nsrr": "night-nsrr.xml",
    "profusion": "night-profusion.xml",
    "json": "night.json",
    "csv": "night.csv",
    "bids": "night_events.tsv",
    "txt": "night.txt",
}


@st.composite
def hypnograms(draw) -> Hypnogram:
    stages = draw(st.lists(st.integers(-1, 4), min_size=1, max_size=50))
    probabilities = None
    if draw(st.booleans()):
        raw = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).dirichlet(np.full(5, 0.3), len(stages))
        known = draw(st.lists(st.booleans(), min_size=len(stages), max_size=len(stages)).filter(any))
        probabilities = np.where(np.array(known)[:, None], raw, np.nan).astype(np.float32)
    return Hypnogram(
        np.array(stages, dtype=np.int8),
        epoch_s=draw(st.sampled_from([30.0, 30.0, 30.0, 20.0, 10.0, 5.0, 4.0, 2.0, 1.0, 12.5])),
        start=draw(st.none() | st.datetimes(datetime(1985, 1, 2), datetime(2084, 12, 30))),
        onset_s=draw(st.integers(-10_000, 100_000)) / draw(st.sampled_from([1, 10, 1000])),
        probabilities=probabilities,
    )


def test_every_writable_format_is_tested_here():
    assert set(NAMES) == set(WRITABLE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round_trip")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NAMES))
@settings(max_examples=60)
@given(hypnogram=hypnograms())
@example(hypnogram=Hypnogram(np.array([0], np.int8), epoch_s=12.5, onset_s=3.9))  # 3.9 + 12.5 - 3.9 is not 12.5
def test_write_then_read_is_the_identity_on_what_the_format_carries(folder, name, hypnogram):
    carried = FORMATS[name].carries
    kept = replace(
        hypnogram,
        start=hypnogram.start if "start" in carried else None,
        onset_s=hypnogram.onset_s if "onset_s" in carried else 0.0,
        probabilities=hypnogram.probabilities if "probabilities" in carried else None,
    )
    path = folder / NAMES[name]
    # Formats that cannot say where the scoring starts refuse one that does not start with the recording.
    write_hypnogram(kept, path)
    read = read_hypnogram(path, epoch_s=None if "epoch_s" in carried else kept.epoch_s)
    assert replace(read, notes=()) == kept


@settings(max_examples=30)
@given(notes=st.lists(st.text(max_size=30), max_size=3))
def test_any_note_can_be_written_and_json_keeps_it(folder, notes):
    hypnogram = Hypnogram([0, 1], notes=tuple(notes))
    for name, file in NAMES.items():
        write_hypnogram(hypnogram, folder / file)
        read = read_hypnogram(folder / file)
        assert read.labels == hypnogram.labels
        if name == "json":
            assert read.notes == hypnogram.notes


def test_start_times_keep_their_microseconds_in_every_format_that_has_them(folder):
    hypnogram = Hypnogram([0, 2], start=datetime(2024, 5, 31, 23, 59, 59, 999_999))
    for name in ("edf", "nsrr", "json", "csv", "bids"):
        write_hypnogram(hypnogram, folder / NAMES[name])
        assert read_hypnogram(folder / NAMES[name]).start == hypnogram.start


def test_a_start_between_milliseconds_does_not_move_onsets(tmp_path):
    late = Hypnogram(np.array([0]), start=datetime(2000, 1, 1, 0, 0, 0, 1), onset_s=65536.0)
    write_hypnogram(late, tmp_path / "late.edf", format="edf")
    assert read_hypnogram(tmp_path / "late.edf").onset_s == 65536.0
