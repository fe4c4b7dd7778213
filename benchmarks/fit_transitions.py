"""Count stage transitions on experts' scorings and write the table that posterior smoothing uses.

    python benchmarks/fit_transitions.py SCORINGS... --out src/eegvlm/hypnogram/transitions.json

Scorings are hypnogram files of any format; ``--coding`` for integer codes. Wake is cropped to 30 min around sleep.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from eegvlm.hypnogram import read_hypnogram
from eegvlm.hypnogram.smoothing import count_transitions


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scorings", nargs="+", type=Path)
    parser.add_argument("--coding")
    parser.add_argument("--source", required=True, help="whose nights these are, for the table")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    nights = []
    for file in arguments.scorings:
        coding = arguments.coding if file.suffix == ".txt" else None
        stages = read_hypnogram(file, coding=coding).resample_to(30.0).stages
        asleep = np.flatnonzero(stages > 0)
        nights.append(stages[max(asleep[0] - 60, 0) : asleep[-1] + 61])
    matrix = count_transitions(nights)
    held = {"source": arguments.source, "nights": len(nights), "matrix": matrix.round(5).tolist()}
    arguments.out.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
    print(np.array2string(matrix, precision=3, suppress_small=True))


if __name__ == "__main__":
    main()
