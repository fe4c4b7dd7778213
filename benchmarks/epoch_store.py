"""What a store of epochs takes on disk and in seconds: built, exported, read, and trained from.

    python benchmarks/epoch_store.py [--hours 8] [--layouts nano psg-448x224]

One simulated night is written as EDF and built by ``dataset build folder``; seconds are of processor time, those of
reading by the clock. Then, for the first layout, what lies on disk after ``dataset build`` and a run of four steps
that learns from it (``--nights`` nights of ``--train-hours``).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from eegvlm.hypnogram import write_hypnogram
from eegvlm.images import load_layout
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.epochs import EpochStore, build_store, export_parquet, export_pictures
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import read_recipe, train

_RECIPE = """
name: small
model: {preset: nano, layout: %s, vocab_size: 400}
precision: float32
data:
  train: {recorded: [{name: own, dataset: epochs}]}
  validation: {simulated: [{nights: 1, hours: 0.2, first_seed: 900}]}
phases:
  - {name: enhance, objective: classify, trains: [enhancement], steps: 4, batch_size: 4, learning_rate: 1.0e-5}
"""
_ROWS = 64
_PASSES = 20


def processor_seconds(call: Callable[[], object]) -> float:
    """Return the processor time of a call."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def reading(store: EpochStore) -> tuple[float, float]:
    """Return ms an epoch: of the whole night in its order, and of 64 at random; files are in the page cache."""
    rng = np.random.default_rng(0)
    whole = np.arange(len(store))
    store.signals(whole)
    in_order, at_random = [], []
    for _ in range(_PASSES):
        begin = time.perf_counter()
        for first in range(0, len(store), _ROWS):
            store.signals(whole[first : first + _ROWS])
        in_order.append((time.perf_counter() - begin) / len(store))
        begin = time.perf_counter()
        store.signals(rng.integers(len(store), size=_ROWS))
        at_random.append((time.perf_counter() - begin) / _ROWS)
    return 1e3 * float(np.median(in_order)), 1e3 * float(np.median(at_random))


def one_night(layout_name: str, hours: float, folder: Path) -> None:
    """Print what one night takes under a layout."""
    night = simulate_night(hours=hours, seed=0)
    source = folder / "recordings"
    source.mkdir(parents=True)
    night.write(source / "night.edf")
    write_hypnogram(night.hypnogram(), source / "night.csv", format="csv")
    layout = load_layout(layout_name)
    dataset = open_dataset("folder", source)
    built = processor_seconds(lambda: build_store(dataset, layout, folder / "store"))
    store = EpochStore(folder / "store")
    drawing_s = processor_seconds(lambda: export_pictures(store, folder / "png"))
    packed = processor_seconds(lambda: export_parquet(store, folder / "parquet"))
    in_order, at_random = reading(store)
    megabytes = {name: size_of(folder / name) / 1e6 for name in ("store/nights", "parquet/data")}
    pictures = sum(file.stat().st_size for file in (folder / "png").rglob("*.png")) / 1e6
    print(
        f"{layout_name}: {len(layout.panels)} panels, {layout.rate:g} Hz; store {megabytes['store/nights']:.1f} MB, "
        f"{built:.1f} s; Parquet {megabytes['parquet/data']:.1f} MB, {packed:.1f} s; PNG {pictures:.1f} MB, "
        f"{drawing_s:.1f} s; reading {in_order:.3f} ms an epoch in order, {at_random:.3f} at random"
    )


def build_and_train(layout_name: str, nights: int, hours: float, folder: Path) -> None:
    """Print what lies on disk once a store was built and a run has learnt from it."""
    dataset = open_dataset("simulated", f"nights={nights},hours={hours:g}")
    build_store(dataset, load_layout(layout_name), folder / "store")
    recipe = folder / "recipe.yaml"
    recipe.write_text(_RECIPE % layout_name)
    train(read_recipe(recipe), folder / "run", data={"own": folder / "store"})
    store, run = size_of(folder / "store") / 1e6, size_of(folder / "run" / "nights") / 1e6
    print(
        f"{nights} nights of {hours:g} h, built and trained from: store {store:.1f} MB, nights in the run's folder "
        f"{run:.1f} MB (the simulated one that validates)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--layouts", nargs="+", default=["nano", "psg-448x224"])
    parser.add_argument("--nights", type=int, default=4)
    parser.add_argument("--train-hours", type=float, default=2.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for name in arguments.layouts:
            one_night(name, arguments.hours, Path(place, name))
        build_and_train("nano", arguments.nights, arguments.train_hours, Path(place, "trained"))
