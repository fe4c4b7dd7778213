"""How often the samples of each channel are read from the file while a night is staged.

    python benchmarks/channel_reads.py --explain all --hours 8

Counts samples, from the opening of the recording (its amplitudes are looked at) to the written report, and divides by
how many there are. Mastoid leads of derived channels are counted as they are stored.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording
from eegvlm.signals.edf import open_edf
from eegvlm.staging import StageOptions, Stager
from eegvlm.staging.pipeline import stage_recording


class CountingSource:
    """A source that counts the samples that are read of each signal."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.read_samples: Counter[int] = Counter()

    def __getattr__(self, name: str) -> Any:
        """Be the source in all else."""
        return getattr(self._source, name)

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        """Read samples, and count them."""
        self.read_samples[index] += stop - start
        return self._source.read(index, start, stop)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="nano", help="packaged model or checkpoint folder")
    parser.add_argument("--explain", choices=("none", "uncertain", "all"), default="all")
    parser.add_argument("--hours", type=float, default=8.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "night.edf")
        simulate_night(hours=chosen.hours, seed=0, rate=128).write(file)
        source = CountingSource(open_edf(file))
        recording = Recording.from_source(source)
        opened = source.read_samples.copy()
        stager = Stager.from_pretrained(chosen.model)
        stage_recording(recording, Path(folder, "out"), stager, StageOptions(explain=chosen.explain))
    print("| channel | read on opening | read in all |\n|---|---|---|")
    for index, signal in enumerate(source.signals):
        first, both = (counted[index] / signal.n_samples for counted in (opened, source.read_samples))
        print(f"| {signal.label} | {first:.2f} | {both:.2f} |")


if __name__ == "__main__":
    main()
