"""Cohorts by workers that stand in for a model: each night once, what fails, what is staged anew, the summary."""

from __future__ import annotations

import csv
import json
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from cohort_tasks import FakeTask, NoModel, made_up_nights, stagings

from eegvlm.errors import InputError
from eegvlm.lab.cohort import CohortNight, LocalOutput, LocalProcesses, Shard, Tally, stage_cohort
from eegvlm.lab.cohort.engine import Task


@pytest.fixture
def task(tmp_path: Path) -> FakeTask:
    (tmp_path / "log").mkdir()
    return FakeTask(LocalOutput(tmp_path / "out"), tmp_path / "log")


def rows(out: Path, name: str = "summary.csv") -> list[dict[str, str]]:
    with (out / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_each_night_is_staged_once_and_for_all(task: FakeTask, tmp_path: Path) -> None:
    nights = made_up_nights(12)
    assert stage_cohort(nights, task, task.output) == Tally(12, 0, 12, 0, has_table=True)
    assert stage_cohort(nights, task, task.output) == Tally(12, 12, 0, 0, has_table=True)
    assert stagings(task.log) == {night.name: 1 for night in nights}
    assert [row["night"] for row in rows(tmp_path / "out")] == [night.name for night in nights]


def test_a_night_whose_line_was_lost_is_taken_from_its_folder(task: FakeTask, tmp_path: Path) -> None:
    nights = made_up_nights(3)
    stage_cohort(nights, task, task.output)
    (tmp_path / "out" / "journal.jsonl").unlink()
    assert stage_cohort(nights, task, task.output).staged == 3
    assert set(stagings(task.log).values()) == {1}


def test_a_changed_file_and_other_options_are_staged_anew(task: FakeTask) -> None:
    first, second = made_up_nights(2)
    stage_cohort([first, second], task, task.output)
    stage_cohort([replace(first, stamp="changed"), second], task, task.output)
    assert stagings(task.log) == {first.name: 2, second.name: 1}
    stage_cohort([replace(first, stamp="changed"), second], replace(task, options="others"), task.output)
    assert stagings(task.log) == {first.name: 3, second.name: 2}


def test_files_of_other_programs_in_a_nights_folder_stay(task: FakeTask, tmp_path: Path) -> None:
    (night,) = made_up_nights(1)
    stage_cohort([night], task, task.output)
    folder = tmp_path / "out" / night.name
    (folder / "review").mkdir()
    (folder / "review" / "signed.json").write_text("{}")
    (folder / "report.html").write_text("of the earlier staging")
    stage_cohort([replace(night, stamp="changed")], task, task.output)
    assert {entry.name for entry in folder.iterdir()} == {"cohort.json", "hypnogram.csv", "review"}


def test_another_recording_of_the_same_name_is_refused_and_its_results_stay(task: FakeTask, tmp_path: Path) -> None:
    (night,) = made_up_nights(1)
    stage_cohort([night], task, task.output)
    other = replace(night, recording="/elsewhere/00000.edf", stamp="other")
    assert stage_cohort([other], task, task.output).failed == 1
    assert "another recording" in rows(tmp_path / "out", "failures.csv")[0]["reason"]
    assert stage_cohort([night], task, task.output).finished_before == 1


def test_a_failing_night_is_written_down_and_stops_no_other(task: FakeTask, tmp_path: Path) -> None:
    nights = made_up_nights(5)
    failing = replace(task, fails=(nights[2].name,))
    assert stage_cohort(nights, failing, task.output) == Tally(5, 0, 4, 1, has_table=True)
    (failure,) = rows(tmp_path / "out", "failures.csv")
    assert failure == {
        "night": nights[2].name,
        "recording": nights[2].recording,
        "reason": "/data/00002.edf: cannot be read",
        "tried_again": "no",
    }
    assert stage_cohort(nights, task, task.output) == Tally(5, 4, 0, 1, has_table=True)


@pytest.mark.slow
def test_a_worker_that_is_killed_fails_its_night_alone(task: FakeTask, tmp_path: Path) -> None:
    nights = made_up_nights(9)
    killing = replace(task, kills=(nights[4].name,))
    tally = stage_cohort(nights, killing, task.output, engine=LocalProcesses(2))
    assert tally == Tally(9, 0, 8, 1, has_table=True)
    (failure,) = rows(tmp_path / "out", "failures.csv")
    assert failure["night"] == nights[4].name
    assert "killed" in failure["reason"]
    assert failure["tried_again"] == "yes"
    assert stage_cohort(nights, task, task.output) == Tally(9, 8, 1, 0, has_table=True)
    assert stagings(task.log) == {night.name: 1 for night in nights}


def test_a_night_that_a_broken_pool_does_not_take_is_staged_by_the_next(task: FakeTask, tmp_path: Path) -> None:
    class BrokenAtFirst(LocalProcesses):
        pools: ClassVar = 0

        def _pool(self, task: Task, jobs: int) -> ProcessPoolExecutor:
            pool = super()._pool(task, jobs)
            BrokenAtFirst.pools += 1
            if BrokenAtFirst.pools == 1:
                with pytest.raises(BrokenProcessPool):
                    pool.submit(os._exit, 1).result()
            return pool

    nights = made_up_nights(5)
    assert stage_cohort(nights, task, task.output, engine=BrokenAtFirst(2)) == Tally(5, 0, 5, 0, has_table=True)
    assert BrokenAtFirst.pools > 1
    assert stagings(task.log) == {night.name: 1 for night in nights}


def test_workers_that_cannot_start_end_the_run_with_their_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name one that is"):
        stage_cohort(made_up_nights(3), NoModel(), LocalOutput(tmp_path), engine=LocalProcesses(2))


def test_shards_stage_all_nights_and_a_run_without_one_writes_the_summary(task: FakeTask, tmp_path: Path) -> None:
    nights = made_up_nights(10)
    tallies = [stage_cohort(nights, task, task.output, shard=Shard(k, 3)) for k in (1, 2, 3)]
    assert sum(tally.staged for tally in tallies) == 10
    assert not (tmp_path / "out" / "summary.csv").exists()
    assert stage_cohort(nights, task, task.output) == Tally(10, 10, 0, 0, has_table=True)
    assert len(rows(tmp_path / "out")) == 10


def test_the_parquet_table_holds_the_rows_of_the_csv(task: FakeTask, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    stage_cohort(made_up_nights(4), task, task.output)
    table = pq.read_table(tmp_path / "out" / "summary.parquet")
    written = rows(tmp_path / "out")
    assert table.column_names == list(written[0])
    assert table["night"].to_pylist() == [row["night"] for row in written]
    assert table["tst_min"].to_pylist() == [400.0] * 4
    assert table["agreement_kappa"].null_count == 4


def test_nights_that_stand_out_are_named_on_the_page_with_a_reason(task: FakeTask, tmp_path: Path) -> None:
    nights = [CohortNight(f"n<{k}>", f"/data/{k}.edf", "1") for k in range(30)]
    stage_cohort(nights, task, task.output)
    journal = tmp_path / "out" / "journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for k, line in enumerate(lines):
        line["row"]["tst_min"] = 10.0 if k == 7 else 400.0 + k
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stage_cohort(nights, task, task.output)
    page = (tmp_path / "out" / "cohort.html").read_text()
    assert "total sleep time 10 min (below" in page
    assert '<a href="n%3C7%3E/report.html">n&lt;7&gt;</a>' in page
    assert "http" not in page.replace("http-equiv", "")
