"""How often the judgement of signal quality is wrong: alarms on real and simulated nights, and defects that it misses.

    python benchmarks/quality_alarms.py --ucddb ROOT --evening FILE.npz --noxturnal FILE.edf --nights 70

Every folder may be left out, and its rows are then missing. ROOT holds the UCDDB epochs (``ucddbNNN.npz``, see
``eegvlm.lab.datasets``), FILE.npz evening wakefulness of Sleep-EDF (``eeg`` counts, ``unit_uV``, ``rate``), FILE.edf
any clean recording. Real files have bad epochs of their own, and nobody labelled them: an alarm there is not always a
false one, so ``--list`` prints where they are, to look at.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Quality, QualityLevel, Recording, measure_quality, read_recording

Array = np.ndarray
UCDDB_UV = 8 / 4095 * 100
UCDDB_RATE = 128
STAGES = {0: "W", 1: "N1", 2: "N2", 3: "N3", 4: "R"}


def one_channel(epochs: Array, rate: float) -> Quality:
    """Judge epochs of one EEG, µV (k, samples)."""
    return measure_quality(Recording.from_arrays({"C4-M1": (epochs.reshape(-1), rate)}, channels={"eeg": "C4-M1"}))


def row(name: str, qualities: list[Quality], chosen: list[Array] | None = None) -> None:
    """Print one row: epochs of channels, how many are unusable and doubtful, and why."""
    total = unusable = doubtful = 0
    kinds: dict[str, int] = {}
    for number, quality in enumerate(qualities):
        of_interest = np.ones(quality.n_epochs, bool) if chosen is None else chosen[number]
        for channel in quality.channels.values():
            level = channel.level[of_interest]
            total += len(level)
            unusable += int((level == QualityLevel.UNUSABLE).sum())
            doubtful += int((level == QualityLevel.DOUBTFUL).sum())
            for kind, levels in channel.levels.items():
                for value, mark in ((QualityLevel.UNUSABLE, "!"), (QualityLevel.DOUBTFUL, "")):
                    if count := int((levels[of_interest] == value).sum()):
                        kinds[kind.value + mark] = kinds.get(kind.value + mark, 0) + count
    why = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items(), key=lambda item: -item[1]))
    print(f"| {name} | {total} | {unusable} ({unusable / total:.2%}) | {doubtful} ({doubtful / total:.2%}) | {why} |")


def list_alarms(name: str, quality: Quality) -> None:
    """Print the unusable stretches, epochs from 0."""
    for stretch in quality.stretches():
        if stretch.level == QualityLevel.UNUSABLE:
            print(f"<!-- {name} {stretch.channel} {stretch.kind} {stretch.first} to {stretch.last} -->")


def ucddb(root: Path, *, listed: bool) -> None:
    """Judge the patients of UCDDB, and one of them with defects put on."""
    qualities, stages = [], []
    for path in sorted(root.glob("ucddb*.npz")):
        with np.load(path) as stored:
            stage, epochs = stored["stage"], microvolt(stored["eeg_counts"])
        qualities.append(one_channel(epochs, UCDDB_RATE))
        stages.append(stage)
        if listed:
            list_alarms(path.stem, qualities[-1])
    for number, stage in STAGES.items():
        row(f"UCDDB, {stage}", qualities, [values == number for values in stages])
    path = root / "ucddb018.npz"
    if path.exists():
        with np.load(path) as stored:
            epochs = microvolt(stored["eeg_counts"])
        for name, defect in DEFECTS.items():
            changed = epochs[:160].copy()
            changed[60:100] = defect(changed[60:100], np.random.default_rng(0))
            quality = one_channel(changed, UCDDB_RATE)
            inside = (np.arange(160) >= 60) & (np.arange(160) < 100)
            row(f"018, 20 min of {name}: inside", [quality], [inside])
            row(f"018, 20 min of {name}: outside", [quality], [~inside])


def microvolt(counts: Array) -> Array:
    """Convert the counts of UCDDB."""
    return (counts.astype(np.float32) - np.median(counts)) * np.float32(UCDDB_UV)


def _clock(epochs: Array) -> Array:
    return np.arange(epochs.size).reshape(epochs.shape) / UCDDB_RATE


def _pops(per_hour: float) -> Callable[[Array, np.random.Generator], Array]:
    def add(epochs: Array, rng: np.random.Generator) -> Array:
        jumps = np.zeros(epochs.size)
        at = rng.integers(0, epochs.size, round(per_hour * epochs.size / UCDDB_RATE / 3600))
        jumps[at] = rng.choice([-400.0, 400.0], len(at))
        fall = np.exp(-np.arange(4 * UCDDB_RATE) / (0.7 * UCDDB_RATE))
        return epochs + np.convolve(jumps, fall)[: epochs.size].reshape(epochs.shape)

    return add


def _heart(uv: float) -> Callable[[Array, np.random.Generator], Array]:
    def add(epochs: Array, rng: np.random.Generator) -> Array:
        beats = np.cumsum(rng.normal(0.9, 0.04, epochs.size // UCDDB_RATE))
        spikes = np.zeros(epochs.size)
        spikes[(beats[beats < epochs.size / UCDDB_RATE] * UCDDB_RATE).astype(int)] = uv
        wave = np.bartlett(round(0.06 * UCDDB_RATE) + 1)
        return epochs + np.convolve(spikes, wave, mode="same").reshape(epochs.shape)

    return add


def _muscle(epochs: Array, rng: np.random.Generator) -> Array:
    """Noise of 40 µV rms that rises from 15 Hz, as that of the temporal muscle."""
    spectrum = np.fft.rfft(rng.standard_normal(epochs.size))
    hz = np.fft.rfftfreq(epochs.size, 1 / UCDDB_RATE)
    noise = np.fft.irfft(spectrum / (1 + (20 / np.maximum(hz, 0.1)) ** 4) ** 0.5, epochs.size)
    return epochs + (40 * noise / noise.std()).reshape(epochs.shape)


DEFECTS: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "flat": lambda epochs, rng: np.zeros_like(epochs),
    "amplifier noise, 0.4 µV rms": lambda epochs, rng: rng.normal(0, 0.4, epochs.shape),
    "amplifier noise, 0.6 µV rms": lambda epochs, rng: rng.normal(0, 0.6, epochs.shape),
    "mains alone, 50 Hz, 400 µV": lambda epochs, rng: 400 * np.sin(2 * np.pi * 50 * _clock(epochs)),
    "mains and noise, 60 Hz, 5 µV": lambda epochs, rng: (
        5 * np.sin(2 * np.pi * 60 * _clock(epochs)) + rng.normal(0, 0.4, epochs.shape)
    ),
    "rail": lambda epochs, rng: np.full_like(epochs, 3276.7),
    "white noise, 5 µV rms": lambda epochs, rng: rng.normal(0, 5, epochs.shape),
    "white noise, 20 µV rms": lambda epochs, rng: rng.normal(0, 20, epochs.shape),
    "white noise, 500 µV rms": lambda epochs, rng: rng.normal(0, 500, epochs.shape),
    "pops, 60 an hour": _pops(60),
    "pops, 200 an hour": _pops(200),
    "pops, 400 an hour": _pops(400),
    "pops, 3000 an hour": _pops(3000),
    "swings, 0.2 Hz, 1000 µV": lambda epochs, rng: epochs + 1000 * np.sin(2 * np.pi * 0.2 * _clock(epochs)),
    "heart, 65 µV": _heart(65),
    "heart, 1000 µV": _heart(1000),
    "clipped at 60 µV (to be used)": lambda epochs, rng: epochs.clip(-60, 60),
    "EEG of a tenth (to be used)": lambda epochs, rng: 0.1 * epochs,
    "muscle, 40 µV rms (to be used)": _muscle,
    "mains on EEG, 50 Hz, 50 µV (to be used)": lambda epochs, rng: (
        epochs + 50 * np.sin(2 * np.pi * 50 * _clock(epochs))
    ),
}


def evening(path: Path, *, listed: bool) -> None:
    """Judge evening wakefulness, each recording by itself."""
    with np.load(path) as stored:
        epochs = stored["eeg"].astype(np.float32) * np.float32(stored["unit_uV"])
        recording, rate = stored["recording"], float(stored["rate"])
    qualities = [one_channel(epochs[recording == number], rate) for number in np.unique(recording)]
    if listed:
        for number, quality in zip(np.unique(recording), qualities, strict=True):
            list_alarms(f"evening {number}", quality)
    row("Sleep-EDF, evening wakefulness", qualities)


def simulated(nights: int, *, listed: bool) -> None:
    """Judge simulated nights of two hours, all channels at 100 Hz."""
    qualities = []
    for number in range(nights):
        night = simulate_night(hours=2, seed=5_000_000 + number, rate=100)
        recording = Recording.from_arrays({label: (night.signals[label], 100.0) for label in night.signals})
        qualities.append(measure_quality(recording))
        if listed:
            list_alarms(f"simulated {number}", qualities[-1])
    row(f"{nights} simulated nights, all channels", qualities)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ucddb", type=Path)
    parser.add_argument("--evening", type=Path)
    parser.add_argument("--noxturnal", type=Path)
    parser.add_argument("--nights", type=int, default=0, help="simulated nights of two hours")
    parser.add_argument("--list", action="store_true", help="print every unusable stretch")
    chosen = parser.parse_args()
    print("| epochs | channels x epochs | unusable | doubtful | kinds (!: unusable) |\n|---|---|---|---|---|")
    if chosen.ucddb:
        ucddb(chosen.ucddb, listed=chosen.list)
    if chosen.evening:
        evening(chosen.evening, listed=chosen.list)
    if chosen.noxturnal:
        row(chosen.noxturnal.name, [measure_quality(read_recording(chosen.noxturnal))])
    if chosen.nights:
        simulated(chosen.nights, listed=chosen.list)


if __name__ == "__main__":
    main()
