"""The journal: nothing confirmed is lost, nothing half-written counts, nothing changed later is believed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from eegvlm.errors import InputError
from eegvlm.review.problems import ConflictError, ReviewError
from eegvlm.review.scoring_file import ReviewedScoringFile

FIRST = {"basis": "blank", "blind": False, "start": None, "onset_s": 0.0, "epoch_s": 30.0, "stages": ["?"] * 20}
KILLS = 100


def begun(folder: Path) -> ReviewedScoringFile:
    scoring = ReviewedScoringFile(folder / "main.jsonl")
    scoring.begin("AB", FIRST)
    return scoring


def stage(scoring: ReviewedScoringFile, label: str, *epochs: int) -> None:
    scoring.edit("AB", scoring.state.revision, {"what": "stage", "stage": label, "epochs": list(epochs)})


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_server_killed_a_hundred_times_between_edits_loses_none_that_was_confirmed(tmp_path: Path) -> None:
    file = begun(tmp_path).file
    draw = Random(1)
    program = Path(__file__).with_name("edit_until_killed.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    before = 1
    with subprocess.Popen([sys.executable, program, file], text=True, env=environment, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(KILLS):
            process.stdin.write("go\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().removeprefix("pid "))
            lines = [process.stdout.readline() for _ in range(draw.randrange(1, 8))]
            os.kill(pid, signal.SIGKILL)
            while not lines[-1].startswith("died of "):
                lines.append(process.stdout.readline())
            assert lines.pop() == f"died of {signal.SIGKILL.value}\n"
            confirmed, stages = next(line for line in reversed(lines) if line.strip()).split()
            state = ReviewedScoringFile(file).state
            assert state.revision - int(confirmed) in (0, 1, 2)  # an edit and its undo may be written and not yet said
            if state.revision == int(confirmed):
                assert "".join(label[-1] for label in state.stages) == stages
            assert state.revision > before
            before = state.revision


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_half_a_line_does_not_count_and_is_cut_off_by_the_next(tmp_path: Path, cut: int) -> None:
    scoring = begun(tmp_path)
    stage(scoring, "N2", 1)
    stage(scoring, "R", 2)
    scoring.file.write_bytes(scoring.file.read_bytes()[:-cut])
    opened = ReviewedScoringFile(scoring.file)
    assert opened.state.stages[:2] == ["N2", "?"]
    stage(opened, "W", 3)
    assert ReviewedScoringFile(scoring.file).state.stages[:3] == ["N2", "?", "W"]


def test_a_line_that_was_changed_later_is_found(tmp_path: Path) -> None:
    scoring = begun(tmp_path)
    stage(scoring, "N2", 1)
    stage(scoring, "R", 2)
    scoring.file.write_bytes(scoring.file.read_bytes().replace(b'"to": "N2"', b'"to": "N3"'))
    with pytest.raises(ReviewError, match="line 3 is damaged or was changed; restore it"):
        ReviewedScoringFile(scoring.file)


def test_a_line_that_was_removed_is_found(tmp_path: Path) -> None:
    scoring = begun(tmp_path)
    stage(scoring, "N2", 1)
    stage(scoring, "R", 2)
    first, _, last = scoring.file.read_bytes().splitlines(keepends=True)
    scoring.file.write_bytes(first + last)
    with pytest.raises(ReviewError, match="line 2 is damaged or was changed"):
        ReviewedScoringFile(scoring.file)


def test_two_servers_on_one_scoring_do_not_overwrite_each_other(tmp_path: Path) -> None:
    one, other = begun(tmp_path), ReviewedScoringFile(tmp_path / "main.jsonl")
    stage(one, "N2", 1)
    with pytest.raises(ConflictError):
        other.edit("CD", 1, {"what": "stage", "stage": "R", "epochs": [1]})
    stage(other, "R", 2)
    assert one.refresh().stages[:2] == other.state.stages[:2] == ["N2", "R"]


def test_of_many_edits_of_one_revision_exactly_one_is_taken(tmp_path: Path) -> None:
    scoring = begun(tmp_path)
    refused: list[ConflictError] = []

    def attempt(epoch: int) -> None:
        try:
            scoring.edit("AB", 1, {"what": "stage", "stage": "R", "epochs": [epoch]})
        except ConflictError as error:
            refused.append(error)

    threads = [Thread(target=attempt, args=(epoch,)) for epoch in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(refused), ReviewedScoringFile(scoring.file).state.stages.count("R")) == (7, 1)


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scoring = begun(tmp_path)
    stage(scoring, "N2", 1)
    before = scoring.file.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(InputError, match="no space left on the disk; free space there"):
            stage(scoring, "R", 2)
    assert scoring.file.read_bytes() == before
    assert scoring.state.stages[:2] == ["N2", "?"]
    stage(scoring, "R", 2)
    assert ReviewedScoringFile(scoring.file).state.stages[:2] == ["N2", "R"]


def test_every_confirmed_edit_was_flushed_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    real = os.fsync

    def counting(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_size)
        real(descriptor)

    scoring = begun(tmp_path)
    monkeypatch.setattr(os, "fsync", counting)
    stage(scoring, "N2", 1)
    assert flushed == [scoring.file.stat().st_size]


def test_an_action_of_a_later_version_is_refused_rather_than_skipped(tmp_path: Path) -> None:
    scoring = begun(tmp_path)
    entry: dict[str, Any] = {"action": "vote", "who": "AB", "when": "2024-01-01T00:00:00"}
    with pytest.raises(ReviewError, match="update eeg-vlm"):
        scoring._journal.append(lambda: entry)
