"""Nights and their folders: the work list, a recording that moved, damaged files, the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from review_nights import Page, write_night

from eegvlm.errors import InputError
from eegvlm.review.night import ReviewedNight
from eegvlm.review.server import serve
from eegvlm.review.work_list import find_nights


def test_a_folder_of_nights_is_a_work_list(staged_once: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        shutil.copytree(staged_once, tmp_path / name)
        shutil.copy(staged_once.parent / "night.edf", tmp_path)
    (tmp_path / "notes").mkdir()
    folders = find_nights(tmp_path)
    working, signed = Page.of(folders, number=1), Page.of(folders, number=2)
    working.begin()
    signed.begin()
    signed.sign()
    nights = working.client.get("/api/nights").json()["nights"]
    assert [(one["title"], one["status"]) for one in nights] == [("a", "to do"), ("b", "in work"), ("c", "signed")]


def test_a_night_that_cannot_be_read_does_not_hide_the_others(staged_once: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(staged_once, tmp_path / name)
    (tmp_path / "a" / "staging.json").write_text("{")
    nights = Page.of(find_nights(tmp_path)).client.get("/api/nights").json()["nights"]
    assert [one["status"] for one in nights] == ["cannot be read", "to do"]
    assert "it is damaged: stage the recording again" in nights[0]["error"]


def test_a_recording_that_moved_is_said_and_found_by_its_samples(night: Path, tmp_path: Path) -> None:
    moved = tmp_path / "archive" / "patient-17.edf"
    moved.parent.mkdir()
    (night.parent / "night.edf").rename(moved)
    other = write_night(tmp_path / "other", hours=0.1, seed=9).parent / "night.edf"
    page = Page.of([night])
    assert "say where it is now" in page.get("")["recording_error"]
    wrong = page.client.post("/api/nights/0/recording", json={"path": str(other)})
    assert (wrong.status_code, "another recording than the one that was staged" in wrong.json()["error"]) == (404, True)
    for place in (moved, moved.parent):
        answer = page.client.post("/api/nights/0/recording", json={"path": str(place)})
        assert (answer.status_code, answer.json()["recording_error"]) == (200, None)
    assert Page.of([night]).get("")["recording_error"] is None


def test_the_scoring_goes_on_without_the_recording_but_is_not_signed(night: Path) -> None:
    (night.parent / "night.edf").unlink()
    page = Page.of([night])
    page.begin()
    assert page.score("R", 1)["stages"][0] == "R"
    assert page.error("sign", statement="seen")[0] == 404


def test_results_of_another_length_are_refused(night: Path) -> None:
    summary = json.loads((night / "staging.json").read_text())
    summary["recording"]["n_epochs"] = 61
    (night / "staging.json").write_text(json.dumps(summary))
    with pytest.raises(InputError, match="60 epochs of 61; it is of another staging"):
        ReviewedNight(night)


def test_a_damaged_journal_is_one_sentence_on_the_page(page: Page, night: Path) -> None:
    file = night / "review" / "main.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"who": "AB"', b'"who": "XY"') + b"{}\n")
    nights = Page.of([night]).client.get("/api/nights").json()["nights"]
    assert "is damaged or was changed" in nights[0]["error"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused_at_once(night: Path) -> None:
    night.chmod(0o500)
    with pytest.raises(InputError, match="permission denied"):
        serve([night])


def test_a_port_that_is_taken_is_one_sentence(night: Path) -> None:
    with running([night]) as (_, port), pytest.raises(InputError, match=f"--port: {port}: .*choose another"):
        serve([night], port=port)


def test_a_folder_without_nights_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="stage recordings into it first"):
        find_nights(tmp_path)


def test_the_command_prints_an_address_that_opens_and_closes_when_told(night: Path) -> None:
    with running([night]) as (address, port):
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        origin = f"http://127.0.0.1:{port}"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            opener.open(f"{origin}/api/nights")
        with opener.open(address) as answer:
            assert b"eegvlm review" in answer.read()
        request = urllib.request.Request(
            f"{origin}/api/close", b"{}", {"Origin": origin, "Content-Type": "application/json"}
        )
        with opener.open(request) as answer:
            assert json.load(answer) == {"closed": True}


def test_a_recording_with_a_scoring_is_reviewed_without_a_model(night: Path, tmp_path: Path) -> None:
    recording, scoring = night.parent / "night.edf", night / "hypnogram.csv"
    arguments = [recording, "--scoring", scoring, "--out", tmp_path / "reviewed"]
    with running(arguments):
        pass
    page = Page.of(find_nights(tmp_path / "reviewed"), scoring)
    assert page.get("")["bases"] == ["file", "blank"]
    state = page.begin("file")
    assert (len(state["stages"]), state["progress"]["expected_wrong"]) == (60, None)
    assert page.sign()["outputs"]


def test_a_recording_that_is_not_there_is_one_line_and_status_2(tmp_path: Path) -> None:
    result = subprocess.run([*COMMAND, tmp_path / "none.edf"], capture_output=True, text=True, env=ENVIRONMENT)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "no such file or folder" in result.stderr


COMMAND = [sys.executable, "-m", "eegvlm", "review"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@contextmanager
def running(arguments: list[Path | str]) -> Iterator[tuple[str, int]]:
    """Run the command; give its address and port, and close it by Ctrl-C where nobody has."""
    command = [*COMMAND, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("open http://127.0.0.1:"), process.stderr.read()
            address = line.removeprefix("open ").strip()
            with pytest.raises(urllib.error.HTTPError, match="401"):  # answered: from now on signals are heard
                urllib.request.urlopen(address.partition("?")[0])
            yield address, int(address.split(":")[2].partition("/")[0])
            if process.poll() is None:
                process.send_signal(2)
            assert process.wait(120) in (0, 130, -2), process.stderr.read()
        finally:
            process.kill()


def test_channels_are_those_that_the_user_or_the_staging_chose(night: Path) -> None:
    label = ReviewedNight(night).signals.recording.channels[0].sources[0]
    chosen = ReviewedNight(night, channels={"eeg": label}).signals.recording
    assert label in [channel.name for channel in chosen.channels if channel.role.modality == "eeg"]
    with pytest.raises(InputError, match="no such lead"):
        _ = ReviewedNight(night, channels={"eeg": "no such lead"}).signals.recording
