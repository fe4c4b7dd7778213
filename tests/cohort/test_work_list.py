"""What an input names: folders, BIDS roots, lists, patterns, data sets; names and scorings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eegvlm.errors import InputError
from eegvlm.lab.cohort import find_nights


def recording(path: Path) -> Path:
    """Write what has a recording's name; nothing is read of it before it is staged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"0       not read here")
    return path


def names(*inputs: str | Path, out: Path | None = None) -> list[str]:
    work = find_nights([str(one) for one in inputs], out=None if out is None else str(out))
    return [night.name for night in work.nights]


def test_a_folder_gives_every_recording_below_it_by_its_path(tmp_path: Path) -> None:
    for name in ("a/night.edf", "b/night.edf", "b/c/night10.bdf", "b/c/night9.rec", "b/notes.txt", ".hidden/x.edf"):
        recording(tmp_path / name)
    assert names(tmp_path) == ["a/night", "b/c/night9", "b/c/night10", "b/night"]


def test_two_recordings_that_differ_in_their_ending_alone_keep_it(tmp_path: Path) -> None:
    recording(tmp_path / "night.edf")
    recording(tmp_path / "night.bdf")
    assert names(tmp_path) == ["night.bdf", "night.edf"]


def test_results_inside_of_the_input_are_no_input(tmp_path: Path) -> None:
    recording(tmp_path / "night.edf")
    recording(tmp_path / "out" / "night" / "copy.edf")
    assert names(tmp_path, out=tmp_path / "out") == ["night"]


def test_a_bids_root_gives_its_raw_recordings(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text("{}")
    raw = "sub-01/ses-1/eeg/sub-01_ses-1_task-sleep_eeg"
    recording(tmp_path / f"{raw}.edf")
    recording(tmp_path / "derivatives" / "other" / f"{raw}.edf")
    recording(tmp_path / "sourcedata" / "sub-01.edf")
    assert names(tmp_path) == [raw]


def test_a_pattern_that_no_shell_resolved_is_resolved(tmp_path: Path) -> None:
    for name in ("a/n1.edf", "b/n2.edf", "b/other.edf"):
        recording(tmp_path / name)
    assert names(f"{tmp_path}{os.sep}*{os.sep}n*.edf") == ["a/n1", "b/n2"]
    assert names(f"{tmp_path}{os.sep}**{os.sep}*.edf") == ["a/n1", "b/n2", "b/other"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "# two sites\na/night.edf\n\nb/night.edf\n"),
        ("list.csv", "subject,recording\n1,a/night.edf\n2,b/night.edf\n"),
        ("list.csv", "subject;path\n1;a/night.edf\n2;b/night.edf\n"),
        ("list.tsv", "File\tage\na/night.edf\t30\nb/night.edf\t40\n"),
        ("list.csv", "a/night.edf\nb/night.edf\n"),
    ],
)
def test_a_list_names_recordings_relative_to_its_folder(tmp_path: Path, name: str, text: str) -> None:
    recording(tmp_path / "a" / "night.edf")
    recording(tmp_path / "b" / "night.edf")
    (tmp_path / name).write_text(text)
    assert names(tmp_path / name) == ["a/night", "b/night"]


def test_a_list_that_names_a_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("gone.edf\n")
    with pytest.raises(InputError, match=r"gone\.edf.*no such file"):
        names(tmp_path / "list.txt")


def test_a_table_without_a_column_of_recordings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("subject,age\n1,30\n")
    with pytest.raises(InputError, match="name the column"):
        names(tmp_path / "list.csv")


def test_a_data_set_is_opened_by_its_name() -> None:
    work = find_nights(["simulated:nights=3,hours=0.1"])
    assert [night.name for night in work.nights] == ["seed-0", "seed-1", "seed-2"]
    assert work.nights[0].recording == "<simulated seed-0>"
    assert len({night.key("x") for night in work.nights}) == 3


def test_a_scoring_beside_a_recording_is_found_and_two_that_could_be_meant_are_told(tmp_path: Path) -> None:
    recording(tmp_path / "a" / "n1.edf")
    recording(tmp_path / "a" / "n2.edf")
    (tmp_path / "a" / "n1.csv").write_text("W\nN1\n")
    (tmp_path / "a" / "n2.csv").write_text("W\nN1\n")
    (tmp_path / "a" / "n2-Hypnogram.txt").write_text("W\nN1\n")
    first, second = find_nights([str(tmp_path)]).nights
    assert [scoring.path.name for scoring in first.scorings] == ["n1.csv"]
    assert second.scorings == ()
    assert "either may be its scoring" in second.scoring_problem


def test_a_scoring_belongs_to_the_recording_in_its_own_folder(tmp_path: Path) -> None:
    recording(tmp_path / "a" / "night.edf")
    recording(tmp_path / "b" / "night.edf")
    (tmp_path / "a" / "night.txt").write_text("W\nN1\n")
    first, second = find_nights([str(tmp_path)]).nights
    assert [scoring.path.name for scoring in first.scorings] == ["night.txt"]
    assert second.scorings == ()
    assert "several recordings" in second.scoring_problem


def test_a_changed_recording_or_scoring_changes_the_key(tmp_path: Path) -> None:
    path = recording(tmp_path / "night.edf")

    def key() -> str:
        return find_nights([str(tmp_path)]).nights[0].key("options")

    first = key()
    os.utime(path, ns=(1, 1))
    second = key()
    (tmp_path / "night.csv").write_text("W\n")
    assert len({first, second, key()}) == 3


@pytest.mark.parametrize("text", ["nowhere", "nowhere/*.edf"])
def test_an_input_that_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not found"):
        names(text)


def test_a_folder_without_recordings_is_refused_with_the_endings_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.edf \.bdf"):
        names(tmp_path)
