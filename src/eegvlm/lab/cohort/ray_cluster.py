"""Workers on a Ray cluster: actors that hold the model, nights as tasks, each night one outcome.

Notable
-------
- A night goes only to an actor that has loaded its model, and one more waits there: nothing waits for a machine that
  is not there, and at most two nights an actor are in Ray's memory.
- An actor that is lost with its machine, or killed for want of memory, gives its nights back; they are tried again
  elsewhere. A new actor is asked for, which starts when Ray finds room. A night whose actors were lost
  :data:`ATTEMPTS` times fails.
- Results go from the actor to the output; Ray carries outcomes alone.

Not covered: a head node that is lost. The run ends, and goes on where it stood when the command is given again.
"""

from __future__ import annotations

import math
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from eegvlm.errors import InputError
from eegvlm.lab.cohort.engine import Task
from eegvlm.lab.cohort.night import CohortNight, NightOutcome

ATTEMPTS = 5
_PER_ACTOR = 2
_LOOK_EVERY_S = 2.0
_CONNECT_S = 10.0
_RUNNING = "check that the cluster runs there (ray status), or give its HOST:PORT"


@dataclass(frozen=True)
class RayCluster:
    """A Ray cluster.

    Parameters
    ----------
    address
        ``HOST:PORT`` or ``ray://HOST:PORT`` of a cluster; ``auto`` for the one that this machine is part of;
        ``local`` to start one on this machine.
    cpus, gpus
        What an actor occupies. GPUs None: one where the cluster has any.
    """

    address: str = "auto"
    cpus: float = 1
    gpus: float | None = None

    def run(self, task: Task, nights: Iterable[CohortNight]) -> Iterator[NightOutcome]:
        """Yield outcomes as they come.

        Raises
        ------
        InputError
            If Ray is not installed, or the cluster cannot be reached or was lost.
        """
        ray = _ray()
        _check_reachable(self.address)
        try:
            ray.init(address=self.address, log_to_driver=False, configure_logging=False)
        except Exception as error:  # Ray raises bare ones where a node does not start
            raise InputError(self.address, "Ray cluster", error, _connection_hint(error)) from error
        try:
            yield from _RayRun(ray, self, task).outcomes(iter(nights))
        except (ray.exceptions.RaySystemError, ConnectionError) as error:
            hint = "start it again and give the same command: it goes on from there"
            raise InputError(self.address, "Ray cluster", error, hint) from error
        finally:
            ray.shutdown()


