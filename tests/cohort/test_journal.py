"""The journal: what counts after a kill, who may write, and what it says of a night."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cohort_tasks import made_up_nights

from eegvlm.errors import InputError
from eegvlm.lab.cohort import CohortJournal, NightOutcome


def entries(count: int) -> list[dict]:
    return [
        NightOutcome(night.name, night.recording, night.key("x"), row={"night": night.name, "hours": 8.0}).to_entry()
        for night in made_up_nights(count)
    ]


def test_what_was_appended_is_there_for_the_next_run(tmp_path: Path) -> None:
    with CohortJournal(tmp_path, "journal.jsonl") as journal:
        for entry in entries(3):
            journal.append(entry)
    with CohortJournal(tmp_path, "journal.jsonl") as journal:
        assert [journal.entry(one["night"]) for one in entries(3)] == entries(3)
        assert list(journal.entries(one["night"] for one in entries(4))) == entries(3)


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_torn_last_line_does_not_count_and_the_next_line_stands_whole(tmp_path: Path, cut: int) -> None:
    first, second, third = entries(3)
    with CohortJournal(tmp_path, "journal.jsonl") as journal:
        journal.append(first)
        journal.append(second)
    file = tmp_path / "journal.jsonl"
    os.truncate(file, file.stat().st_size - cut)
    with CohortJournal(tmp_path, "journal.jsonl") as journal:
        assert journal.last(first["night"]) is not None
        assert journal.last(second["night"]) is None
        journal.append(third)
    assert [json.loads(line) for line in file.read_text().splitlines()] == [first, third]


def test_the_last_line_of_a_night_is_the_one_that_holds(tmp_path: Path) -> None:
    (night,) = made_up_nights(1)
    with CohortJournal(tmp_path, "journal.jsonl") as journal:
        journal.append(NightOutcome.failed(night, "x", "no memory").to_entry())
        position = journal.last(night.name)
        assert position is not None
        assert not position.is_settled
        journal.append(entries(1)[0])
        position = journal.last(night.name)
        assert position is not None
        assert position.is_done
        assert journal.entry(night.name)["row"]["hours"] == 8.0


def test_a_damaged_line_in_the_middle_is_refused_with_its_number(tmp_path: Path) -> None:
    lines = [json.dumps(entry) for entry in entries(3)]
    (tmp_path / "journal.jsonl").write_text("\n".join([lines[0], lines[1][:20], lines[2]]) + "\n")
    with pytest.raises(InputError, match="line 2 is damaged"):
        CohortJournal(tmp_path, "journal.jsonl")


def test_two_runs_cannot_append_to_one_journal_but_to_one_each(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    first, second = entries(2)
    with CohortJournal(tmp_path, "journal-1-of-2.jsonl") as journal:
        with pytest.raises(InputError, match="another run is writing"):
            CohortJournal(tmp_path, "journal-1-of-2.jsonl")
        journal.append(first)
        with CohortJournal(tmp_path, "journal-2-of-2.jsonl") as other:
            other.append(second)
    with CohortJournal(tmp_path, "journal.jsonl") as both:
        assert len(both) == 2


def test_reading_alone_writes_nothing_and_waits_for_nobody(tmp_path: Path) -> None:
    with CohortJournal(tmp_path, None) as empty:
        assert len(empty) == 0
    assert list(tmp_path.iterdir()) == []
    with CohortJournal(tmp_path, "journal.jsonl") as journal:
        journal.append(entries(1)[0])
        with CohortJournal(tmp_path, None) as reading:
            assert len(reading) == 1
