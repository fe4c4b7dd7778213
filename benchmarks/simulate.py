"""Time the simulator: ``python benchmarks/simulate.py [--hours H] [--rate R]``.

Prints 30-s epochs per second of one core for one EEG channel, for one channel on carriers, and for all seven
channels, and the same as a multiple of real time. Seconds are those of the processor, so that what else runs on the
machine counts little.
"""

from __future__ import annotations

import argparse
from time import process_time

import numpy as np

from eegvlm.lab.simulation import DEFAULT_CHANNELS, Carriers, simulate_night


def main() -> None:
    """Print one line for each way of simulating; the best of three rounds counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--rate", type=float, default=100.0)
    given = parser.parse_args()
    noise = np.random.default_rng(0).standard_normal((200, round(30 * given.rate))).cumsum(axis=1).astype(np.float32)
    carriers = Carriers(noise, np.repeat([0, 3], 100))
    one = ("EEG C4-M1",)
    for title, channels, carried in (
        ("one channel", one, None),
        ("one channel on carriers", one, carriers),
        ("seven channels", DEFAULT_CHANNELS, None),
    ):
        best = np.inf
        for seed in range(3):
            begun = process_time()
            night = simulate_night(hours=given.hours, seed=seed, rate=given.rate, channels=channels, carriers=carried)
            best = min(best, process_time() - begun)
        speed = len(night.stages) / best
        print(f"{title:26}{speed:8.0f} epochs/s {30 * speed:10.0f} x real time")


if __name__ == "__main__":
    main()
