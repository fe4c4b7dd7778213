"""How often 95 % intervals over subjects contain the truth: expanded percentiles (ours), percentiles, BCa (scipy).

    python benchmarks/intervals.py --subjects 3 5 8 12 20 --studies 1000

Subjects are drawn from a population whose figures are known: each sleeps his own shares of the stages, and is staged
with a skill of his own (beta distributed, so skewed). A study draws a few of them. Printed is the share of studies
whose interval contains the population's figure (0.95 is right), and the median width.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap

from eegvlm.lab.evaluation import ConfusionBootstrap, rates

Counts = npt.NDArray[np.int64]

SHARES = np.array([0.22, 0.08, 0.45, 0.15, 0.10])
TYPICAL = np.array(
    [
        [0.90, 0.06, 0.02, 0.00, 0.02],
        [0.20, 0.45, 0.25, 0.00, 0.10],
        [0.02, 0.05, 0.85, 0.06, 0.02],
        [0.00, 0.00, 0.12, 0.87, 0.01],
        [0.04, 0.08, 0.06, 0.00, 0.82],
    ]
)
FIGURES = ("accuracy", "kappa")


def subjects(count: int, rng: np.random.Generator) -> Counts:
    """Draw confusion matrices, (count, 5, 6); no epoch is without an answer."""
    counts = np.zeros((count, 5, 6), np.int64)
    for matrix in counts:
        of_stage = rng.multinomial(rng.integers(700, 1000), rng.dirichlet(25 * SHARES))
        skill = rng.beta(6, 1.5)
        for stage, epochs in enumerate(of_stage):
            answers = rng.dirichlet(20 * (skill * TYPICAL[stage] + (1 - skill) * SHARES) + 0.05)
            matrix[stage, :5] = rng.multinomial(epochs, answers)
    return counts


def intervals(counts: Counts, name: str, seed: int) -> dict[str, tuple[float, float]]:
    """Return the interval of a figure by each method."""
    ours = ConfusionBootstrap(seed=seed).of_confusions(counts)[name]
    by_method = {"expanded": (ours.low, ours.high)}

    def figure(rows: npt.NDArray[np.intp], axis: int = -1) -> npt.NDArray[np.float64]:
        return rates(counts[np.moveaxis(rows, axis, -1)].sum(axis=-3))[name]

    rows = (np.arange(len(counts)),)
    for method in ("percentile", "BCa"):
        resampled = bootstrap(rows, figure, n_resamples=2000, method=method, vectorized=True, rng=seed)
        by_method[method] = tuple(resampled.confidence_interval)
    return by_method


def main() -> None:
    """Print a line for each figure, number of subjects and method."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--subjects", type=int, nargs="+", default=[3, 5, 8, 12, 20])
    parser.add_argument("--studies", type=int, default=1000)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    truth = {name: float(value) for name, value in rates(subjects(20000, rng).sum(axis=0)).items() if name in FIGURES}
    print("figure   subjects   share that contains it, median width")
    for count in arguments.subjects:
        hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
        widths: dict[tuple[str, str], list[float]] = defaultdict(list)
        for study in range(arguments.studies):
            counts = subjects(count, rng)
            for name in FIGURES:
                for method, (low, high) in intervals(counts, name, study).items():
                    hits[name, method].append(low <= truth[name] <= high)
                    widths[name, method].append(high - low)
        for name in FIGURES:
            cells = "; ".join(
                f"{method} {np.mean(hits[name, method]):.3f}, {np.median(widths[name, method]):.3f}"
                for method in ("expanded", "percentile", "BCa")
            )
            print(f"{name:8} {count:8}   {cells}", flush=True)


if __name__ == "__main__":
    main()
