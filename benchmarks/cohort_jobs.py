"""Many nights by ``eegvlm cohort --jobs`` beside one ``eegvlm stage`` call each: wall time, and a worker's memory.

    python benchmarks/cohort_jobs.py --nights 12 --hours 8 --jobs 2

Nights are copies of one simulated night, labels alone, the same engine and formats in both. Single calls come first,
then the cohort; both are timed from the shell.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EEGVLM = [sys.executable, "-m", "eegvlm"]


def _run(command: list[str]) -> tuple[float, float]:
    """Return the wall time in seconds, and the MiB of the largest process that took part."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: status {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def main() -> None:
    """Print wall times, their ratio, and the largest process of each way."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nights", type=int, default=12)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--engine", default="onnx", choices=("onnx", "torch"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nights = folder / "nights"
        nights.mkdir()
        first = nights / "night-000.edf"
        _run([*EEGVLM, "simulate", "--out", str(first), "--hours", str(arguments.hours), "--rate", "256"])
        for number in range(1, arguments.nights):
            shutil.copyfile(first, nights / f"night-{number:03d}.edf")
        first.with_suffix(".events.tsv").unlink(missing_ok=True)
        options = ["--explain", "none", "--engine", arguments.engine, "--formats", "csv"]
        singly = [
            _run([*EEGVLM, "stage", str(night), "--out", str(folder / "single" / night.stem), *options])
            for night in sorted(nights.glob("*.edf"))
        ]
        single, largest_single = sum(wall for wall, _ in singly), max(memory for _, memory in singly)
        cohort = [*EEGVLM, "cohort", str(nights), "--out", str(folder / "cohort"), "--jobs", str(arguments.jobs)]
        together, largest = _run([*cohort, *options])
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, engine {arguments.engine}")
        print(f"{arguments.nights} nights of {arguments.hours:g} h: calls {single:.1f} s, cohort {together:.1f} s")
        print(f"ratio {together / single:.2f}; {together / arguments.nights:.2f} s a night")
        print(f"largest process: of single calls {largest_single:.0f} MiB, of the cohort {largest:.0f} MiB")


if __name__ == "__main__":
    main()
