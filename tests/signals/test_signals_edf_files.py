"""Files that are no recording, and recordings that lost bytes: each gets its own sentence."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eegvlm.signals import EPOCH_S, RecordingError, Role, read_recording

Maker = Callable[..., Any]


def codes(path: Path) -> set[str]:
    return {problem.code for problem in read_recording(path).problems}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty \\(0 bytes\\)"),
        (b"<!DOCTYPE html>\n<html><head></head></html>" * 20, "a web page"),
        (b"\n\n  <HTML>sign in</HTML>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:2b40\nsize 48338048\n", "git lfs pull"),
        (b"%PDF-1.7\n\x00\xff", "a PDF document"),
        (gzip.compress(b"0       "), "a gzip archive"),
        (b"<?xml version='1.0'?><CMPStudyConfig/>", "an XML file"),
        (b"Zeit\tStadium\n22:00\tW\n", "plain text"),
        (bytes(5000), "nothing but zero bytes"),
        (bytes(range(256)) * 20, "no EDF or BDF header"),
        (b"0       " + b"X X X X", "at least 256"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    ],
)
def test_what_is_no_recording_is_named(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=sentence):
        read_recording(path)


def test_zip_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("night.edf", "0")
    with pytest.raises(RecordingError, match="a zip archive; unpack it first"):
        read_recording(path)


def test_directory_and_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="a directory"):
        read_recording(tmp_path)
    with pytest.raises(RecordingError, match="not found"):
        read_recording(tmp_path / "nowhere.edf")


def test_annotations_without_signals_are_a_scoring(edf: Maker, tmp_path: Path) -> None:
    path = edf([], plus="C", onsets=["+0"], record_s="0").write(tmp_path / "SC4001EC-Hypnogram.edf")
    with pytest.raises(RecordingError, match="this is a scoring, not a recording"):
        read_recording(path)


@pytest.mark.parametrize("name", ["1.rec", "1.REC", "night", "night.txt"])
def test_edf_is_recognised_under_any_name(name: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    assert read_recording(edf([lead("C4-M1")]).write(tmp_path / name)).n_epochs == 2


def test_truncated_file_is_read_as_far_as_it_goes_and_the_loss_is_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    content = edf([lead("C4-M1", seconds=120)]).to_bytes()
    path.write_bytes(content[:-6100])
    recording = read_recording(path)
    assert recording.duration_s == 89.0
    (problem,) = recording.problems
    assert problem.code == "truncated-file"
    assert "89 of the 120 data records" in problem.message
    assert "0.5 min are missing" in problem.message
    assert "incomplete last one is not used" in problem.message


def test_file_that_ends_in_its_header_is_refused(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(edf([lead("C4-M1")] * 4).to_bytes()[:700])
    with pytest.raises(RecordingError, match="the header of 4 signals alone takes 1280"):
        read_recording(path)


def test_file_without_one_whole_record_is_refused(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(edf([lead("C4-M1")]).to_bytes()[: 512 + 150])
    with pytest.raises(RecordingError, match="150 of 200 bytes of the first"):
        read_recording(path)


@pytest.mark.parametrize("kind", ["EDF", "BDF"])
def test_line_ends_turned_into_cr_lf_are_refused(kind: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    content = edf([lead("C4-M1", seconds=300), lead("C3-M2", seconds=300, seed=1)], kind=kind).to_bytes()
    path.write_bytes(content.replace(b"\n", b"\r\n"))
    with pytest.raises(RecordingError, match="binary mode"):
        read_recording(path)


@pytest.mark.parametrize("kind", ["EDF", "BDF"])
def test_lost_carriage_returns_are_refused(kind: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    content = edf([lead("C4-M1", seconds=600), lead("C3-M2", seconds=600, seed=1)], kind=kind).to_bytes()
    head, data = content[:768], content[768:]
    path.write_bytes(head + data.replace(b"\r", b""))
    with pytest.raises(RecordingError, match=r"out of step.*binary mode"):
        read_recording(path)


@pytest.mark.parametrize("kind", ["EDF", "BDF"])
@pytest.mark.parametrize("cut", [1, 2, 777])
def test_plain_truncation_is_not_mistaken_for_damage(
    kind: str, cut: int, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(edf([lead("C4-M1", seconds=600)], kind=kind).to_bytes()[:-cut])
    assert codes(path) == {"truncated-file"}


def test_unknown_number_of_records_is_counted_from_the_size(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1", seconds=120)], n_records=-1).write(tmp_path / "night.edf")
    assert read_recording(path).duration_s == 120
    assert codes(path) == {"record-count-unknown"}


def test_records_beyond_the_headers_count_are_read_and_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1", seconds=120)], n_records=60).write(tmp_path / "night.edf")
    assert read_recording(path).duration_s == 120
    assert codes(path) == {"more-records"}


def test_bytes_after_the_last_record_are_left_and_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(edf([lead("C4-M1", seconds=120)]).to_bytes() + b"made by a recorder")
    assert read_recording(path).duration_s == 120
    assert codes(path) == {"trailing-bytes"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_signals", b"four"),
        ("n_signals", b"0"),
        ("n_records", b"many"),
        ("n_records", b"-7"),
        ("record_s", b"0"),
        ("record_s", b"-1"),
        ("record_s", b"nan"),
        ("record_s", b"1e300"),
    ],
)
def test_header_field_without_which_nothing_can_be_read_is_named(
    field: str, value: bytes, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    path = edf([lead("C4-M1")], header={field: value}).write(tmp_path / "night.edf")
    with pytest.raises(RecordingError, match="header is damaged here"):
        read_recording(path)


def test_wrong_header_length_is_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1")], header={"header_bytes": b"256"}).write(tmp_path / "night.edf")
    assert codes(path) == {"header-length"}


def test_file_that_vanishes_after_opening_is_an_input_error(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1")]).write(tmp_path / "night.edf")
    recording = read_recording(path)
    path.unlink()
    with pytest.raises(RecordingError, match="cannot be read any more"):
        recording.samples(recording.channels[0])


def test_file_that_shrinks_after_opening_is_an_input_error(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1")]).write(tmp_path / "night.edf")
    recording = read_recording(path)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(RecordingError, match="became shorter"):
        recording.samples(recording.channels[0])


def test_duplicate_labels_are_told_apart_and_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("EEG"), lead("EEG", seed=1)]).write(tmp_path / "night.edf")
    recording = read_recording(path)
    assert [signal.label for signal in recording.source.signals] == ["EEG", "EEG#2"]
    assert codes(path) == {"duplicate-label"}
    chosen = read_recording(path, {"eeg": "EEG#2"}).channel(Role.EEG_CENTRAL)
    assert chosen is not None
    assert chosen.sources == ("EEG#2",)


def test_patient_fields_are_nowhere_in_the_result(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    identification = "Startdate 02-MAR-2024 PSG-9931 Dr_Somnus Nox"
    path = edf([lead("C4-M1")], identification=identification, plus="C", onsets=["+0"] * 60).write(tmp_path / "n.edf")
    recording = read_recording(path)
    shown = repr(recording) + repr(recording.describe()) + repr(vars(recording.source))
    for secret in ("MCH-0234567", "Haagse", "02-MAY-1951", "Somnus", "PSG-9931"):
        assert secret not in shown
    assert str(tmp_path) not in repr(recording.describe())


def test_an_epoch_is_thirty_seconds() -> None:
    assert EPOCH_S == 30.0


def test_comma_for_the_decimal_point_is_understood(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    comma = edf([lead("C4-M1", physical=("-3276,8", "3276,7"))], record_s="1,0").write(tmp_path / "a.edf")
    point = edf([lead("C4-M1")]).write(tmp_path / "b.edf")
    first, second = read_recording(comma), read_recording(point)
    np.testing.assert_array_equal(first.samples(first.channels[0]), second.samples(second.channels[0]))
