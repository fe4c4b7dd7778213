"""A data set to a store: where each night lies, what is made again, and what is written at the end."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm import __version__
from eegvlm.core.files import check_output_folder, write_text
from eegvlm.core.output_errors import output_errors
from eegvlm.core.temporary_names import remove_unfinished
from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.images import ImageLayout
from eegvlm.lab.datasets import DATASETS, Dataset, Night
from eegvlm.lab.epochs.card import store_card
from eegvlm.lab.epochs.counts import microvolt_per_count
from eegvlm.lab.epochs.journal import BuildJournal
from eegvlm.lab.epochs.manifest import FORMAT, MANIFEST, BuildEntry, Manifest, NightEntry
from eegvlm.lab.epochs.night_file import NightFile, labels_file, write_counts
from eegvlm.lab.epochs.problems import StoreError
from eegvlm.lab.epochs.reading import NightEpochs, read_night, why_left_out
from eegvlm.lab.epochs.sources import source_digest
from eegvlm.lab.epochs.store import is_whole, night_paths
from eegvlm.signals import EPOCH_S

Progress = Callable[[int, int], None]
CARD = "README.md"


def build_store(
    dataset: Dataset,
    layout: ImageLayout,
    out: str | os.PathLike[str],
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Manifest:
    """Write the epochs of a data set as a store, or finish one that an interrupted run started.

    Nights that are finished and undamaged are not made again, unless their recordings or scorings have changed. The
    same plan gives the same bytes, however often it was interrupted.

    Parameters
    ----------
    dataset
        Its nights and options (scorer, wake crop) are what is stored, in its order.
    layout
        Its panels, rate and bands.
    out
        The folder: a new one, an empty one, or one that a build of the same plan began.
    workers
        Processes that read nights.
    progress
        Called with the number of nights done and of all.

    Returns
    -------
    Manifest
        It names every problem; a night that could not be read is in ``left_out``.

    Raises
    ------
    StoreError
        Where no night can be read, or the folder holds something else.
    InputError
        Where it cannot be written.
    """
    folder = Path(out)
    if workers < 1:
        raise StoreError("epoch store", "workers", workers, "give 1 or more")
    if not dataset.nights:
        why = sorted(dataset.problems, key=lambda problem: problem.severity != "error")
        first = why[0].message if why else "no file of this data set is there"
        hint = "`eegvlm dataset check` names every problem"
        raise StoreError(f"data set {dataset.name}", "nights", f"none can be used: {first}", hint)
    plan = _plan(dataset, layout)
    files = night_paths(folder, plan["nights"])
    jobs = [
        _Job(number, files[night.name], night, layout, _root(dataset)) for number, night in enumerate(dataset.nights)
    ]
    check_output_folder(folder, files=(CARD, MANIFEST))
    check_output_folder(jobs[0].file.parent)
    journal = BuildJournal(folder, plan)
    waiting = [job for job in jobs if not _is_finished(job, journal.finished.get(job.number))]
    done = len(jobs) - len(waiting)
    if progress is not None:
        progress(done, len(dataset.nights))
    for entry in _made(waiting, workers):
        journal.add(entry)
        done += 1
        if progress is not None:
            progress(done, len(dataset.nights))
    manifest = Manifest(plan, tuple(journal.finished[job.number] for job in jobs), dataset.problems)
    if not manifest.rows:
        why_not = manifest.left_out[0].message
        raise StoreError(f"data set {dataset.name}", "nights", f"none could be read: {why_not}", "see its problems")
    write_text(folder / CARD, store_card(manifest))
    write_text(folder / MANIFEST, manifest.to_json())
    return manifest


@dataclass(frozen=True)
class _Job:
    number: int
    file: Path
    night: Night
    layout: ImageLayout
    root: Path

    @property
    def source(self) -> str:
        return source_digest(self.night, self.root)

    def make(self) -> BuildEntry:
        begin = time.perf_counter()
        with output_errors(self.file):
            for file in (self.file, labels_file(self.file)):
                remove_unfinished(file)
                file.unlink(missing_ok=True)
        try:
            epochs = read_night(self.night, self.layout)
        except (InputError, OSError) as error:
            left_out = why_left_out(self.night, error, self.root)
            return BuildEntry(self.number, _seconds(begin), self.source, None, left_out)
        panels = {panel.name: microvolt_per_count(panel) for panel in self.layout.panels}
        write_counts(self.file, epochs.counts, panels, epochs.labels, epochs.columns)
        return BuildEntry(self.number, _seconds(begin), self.source, _entry(epochs, self.file), None)


def _seconds(begin: float) -> float:
    return round(time.perf_counter() - begin, 3)


def _make(job: _Job) -> BuildEntry:
    return job.make()


def _made(jobs: list[_Job], workers: int) -> Iterator[BuildEntry]:
    """Make nights, in the order in which they are finished."""
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


def _is_finished(job: _Job, entry: BuildEntry | None) -> bool:
    if entry is None or entry.night is None or entry.source != job.source:
        return False
    return is_whole(NightFile(job.file), entry.night)


def _plan(dataset: Dataset, layout: ImageLayout) -> dict[str, Any]:
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
        "rate_hz": layout.rate,
        "samples_per_epoch": round(EPOCH_S * layout.rate),
        "microvolt_per_count": {panel.name: microvolt_per_count(panel) for panel in layout.panels},
        "layout": layout.to_dict(),
    }


def _entry(epochs: NightEpochs, file: Path) -> NightEntry:
    stages = {stage.label: int(np.count_nonzero(epochs.stages == stage)) for stage in (*STAGES, Stage.UNSCORED)}
    channels: dict[str, Mapping[str, str] | None] = {
        panel: None if channel is None else {"name": channel.name, "role": channel.role.value}
        for panel, channel in epochs.channels.items()
    }
    saturated = {panel: int(n.sum()) for panel, n in epochs.saturated.items() if n.any()}
    problems = tuple((problem.code, problem.message) for problem in epochs.problems)
    return NightEntry(
        epochs.night.name,
        epochs.night.person,
        len(epochs),
        int(epochs.missing.sum()),
        stages,
        channels,
        saturated,
        problems,
        sum(part.stat().st_size for part in (file, labels_file(file))),
        sha256(NightFile(file).digest()).hexdigest(),
    )


def _root(dataset: Dataset) -> Path:
    return Path(dataset.root) if dataset.name != "simulated" else Path("simulated")