@dataclass
class _RayRun:
    """One run: which actors are ready, and which nights are where. Actors have numbers, counted as they are made."""

    ray: Any
    cluster: RayCluster
    task: Task
    actors: dict[int, Any] = field(default_factory=dict)
    starting: dict[Any, int] = field(default_factory=dict)  # reference of the start -> actor
    under_way: dict[Any, tuple[int, CohortNight]] = field(default_factory=dict)  # reference of the outcome -> where
    load: Counter[int] = field(default_factory=Counter)  # ready actor -> nights there
    again: deque[CohortNight] = field(default_factory=deque)
    losses: Counter[str] = field(default_factory=Counter)
    made: int = 0
    looked: float = -math.inf

    def outcomes(self, nights: Iterator[CohortNight]) -> Iterator[NightOutcome]:
        while True:
            if not self.again and (night := next(nights, None)) is not None:
                self.again.append(night)
            if not self.under_way and not self.again:
                return
            self._ask_for_actors()
            self._hand_out(nights)
            waited = [*self.starting, *self.under_way]
            done, _ = self.ray.wait(waited, num_returns=1, timeout=_LOOK_EVERY_S) if waited else ([], [])
            for reference in done:
                yield from self._taken(reference)

    def _ask_for_actors(self) -> None:
        """Ask for as many actors as the cluster has room for now, and at least one."""
        if time.monotonic() - self.looked < _LOOK_EVERY_S and self.actors:
            return
        self.looked = time.monotonic()
        has = self.ray.cluster_resources()
        gpus = self.cluster.gpus
        if gpus is None:
            gpus = 1 if has.get("GPU", 0) >= 1 else 0
        room = int(has.get("CPU", 0) / self.cluster.cpus)
        if gpus:
            room = min(room, int(has.get("GPU", 0) / gpus))
        kind = self.ray.remote(num_cpus=self.cluster.cpus, num_gpus=gpus, max_restarts=0)(_Actor)
        for _ in range(max(1, room) - len(self.actors)):
            self.made += 1
            self.actors[self.made] = kind.remote(self.task)
            self.starting[self.actors[self.made].is_ready.remote()] = self.made

    def _hand_out(self, nights: Iterator[CohortNight]) -> None:
        """Give every ready actor nights until it has enough, those with fewest first."""
        while self.load:
            number = min(self.load, key=self.load.__getitem__)
            if self.load[number] >= _PER_ACTOR:
                return
            night = self.again.popleft() if self.again else next(nights, None)
            if night is None:
                return
            self.under_way[self.actors[number].stage.remote(night)] = (number, night)
            self.load[number] += 1

    def _taken(self, reference: Any) -> Iterator[NightOutcome]:
        """Take what a reference says: an actor that is ready, an outcome, or the loss of an actor."""
        lost = (self.ray.exceptions.RayActorError, self.ray.exceptions.OutOfMemoryError)
        if reference in self.starting:
            number = self.starting.pop(reference)
            try:
                self.ray.get(reference)
            except lost as error:
                del self.actors[number]
                self._check_start(error)
            else:
                self.load[number] = 0
            return
        number = self.under_way[reference][0]
        try:
            outcome: NightOutcome = self.ray.get(reference)
        except lost:
            yield from self._give_back(number)
            return
        del self.under_way[reference]
        self.load[number] -= 1
        yield outcome

    def _give_back(self, number: int) -> Iterator[NightOutcome]:
        """Forget a lost actor, and queue its nights again; the first of them was under way and may be the cause."""
        self.actors.pop(number, None)
        self.load.pop(number, None)
        references = [reference for reference, (where, _) in self.under_way.items() if where == number]
        first, *waiting = [self.under_way.pop(reference)[1] for reference in references]
        self.again.extend(waiting)
        self.losses[first.name] += 1
        if self.losses[first.name] < ATTEMPTS:
            self.again.append(first)
            return
        reason = f"{first.recording}: staging: its worker was lost {ATTEMPTS} times, to memory or with its machine"
        yield NightOutcome.failed(first, self.task.options, f"{reason}; give workers more room, and run again")

    def _check_start(self, error: Exception) -> None:
        """Refuse where a worker cannot even start: the model or the installation is at fault, not a machine."""
        if "creation task" in str(error):  # Ray's words for an exception in the actor's constructor
            cause = str(error).strip().splitlines()[-1]
            hint = "eeg-vlm and the model must be on every machine of the cluster"
            raise InputError(self.cluster.address, "Ray worker", cause, hint) from error


class _Actor:
    """A worker with its model."""

    def __init__(self, task: Task) -> None:
        self._worker = task.start()

    def is_ready(self) -> bool:
        return True

    def stage(self, night: CohortNight) -> NightOutcome:
        return self._worker(night)


def _check_reachable(address: str) -> None:
    """Refuse an address where nothing listens: Ray itself tries for many minutes before it says so."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return  # auto, local
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(address, "Ray cluster", error, _RUNNING) from error


def _connection_hint(error: Exception) -> str:
    """Say what to do where a cluster was not reached; that it wants a token is told by the error's cause alone."""
    if "RAY_AUTH_TOKEN" in f"{error} {error.__cause__}":
        # Ray sends a token to an address that was given only where this is set
        return "the cluster asks for a token: set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to that of its head"
    return _RUNNING


def _ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise InputError("ray", "package", "not installed", "pip install 'eeg-vlm[cluster]'") from error
    return ray
