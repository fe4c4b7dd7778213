"""``python killed_ablation.py RECIPE OUT NAME=FOLDER...``: an ablation killed when its first answers are written."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from eegvlm.lab.evaluation import ablation
from eegvlm.lab.evaluation.ablation import Plan, ablate
from eegvlm.lab.evaluation.ablation_axes import Axis, variants
from eegvlm.lab.training import read_recipe

AXES = [Axis("phases.enhance.enabled", ("false",))]
SEEDS = 3


def stop(*args: object, **kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    recipe, out, *sources = sys.argv[1:]
    data = {name: Path(folder) for name, _, folder in (source.partition("=") for source in sources)}
    ablation.write_answers = stop
    ablate(
        Plan(read_recipe(Path(recipe)), variants(Path(recipe), AXES), seeds=SEEDS), Path(out), data=data, resume=True
    )
