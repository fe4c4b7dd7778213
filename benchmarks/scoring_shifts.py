"""How often a shift between two scorings is named: where there is none, where there is one, and between strangers.

Five experts scored each of the 80 nights of the Dreem Open Datasets (Guillot et al. 2020, IEEE Trans. Neural Syst.
Rehabil. Eng. 28:1955-1965). Any warning between two experts of one night as they lie is false. Then the first expert is
moved against the second, and the warning must name that shift. Last, first experts of different nights are compared.

    python benchmarks/scoring_shifts.py FILE     FILE: five_scorers.npz with stage (80, 5, n), n_epochs (80,)
"""

from __future__ import annotations

import sys
import time
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram.shift import MOST_SHIFT_S, better_shift

EPOCH_S = 30.0
SHIFTS = (1, 2, 3, 5, 10, 20, 40, 120, 240)
_PAD = int(MOST_SHIFT_S / EPOCH_S)


def moved(stages: npt.NDArray[np.int8], epochs: int) -> npt.NDArray[np.int8]:
    """Lay stages some epochs later on a stretch that has room for any shift."""
    whole = np.full(len(stages) + 2 * _PAD, -1, np.int8)
    whole[_PAD + epochs : _PAD + epochs + len(stages)] = stages
    return whole


def main(file: str) -> None:
    """Print the counts."""
    with np.load(file) as archive:
        nights = [stages[:, :n] for stages, n in zip(archive["stage"], archive["n_epochs"], strict=True)]
    pairs = [(night[i], night[j]) for night in nights for i, j in combinations(range(5), 2)]
    begin = time.perf_counter()
    false = sum(better_shift(a, b, EPOCH_S) is not None for a, b in pairs)
    each_ms = 1000 * (time.perf_counter() - begin) / len(pairs)
    print(f"pairs of experts as they lie: {false} warnings in {len(pairs)} pairs, {each_ms:.1f} ms a pair")
    print("epochs moved  warned  right to one epoch  (first two experts of each night)")
    for epochs in SHIFTS:
        shifts = [better_shift(moved(night[0], epochs), moved(night[1], 0), EPOCH_S) for night in nights]
        warned = [shift for shift in shifts if shift is not None]
        right = sum(abs(shift.epochs - epochs) <= 1 for shift in warned)
        print(f"{epochs:>12}  {len(warned):>6}  {right:>18}")
    lengths = [(a[0], b[0], min(a.shape[1], b.shape[1])) for a, b in pairwise(nights)]
    strange = sum(better_shift(a[:n], b[:n], EPOCH_S) is not None for a, b, n in lengths)
    print(f"first experts of different nights: {strange} warnings in {len(lengths)} pairs")


if __name__ == "__main__":
    main(sys.argv[1])
