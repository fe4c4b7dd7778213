"""A cohort from its work list to its summary: what is finished is skipped, every other night staged once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from eegvlm.lab.cohort.bids_derivatives import check_names, dataset_files
from eegvlm.lab.cohort.engine import Engine, InProcess, Task
from eegvlm.lab.cohort.journal import CohortJournal, path_hash
from eegvlm.lab.cohort.night import CohortNight, NightOutcome
from eegvlm.lab.cohort.output import Output
from eegvlm.lab.cohort.page import FILE, write_page
from eegvlm.lab.cohort.shards import Shard
from eegvlm.lab.cohort.summary import FAILURES, SUMMARY, TABLE, Row, write_failures, write_summary
from eegvlm.lab.cohort.task import Layout

JOURNAL = "journal.jsonl"

FILES = (SUMMARY, TABLE, FAILURES, FILE)
"""What is written of a cohort as a whole."""
Progress = Callable[[int, int, int], None]
"""Called with the nights that are through, those of them that failed, and how many there are to stage."""


@dataclass(frozen=True)
class Tally:
    """What a run came to.

    Parameters
    ----------
    total
        Nights of the work list, or of its shard.
    finished_before
        Staged by earlier runs.
    staged
        Staged by this one.
    failed
        Without results, now or for good since an earlier run.
    has_table
        Whether ``summary.parquet`` was written; None where a shard leaves the summary to a run without one.
    """

    total: int
    finished_before: int
    staged: int
    failed: int
    has_table: bool | None


@dataclass(frozen=True)
class Standing:
    """What is known of the nights before a run.

    Parameters
    ----------
    finished, failed
        Nights with results, and nights that would fail again.
    left
        Nights to stage.
    taken
        Nights whose place holds the results of a recording that lies elsewhere.
    """

    finished: int
    failed: int
    left: tuple[CohortNight, ...]
    taken: tuple[CohortNight, ...]


def standing(nights: Sequence[CohortNight], journal: CohortJournal, options: str) -> Standing:
    """Tell which nights are to be staged.

    Parameters
    ----------
    nights
        The work list.
    journal
        What earlier runs did.
    options
        Digest of model and options.
    """
    finished = failed = 0
    left, taken = [], []
    for night in nights:
        last = journal.last(night.name)
        if last is None:
            left.append(night)
        elif last.key.hex() == night.key(options) and last.is_settled:
            finished += last.is_done
            failed += not last.is_done
        elif last.is_done and last.recording_hash != path_hash(night.recording):
            taken.append(night)
        else:
            left.append(night)
    return Standing(finished, failed, tuple(left), tuple(taken))


def stage_cohort(
    nights: Sequence[CohortNight],
    task: Task,
    output: Output,
    *,
    engine: Engine | None = None,
    shard: Shard | None = None,
    layout: Layout = "paths",
    title: str = "cohort",
    has_reports: bool = True,
    progress: Progress | None = None,
) -> Tally:
    """Stage all nights that are not finished, and write the summary.

    Parameters
    ----------
    nights
        The work list, from :func:`eegvlm.lab.cohort.find_nights`.
    task
        What a worker does; a :class:`eegvlm.lab.cohort.StagingTask`.
    output
        Where results go.
    engine
        What runs the nights; in this process where None.
    shard
        The part that is staged. The summary is then left to a run without one.
    layout
        As in the task's plan.
    title, has_reports
        The page's heading, and whether nights have reports that it links.
    progress
        Told after every night.

    Returns
    -------
    Tally

    Raises
    ------
    InputError
        If the output cannot be written, another run writes to it, or the engine cannot be used. A night that fails is
        no error.
    """
    if layout == "bids-derivatives":
        check_names(nights)
    output.prepare()
    mine = nights if shard is None else [night for night in nights if night.name in shard]
    with output.journal(JOURNAL if shard is None else shard.journal) as journal:
        if layout == "bids-derivatives" and shard is None:
            output.write(dataset_files())
        state = standing(mine, journal, task.options)
        staged, failed, total = 0, len(state.taken), len(state.left) + len(state.taken)
        for outcome in (engine or InProcess()).run(task, state.left):
            journal.append(outcome.to_entry())
            staged += outcome.is_done
            failed += not outcome.is_done
            if progress is not None:
                progress(staged + failed, failed, total)
        has_table = None
        if shard is None:
            has_table = _summarise(nights, journal, output, state.taken, task.options, title, has_reports=has_reports)
    return Tally(len(mine), state.finished, staged, failed + state.failed, has_table)


def _refusal(night: CohortNight, options: str) -> NightOutcome:
    reason = f"{night.recording}: results: of another recording of this name; use another --out"
    return NightOutcome.failed(night, options, reason)


def _summarise(
    nights: Sequence[CohortNight],
    journal: CohortJournal,
    output: Output,
    refused: Sequence[CohortNight],
    options: str,
    title: str,
    *,
    has_reports: bool,
) -> bool:
    """Write summary, failures and page from the journal."""
    refused_names = {night.name for night in refused}

    def entries() -> Iterator[Row]:
        return journal.entries(night.name for night in nights if night.name not in refused_names)

    def rows() -> Iterator[Row]:
        return (entry["row"] for entry in entries() if entry["state"] == "done")

    failures: list[Row] = [entry for entry in entries() if entry["state"] == "failed"]
    failures += [_refusal(night, options).to_entry() for night in refused]
    has_table = write_summary(output, rows)
    write_failures(output, failures)
    write_page(output, rows, failures, title=title, has_reports=has_reports)
    return has_table


def worker_threads(jobs: int) -> int:
    """Return the number of threads of each of this machine's workers."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // jobs)
