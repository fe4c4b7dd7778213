"""Wall time of staging an 8-h night from the shell, beside YASA's SleepStaging on the same file.

Both are whole processes: start, imports, reading, staging, writing labels and probabilities. They run in turn
(A B A B ...), so that the ratio holds where the machine's speed drifts; the medians are what to quote.

    python -m venv yasa && yasa/bin/pip install yasa
    python benchmarks/whole_process.py --yasa yasa/bin/python

YASA is never a dependency of this package. Without ``--yasa`` only our own figures are printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

YASA = """
import sys, mne, yasa
mne.set_log_level("ERROR")
raw = mne.io.read_raw_edf(sys.argv[1], include=["EEG C4-M1", "EOG E1-M2", "EMG chin"], preload=True)
staging = yasa.SleepStaging(raw, eeg_name="EEG C4-M1", eog_name="EOG E1-M2", emg_name="EMG chin")
staging.predict().proba.to_csv(sys.argv[2])
"""


SHARES = """
import json, sys, time
started = time.perf_counter()
from eegvlm.signals import read_recording
from eegvlm.staging import Stager
import torch
imported = time.perf_counter()
stager = Stager.from_pretrained(sys.argv[2])
loaded = time.perf_counter()
spent = {"import": imported - started, "load weights": loaded - imported}
body = stager.model.model
for name in ("vision_tower", "enhancement", "multi_modal_projector", "language_model"):
    if not hasattr(body, name):
        continue
    spent[name] = 0.0
    def begin(module, arguments, kwargs, name=name):
        spent[name] -= time.perf_counter()
    def end(module, arguments, kwargs, result, name=name):
        spent[name] += time.perf_counter()
    getattr(body, name).register_forward_pre_hook(begin, with_kwargs=True)
    getattr(body, name).register_forward_hook(end, with_kwargs=True)
night = stager.stage(read_recording(sys.argv[1]))
spent |= {"read": night.timing["read_s"], "draw": night.timing["draw_s"]}
staged = time.perf_counter() - loaded
spent["epochs/s while staging"] = len(night.hypnogram.stages) / staged
print(json.dumps(spent))
"""


def seconds(command: list[str]) -> float:
    """Return the wall time of a command that must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Print medians, their ratio, and where our time goes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yasa", help="python of an environment that has YASA")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="nano")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        night, out = Path(folder, "night.edf"), Path(folder, "out")
        eegvlm = [sys.executable, "-m", "eegvlm"]
        seconds([*eegvlm, "simulate", "--out", str(night), "--hours", str(arguments.hours), "--rate", "256"])
        ours = [*eegvlm, "stage", str(night), "--out", str(out), "--model", arguments.model]
        ours += ["--explain", "none", "--formats", "csv,edf,bids,json"]  # labels and probabilities, as YASA gives
        theirs = [arguments.yasa, "-c", YASA, str(night), str(Path(folder, "yasa.csv"))]
        times: dict[str, list[float]] = {"eegvlm": [], "YASA": []}
        for run in range(arguments.runs + 1):  # the first of each warms the disk's cache
            for name, command in (("eegvlm", ours), ("YASA", theirs)):
                if name == "YASA" and not arguments.yasa:
                    continue
                elapsed = seconds(command)
                if run:
                    times[name].append(elapsed)
        shares = subprocess.run(
            [sys.executable, "-c", SHARES, str(night), arguments.model], check=True, capture_output=True, text=True
        ).stdout
    for name, elapsed in times.items():
        if elapsed:
            shown = ", ".join(f"{value:.2f}" for value in sorted(elapsed))
            print(f"{name:8} whole process, {arguments.hours:g} h: median {statistics.median(elapsed):.2f} s ({shown})")
    if times["YASA"]:
        ratios = [a / b for a, b in zip(times["eegvlm"], times["YASA"], strict=True)]
        print(f"ratio eegvlm / YASA: median {statistics.median(ratios):.2f}")
    print("where the time goes, measured in one process more:")
    for name, value in json.loads(shares.splitlines()[-1]).items():
        print(f"  {name:24} {value:8.2f}")


if __name__ == "__main__":
    main()
