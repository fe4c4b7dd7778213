"""What the heart in EEG and EOG costs, and what is left of that cost once it is taken out.

    python benchmarks/heart.py --nights 4 --ucddb ucddb018.npz
    python benchmarks/heart.py --nights 0 --patients UCDDB

An ECG (P to T wave, as simulated) with R waves of some height is added to the EEG and both EOGs of simulated nights, to
the only EEG of patient 018 of UCDDB. Beats are those of the simulated sleeper, or irregular (intervals whose standard
deviation is a tenth). Each night is staged as it is, with the leak, and with the leak taken out.

``--patients`` lists in which patients of UCDDB a heart is found that nobody added. No ECG of them is at hand; intervals
that stay within a few percent of the one before tell that these are beats.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from eegvlm.hypnogram import Stage
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation.derivations import DEFAULT_CHANNELS, HEART
from eegvlm.lab.simulation.emg_ecg import beats, electrocardiogram
from eegvlm.lab.simulation.night import simulate_night
from eegvlm.signals import EPOCH_S, Recording
from eegvlm.staging import Stager

Array = np.ndarray

UCDDB_RATE, UCDDB_UV = 128.0, 8 / 4095 * 100
HEIGHTS_UV = (20.0, 65.0, 150.0)


@dataclass(frozen=True)
class Night:
    """A scored night that a heart can be added to.

    Parameters
    ----------
    signals
        Label -> float32 (n,) microvolt.
    rate
        Samples per second.
    stages
        int (n_epochs,).
    leads
        Labels of the channels that the heart leaks into.
    r_waves_s
        The sleeper's, or None where there is no ECG of them.
    """

    signals: dict[str, Array]
    rate: float
    stages: Array
    leads: tuple[str, ...]
    r_waves_s: Array | None

    def recording(self, *, ecg: bool) -> Recording:
        """Return it as it would be recorded, with or without an ECG channel."""
        labels = [label for label in self.signals if ecg or label != HEART]
        return Recording.from_arrays({label: (self.signals[label], self.rate) for label in labels})

    def leaky(self, uv: float, r_waves_s: Array) -> Night:
        """Return it with an ECG of some height in its leads; the ECG channel shows the same beats."""
        signals = dict(self.signals)
        for label in self.leads:
            signals[label] = signals[label] + electrocardiogram(r_waves_s, len(signals[label]), self.rate, uv)
        if HEART in signals:
            signals[HEART] = electrocardiogram(r_waves_s, len(signals[HEART]), self.rate)
        return Night(signals, self.rate, self.stages, self.leads, r_waves_s)


def irregular(duration_s: float) -> Array:
    """Return R waves at 64 a minute whose intervals vary by a tenth, each by itself."""
    intervals = 60 / 64 * np.exp(np.random.default_rng(0).normal(0, 0.1, round(2 * duration_s)))
    times = np.cumsum(intervals)
    return times[times < duration_s]


def simulated(seed: int, hours: float) -> Night:
    """Simulate a night."""
    night = simulate_night(hours=hours, seed=seed)
    leads = tuple(label for label in DEFAULT_CHANNELS if label.startswith(("EEG", "EOG")))
    return Night(night.signals, night.rate, night.stages, leads, beats(seed, night.stages, night.subject))


def ucddb(path: Path) -> Night:
    """Read a patient of UCDDB whose epochs are complete."""
    with np.load(path) as stored:
        stages, counts = stored["stage"], stored["eeg_counts"]
    samples = (counts.astype(np.float32) - np.median(counts)) * np.float32(UCDDB_UV)
    return Night({"EEG C4-M1": samples.reshape(-1)}, UCDDB_RATE, stages, ("EEG C4-M1",), None)


def conditions(night: Night, heights: tuple[float, ...]) -> Iterator[tuple[str, Night, bool]]:
    """Yield what is done to a night: a name, the night, and whether its ECG is recorded."""
    hearts = {"irregular": irregular(len(night.stages) * EPOCH_S)}
    if night.r_waves_s is not None:
        hearts = {"steady": night.r_waves_s, **hearts}
    yield "clean", night, HEART in night.signals
    for uv in heights:
        for rhythm, r_waves_s in hearts.items():
            leaky = night.leaky(uv, r_waves_s)
            if HEART in night.signals:
                yield f"{uv:g} µV, {rhythm}, ECG recorded", leaky, True
            yield f"{uv:g} µV, {rhythm}, no ECG", leaky, False


def staged(stager: Stager, night: Night, *, ecg: bool, treated: bool) -> tuple[Array, PreparedNight]:
    """Return stages (n_epochs,) and what was seen."""
    recording = night.recording(ecg=ecg)
    if treated:
        answer = stager.stage(recording, explain="none")
    else:
        with patch("eegvlm.images.night.without_heart", lambda *signals, **options: None):
            answer = stager.stage(recording, explain="none")
    return answer.hypnogram.stages, answer.prepared


def kappa(truth: Array, stages: Array) -> float:
    """Return Cohen's kappa over the epochs that were staged."""
    seen = stages >= 0
    table = np.zeros((5, 5))
    np.add.at(table, (truth[seen], stages[seen]), 1)
    table /= table.sum()
    chance = float(table.sum(axis=1) @ table.sum(axis=0))
    return (float(np.trace(table)) - chance) / (1 - chance)


