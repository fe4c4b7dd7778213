"""Draw simulated epochs beside real ones: ``python benchmarks/simulation_figures.py DATA [--out DIR]``.

``DATA`` holds ``ucddb/*.npz``: patient 018, a whole night of one EEG derivation that nothing in the simulator is
fitted on, and further patients' wake and N3 epochs. Epochs are drawn at random, not chosen. Also prints how far
the simulated band powers, stage shares and bout lengths are from the recorded ones, and how well a linear
classifier of band powers that has seen simulated nights only stages the recorded ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from scipy.signal import welch

from eegvlm.lab.simulation import DEFAULT_CHANNELS, Subject, draw_subject, simulate_night
from eegvlm.lab.simulation.architecture import bouts, simulate_stages
from eegvlm.lab.simulation.bands import BAND_NAMES, BANDS_HZ
from eegvlm.lab.simulation.calibration import architecture_table, spectral_table

STAGES = ("W", "N1", "N2", "N3", "R")
CHANNEL, RATE = "EEG C4-M1", 128
COUNTS_TO_UV, OFFSET_COUNTS = 0.1954, 282
SUBJECTS = 24


def main() -> None:
    """Write the three figures and print the distances."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    given = parser.parse_args()
    nights = [simulate_night(seed=100 + k, rate=RATE, channels=[CHANNEL], hours=7.5) for k in range(SUBJECTS)]
    patients = {path.stem[-3:]: patient(path) for path in sorted((given.data / "ucddb").glob("ucddb*.npz"))}
    draw_epochs(nights, patients["018"], given.out / "simulation-epochs.png")
    draw_spectra(nights, patients, given.out / "simulation-spectra.png")
    draw_channels(given.out / "simulation-channels.png")
    print_band_distances()
    print_architecture()
    print_transfer(given.data / "sleep_edf_band_powers")


