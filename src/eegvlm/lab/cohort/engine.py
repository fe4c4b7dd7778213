"""What runs the nights of a cohort: one small interface, and the simplest engine behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from eegvlm.lab.cohort.night import CohortNight, NightOutcome

Worker = Callable[[CohortNight], NightOutcome]
"""Stages one night; what goes wrong with it is its outcome and no exception."""


class Task(Protocol):
    """Makes workers; it is sent to other processes."""

    @property
    def options(self) -> str:
        """The digest of model and options, a part of each night's key."""

    def start(self) -> Worker:
        """Load what a worker needs; called once in each."""


class Engine(Protocol):
    """Runs nights on workers, in any order."""

    def run(self, task: Task, nights: Iterable[CohortNight]) -> Iterator[NightOutcome]:
        """Yield the outcome of each night once, as it comes.

        Nights are drawn from the iterable as workers become free, so that a million of them need not be held.
        """


class InProcess:
    """One worker in this process."""

    def run(self, task: Task, nights: Iterable[CohortNight]) -> Iterator[NightOutcome]:
        """Yield outcomes in the order of the nights."""
        worker: Worker | None = None
        for night in nights:
            worker = worker or task.start()
            yield worker(night)
