"""What common artefacts cost, all night long: each is added to the EEG of every night, which is then staged again.

    python benchmarks/artefacts.py ucddb-epochs ROOT --only '*018*' [--yasa]
    python benchmarks/artefacts.py simulated:nights=4,seed=3000000,hours=8

One EEG is read, the central one where there are several; gaps of the night stay. ``--yasa`` lets YASA stage the same
channel (in this process; ``pip install yasa``).
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
from rich.console import Console
from scipy.signal import butter, sosfilt

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.evaluation import robustness
from eegvlm.lab.evaluation.perturbations import (
    Perturbation,
    Perturbed,
    PerturbedPiece,
    around_gaps,
    edited,
    keep_modalities,
)
from eegvlm.lab.evaluation.robustness import robustness_table
from eegvlm.lab.evaluation.systems import whole_model
from eegvlm.signals import EPOCH_S, Channel, Recording, Role
from eegvlm.staging import Stager

Array = np.ndarray
Artefact = Callable[[Array, float, np.random.Generator], Array]
"""What becomes of samples in µV, given their rate."""

ONE_EEG = (Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL)


def band(hz: float, uv: float) -> Artefact:
    """Add noise of one band, 0.7 to 1.4 times a frequency, with an rms."""

    def add(samples: Array, rate: float, rng: np.random.Generator) -> Array:
        noise = sosfilt(
            butter(2, [0.7 * hz, 1.4 * hz], "bandpass", fs=rate, output="sos"), rng.standard_normal(len(samples))
        )
        return samples + uv * noise / noise.std()

    return add


def first_half(artefact: Artefact) -> Artefact:
    """Put an artefact onto the first half of the recording alone."""

    def add(samples: Array, rate: float, rng: np.random.Generator) -> Array:
        half = len(samples) // 2
        return np.concatenate([artefact(samples[:half], rate, rng), samples[half:]])

    return add


def mains(hz: float, uv: float) -> Artefact:
    """Add a sine."""
    return lambda samples, rate, rng: samples + uv * np.sin(2 * np.pi * hz * np.arange(len(samples)) / rate)


def heart(uv: float) -> Artefact:
    """Add R waves, triangles of 60 ms, at 67 a minute."""

    def add(samples: Array, rate: float, rng: np.random.Generator) -> Array:
        wave = uv * np.bartlett(round(0.06 * rate) + 1)
        beats = np.cumsum(rng.normal(0.9, 0.04, round(len(samples) / rate)))
        spikes = np.zeros(len(samples))
        spikes[(beats[beats < len(samples) / rate] * rate).astype(int)] = 1
        return samples + np.convolve(spikes, wave, mode="same")

    return add


def pops(samples: Array, rate: float, rng: np.random.Generator) -> Array:
    """Add jumps of 400 µV every two minutes, which fall by half within 0.5 s."""
    jumps = np.zeros(len(samples))
    at = rng.integers(0, len(samples), round(len(samples) / rate / 120))
    jumps[at] = rng.choice([-400.0, 400.0], len(at))
    fall = np.exp(-np.arange(round(4 * rate)) / (0.7 * rate))
    return samples + np.convolve(jumps, fall)[: len(samples)]


def off(minutes: float, uv: float) -> Artefact:
    """Replace the first minutes by white noise: electrodes that are not yet on the head."""

    def replace(samples: Array, rate: float, rng: np.random.Generator) -> Array:
        count = min(len(samples), round(60 * minutes * rate))
        return np.concatenate([rng.normal(0, uv, count), samples[count:]])

    return replace


def perturbation(name: str, artefact: Artefact, *, lost_min: float = 0) -> Perturbation:
    """Return the change of a night; its gaps stay.

    Parameters
    ----------
    name
        As in the table. What is random is drawn by it.
    artefact
        What is done to every channel.
    lost_min
        Minutes from the start that no longer hold the sleeper's signal, and are not judged.
    """

    def apply(recording: Recording, rng: np.random.Generator) -> Perturbed:
        def edit(channel: Channel, samples: Array) -> tuple[Array, float]:
            changed = around_gaps(samples, lambda filled: artefact(filled.astype(np.float64), channel.rate, rng))
            return changed, channel.rate

        compared = recording.scorable
        compared[: round(lost_min * 60 / EPOCH_S)] = False
        return Perturbed((PerturbedPiece(edited(recording, edit)),), compared)

    return Perturbation(name, name, apply)


def filtered(order: int, hz: float, kind: str) -> Artefact:
    """Pass the signal through a Butterworth filter of the recorder."""
    return lambda samples, rate, rng: sosfilt(butter(order, hz, kind, fs=rate, output="sos"), samples)


CHANGES = (
    perturbation("mains, 50 Hz, 50 µV", mains(50, 50)),
    perturbation("heart, 60 µV", heart(60)),
    perturbation("electrode pops", pops),
    perturbation("clipped at 60 µV", lambda samples, rate, rng: samples.clip(-60, 60)),
    perturbation("high-pass 1 Hz, first order", filtered(1, 1.0, "highpass")),
    perturbation("low-pass 15 Hz", filtered(2, 15.0, "lowpass")),
    perturbation("first 20 min 500 µV noise", off(20, 500), lost_min=20),
    perturbation("sweat, 0.3 Hz, 50 µV rms", band(0.3, 50)),
    perturbation("sway, 1.3 Hz, 20 µV rms", band(1.3, 20)),
    perturbation("alpha, 10 Hz, 8 µV rms", band(10, 8)),
    perturbation("muscle, 25 Hz, 7 µV rms", band(25, 7)),
    perturbation("muscle, 25 Hz, 10 µV rms", band(25, 10)),
    perturbation("muscle, 25 Hz, 15 µV rms", band(25, 15)),
    perturbation("muscle, 25 Hz, 40 µV rms", band(25, 40)),
    perturbation("muscle, 15 µV, first half", first_half(band(25, 15))),
    perturbation("white noise, 15 µV rms", lambda samples, rate, rng: samples + rng.normal(0, 15, len(samples))),
)


def yasa(recording: Recording) -> Hypnogram:
    """Let YASA stage the EEG; gaps are flat for it."""
    import mne
    from yasa import SleepStaging

    channel = recording.pick(ONE_EEG)
    if channel is None:
        raise InputError(str(recording.path), "channels", "none", "it has no EEG for YASA")
    samples = np.nan_to_num(recording.samples(channel)).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about its dependencies
        raw = mne.io.RawArray(1e-6 * samples[None], mne.create_info(["EEG"], channel.rate, "eeg"), verbose="ERROR")
        labels = SleepStaging(raw, eeg_name="EEG").predict().hypno
    return Hypnogram(np.array([Stage.from_label(label) for label in labels], np.int8), EPOCH_S, recording.start)


def main() -> None:
    """Print kappa with and without each artefact."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("root", nargs="?")
    parser.add_argument("--only")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--yasa", action="store_true")
    given = parser.parse_args()
    nights = open_dataset(given.dataset, given.root, only=given.only).nights
    stage = whole_model(Stager.from_pretrained(given.model))
    systems = {given.model: lambda recording: stage(keep_modalities(recording, ("eeg",)))}
    if given.yasa:
        systems["YASA"] = yasa
    for name, system in systems.items():
        print(name)
        Console(width=150).print(robustness_table(robustness(system, nights, CHANGES)).rich())


if __name__ == "__main__":
    main()
