"""Time of an 8-h night with ONNX Runtime, with torch, with a version before, and with YASA: whole processes and warm.

They run in turn (A B C A B C ...), so that ratios hold where the machine's speed drifts. Wall time is what a user waits
for; on a machine that does other work too, processor time is the steadier figure. Both are printed, as medians and as
medians of ratios. A warm night is staged by a process that has staged it once before.

    python -m venv yasa && yasa/bin/pip install yasa
    python benchmarks/engines.py --yasa yasa/bin/python --before OTHER/src --runs 3

``--equal`` stages with both engines in one process: how far probabilities lie apart, and how many stages differ.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from whole_process import YASA, seconds

WARM = """
import json, resource, sys, time
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime
if sys.argv[1] == "yasa":
    import mne, yasa
    mne.set_log_level("ERROR")
    def stage():
        raw = mne.io.read_raw_edf(sys.argv[2], include=["EEG C4-M1", "EOG E1-M2", "EMG chin"], preload=True)
        yasa.SleepStaging(raw, eeg_name="EEG C4-M1", eog_name="EOG E1-M2", emg_name="EMG chin").predict()
else:
    from eegvlm.signals import read_recording
    from eegvlm.staging import Stager
    more = {} if sys.argv[1] == "before" else {"engine": sys.argv[1]}
    stager = Stager.from_pretrained("nano", **more)
    def stage():
        stager.stage(read_recording(sys.argv[2]))
stage()
begun = spent()
stage()
print(json.dumps([now - then for now, then in zip(spent(), begun)]))
"""
EQUAL = """
import json, sys
import numpy as np
from eegvlm.signals import read_recording
from eegvlm.staging import Stager
one, other = (
    Stager.from_pretrained("nano", engine=engine, dtype="float32").stage(read_recording(sys.argv[1])).hypnogram
    for engine in ("onnx", "torch")
)
apart = float(np.nanmax(np.abs(one.probabilities - other.probabilities)))
print(json.dumps([len(one), apart, int((one.stages != other.stages).sum())]))
"""


def warm(command: list[str]) -> tuple[float, float]:
    """Return the wall time and the processor time of the second night of a process."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wall, used = json.loads(done.stdout.splitlines()[-1])
    return wall, used


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yasa", help="python of an environment that has YASA")
    parser.add_argument("--before", type=Path, help="src of another version of this package")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--night", type=Path, help="an EDF file instead of a simulated one")
    parser.add_argument("--reasons", action="store_true", help="time reasons for all epochs, too")
    parser.add_argument("--warm", action="store_true", help="time warm nights, too")
    parser.add_argument("--equal", action="store_true", help="compare the answers of both engines")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        night, out = arguments.night or Path(folder, "night.edf"), Path(folder, "out")
        eegvlm = [sys.executable, "-m", "eegvlm"]
        if arguments.night is None:
            seconds([*eegvlm, "simulate", "--out", str(night), "--hours", str(arguments.hours), "--rate", "256"])
        stage = [*eegvlm, "stage", str(night), "--out", str(out), "--formats", "csv,edf,bids,json", "--quiet"]
        labels, reasons = [*stage, "--explain", "none"], [*stage, "--explain", "all"]
        other = ["env", f"PYTHONPATH={arguments.before.resolve()}"] if arguments.before else []
        runs = {"labels: onnx": (seconds, [*labels, "--engine", "onnx"])}
        runs["labels: torch"] = (seconds, [*labels, "--engine", "torch"])
        if other:
            runs["labels: before"] = (seconds, [*other, *labels])
        if arguments.reasons:
            runs["reasons: torch"] = (seconds, reasons)
            if other:
                runs["reasons: before"] = (seconds, [*other, *reasons])
        if arguments.yasa:
            runs["labels: YASA"] = (seconds, [arguments.yasa, "-c", YASA, str(night), str(Path(folder, "yasa.csv"))])
        if arguments.warm:
            runs |= {f"warm: {one}": (warm, [sys.executable, "-c", WARM, one, str(night)]) for one in ("onnx", "torch")}
            if other:
                runs["warm: before"] = (warm, [*other, sys.executable, "-c", WARM, "before", str(night)])
            if arguments.yasa:
                runs["warm: YASA"] = (warm, [arguments.yasa, "-c", WARM, "yasa", str(night)])
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(arguments.runs):
            for name, (measure, command) in runs.items():
                times[name].append(measure(command))
                print(f"# {name}: {times[name][-1][0]:.2f} s, processor {times[name][-1][1]:.2f} s", flush=True)
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {arguments.runs} runs in turn")
        for name, runs_of_name in times.items():
            wall, used = (statistics.median(one[k] for one in runs_of_name) for k in (0, 1))
            print(f"{name:18} median {wall:6.2f} s, processor {used:6.2f} s")
        for name in (one for one in times if one.endswith(("onnx", "torch"))):
            kind = name.split(":")[0]
            for rival in (f"{kind}: before", f"{'warm' if kind == 'warm' else 'labels'}: YASA"):
                if rival in times:
                    pairs = list(zip(times[name], times[rival], strict=True))
                    wall, used = (statistics.median(a[k] / b[k] for a, b in pairs) for k in (0, 1))
                    print(f"{name} / {rival}: wall {wall:.2f}, processor {used:.2f}")
        if arguments.equal:
            done = subprocess.run([sys.executable, "-c", EQUAL, str(night)], check=True, capture_output=True, text=True)
            epochs, apart, differing = json.loads(done.stdout.splitlines()[-1])
            print(f"onnx beside torch in float32: {epochs} epochs, {apart:.1g} apart, {differing} stages differ")


if __name__ == "__main__":
    main()
