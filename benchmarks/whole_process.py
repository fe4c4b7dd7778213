"""Time of staging an 8-h night from the shell, beside YASA's SleepStaging and GSSC on the same file.

Both are whole processes: start, imports, reading, staging, writing labels and probabilities. They run in turn
(A B A B ...), so that the ratio holds where the machine's speed drifts; the medians are what to quote. Processor time
beside wall time tells where other work kept the machine busy. With ``--explain`` our process is timed once more,
writing reasons too, which the others do not give.

    python -m venv yasa && yasa/bin/pip install yasa
    python benchmarks/whole_process.py --yasa yasa/bin/python --gssc gssc/bin/python --explain all

With ``--before FOLDER`` another version of this package, whose ``src`` FOLDER is, stages the same file in turn: without
reasons and report, as is the default, and with all reasons and the report.

How to install GSSC stands in ``gssc_runner.py``. It reads one EEG and one EOG (``GSSC``), or that EEG alone
(``GSSC, EEG``), which takes it a third of the work. YASA and GSSC are never dependencies of this package; without
``--yasa`` and ``--gssc`` only our own figures are printed.
"""

from __future__ import annotations

import argparse
import json
import resource
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
GSSC = Path(__file__).with_name("gssc_runner.py")

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


def seconds(command: list[str]) -> tuple[float, float]:
    """Return the wall time and the processor time of a command that must succeed."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, used


def main() -> None:
    """Print medians, their ratio, and where our time goes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yasa", help="python of an environment that has YASA")
    parser.add_argument("--gssc", help="python of an environment that has GSSC")
    parser.add_argument("--before", type=Path, help="src of another version of this package")
    parser.add_argument("--explain", choices=("none", "uncertain", "all"), default="none", help="time reasons too")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="nano")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        night, out = Path(folder, "night.edf"), Path(folder, "out")
        eegvlm = [sys.executable, "-m", "eegvlm"]
        seconds([*eegvlm, "simulate", "--out", str(night), "--hours", str(arguments.hours), "--rate", "256"])
        ours = [*eegvlm, "stage", str(night), "--out", str(out), "--model", arguments.model]
        ours += ["--formats", "csv,edf,bids,json"]  # labels and probabilities, as YASA gives
        commands = {"eegvlm": [*ours, "--explain", "none"]}
        if arguments.explain != "none":
            commands[f"eegvlm, reasons: {arguments.explain}"] = [*ours, "--explain", arguments.explain]
        before = {}
        if arguments.before:
            report = [*eegvlm, "stage", str(night), "--out", str(out), "--model", arguments.model]
            commands |= {"eegvlm, as is": report, "eegvlm, all and report": [*report, "--explain", "all"]}
            there = ["env", f"PYTHONPATH={arguments.before.resolve()}"]
            before = {name: f"before: {name}" for name in commands}
            commands |= {before[name]: [*there, *command] for name, command in list(commands.items())}
        if arguments.yasa:
            commands["YASA"] = [arguments.yasa, "-c", YASA, str(night), str(Path(folder, "yasa.csv"))]
        if arguments.gssc:
            gssc = [arguments.gssc, str(GSSC), str(night), str(Path(folder, "gssc.csv")), "EEG C4-M1"]
            commands |= {"GSSC": [*gssc, "EOG E1-M2"], "GSSC, EEG": gssc}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for run in range(arguments.runs + 1):  # the first of each warms the disk's cache
            for name, command in commands.items():
                elapsed = seconds(command)
                if run:
                    times[name].append(elapsed)
        shares = subprocess.run(
            [sys.executable, "-c", SHARES, str(night), arguments.model], check=True, capture_output=True, text=True
        ).stdout
    for name, spent in times.items():
        wall, used = ([one[k] for one in spent] for k in (0, 1))
        shown = ", ".join(f"{value:.2f}" for value in sorted(wall))
        print(
            f"{name:22} whole process, {arguments.hours:g} h: median {statistics.median(wall):.2f} s ({shown}), "
            f"processor {statistics.median(used):.2f} s"
        )
    for name in (one for one in times if one.startswith("eegvlm")):
        for other in [before[name]] if before else (one for one in times if not one.startswith("eegvlm")):
            pairs = list(zip(times[name], times[other], strict=True))
            wall, used = (statistics.median(a[k] / b[k] for a, b in pairs) for k in (0, 1))
            print(f"ratio {name} / {other}: median {wall:.2f}, of processor time {used:.2f}")
    print("where the time goes, measured in one process more:")
    for name, value in json.loads(shares.splitlines()[-1]).items():
        print(f"  {name:24} {value:8.2f}")


if __name__ == "__main__":
    main()
