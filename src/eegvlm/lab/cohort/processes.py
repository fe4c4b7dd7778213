"""Workers in processes of this machine, the model loaded once in each.

A worker that the system kills (out of memory, above all) breaks the pool. The nights that were under way are then run
one by one, so that the night that kills its worker is known and fails alone; all others go on in a new pool.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice

from eegvlm.lab.cohort.engine import Task, Worker
from eegvlm.lab.cohort.night import CohortNight, NightOutcome

_ATTEMPTS = 2  # of a night alone: memory may have been short because of others
_WAITING = 1  # nights that wait beside each one that is being staged

_worker: Worker | None = None


@dataclass(frozen=True)
class LocalProcesses:
    """A pool of processes.

    Parameters
    ----------
    jobs
        How many.
    """

    jobs: int

    def run(self, task: Task, nights: Iterable[CohortNight]) -> Iterator[NightOutcome]:
        """Yield outcomes as they come."""
        remaining = iter(nights)
        while True:
            suspects: list[CohortNight] = []
            yield from self._run_pool(task, remaining, suspects, jobs=self.jobs, waiting=_WAITING)
            if not suspects:
                return
            yield from self._run_alone(task, suspects)

    def _run_alone(self, task: Task, suspects: list[CohortNight]) -> Iterator[NightOutcome]:
        """Run one night at a time: where the worker is killed again, the night that it had is the reason."""
        remaining = iter(suspects)
        losses: Counter[str] = Counter()
        while True:
            killed: list[CohortNight] = []
            yield from self._run_pool(task, remaining, killed, jobs=1, waiting=0)
            if not killed:
                return
            for night in killed:
                losses[night.name] += 1
                if losses[night.name] < _ATTEMPTS:
                    remaining = chain([night], remaining)
                    continue
                reason = f"{night.recording}: staging: its worker was killed, most likely for want of memory"
                yield NightOutcome.failed(night, task.options, f"{reason}; run again with fewer --jobs")

    def _run_pool(
        self, task: Task, nights: Iterator[CohortNight], suspects: list[CohortNight], *, jobs: int, waiting: int
    ) -> Iterator[NightOutcome]:
        """Run nights until there are none, or the pool breaks: those under way are then among ``suspects``."""
        under_way: dict[Future[NightOutcome], CohortNight] = {}
        with self._pool(task, jobs) as pool:
            try:
                while True:
                    for night in islice(nights, jobs * (1 + waiting) - len(under_way)):
                        try:
                            future = pool.submit(_stage, night)
                        except BrokenProcessPool:  # while it was idle or full: this night is not under way yet
                            suspects.append(night)
                            raise
                        under_way[future] = night
                    if not under_way:
                        return
                    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                        outcome = future.result()
                        del under_way[future]
                        yield outcome
            except BrokenProcessPool:
                for future, night in under_way.items():
                    if future.done() and future.exception() is None:
                        yield future.result()
                    else:
                        suspects.append(night)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _pool(self, task: Task, jobs: int) -> ProcessPoolExecutor:
        # A forked torch may hold locks of threads that are not there; a spawned one is the same on every system.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(task,))


def _start(task: Task) -> None:
    """Load the model; an error is kept for the first night, since a pool does not say what broke it."""
    global _worker
    try:
        _worker = task.start()
    except Exception as error:
        _worker = _Failing(error)


@dataclass(frozen=True)
class _Failing:
    error: Exception

    def __call__(self, night: CohortNight) -> NightOutcome:
        raise self.error


def _stage(night: CohortNight) -> NightOutcome:
    if _worker is None:  # pragma: no cover (the pool starts it)
        raise RuntimeError("the worker was not started")
    return _worker(night)
