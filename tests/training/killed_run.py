"""``python killed_run.py RECIPE OUT`` runs a recipe, is killed at every moment that it names, and goes on each time."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from eegvlm.lab.training import checkpoints, read_recipe, run, train


def killed(place: Any, name: str, call: int, *, after: bool = False) -> None:
    """Let this process be killed at a function's so-manieth call, before it or after."""
    function, calls = getattr(place, name), [0]

    def stop(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and after:
            function(*args, **kwargs)
        if calls[0] == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    setattr(place, name, stop)


MOMENTS = {
    "while a night is written": lambda: killed(os, "replace", 3),  # of the recipe, the labels, the signals
    "in a step after a checkpoint": lambda: killed(Accelerator, "backward", 3, after=True),
    "while a checkpoint is written": lambda: killed(checkpoints, "write_random_state", 1),
    "when a checkpoint is written and not yet in its place": lambda: killed(checkpoints, "complete", 1),
    "between two phases": lambda: killed(run, "sampler_of", 2),
    "before the first checkpoint of adapters": lambda: killed(Accelerator, "backward", 3, after=True),
    "among the steps of adapters": lambda: killed(Accelerator, "backward", 4, after=True),
}

if __name__ == "__main__":
    recipe, out = read_recipe(Path(sys.argv[1])), Path(sys.argv[2])
    for moment, arm in MOMENTS.items():
        child = os.fork()
        if child == 0:
            arm()
            train(recipe, out, resume=True)
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(moment, ended, flush=True)
    train(recipe, out, resume=True)
