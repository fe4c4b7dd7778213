"""What a picture keeps of the signal: pictures of real EEG are inverted and compared with what was drawn.

For every shipped layout the first EEG panel is drawn and recovered, and both signals are compared below 25 Hz by the
correlation over each epoch: the median and the 5th percentile over epochs, for the automatic choice of the inverse and
for the middle of each column's span alone. "clipped" is the share of samples beyond the row's border. Flat epochs
(standard deviation below 0.5 uV) are left out.

    python benchmarks/picture_fidelity.py --data FOLDER [--epochs N]

The folder holds ``ucddb/ucddbNNN.npz`` (St. Vincent's University Hospital / University College Dublin Sleep Apnea
Database, doi:10.13026/C26C7D): ``eeg_counts``, ``stage``, ``epoch_index``, ``sampling_rate_hz``.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eegvlm.images import ImageLayout, Panel, layout_names, load_layout, recover_signal, render
from eegvlm.signals import EPOCH_S, Recording, Role

DATA = Path(os.environ.get("EEGVLM_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
STAGES = ("W", "N1", "N2", "N3", "R")
MICROVOLT_PER_COUNT, ZERO_COUNT = 0.1954, 282
WHOLE_NIGHT = "ucddb018"
UP_TO_HZ = 25.0
FLAT_UV = 0.5


@dataclass(frozen=True)
class Night:
    """A patient's epochs as a recording, missing ones as gaps, and their stages."""

    name: str
    recording: Recording
    epoch_index: NDArray[np.int32]
    stage: NDArray[np.int8]


def open_night(path: Path) -> Night:
    """Turn counts into microvolt and put every epoch in its place."""
    with np.load(path) as data:
        counts, index, stage = data["eeg_counts"], data["epoch_index"], data["stage"]
        rate = int(data["sampling_rate_hz"])
    epochs = np.full((index.max() + 1, round(EPOCH_S * rate)), np.nan, dtype=np.float32)
    epochs[index] = (counts.astype(np.float32) - ZERO_COUNT) * MICROVOLT_PER_COUNT
    recording = Recording.from_arrays({"C4-A1": (epochs.ravel(), float(rate))})
    return Night(path.stem, recording, index, stage)


def drawn_signal(night: Night, layout: ImageLayout, panel: Panel) -> NDArray[np.float32]:
    """Return a night's epochs as the panel is given them."""
    channel = night.recording.pick((Role.EEG_CENTRAL,))
    if channel is None:
        raise SystemExit(f"{night.name}: no EEG channel was found")
    return night.recording.epochs(channel, rate=layout.rate, band=panel.band)[night.epoch_index]


def correlation(a: NDArray[np.float32], b: NDArray[np.float32], rate: float) -> NDArray[np.float64]:
    """Correlate epochs below 25 Hz."""
    hz = np.fft.rfftfreq(a.shape[1], 1 / rate)
    spectra = [np.fft.rfft(x, axis=1)[:, (hz > 0) & (hz <= UP_TO_HZ)] for x in (a, b)]
    power = [(np.abs(s) ** 2).sum(axis=1) for s in spectra]
    return np.asarray((spectra[0] * spectra[1].conj()).real.sum(axis=1) / np.sqrt(power[0] * power[1]))


def main() -> None:
    """Print one row for each layout and set of epochs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--epochs", type=int, default=200, help="epochs of a set, spread evenly")
    arguments = parser.parse_args()
    files = sorted((arguments.data / "ucddb").glob("*.npz"))
    if not files:
        raise SystemExit(f"{arguments.data}: there is no ucddb/*.npz; name the folder with --data")
    nights = [open_night(path) for path in files]
    print(f"{'layout':13s} {'columns/s':>9s} {'uV/px':>5s}  {'epochs of':18s} {'n':>4s}  {'inverse':10s} "
          f"{'median':>7s} {'5th pct':>7s}  {'midrange':>8s}  {'clipped':>7s}")  # fmt: skip
    for name in layout_names():
        layout = load_layout(name)
        panel = next(p for p in layout.panels if p.roles[0].modality == "eeg")
        report(layout, panel, nights, arguments.epochs)


def report(layout: ImageLayout, panel: Panel, nights: list[Night], n_epochs: int) -> None:
    """Print a layout's rows."""
    signals = {night.name: drawn_signal(night, layout, panel) for night in nights}
    whole = [night for night in nights if night.name == WHOLE_NIGHT]
    sets = {f"{s}, all patients": (nights, (i,)) for i, s in enumerate(STAGES) if s in ("W", "N3")}
    sets |= {f"{s}, patient 018": (whole, (i,)) for i, s in enumerate(STAGES)}
    sets["all, patient 018"] = (whole, tuple(range(5)))
    columns_s = panel.rows * layout.width / EPOCH_S
    inverse = "projection" if columns_s >= (panel.band[1] or layout.rate / 2) else "midrange"
    for label, (members, stages) in sets.items():
        chosen = [signals[night.name][np.isin(night.stage, stages)] for night in members]
        epochs = np.concatenate(chosen) if chosen else np.empty((0, 0), np.float32)
        if len(epochs):
            epochs = epochs[epochs.std(axis=1) > FLAT_UV]  # not the NaN of gaps, not a loose electrode's flat line
        if not len(epochs):
            continue
        epochs = epochs[np.linspace(0, len(epochs) - 1, min(n_epochs, len(epochs))).astype(int)]
        pictures = render(layout, {panel.name: epochs})
        best = correlation(epochs, recover_signal(layout, pictures, panel.name), layout.rate)
        middle = correlation(epochs, recover_signal(layout, pictures, panel.name, method="midrange"), layout.rate)
        reach = panel.microvolt_per_pixel * (panel.row_height - layout.line_width) / 2
        print(
            f"{layout.name:13s} {columns_s:9.1f} {panel.microvolt_per_pixel:5g}  {label:18s} {len(epochs):4d}  "
            f"{inverse:10s} {np.median(best):7.4f} {np.percentile(best, 5):7.4f}  {np.median(middle):8.4f}  "
            f"{(np.abs(epochs) > reach).mean():7.2%}"
        )


if __name__ == "__main__":
    main()
