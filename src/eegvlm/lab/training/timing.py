"""A few steps of every phase on the device at hand, timed, on a short simulated night instead of the recipe's data."""

from __future__ import annotations

import dataclasses
import io
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from statistics import median

import torch

from eegvlm.lab.training.estimate import PhaseCost
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.recipe import Mixture, Recipe, SimulatedNightsRecipe
from eegvlm.lab.training.run import TrainingRun

_STEPS = 4
_WORTH_IT = 200
_LARGE = 1_000_000_000


class Stopwatch:
    """Notes when each step ends."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def __call__(self, step: int) -> None:
        """Wait for the device and look at the clock."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """The median step; the first, which warms up, is none of them."""
        return median(after - before for before, after in zip(self.ends, self.ends[1:], strict=False))


def why_not(costs: list[PhaseCost], processes: Processes, *, estimate_only: bool) -> str:
    """Return why steps are not timed; ``""`` where they are.

    Parameters
    ----------
    costs, processes
        Of the run.
    estimate_only
        Whether nothing is trained afterwards; before a run, a large model is not loaded twice.
    """
    steps = sum(cost.steps or 0 for cost in costs)
    large = max(cost.parameters for cost in costs) > _LARGE
    if processes.count > 1:
        return "a trial is made in one process alone"
    if not estimate_only and 0 < steps < _WORTH_IT:
        return f"{steps} steps are not worth a trial"
    if large and not estimate_only:
        return "a model of this size is timed by --estimate alone"
    if max(cost.total for cost in costs) > 0.8 * _free_memory():
        return "it does not fit this device"
    if large and not torch.cuda.is_available():
        return "a model of this size is not timed without a GPU"
    return ""


def timed(recipe: Recipe, costs: list[PhaseCost]) -> list[PhaseCost]:
    """Return the costs with the seconds of a step, its data included, measured here."""
    unread = io.StringIO()  # the logs of a few steps say nothing
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(unread), redirect_stderr(unread):
        return _timed(recipe, costs, Path(folder))


def _timed(recipe: Recipe, costs: list[PhaseCost], folder: Path) -> list[PhaseCost]:
    night = SimulatedNightsRecipe(nights=1, hours=0.2)
    data = dataclasses.replace(
        recipe.data,
        train=Mixture((night,)),
        validation=Mixture((dataclasses.replace(night, hours=0.05, first_seed=1),)),
        context_versions=1,
        epochs_a_pass=0,
    )
    phases = tuple(dataclasses.replace(phase, steps=_STEPS, patience=0, folds=0) for phase in recipe.phases)
    short = dataclasses.replace(recipe, data=data, phases=phases, checkpoint_steps=1000)
    run = TrainingRun.begin(short, folder, {}, lambda items, what: items)
    timings = []
    for phase, cost in zip(run.phases, costs, strict=True):
        watch = Stopwatch()
        run.after_step = watch
        run.phase(phase)
        timings.append(dataclasses.replace(cost, step_seconds=watch.seconds))
    return timings


def _free_memory() -> float:
    """Return the bytes that the device has left."""
    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0])
    try:
        fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        return float(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return float("inf")
