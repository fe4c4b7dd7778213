"""A hypnogram that is a signal of an EDF file, and a recording copied with its scoring in it."""

from __future__ import annotations

from datetime import date, datetime, time

import edfio
import numpy as np
import pytest
from eight_hours import CODES, LABELS, START, runs

from eegvlm.cli.compare import compare
from eegvlm.cli.convert import convert
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.joining import write_joined
from eegvlm.signals import read_recording
from eegvlm.signals.hypnogram_label import is_hypnogram_label
from eegvlm.signals.survey import survey

N_S = 30 * len(LABELS)


def eeg(seconds=N_S, label="EEG C3-M2"):
    samples = np.random.default_rng(0).integers(-2000, 2000, 8 * seconds).astype(float)
    return edfio.EdfSignal(samples, 8, label=label, physical_dimension="uV", physical_range=(-2048, 2047))


def stage_signal(rate=1.0, label="Hypnogram", span=(-1.0, 9.0), digital=(-1, 9)):
    seconds_of_code = 1 / rate
    codes = np.repeat([CODES[stage] for stage in LABELS], round(30 / seconds_of_code)).astype(float)
    return edfio.EdfSignal(
        codes, rate, label=label, physical_range=span, digital_range=digital, transducer_type="", prefiltering=""
    )


def recording(folder, *signals, name="night.edf", annotations=(), start=START, record_s=30):
    path = folder / name
    edf = edfio.Edf(
        signals,
        recording=edfio.Recording(startdate=start.date()) if start else None,
        starttime=start.time() if start else None,
        data_record_duration=record_s,
        annotations=annotations or None,
    )
    edf.write(path)
    return path


@pytest.mark.parametrize("rate", [1.0, 1 / 30, 4.0])
def test_a_signal_of_codes_is_read_by_its_label(tmp_path, rate):
    path = recording(tmp_path, eeg(), stage_signal(rate))
    hypnogram = read_hypnogram(f"{path}:hypnogram", coding="aasm")
    assert (hypnogram.labels, hypnogram.epoch_s, hypnogram.start) == (LABELS, 30.0, START)


def test_codes_in_a_wide_physical_range_are_still_integers(tmp_path):
    path = recording(tmp_path, eeg(), stage_signal(span=(-100.0, 100.0), digital=(-2048, 2047)))
    assert read_hypnogram(f"{path}:Hypnogram", coding="aasm").labels == LABELS


def test_compare_reads_a_signal(tmp_path, capsys):
    path = recording(tmp_path, eeg(), stage_signal())
    write_hypnogram(night(), tmp_path / "hypnogram.csv")
    compare(tmp_path / "hypnogram.csv", path.with_name("night.edf:Hypnogram"), coding_b="aasm")
    assert "960 epochs of 30 s compared" in capsys.readouterr().out


def test_a_signal_without_a_coding_is_refused_with_the_codes_that_it_holds(tmp_path):
    path = recording(tmp_path, eeg(), stage_signal())
    with pytest.raises(HypnogramError, match=r"codes 0, 1, 2, 3, 4; .* --coding yasa"):
        read_hypnogram(f"{path}:Hypnogram")
    with pytest.raises(HypnogramError, match="4; the coding isruc has"):
        read_hypnogram(f"{path}:Hypnogram", coding="isruc")


def test_signals_that_are_no_codes_or_not_there_are_refused(tmp_path):
    path = recording(tmp_path, eeg(), stage_signal())
    with pytest.raises(HypnogramError, match="no codes"):
        read_hypnogram(f"{path}:EEG C3-M2", coding="aasm")
    with pytest.raises(HypnogramError, match="0 signals have this label; the file has Hypnogram"):
        read_hypnogram(f"{path}:Stages", coding="aasm")
    text = tmp_path / "night.txt"
    text.write_text("W\n")
    with pytest.raises(HypnogramError, match="only EDF and BDF files hold signals"):
        read_hypnogram(f"{text}:Hypnogram")


def test_a_file_without_annotations_says_how_its_signal_of_stages_is_read(tmp_path):
    path = recording(tmp_path, eeg(), stage_signal(label="Sleep stage"))
    with pytest.raises(HypnogramError, match=r"read it as night\.edf:Sleep stage"):
        read_hypnogram(path)


