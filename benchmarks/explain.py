"""Reasons for a whole night: how fast they are written, of how many tokens, and what they add to the whole process.

    python benchmarks/explain.py [--model FOLDER] [--hours H] [--runs N] [--reference 'COMMAND {night}']

A night is simulated; a rationale of every epoch is written, grounded and free, then the whole process is timed with
reasons for no epoch, for the least certain ones and for all, in turn, so that the ratios hold where the machine's speed
drifts. ``--reference`` is another command to compare with, such as YASA's process in whole_process.py; ``{night}``
stands for the file.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording, read_recording
from eegvlm.staging import Stager

EXPLAIN = ("none", "uncertain", "all")


def write_all(model: str, recording: Recording) -> None:
    """Print how fast rationales are written once pictures are read, and how long they are."""
    stager = Stager.from_pretrained(model)
    for reasons in ("grounded", "free"):
        night = stager.stage(recording, explain="all", reasons=reasons)
        texts = [one["text"] for one in night.rationales]
        tokens = [len(ids) for ids in stager.processor.tokenizer(texts)["input_ids"]]
        spent = night.timing
        print(f"{reasons}, {stager.provenance['dtype']} on {stager.provenance['device']}:")
        print(
            f"  writing {len(texts) / spent['explain_s']:.1f} epochs/s ({spent['explain_s']:.2f} s), beside reading the"
        )
        print(f"  pictures for stage and reasons ({spent['model_s']:.2f} s), drawing ({spent['draw_s']:.2f} s) and")
        print(f"  measuring the night ({spent['measure_s']:.2f} s); {statistics.mean(tokens):.0f} tokens a text")
        print(f"  different texts: {len(set(texts))} of {len(texts)}")


def whole_processes(model: str, night: Path, out: Path, runs: int, reference: str) -> None:
    """Print medians of the whole process and their ratios to staging without reasons."""
    commands = {
        f"--explain {explain}": [
            *(sys.executable, "-m", "eegvlm", "stage", str(night), "--model", model, "--out", str(out)),
            *("--explain", explain, "--formats", "csv,edf,bids,json", "--quiet"),
        ]
        for explain in EXPLAIN
    }
    commands["none, with report"] = [*commands["--explain none"], "--formats", "csv,edf,bids,json,report"]
    if reference:
        commands["reference"] = [part.format(night=night) for part in shlex.split(reference)]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):  # the first of each warms the disk's cache
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if run:
                times[name].append(time.perf_counter() - started)
    for name, seconds in times.items():
        ratios = [one / plain for one, plain in zip(seconds, times["--explain none"], strict=True)]
        said = f"{name:20} whole process: median {statistics.median(seconds):6.2f} s, "
        said += f"{statistics.median(ratios):.2f} x none"
        if reference:
            others = [one / other for one, other in zip(seconds, times["reference"], strict=True)]
            said += f", {statistics.median(others):.2f} x reference"
        print(said)


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="nano", help="a model that gives reasons")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3, help="of the whole process; 0 leaves it out")
    parser.add_argument("--reference", default="", help="a command; {night} is the file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        night = Path(folder, "night.edf")
        simulate_night(hours=arguments.hours, seed=arguments.seed).write(night)
        write_all(arguments.model, read_recording(night))
        if arguments.runs:
            whole_processes(arguments.model, night, Path(folder, "out"), arguments.runs, arguments.reference)


if __name__ == "__main__":
    main()