def rem_recall(truth: Array, stages: Array) -> float:
    """Return which share of the REM epochs is called R."""
    return float((stages[truth == Stage.R] == Stage.R).mean())


def table(title: str, nights: list[Night], stager: Stager, heights: tuple[float, ...]) -> None:
    """Print one table: means over nights."""
    print(f"\n{title}\n\n| leak | recall of R, kappa: left in | taken out | epochs it was taken out of, by channel |")
    print("|---|---|---|---|")
    rows: dict[str, list[tuple[float, ...]]] = {}
    cleaned: dict[str, dict[str, int]] = {}
    for night in nights:
        before: tuple[Night, Array] | None = None
        for name, changed, ecg in conditions(night, heights):
            # no model sees the ECG: with the heart left in, it does not matter whether it is recorded
            same = before is not None and before[0] is changed
            left = before[1] if same else staged(stager, changed, ecg=ecg, treated=False)[0]
            before = changed, left
            out, seen = staged(stager, changed, ecg=ecg, treated=True)
            figures = [figure(night.stages, one) for one in (left, out) for figure in (rem_recall, kappa)]
            rows.setdefault(name, []).append(tuple(figures))
            counts = cleaned.setdefault(name, {})
            for channel, leak in seen.heart.items():
                counts[channel] = counts.get(channel, 0) + int(leak.epochs.sum())
    for name, figures in rows.items():
        left_r, left_k, out_r, out_k = np.mean(figures, axis=0)
        counts = ", ".join(f"{channel} {count}" for channel, count in cleaned[name].items()) or "none"
        print(f"| {name} | {left_r:.2f}, {left_k:.3f} | {out_r:.2f}, {out_k:.3f} | {counts} |", flush=True)


def patients(folder: Path) -> None:
    """Print in which patients a heart is found."""
    print("\n| patient | epochs | with the heart | R wave, µV | beats a minute | typical change of the interval |")
    print("|---|---|---|---|---|---|")
    for path in sorted(folder.glob("ucddb*.npz")):
        night = ucddb(path)
        found = PreparedNight.read(night.recording(ecg=False), load_layout("nano")).heart
        for leak in found.values():
            intervals = np.diff(leak.beats_s)
            change = np.median(np.abs(np.diff(intervals)) / intervals[1:])
            counts = f"{len(night.stages)} | {int(leak.epochs.sum())} | {leak.microvolt:.0f}"
            print(f"| {path.stem} | {counts} | {60 / np.median(intervals):.0f} | {change:.1%} |")
        if not found:
            print(f"| {path.stem} | {len(night.stages)} | 0 | | | |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=4, help="simulated nights")
    parser.add_argument("--seed", type=int, default=3_000_000, help="of the first simulated night")
    parser.add_argument("--hours", type=float, default=8.0, help="of each simulated night")
    parser.add_argument("--ucddb", type=Path, help="ucddb018.npz")
    parser.add_argument("--patients", type=Path, help="folder of ucddb*.npz")
    parser.add_argument("--uv", type=float, nargs="+", default=HEIGHTS_UV, help="heights of the R wave")
    chosen = parser.parse_args()
    if chosen.patients:
        patients(chosen.patients)
    if not chosen.nights and not chosen.ucddb:
        return
    stager = Stager.from_pretrained("nano")
    heights = tuple(chosen.uv)
    if chosen.ucddb:
        table("UCDDB 018, one EEG", [ucddb(chosen.ucddb)], stager, heights)
    if chosen.nights:
        nights = [simulated(chosen.seed + number, chosen.hours) for number in range(chosen.nights)]
        table(f"{chosen.nights} simulated nights of {chosen.hours:g} h", nights, stager, heights)


if __name__ == "__main__":
    main()