def test_inspect_names_a_signal_of_stages(tmp_path):
    path = recording(tmp_path, eeg(), stage_signal())
    notes = {row.label: row.note for row in survey(read_recording(path))}
    assert "seems to be the hypnogram" in notes["Hypnogram"]
    assert "hypnogram" not in notes["EEG C3-M2"]


@pytest.mark.parametrize("label", ["Hypnogram", "hypno", "Sleep Stage", "sleep_stages", "Schlafprofil", "Stages"])
def test_labels_of_hypnograms_are_known(label):
    assert is_hypnogram_label(label)


@pytest.mark.parametrize("label", ["EEG C3-M2", "Stage 2", "Hypnagogic", "Sound", "Position"])
def test_other_labels_are_no_hypnograms(label):
    assert not is_hypnogram_label(label)


def night(start=START, onset_s=0.0, n=960):
    return Hypnogram(np.array([Stage.from_label(label) for label in LABELS[:n]], np.int8), 30.0, start, onset_s)


def test_a_recording_is_copied_with_its_scoring_and_its_samples_as_they_are(tmp_path):
    kept = edfio.EdfAnnotation(61.5, 2.0, "cough")
    source = recording(tmp_path, eeg(), annotations=[kept], record_s=1)
    assert write_joined(night(), source, tmp_path / "scored.edf") == ()
    before, after = edfio.read_edf(source), edfio.read_edf(tmp_path / "scored.edf")
    np.testing.assert_array_equal(after.signals[0].digital, before.signals[0].digital)
    assert after.signals[0].physical_range == before.signals[0].physical_range
    assert after.startdatetime == before.startdatetime
    assert kept in after.annotations
    joined = read_hypnogram(tmp_path / "scored.edf")
    assert (joined.labels, joined.start) == (LABELS, START)
    assert read_recording(tmp_path / "scored.edf").duration_s == N_S


def test_a_plain_edf_header_becomes_that_of_edf_plus(tmp_path):
    source = recording(tmp_path, eeg())
    raw = bytearray(source.read_bytes())
    raw[8:88] = b"A. Person, Ward 7".ljust(80)
    raw[88:168] = b"free text".ljust(80)
    raw[168:176] = b"26.10.24"
    source.write_bytes(raw)
    write_joined(night(), source, tmp_path / "scored.edf")
    content = (tmp_path / "scored.edf").read_bytes()
    assert content[192:197] == b"EDF+C"
    assert content[8:88].strip() == b"X X X A._Person,_Ward_7"
    assert content[88:168].strip() == b"Startdate 26-OCT-2024 X X free_text"
    assert edfio.read_edf(tmp_path / "scored.edf").recording.startdate == START.date()
    assert read_hypnogram(tmp_path / "scored.edf").labels == LABELS


@pytest.mark.parametrize("record_s", [0.5, 1, 30, 28800])
def test_records_of_every_length_get_the_annotations(tmp_path, record_s):
    source = recording(tmp_path, eeg(), record_s=record_s)
    write_joined(night(), source, tmp_path / "scored.edf")
    assert read_hypnogram(tmp_path / "scored.edf").labels == LABELS
    np.testing.assert_array_equal(
        edfio.read_edf(tmp_path / "scored.edf").signals[0].digital, edfio.read_edf(source).signals[0].digital
    )


def test_a_bdf_recording_becomes_bdf_plus(tmp_path):
    samples = np.random.default_rng(0).integers(-8000, 8000, 8 * N_S).astype(float)
    signal = edfio.BdfSignal(samples, 8, label="EEG C3-M2", physical_range=(-8388608, 8388607))
    edfio.Bdf([signal], data_record_duration=1, starttime=START.time()).write(tmp_path / "night.bdf")
    write_joined(night(None), tmp_path / "night.bdf", tmp_path / "scored.bdf")
    after = edfio.read_bdf(tmp_path / "scored.bdf")
    np.testing.assert_array_equal(after.signals[0].digital, samples.astype(int))
    assert (tmp_path / "scored.bdf").read_bytes()[192:197] == b"BDF+C"
    assert read_hypnogram(tmp_path / "scored.bdf").labels == LABELS


