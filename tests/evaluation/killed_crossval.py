"""``python killed_crossval.py RECIPE OUT FOLDER``: a cross-validation that is killed twice and goes on each time."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from eegvlm.lab.evaluation import ConfusionBootstrap, crossval
from eegvlm.lab.training import read_recipe


def killed(place: Any, name: str, call: int) -> None:
    """Let this process be killed at a function's so-manieth call."""
    function, calls = getattr(place, name), [0]

    def stop(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    setattr(place, name, stop)


MOMENTS = {
    "in training of the first fold": lambda: killed(Accelerator, "backward", 2),
    "while the answers of the second fold are written": lambda: killed(crossval, "write_answers", 2),
}

if __name__ == "__main__":
    recipe, out = read_recipe(Path(sys.argv[1])), Path(sys.argv[2])
    data = {"own": Path(sys.argv[3])}
    for moment, arm in MOMENTS.items():
        child = os.fork()
        if child == 0:
            arm()
            crossval.cross_validate(recipe, out, data=data, resume=True)
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(moment, ended, flush=True)
    told: list[str] = []
    crossval.cross_validate(
        recipe, out, data=data, resume=True, tell=told.append, bootstrap=ConfusionBootstrap(100)
    ).write(out)
    print(*told, sep="\n")
