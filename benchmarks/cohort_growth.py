"""What a cohort costs beside the model: nights a second and the driver's memory, at 10 to 10,000 nights.

A stand-in for the model writes two small files a night, so that what is timed is the work list, the journal (a line and
an fsync a night), the results' folders and the summary. Nights are empty EDF files of one name, one folder each.

    python benchmarks/cohort_growth.py --counts 10 100 1000 10000

Each size runs in a process of its own, whose peak memory is the driver's. The model's own cost is that of
``benchmarks/whole_process.py``; it does not depend on the number of nights. Processor time beside wall time tells where
other work kept the machine busy.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eegvlm.lab.cohort import CohortNight, LocalOutput, NightOutcome, Output, find_nights, stage_cohort
from eegvlm.lab.cohort.journal import CohortJournal
from eegvlm.lab.cohort.output import MARKER
from eegvlm.lab.cohort.row import COLUMNS


@dataclass(frozen=True)
class StandIn:
    """Writes a night's folder with a row like that of a real night."""

    output: Output
    options: str = "stand-in"

    def start(self) -> Callable[[CohortNight], NightOutcome]:
        """Return the worker."""
        return self._stage

    def _stage(self, night: CohortNight) -> NightOutcome:
        key, row = night.key(self.options), _row(night)
        with self.output.night_folder(night.name) as folder:
            (folder / "hypnogram.csv").write_text("1,0,30,W\n")
            (folder / MARKER).write_text(json.dumps({"key": key, "row": row}))
        return NightOutcome(night.name, night.recording, key, row=row)


def _row(night: CohortNight) -> dict[str, object]:
    """Return a row with every column filled."""
    rng = np.random.default_rng(len(night.name))
    kinds: dict[type, Callable[[], object]] = {
        str: lambda: "text of a usual length",
        int: lambda: int(rng.integers(1000)),
        float: lambda: rng.random() * 100,
    }
    row = {name: kinds[kind]() for name, kind in COLUMNS.items()}
    return {**row, "night": night.name, "recording": night.recording, "results": night.name}


def _measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        inputs, out = Path(folder) / "in", Path(folder) / "out"
        for k in range(count):
            place = inputs / f"site-{k % 20}" / f"{k:06d}"
            place.mkdir(parents=True)
            (place / "night.edf").write_bytes(b"0       ")
        before = _peak()
        started = time.perf_counter()
        nights = find_nights([str(inputs)], out=str(out)).nights
        listed = last = time.perf_counter()
        output = LocalOutput(out)

        def tell(done: int, failed: int, total: int) -> None:
            nonlocal last
            last = time.perf_counter()

        worked = time.process_time()
        stage_cohort(nights, StandIn(output), output, progress=tell)
        worked = time.process_time() - worked
        finished, peak = time.perf_counter(), _peak()
        stage_cohort(nights, StandIn(output), output)
        resumed = time.perf_counter() - finished
        journal = out / "journal.jsonl"
        return {
            "nights": count,
            "list_s": listed - started,
            "nights_per_s": count / (last - listed),
            "cpu_ms/night": 1000 * worked / count,
            "summary_s": finished - last,
            "resume_s": resumed,
            "append_ms": _append_ms(Path(folder), journal),
            "journal_b/night": journal.stat().st_size / count,
            "mib_before": before,
            "peak_mib": peak,
        }


def _append_ms(folder: Path, journal: Path) -> float:
    """Return the median time of one line of the journal, its fsync included."""
    with journal.open() as stream:
        entry = json.loads(stream.readline())
    times = []
    with CohortJournal(folder, "journal-append.jsonl") as written:
        for _ in range(50):
            started = time.perf_counter()
            written.append(entry)
            times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print a table, one size a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 100, 1000, 10000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(_measure(arguments.one)))
        return
    for number, count in enumerate(arguments.counts):
        command = [sys.executable, __file__, "--one", str(count)]
        measured = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        if number == 0:
            print(" ".join(f"{name:>15}" for name in measured))
        print(" ".join(f"{value:15.3f}" for value in measured.values()), flush=True)


if __name__ == "__main__":
    main()
