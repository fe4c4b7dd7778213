"""A data set to a store: which night lies in which shard, what is made again, and what is written at the end."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm import __version__
from eegvlm.core.files import check_output_folder, write_text
from eegvlm.core.output_errors import output_errors
from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.images import ImageLayout
from eegvlm.lab.datasets import DATASETS, Dataset, DatasetProblem, Night
from eegvlm.lab.datasets.files import sha256_of
from eegvlm.lab.epochs.card import store_card
from eegvlm.lab.epochs.counts import microvolt_per_count
from eegvlm.lab.epochs.journal import BuildJournal
from eegvlm.lab.epochs.manifest import FORMAT, MANIFEST, Manifest, NightEntry, ShardEntry
from eegvlm.lab.epochs.problems import StoreError, optional
from eegvlm.lab.epochs.reading import NightEpochs, read_night, why_left_out
from eegvlm.lab.epochs.shard import FIELDS, ROWS_PER_GROUP, shard_path, write_shard
from eegvlm.lab.epochs.sources import source_digest
from eegvlm.signals import EPOCH_S

Progress = Callable[[int, int], None]
CARD = "README.md"
_NO_FILE = "0" * 64


def build_store(
    dataset: Dataset,
    layout: ImageLayout,
    out: str | os.PathLike[str],
    *,
    shard_nights: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
) -> Manifest:
    """Write the epochs of a data set as a store, or finish one that an interrupted run started.

    Shards that are finished and undamaged are not made again, unless one of their nights could not be read or its
    files have changed. The same plan gives the same bytes, however often it was interrupted.

    Parameters
    ----------
    dataset
        Its nights and options (scorer, wake crop) are what is stored, in its order.
    layout
        Its panels, rate and bands.
    out
        The folder: a new one, an empty one, or one that a build of the same plan began.
    shard_nights
        Nights a Parquet file.
    workers
        Processes that read nights.
    progress
        Called with the number of nights done and of all.

    Returns
    -------
    Manifest
        It names every problem; a night that could not be read is in its shard's ``left_out``.

    Raises
    ------
    StoreError
        Where no night can be read, or the folder holds something else.
    InputError
        Where it cannot be written.
    """
    optional("pyarrow")
    folder = Path(out)
    if shard_nights < 1 or workers < 1:
        raise StoreError("epoch store", "shard_nights, workers", f"{shard_nights}, {workers}", "give 1 or more")
    if not dataset.nights:
        why = sorted(dataset.problems, key=lambda problem: problem.severity != "error")
        first = why[0].message if why else "no file of this data set is there"
        hint = "`eegvlm dataset check` names every problem"
        raise StoreError(f"data set {dataset.name}", "nights", f"none can be used: {first}", hint)
    plan = _plan(dataset, layout, shard_nights)
    nights = [dataset.nights[at : at + shard_nights] for at in range(0, len(dataset.nights), shard_nights)]
    jobs = [
        _Job(number, shard_path(folder, number, len(nights)), members, layout, _root(dataset))
        for number, members in enumerate(nights)
    ]
    check_output_folder(folder, files=(CARD, MANIFEST))
    check_output_folder(jobs[0].file.parent)
    journal = BuildJournal(folder, plan)
    finished = [job for job in jobs if _is_finished(job, journal.finished.get(job.number))]
    done = sum(len(job.nights) for job in finished)
    if progress is not None:
        progress(done, len(dataset.nights))
    kept_numbers = {job.number for job in finished}
    waiting = [job for job in jobs if job.number not in kept_numbers]
    for entry in _made(waiting, workers):
        journal.add(entry)
        done += len(jobs[entry.number].nights)
        if progress is not None:
            progress(done, len(dataset.nights))
    manifest = Manifest(plan, tuple(journal.finished[job.number] for job in jobs), dataset.problems)
    if not manifest.rows:
        left_out = [problem.message for shard in manifest.shards for problem in shard.left_out]
        raise StoreError(f"data set {dataset.name}", "nights", f"none could be read: {left_out[0]}", "see its problems")
    write_text(folder / CARD, store_card(manifest))
    write_text(folder / MANIFEST, manifest.to_json())
    return manifest


@dataclass(frozen=True)
class _Job:
    number: int
    file: Path
    nights: tuple[Night, ...]
    layout: ImageLayout
    root: Path

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source_digest(night, self.root) for night in self.nights)

    def make(self) -> ShardEntry:
        begin = time.perf_counter()
        entries: list[NightEntry] = []
        left_out: list[DatasetProblem] = []

        def read() -> Iterator[NightEpochs]:
            for night in self.nights:
                try:
                    epochs = read_night(night, self.layout)
                except (InputError, OSError) as error:
                    left_out.append(why_left_out(night, error, self.root))
                    continue
                entries.append(_entry(epochs))
                yield epochs

        panels = {panel.name: microvolt_per_count(panel) for panel in self.layout.panels}
        with output_errors(self.file):
            self.file.unlink(missing_ok=True)
        rows = write_shard(self.file, read(), panels, samples=round(EPOCH_S * self.layout.rate))
        size, digest = (self.file.stat().st_size, sha256_of(self.file)) if rows else (0, _NO_FILE)
        seconds = round(time.perf_counter() - begin, 3)
        return ShardEntry(self.number, rows, size, digest, seconds, self.sources, tuple(entries), tuple(left_out))


def _make(job: _Job) -> ShardEntry:
    return job.make()


def _made(jobs: list[_Job], workers: int) -> Iterator[ShardEntry]:
    """Make shards, in the order in which they are finished."""
    if workers == 1 or len(jobs) < 2:
        yield from map(_make, jobs)
        return
    with ExitStack() as stack:
        # Fresh processes: a fork of one that has threads (torch, Arrow) can hang.
        pool = stack.enter_context(ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")))
        stack.callback(pool.shutdown, cancel_futures=True)
        for future in as_completed([pool.submit(_make, job) for job in jobs]):
            try:
                yield future.result()
            except BrokenExecutor as error:
                hint = "it may have run out of memory: run it again with fewer workers"
                raise StoreError("epoch store", "workers", "a process was killed", hint) from error


def _is_finished(job: _Job, entry: ShardEntry | None) -> bool:
    if entry is None or entry.left_out or entry.sources != job.sources:
        return False
    return job.file.is_file() and job.file.stat().st_size == entry.n_bytes and sha256_of(job.file) == entry.sha256


def _plan(dataset: Dataset, layout: ImageLayout, shard_nights: int) -> dict[str, Any]:
    for panel in layout.panels:
        if panel.name in FIELDS or "." in panel.name:
            raise StoreError(layout.name, "panel", panel.name, "rename it: a column of that name cannot be stored")
    info = DATASETS[dataset.name]
    return {
        "format": FORMAT,
        "software": f"eeg-vlm {__version__}",
        "dataset": {
            "name": dataset.name,
            "title": info.title,
            "licence": info.licence,
            "where": info.where,
            "specification": dataset.root if dataset.name == "simulated" else None,
            "options": dict(dataset.options),
        },
        "nights": [night.name for night in dataset.nights],
        "shard_nights": shard_nights,
        "rows_per_group": ROWS_PER_GROUP,
        "rate_hz": layout.rate,
        "samples_per_epoch": round(EPOCH_S * layout.rate),
        "microvolt_per_count": {panel.name: microvolt_per_count(panel) for panel in layout.panels},
        "layout": layout.to_dict(),
    }


def _entry(epochs: NightEpochs) -> NightEntry:
    stages = {stage.label: int(np.count_nonzero(epochs.stages == stage)) for stage in (*STAGES, Stage.UNSCORED)}
    channels: dict[str, Mapping[str, str] | None] = {
        panel: None if channel is None else {"name": channel.name, "role": channel.role.value}
        for panel, channel in epochs.channels.items()
    }
    saturated = {panel: int(n.sum()) for panel, n in epochs.saturated.items() if n.any()}
    problems = tuple((problem.code, problem.message) for problem in epochs.problems)
    night = epochs.night
    missing = int(epochs.missing.sum())
    return NightEntry(night.name, night.person, len(epochs), missing, stages, channels, saturated, problems)


def _root(dataset: Dataset) -> Path:
    return Path(dataset.root) if dataset.name != "simulated" else Path("simulated")
