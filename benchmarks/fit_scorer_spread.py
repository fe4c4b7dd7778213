"""What other experts call an epoch that one expert gave a stage: the table of eegvlm.hypnogram.scorer_spread.

    python benchmarks/fit_scorer_spread.py shared/data/dod_scorers/five_scorers.npz

Five experts' stages of 80 nights (Dreem Open Datasets H and O; Guillot et al. 2020, IEEE TNSRE 28(9):1955-1965):
``stage`` (nights, 5, epochs), -1 where unscored. Every ordered pair of experts counts, each night alike.
"""

from __future__ import annotations

import json
import sys
from itertools import permutations
from pathlib import Path

import numpy as np

OUT = Path(__file__).parents[1] / "src/eegvlm/hypnogram/scorer_spread.json"


def main() -> None:
    """Count, and write the table."""
    with np.load(sys.argv[1]) as held:
        stages = held["stage"].astype(np.intp)
    total = np.zeros((5, 5))
    for night in stages:
        counts = np.zeros((5, 5))
        for first, second in permutations(range(5), 2):
            scored = (night[first] >= 0) & (night[second] >= 0)
            np.add.at(counts, (night[first][scored], night[second][scored]), 1)
        total += counts / counts.sum()
    matrix = (total / total.sum(axis=1, keepdims=True)).round(5).tolist()
    source = "five experts on each of 80 nights (25 healthy, 55 with apnoea; Dreem Open Datasets), each night alike"
    OUT.write_text(json.dumps({"source": source, "nights": len(stages), "matrix": matrix}, indent=1) + "\n")
    print(OUT.read_text())


if __name__ == "__main__":
    main()
