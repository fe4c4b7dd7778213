"""How far recorders may lie from those that a model learnt from: one night through filters, rates, gains, equalisers.

    python benchmarks/other_recorders.py CHECKPOINT... --ucddb ROOT --keep kept.jsonl

Patient 018, one EEG, as a recorder of another kind would have written it, whole and in half hours that are staged each
alone. Filters are steep ones (eighth order) or, high-pass, gentle ones (second order), both without delay; equalisers
are smooth, with knots every 1.2 octaves. Prints one Markdown table for each checkpoint: kappa, recall of W and of N3,
and mean confidence beside accuracy. Epochs that are left unstaged count as wrong, and have no confidence.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

from eegvlm.lab.evaluation import NightAnswers
from eegvlm.lab.evaluation.perturbations import PERTURBATIONS, PerturbedPiece, edited
from eegvlm.signals import Channel
from eegvlm.staging import Stager
from left_out import COMPLETE, Scored, staged_in_pieces, summary, ucddb
from scored_nights import Kept

Samples = np.ndarray
Recorder = Callable[[Samples, float], tuple[Samples, float]]
HALF_HOURS = next(change for change in PERTURBATIONS if change.name == "30-min excerpts")


def filtered(kind: str, order: int, hz: float) -> Recorder:
    """Filter forwards and backwards, so that the order is twice this one."""
    return lambda samples, rate: (sosfiltfilt(butter(order, hz, kind, fs=rate, output="sos"), samples), rate)


def sampled(rate: int) -> Recorder:
    """Sample at another rate."""

    def resample(samples: Samples, before: float) -> tuple[Samples, float]:
        ratio = Fraction(rate) / Fraction(before)
        return resample_poly(samples, ratio.numerator, ratio.denominator), float(rate)

    return resample


def amplified(factor: float) -> Recorder:
    """State a calibration that is wrong by a factor."""
    return lambda samples, rate: (factor * samples, rate)


def equalised(db: float, seed: int) -> Recorder:
    """Colour the spectrum: eight knots from 0.5 Hz to half the rate, each by so many decibels (sd)."""

    def colour(samples: Samples, rate: float) -> tuple[Samples, float]:
        hz = np.fft.rfftfreq(len(samples), 1 / rate)
        knots = np.linspace(-1, np.log2(rate / 2), 8)
        gain = np.interp(np.log2(np.maximum(hz, 0.5)), knots, np.random.default_rng(seed).normal(0, db, 8))
        return np.fft.irfft(np.fft.rfft(samples) * 10 ** (gain / 20), len(samples)), rate

    return colour


def chain(*recorders: Recorder) -> Recorder:
    """Let one recorder write what another one gives."""

    def through(samples: Samples, rate: float) -> tuple[Samples, float]:
        for recorder in recorders:
            samples, rate = recorder(samples, rate)
        return samples, rate

    return through


RECORDERS: dict[str, Recorder] = {
    "as it is": chain(),
    **{f"low-pass {hz} Hz": filtered("lowpass", 4, hz) for hz in (12, 15, 20, 25)},
    **{f"high-pass {hz} Hz": filtered("highpass", 1, hz) for hz in (0.7, 1.0)},
    "50 Hz": sampled(50),
    **{f"calibration x{factor}": amplified(factor) for factor in (0.5, 2)},
    **{f"{db}-dB equaliser {seed}": chain(sampled(100), equalised(db, seed)) for db in (3, 4) for seed in range(4)},
    **{
        f"50 Hz, 3-dB equaliser {seed}, x{factor}": chain(sampled(50), equalised(3, seed), amplified(factor))
        for seed, factor in ((10, 0.7), (11, 1.4), (12, 0.8), (13, 1.2))
    },
}


def answers(stager: Stager, night: Scored, recorder: Recorder, *, pieces: bool) -> NightAnswers:
    """Stage the night through a recorder, whole or in half hours."""

    def edit(channel: Channel, samples: Samples) -> tuple[Samples, float]:
        written, rate = recorder(samples.astype(np.float64), channel.rate)
        return written.astype(np.float32), rate

    recording = edited(night.recording, edit)
    parts = HALF_HOURS.apply(recording, np.random.default_rng(0)).pieces if pieces else (PerturbedPiece(recording),)
    return staged_in_pieces(stager, night, parts)


def figures_of(answered: NightAnswers) -> dict[str, Any]:
    """Return the figures of a row, ready for JSON."""
    figures = summary([answered])
    staged = answered.answered & answered.scored
    return {
        "kappa": figures["kappa"],
        "W": figures["recall"]["W"][0],
        "N3": figures["recall"]["N3"][0],
        "confidence": float(answered.probabilities[staged].max(axis=1).mean()),
        "accuracy": float((answered.stages == answered.truth)[staged].mean()),
    }


def main() -> None:
    """Judge every checkpoint and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="CHECKPOINT")
    parser.add_argument("--ucddb", type=Path, required=True)
    parser.add_argument("--inputs", default="both", help="comma-separated: both, picture, evidence")
    parser.add_argument("--keep", type=Path, help="file in which results are kept, so that a killed run goes on")
    chosen = parser.parse_args()
    store = Kept(chosen.keep)
    (night,) = (patient for patient in ucddb(chosen.ucddb) if patient.subject == COMPLETE)
    for model in chosen.models:
        for inputs in chosen.inputs.split(","):
            stager = Stager.from_pretrained(model, inputs=inputs)
            print(f"\n{Path(model).name}, {inputs}\n")
            print("| | whole: kappa | W / N3 | confidence / accuracy | half hours | W / N3 | confidence / accuracy |")
            print("|---|---|---|---|---|---|---|")
            every: dict[bool, list[float]] = {False: [], True: []}
            for name, recorder in RECORDERS.items():
                cells = [name]
                for pieces in (False, True):
                    figures = store.get(
                        f"{model} {inputs} {name} {pieces}",
                        lambda by=stager, through=recorder, cut=pieces: figures_of(
                            answers(by, night, through, pieces=cut)
                        ),
                    )
                    every[pieces].append(figures["kappa"])
                    cells += [f"{figures['kappa']:.3f}", f"{figures['W']:.2f} / {figures['N3']:.2f}"]
                    cells.append(f"{figures['confidence']:.2f} / {figures['accuracy']:.2f}")
                print(f"| {' | '.join(cells)} |", flush=True)
            print(f"| mean | {np.mean(every[False]):.3f} | | | {np.mean(every[True]):.3f} | | |")


if __name__ == "__main__":
    main()
