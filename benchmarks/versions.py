"""Two versions of this package, and YASA, on one night in turn: each engine, reasons, and warm nights.

Each process of this version is followed by the same one of the version before, so that their ratio holds where the
machine is busy or its speed drifts. Medians of times and of paired ratios are printed.

    python benchmarks/versions.py night.edf --before OTHER/src --yasa PYTHON --runs 5
    python benchmarks/versions.py night.edf --before OTHER/src --yasa PYTHON --runs 5 --only warm-onnx
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from engines import WARM, warm
from whole_process import YASA, seconds

KINDS = ("onnx", "torch", "reasons", "warm-onnx", "warm-torch")


def command(kind: str, night: Path, out: Path) -> list[str]:
    """Return the process that does one kind of work with whatever version is imported."""
    if kind.startswith("warm-"):
        return [sys.executable, "-c", WARM, kind.removeprefix("warm-"), str(night)]
    stage = [sys.executable, "-m", "eegvlm", "stage", str(night), "--out", str(out), "--quiet"]
    engine, explain = ("torch", "all") if kind == "reasons" else (kind, "none")
    return [*stage, "--formats", "csv,edf,bids,json", "--explain", explain, "--engine", engine]


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("night", type=Path)
    parser.add_argument("--before", type=Path, required=True, help="src of another version of this package")
    parser.add_argument("--yasa", help="python of an environment that has YASA")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=KINDS, action="append", help="this kind of work; may be given again")
    arguments = parser.parse_args()
    now = Path(__file__).resolve().parents[1] / "src"
    with tempfile.TemporaryDirectory() as folder:
        for kind in arguments.only or KINDS:
            measure = warm if kind.startswith("warm-") else seconds
            work = command(kind, arguments.night, Path(folder, "out"))
            runs = {
                name: ["env", f"PYTHONPATH={src.resolve()}", *work]
                for name, src in (("now", now), ("before", arguments.before))
            }
            if arguments.yasa:
                last = (
                    ["yasa", str(arguments.night)] if measure is warm else [str(arguments.night), f"{folder}/yasa.csv"]
                )
                runs["YASA"] = [arguments.yasa, "-c", WARM if measure is warm else YASA, *last]
            times = {name: [] for name in runs}
            for _ in range(arguments.runs):
                for name, process in runs.items():
                    times[name].append(measure(process))
            for name, of_name in times.items():
                wall, used = (statistics.median(run[k] for run in of_name) for k in (0, 1))
                ratio = statistics.median(a[0] / b[0] for a, b in zip(times["now"], of_name, strict=True))
                print(
                    f"{kind:10} {name:6} wall {wall:6.2f} s, processor {used:6.2f} s; now / it {ratio:.2f}", flush=True
                )


if __name__ == "__main__":
    main()
