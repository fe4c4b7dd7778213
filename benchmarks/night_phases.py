"""Where the processor time of a night goes: imports, loading, reading, drawing, measuring, and each network or graph.

Processor time of one thread says how much work there is, also on a machine that does other work; quality is judged and
evidence measured by threads of their own. A night is staged twice, so that the second one is warm. ``--answers FILE``
writes stages and probabilities, ``--beside FILE`` compares with such a file.

    python benchmarks/night_phases.py night.edf --engine onnx
    python benchmarks/night_phases.py night.edf --engine torch --dtype float32 --answers torch.npz
    python benchmarks/night_phases.py night.edf --engine onnx --beside torch.npz
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

_SPENT: defaultdict[str, float] = defaultdict(float)


def lap(name: str, work: Callable[[], Any]) -> Any:
    """Do something, print the processor time that it took, and return what came of it."""
    start = time.process_time()
    result = work()
    print(f"{name:28} {time.process_time() - start:6.2f} s")
    return result


def watch(holder: Any, method: str, name: str | None = None) -> None:
    """Add up a method's processor time in its own thread; without a name it is called as its first argument."""
    inner = getattr(holder, method)

    @wraps(inner)
    def watched(*arguments: Any, **more: Any) -> Any:
        start = time.thread_time()
        try:
            return inner(*arguments, **more)
        finally:
            _SPENT[name or f"graph {arguments[1]}"] += time.thread_time() - start

    setattr(holder, method, watched)


def watch_engine(engine: str, stager: Any) -> None:
    """Watch what a night consists of."""
    from eegvlm.images import PreparedNight
    from eegvlm.signals import QualityMeter

    watch(PreparedNight, "read", "reading, filtering")
    watch(QualityMeter, "add", "judging quality")
    if engine == "onnx":
        reader = importlib.import_module("eegvlm.staging.onnx_reader")
        watch(reader.OnnxNight, "_pictures", "drawing")
        watch(importlib.import_module("eegvlm.model.onnx_model").OnnxModel, "run")
    else:
        reader = importlib.import_module("eegvlm.model.night_inputs")
        watch(PreparedNight, "pictures", "drawing")
        # the enhancement network is copied for each recording: a watched forward would be that of the original
        watch(reader, "night_vectors", "vectors, drawing in it")
        for name in ("vision_tower", "language_model", "night", "evidence"):
            watch(getattr(stager.model.model, name), "forward", f"network {name}")
        watch(reader, "adapted_network", "adapting, drawing in it")
    watch(reader, "measure_night", "measuring")
    watch(reader, "evidence_vectors", "vectors of evidence")


def main() -> None:
    """Print processor times."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("night", type=Path)
    parser.add_argument("--engine", choices=("torch", "onnx"), default="onnx")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--nights", type=int, default=2, help="how often it is staged")
    parser.add_argument("--answers", type=Path, help="file for stages and probabilities")
    parser.add_argument("--beside", type=Path, help="such a file, to compare with")
    arguments = parser.parse_args()
    if arguments.engine == "torch":
        lap("import torch", lambda: importlib.import_module("torch"))
        lap("import transformers' LLaVA", lambda: importlib.import_module("transformers").LlavaForConditionalGeneration)
    lap("import numpy, scipy, eegvlm", lambda: importlib.import_module("eegvlm.staging.stager"))
    from eegvlm.signals import read_recording
    from eegvlm.staging import Stager

    options = {"engine": arguments.engine, "dtype": arguments.dtype}
    stager = lap("load", lambda: Stager.from_pretrained(arguments.model, **options))
    watch_engine(arguments.engine, stager)
    for turn in range(arguments.nights):
        _SPENT.clear()
        night = lap(f"night {turn + 1}", lambda: stager.stage(read_recording(arguments.night)))
        for name, spent in _SPENT.items():
            print(f"    {name:24} {spent:6.2f} s")
    loaded = [name for name in ("torch", "transformers") if name in sys.modules]
    print(f"loaded: {', '.join(loaded) or 'neither torch nor transformers'}")
    stages, probabilities = night.hypnogram.stages, night.hypnogram.probabilities
    if arguments.answers:
        np.savez(arguments.answers, stages=stages, probabilities=probabilities)
    if arguments.beside:
        with np.load(arguments.beside) as other:
            apart = np.nanmax(np.abs(other["probabilities"] - probabilities))
            differing = int((other["stages"] != stages).sum())
        print(f"beside {arguments.beside.name}: {len(stages)} epochs, {apart:.2g} apart, {differing} stages differ")


if __name__ == "__main__":
    main()