def patient(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return one patient's epochs in µV and their stages."""
    with np.load(path) as held:
        epochs = (held["eeg_counts"].astype(np.float32) - OFFSET_COUNTS) * COUNTS_TO_UV
        good = epochs.std(axis=1) > 1
        return epochs[good], held["stage"][good]


def draw_epochs(nights: list, real: tuple[np.ndarray, np.ndarray], path: Path, *, rows: int = 4) -> None:
    """Draw ``rows`` random epochs a stage, simulated (one subject each) left and recorded right."""
    rng = np.random.default_rng(7)
    figure, axes = plt.subplots(5 * rows, 2, figsize=(16, 15), sharex=True, sharey=True)
    for stage, name in enumerate(STAGES):
        recorded = np.sort(rng.choice(np.flatnonzero(real[1] == stage), rows, replace=False))
        for row in range(rows):
            night = nights[(stage * rows + row) % len(nights)]
            found = np.flatnonzero(night.stages == stage)
            while not len(found):
                night = nights[rng.integers(len(nights))]
                found = np.flatnonzero(night.stages == stage)
            pair = night.epochs(CHANNEL)[rng.choice(found)], real[0][recorded[row]]
            for column, epoch in enumerate(pair):
                axis = axes[stage * rows + row, column]
                axis.plot(np.arange(len(epoch)) / RATE, epoch - np.median(epoch), lw=0.45, color="k")
                axis.set_ylim(-80, 80)
                axis.set_xlim(0, 30)
                axis.set_yticks([])
                axis.set_xticks(range(0, 31, 5))
                axis.grid(axis="x", alpha=0.25)
                for side in axis.spines.values():
                    side.set_visible(False)
            axes[stage * rows + row, 0].set_ylabel(name if row == 0 else "", rotation=0, ha="right", weight="bold")
    axes[0, 0].set_title("simulated C4-M1, a subject each")
    axes[0, 1].set_title("recorded (UCDDB 018)")
    axes[-1, 0].set_xlabel("s; a row is 160 µV high")
    save(figure, path)


def draw_spectra(nights: list, patients: dict, path: Path) -> None:
    """Draw median spectra by stage: simulated subjects as a band, patients as lines, and the calibration's bands."""
    figure, axes = plt.subplots(2, 5, figsize=(18, 8), sharex=True, sharey="row")
    f = None
    for stage, name in enumerate(STAGES):
        found = []
        for night in nights:
            if np.sum(night.stages == stage) >= 8:
                f, p = welch(night.epochs(CHANNEL)[night.stages == stage], fs=RATE, nperseg=512)
                found.append(np.median(p, axis=0))
        low, middle, high = np.quantile(found, [0.1, 0.5, 0.9], axis=0)
        axis = axes[0, stage]
        axis.fill_between(f, low, high, color="tab:blue", alpha=0.3, lw=0)
        axis.loglog(f, middle, color="tab:blue", label=f"simulated C4-M1, {len(found)} subjects, 10-90 %")
        for key, (epochs, scored) in patients.items():
            if np.sum(scored == stage) < 8:
                continue
            p = np.median(welch(epochs[scored == stage], fs=RATE, nperseg=512)[1], axis=0)
            if key == "018":
                axis.loglog(f, p, color="k", lw=1.3, label="UCDDB 018")
            else:
                axis.loglog(f, p, color="tab:red", lw=0.5, alpha=0.6, label="other patients" if key == "002" else None)
        axis.set(title=name, xlim=(0.25, 60), ylim=(5e-3, 3e3))
        axis.grid(alpha=0.25)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    axes[0, 0].legend(handles, labels, fontsize=7)
    typical = [
        simulate_night(seed=s, rate=100, channels=["EEG Fpz-Cz", "EEG Pz-Oz"], subject=Subject()) for s in range(3)
    ]
    stages = np.concatenate([night.stages for night in typical])
    for k, (label, colour) in enumerate((("EEG Fpz-Cz", "tab:blue"), ("EEG Pz-Oz", "tab:green"))):
        epochs = np.concatenate([night.epochs(label) for night in typical])
        f, p = welch(epochs, fs=100, nperseg=256)
        for stage in range(5):
            axis = axes[1, stage]
            axis.loglog(f[1:], np.median(p[stages == stage], axis=0)[1:], color=colour, label=f"simulated {label[4:]}")
            for (low_hz, high_hz), value in zip(
                BANDS_HZ.values(), spectral_table().centre[stage, 6 * k + 1 : 6 * k + 6], strict=True
            ):
                axis.plot([low_hz, high_hz], [np.exp(value)] * 2, color=colour, lw=3, alpha=0.45)
            axis.set(ylim=(8e-3, 4e2), xlabel="Hz")
            axis.grid(alpha=0.25)
    axes[1, 0].legend(fontsize=7, title="bars: Sleep-EDF band medians", title_fontsize=7)
    axes[0, 0].set_ylabel("µV²/Hz")
    axes[1, 0].set_ylabel("µV²/Hz")
    save(figure, path)


def draw_channels(path: Path) -> None:
    """Draw one random epoch a stage of all seven channels, one physiology."""
    night = simulate_night(seed=5, rate=RATE, subject=Subject())
    rng = np.random.default_rng(3)
    figure, axes = plt.subplots(5, 1, figsize=(14, 17), sharex=True)
    for stage, (name, axis) in enumerate(zip(STAGES, axes, strict=True)):
        epoch = int(rng.choice(np.flatnonzero(night.stages == stage)))
        for row, label in enumerate(DEFAULT_CHANNELS):
            height = {"EMG chin": 90, "ECG": 2500}.get(label, 130)
            signal = night.epochs(label)[epoch]
            axis.plot(np.arange(len(signal)) / RATE, (signal - np.median(signal)) / height - row, lw=0.45, color="k")
        axis.set(xlim=(0, 30), ylim=(-6.7, 0.8), title=f"{name} (epoch {epoch + 1})")
        axis.set_yticks(-np.arange(7), [label.removeprefix("EEG ").removeprefix("EOG ") for label in DEFAULT_CHANNELS])
        axis.grid(axis="x", alpha=0.25)
    axes[-1].set_xlabel("s; a row is 130 µV high, chin 90 µV")
    save(figure, path)


def print_band_distances() -> None:
    """Print the difference between simulated and recorded band medians in dB, by stage and derivation."""
    labels = ("EEG Fpz-Cz", "EEG Pz-Oz")
    nights = [simulate_night(seed=s, rate=100, channels=labels, subject=Subject()) for s in range(6)]
    stages = np.concatenate([night.stages for night in nights])
    print("\nmedian simulated band power beside Sleep-EDF, dB (typical subject, 6 nights)")
    print(f"{'':14}" + "".join(f"{name:>8}" for name in BAND_NAMES))
    for k, label in enumerate(labels):
        epochs = np.concatenate([night.epochs(label) for night in nights])
        f, p = welch(epochs, fs=100, nperseg=256)
        means = np.stack([p[:, (f >= low) & (f <= high)].mean(1) for low, high in BANDS_HZ.values()], axis=1)
        slow = epochs.var(axis=1) - means @ np.array([high - low for low, high in BANDS_HZ.values()])
        read = np.concatenate([slow[:, None], means], axis=1)
        for stage, name in enumerate(STAGES):
            away = 10 * np.log10(
                np.median(read[stages == stage], 0) / np.exp(spectral_table().centre[stage, 6 * k : 6 * k + 6])
            )
            print(f"{label[4:]:10}{name:4}" + "".join(f"{value:8.2f}" for value in away))


def print_architecture() -> None:
    """Print stage shares of the sleep period and mean bout lengths, simulated beside scored."""
    for name, epochs in (("healthy", 1040), ("apnoea", 840)):
        table = architecture_table(name)
        pooled, lengths = [], [[] for _ in STAGES]
        for seed in range(100):
            stages = simulate_stages(np.random.default_rng(seed), epochs, architecture=name)
            asleep = np.flatnonzero(stages)
            stages = stages[asleep[0] : asleep[-1] + 1]
            pooled.append(stages)
            for stage, _, length in zip(*bouts(stages), strict=True):
                lengths[stage].append(length)
        shares = np.bincount(np.concatenate(pooled), minlength=5) / sum(map(len, pooled))
        print(f"\n{name}: 100 simulated nights beside the scored ones")
        print(f"{'':22}" + "".join(f"{stage:>8}" for stage in STAGES))
        rows = {
            "share, simulated": 100 * shares,
            "share, scored (%)": 100 * table.stage_share_of_sleep_period,
            "mean bout, simulated": np.array([np.mean(found) / 2 for found in lengths]),
            "mean bout, scored (min)": table.mean_bout_epochs / 2,
        }
        for title, values in rows.items():
            print(f"{title:24}" + "".join(f"{value:8.1f}" for value in values))


def print_transfer(folder: Path) -> None:
    """Print kappa on recorded nights of linear discriminants learned from recorded and from simulated ones."""
    recorded = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as held:
            stages, index, powers = held["y"].astype(int), held["idx"], np.log(held["bp"].astype(float)).mean(axis=1)
        near = (index >= index[np.argmax(stages > 0)] - 60) & (index <= index[np.flatnonzero(stages)[-1]] + 60)
        recorded.append((path.name[:5], features(powers[near]), stages[near]))
    held_out = []
    for name, x, y in recorded:
        others = [row[1:] for row in recorded if row[0] != name]
        held_out.append(kappa(y, discriminant(others)(x)))
    print("\nkappa on 20 recorded nights, band powers midway between Fpz-Cz and Pz-Oz, mean over nights")
    print(f"learned from the recorded nights of the other nine subjects   {np.mean(held_out):.2f}")
    for title, draw in (("20 simulated nights, drawn subjects", draw_subject), ("typical ones", lambda _: Subject())):
        simulated = []
        for seed in range(300, 320):
            night = simulate_night(seed=seed, rate=100, channels=[CHANNEL], subject=draw(seed))
            f, p = welch(night.epochs(CHANNEL), fs=100, nperseg=256)
            powers = np.stack([p[:, (f >= low) & (f <= high)].mean(1) for low, high in BANDS_HZ.values()], axis=1)
            simulated.append((features(np.log(powers)), night.stages.astype(int)))
        use = discriminant(simulated)
        print(f"learned from {title:49}{np.mean([kappa(y, use(x)) for _, x, y in recorded]):.2f}")


def features(powers: np.ndarray) -> np.ndarray:
    """Return log powers normalised by the night, their mean over seven epochs, and their squares."""
    low, middle, high = np.quantile(powers, [0.25, 0.5, 0.75], axis=0)
    z = 1.35 * (powers - middle) / (high - low)
    padded = np.pad(z, ((3, 3), (0, 0)), mode="edge")
    smooth = np.mean([padded[k : k + len(z)] for k in range(7)], axis=0)
    return np.concatenate([z, smooth, 0.3 * z**2], axis=1)


def discriminant(nights: list) -> Callable[[np.ndarray], np.ndarray]:
    """Fit a linear discriminant to (features, stages) of several nights."""
    x, y = (np.concatenate(parts) for parts in zip(*nights, strict=True))
    means = np.array([x[y == s].mean(0) for s in range(5)])
    spread = sum(np.cov(x[y == s].T) * np.mean(y == s) for s in range(5)) + 0.02 * np.eye(x.shape[1])
    weights = np.linalg.solve(spread, means.T)
    offset = np.log(np.bincount(y, minlength=5) / len(y)) - 0.5 * np.sum(means.T * weights, axis=0)
    return lambda rows: np.argmax(rows @ weights + offset, axis=1)


def kappa(true: np.ndarray, found: np.ndarray) -> float:
    """Return Cohen's kappa."""
    table = np.zeros((5, 5))
    np.add.at(table, (true, found), 1 / len(true))
    chance = table.sum(0) @ table.sum(1)
    return (np.trace(table) - chance) / (1 - chance)


def save(figure: plt.Figure, path: Path) -> None:
    """Write a PNG with few colours, so that it stays small."""
    figure.tight_layout()
    figure.savefig(path, dpi=64)
    plt.close(figure)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(24)
    small.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