def test_a_start_between_two_seconds_is_kept(tmp_path):
    start = START.replace(microsecond=250_000)
    source = recording(tmp_path, eeg(), annotations=[edfio.EdfAnnotation(1, None, "x")], start=start, record_s=1)
    write_joined(night(start), source, tmp_path / "scored.edf")
    joined = read_hypnogram(tmp_path / "scored.edf")
    assert (joined.start, joined.onset_s, joined.labels) == (start, 0.0, LABELS)


def test_a_scoring_is_laid_on_the_recording_by_the_clock(tmp_path):
    source = recording(tmp_path, eeg(600))
    later = night(datetime(2024, 10, 26, 22, 42, 17), n=40)
    notes = write_joined(later, source, tmp_path / "scored.edf")
    assert notes == (
        "moved by +60 s, the difference between the start times",
        "22 epochs lie outside of the recording and were left out",
    )
    assert read_hypnogram(tmp_path / "scored.edf").onset_s == 60.0


def test_a_scoring_with_a_time_of_day_is_laid_by_it(tmp_path):
    source = recording(tmp_path, eeg())
    notes = write_joined(night(datetime(1985, 1, 1, 22, 42, 17), n=40), source, tmp_path / "scored.edf")
    assert any("time of day alone" in note for note in notes)
    assert read_hypnogram(tmp_path / "scored.edf").onset_s == 60.0


def test_scorings_that_cannot_be_joined_are_refused(tmp_path):
    source = recording(tmp_path, eeg())
    joined = tmp_path / "scored.edf"
    write_joined(night(), source, joined)
    with pytest.raises(HypnogramError, match="960 sleep stages already"):
        write_joined(night(), joined, tmp_path / "twice.edf")
    with pytest.raises(HypnogramError, match="does not overlap"):
        write_joined(night(datetime(2024, 10, 28)), source, tmp_path / "other.edf")
    with pytest.raises(HypnogramError, match="to another file"):
        write_joined(night(), source, source)
    with pytest.raises(InputError, match="exists already"):
        write_joined(night(), source, joined, overwrite=False)
    write_hypnogram(night(), tmp_path / "alone.edf")
    with pytest.raises(HypnogramError, match="no signal"):
        write_joined(night(), tmp_path / "alone.edf", tmp_path / "other.edf")
    assert not (tmp_path / "other.edf").exists()


def test_convert_with_a_recording_writes_the_copy(tmp_path, capsys):
    source = recording(tmp_path, eeg(), start=datetime.combine(date(2024, 10, 26), time(22, 40, 17)))
    write_hypnogram(night(), tmp_path / "hypnogram.csv")
    convert(tmp_path / "hypnogram.csv", tmp_path / "out.edf", with_recording=source)
    assert "moved by +60 s" in capsys.readouterr().out
    assert read_hypnogram(tmp_path / "out.edf").onset_s == 60.0
    with pytest.raises(HypnogramError, match="--with"):
        convert(tmp_path / "hypnogram.csv", tmp_path / "out.json", with_recording=source, to_format="json")


def test_the_last_change_of_stage_lasts_until_the_recording_ends_that_it_is_joined_to(tmp_path):
    source = recording(tmp_path, eeg())
    changes = runs(lambda stage, onset, seconds: f"{onset},{stage}")
    (tmp_path / "changes.csv").write_text(f"onset_s,stage\n{changes}")
    convert(tmp_path / "changes.csv", tmp_path / "out.edf", with_recording=source)
    assert read_hypnogram(tmp_path / "out.edf").labels == LABELS


@pytest.mark.real_data
def test_a_night_of_sleep_edf_gets_its_scoring(real_data, tmp_path):
    folder = real_data / "sleep_edf"
    source, scoring = folder / "SC4001E0-PSG_first300s.edf", read_hypnogram(folder / "SC4001EC-Hypnogram.edf")
    write_joined(scoring, source, tmp_path / "scored.edf")
    before, after = edfio.read_edf(source), edfio.read_edf(tmp_path / "scored.edf")
    for old, new in zip(before.signals, after.signals, strict=True):
        np.testing.assert_array_equal(new.digital, old.digital)
    assert read_hypnogram(tmp_path / "scored.edf").labels == scoring.labels[:10]
