"""Where the packaged model must not be sure: recordings that hold no sleep, or sleep that an artefact hides.

    python benchmarks/confidence.py alarms --ucddb ROOT --evening FILE.npz --nights 12
    python benchmarks/confidence.py narrowed --ucddb ROOT --evening FILE.npz
    python benchmarks/confidence.py strange --ucddb ROOT

``alarms`` counts, on clean recordings, the epochs in which a tone, repeated samples or a steady signal is told, and the
least F of an hour and a half. ``narrowed`` adds muscle, sweat, a tone or white noise to recordings with a scoring and
says which temperature makes the probabilities of the model true. ``strange`` stages recordings without sleep.
ROOT and FILE.npz are those of ``benchmarks/quality_alarms.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt
from scipy.special import log_softmax

from eegvlm.hypnogram import Hypnogram
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import QualityKind, Recording, measure_quality
from eegvlm.staging import StagedNight, Stager, limits
from quality_alarms import UCDDB_RATE, microvolt

Array = np.ndarray
Scored = tuple[str, Array, float, Array]
"""Name, EEG in µV, its rate, and the stages by the expert."""

KINDS = ("tone", "repeated", "steady")
RATE = 128
TEMPERATURES = (1.0, 1.5, 2.0, 2.5, 3.0)
STRANGE_S = 5400


def ucddb(root: Path | None) -> Iterator[Scored]:
    """Yield the patients of UCDDB."""
    for path in sorted(root.glob("ucddb*.npz")) if root else ():
        with np.load(path) as stored:
            yield path.stem, microvolt(stored["eeg_counts"]).ravel(), UCDDB_RATE, stored["stage"].astype(int)


def evening(file: Path | None) -> Iterator[Scored]:
    """Yield the evenings of Sleep-EDF, all awake."""
    if file is None:
        return
    with np.load(file) as stored:
        for number in np.unique(stored["recording"]):
            epochs = stored["eeg"][stored["recording"] == number] * np.float32(stored["unit_uV"])
            yield f"evening {number}", epochs.ravel(), float(stored["rate"]), np.zeros(len(epochs), int)


def simulated(nights: int) -> Iterator[Scored]:
    """Yield one EEG of simulated nights of two hours."""
    for number in range(nights):
        night = simulate_night(hours=2, seed=9_300_000 + number, rate=RATE)
        yield f"simulated {number}", night.signals["EEG C4-M1"], RATE, np.asarray(night.stages, int)


def recording_of(eeg: Array, rate: float) -> Recording:
    """Make a recording of one EEG, µV."""
    return Recording.from_arrays({"C4-M1": (eeg.astype(np.float32), float(rate))})


def band(samples: int, low: float, high: float, rate: float, seed: int) -> Array:
    """Return noise of a band, rms 1."""
    sections = butter(3, [low, high], "bandpass", fs=rate, output="sos")
    noise = sosfiltfilt(sections, np.random.default_rng(seed).standard_normal(samples))
    return noise / noise.std()


def sloped(seconds: float, slope: float, seed: int, rate: float = RATE) -> Array:
    """Return noise whose density falls with a power of the frequency above 0.3 Hz, rms 1."""
    samples = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    hz = np.fft.rfftfreq(samples, 1 / rate)
    noise = np.fft.irfft(spectrum * np.maximum(hz, 0.3) ** (-slope / 2), samples)
    return noise / noise.std()


def alarms(chosen: argparse.Namespace) -> None:
    """Count epochs of clean recordings in which one of the kinds is told."""
    print("| recordings | epochs | " + " | ".join(KINDS) + " |\n|---|---|---|---|---|")
    groups = (
        ("UCDDB", ucddb(chosen.ucddb)),
        ("Sleep-EDF, evening wakefulness", evening(chosen.evening)),
        ("simulated nights of two hours, one EEG", simulated(chosen.nights)),
    )
    for name, recordings in groups:
        epochs, counts = 0, dict.fromkeys(KINDS, 0)
        for _, eeg, rate, _ in recordings:
            channel = measure_quality(recording_of(eeg, rate)).channels["C4-M1"]
            epochs += len(channel.level)
            for kind in KINDS:
                counts[kind] += int((channel.levels[QualityKind(kind)] > 0).sum())
        if epochs:
            print(f"| {name} | {epochs} | " + " | ".join(str(counts[kind]) for kind in KINDS) + " |")


def with_artefacts(recordings: Iterator[Scored]) -> Iterator[Scored]:
    """Yield recordings with an artefact all the time."""
    for number, (name, eeg, rate, stages) in enumerate(recordings):
        seconds = np.arange(len(eeg)) / rate
        added = {
            "muscle, 12 µV": 12 * band(len(eeg), 20, 30, rate, number),
            "sweat, 50 µV": 50 * band(len(eeg), 0.2, 0.4, rate, number),
            "tone of 22 Hz, 20 µV": 20 * np.sin(2 * np.pi * 22 * seconds),
        }
        for artefact, samples in added.items():
            yield f"{name}, {artefact}", eeg + samples, rate, stages


def narrowed(chosen: argparse.Namespace) -> None:
    """Say which temperature makes the probabilities true where an artefact fills a band."""
    limits.NARROWED_WIDENING = 1.0  # what the model says by itself
    stager = Stager.from_pretrained("nano", engine="onnx")
    logs, stages_of = [], []
    sources = [*ucddb(chosen.ucddb)][:: chosen.every] + [*evening(chosen.evening)][:: chosen.every]
    print("| recording | accuracy | confidence | epochs above 0.9 that are wrong |\n|---|---|---|---|")
    for name, eeg, rate, stages in with_artefacts(iter(sources)):
        night = stager.stage(recording_of(eeg, rate))
        if "narrowed-band" not in {limit.code for limit in night.limits}:
            continue
        probabilities = np.asarray(night.hypnogram.probabilities, np.float64)
        read = np.isfinite(probabilities[:, 0]) & (stages >= 0)
        logs.append(np.log(np.maximum(probabilities[read], 1e-12)))
        stages_of.append(stages[read])
        row = right_and_sure(logs[-1], stages_of[-1])
        print(f"| {name} | {row[0]:.2f} | {row[1]:.2f} | {row[2]} |")
    together, stages = np.concatenate(logs), np.concatenate(stages_of)
    print("\n| temperature | epochs | accuracy | confidence | negative log-likelihood | above 0.9 that are wrong |")
    print("|---|---|---|---|---|---|")
    for temperature in TEMPERATURES:
        tempered = log_softmax(together / temperature, axis=1)
        accuracy, confidence, wrong = right_and_sure(tempered, stages)
        likelihood = -tempered[np.arange(len(stages)), stages].mean()
        print(f"| {temperature} | {len(stages)} | {accuracy:.3f} | {confidence:.3f} | {likelihood:.3f} | {wrong} |")


def right_and_sure(logs: Array, stages: Array) -> tuple[float, float, str]:
    """Return accuracy, mean confidence, and how many of the epochs above 0.9 are wrong."""
    best, right = np.exp(logs.max(axis=1)), logs.argmax(axis=1) == stages
    sure = best > 0.9
    return float(right.mean()), float(best.mean()), f"{int((sure & ~right).sum())} of {int(sure.sum())}"


def strange_recordings(root: Path | None) -> Iterator[tuple[str, Array, float]]:
    """Yield recordings that hold no sleep, or not as a sleeper has it."""
    samples = STRANGE_S * RATE
    seconds = np.arange(samples) / RATE
    for slope in (1.0, 1.5, 2.0, 2.5):
        yield f"phantom: noise that falls with f^-{slope:g}, 20 µV", 20 * sloped(STRANGE_S, slope, 3), RATE
    yield "1 Hz at 20 µV throughout", 20 * band(samples, 0.7, 1.5, RATE, 4) + 6 * sloped(STRANGE_S, 1.5, 3), RATE
    yield "alpha throughout", 25 * band(samples, 9, 11, RATE, 3) + 12 * sloped(STRANGE_S, 1.5, 4), RATE
    triphasic = 30 * (2 * ((1.8 * seconds) % 1) - 1) + 8 * sloped(STRANGE_S, 1.5, 3)
    yield "sawteeth at 1.8 Hz throughout", triphasic, RATE
    yield "calibration: square wave", 50 * np.sign(np.sin(np.pi * seconds)) + 0.8 * sloped(STRANGE_S, 1, 3), RATE
    yield "EMG of 30 µV", 30 * band(samples, 10, 60, RATE, 5) + 5 * sloped(STRANGE_S, 2, 6), RATE
    breath = 60 * np.sin(2 * np.pi * 0.25 * seconds) + sloped(STRANGE_S, 1, 2)
    yield "breathing", breath, RATE
    for name, eeg, rate, _ in ucddb(root):
        if name == "ucddb018":
            page, epochs = round(30 * rate), eeg.reshape(-1, round(30 * rate))
            yield "10 min of 018 in a loop", np.tile(eeg[100 * page : 120 * page], 9), rate
            stuck = epochs.copy()
            stuck[200:300] = epochs[200]
            yield "018, one page stored for 50 min", stuck.ravel(), rate
            yield "018 integrated", np.cumsum(eeg - eeg.mean()) / rate, rate


def strange(chosen: argparse.Namespace) -> None:
    """Stage what holds no sleep."""
    stager = Stager.from_pretrained("nano", engine="onnx")
    print("| recording | stages | epochs above 0.9 | limits that no validation covered |\n|---|---|---|---|")
    for name, eeg, rate in strange_recordings(chosen.ucddb):
        night: StagedNight = stager.stage(recording_of(eeg, rate))
        uncovered = ", ".join(f"`{limit.code}`" for limit in night.limits if not limit.validated)
        print(f"| {name} | {stages_in_words(night.hypnogram)} | {sure_share(night.hypnogram):.2f} | {uncovered} |")


def stages_in_words(hypnogram: Hypnogram) -> str:
    """Return how many epochs each stage has."""
    labels = list(hypnogram.labels)
    return ", ".join(f"{label} {labels.count(label)}" for label in dict.fromkeys(labels))


def sure_share(hypnogram: Hypnogram) -> float:
    """Return the share of epochs with a probability above 0.9."""
    return float((np.nan_to_num(np.asarray(hypnogram.probabilities)).max(axis=1) > 0.9).mean())


def main() -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("alarms", "narrowed", "strange"))
    parser.add_argument("--ucddb", type=Path)
    parser.add_argument("--evening", type=Path)
    parser.add_argument("--nights", type=int, default=12, help="simulated nights of two hours")
    parser.add_argument("--every", type=int, default=4, help="of the recordings, for narrowed")
    chosen = parser.parse_args()
    {"alarms": alarms, "narrowed": narrowed, "strange": strange}[chosen.what](chosen)


if __name__ == "__main__":
    main()
