"""What a model is worth on recorders of which it learnt nothing, by what it reads.

    python benchmarks/left_out.py CHECKPOINT... --ucddb ROOT --evening FILE.npz --openbci FILE.npz --keep kept.jsonl

A checkpoint that learnt nothing of UCDDB (recipe ``nano-left-out``) is judged on all of UCDDB: five stages of the
one night that is known whole, as it is, in half hours that are staged each alone, and through equalisers of 3 dB; W and
N3 of the patients of whom nothing else is known. Choices of design are made on these figures. Witnesses, which no
choice may use: evening wake of Sleep-EDF (``eeg`` counts, ``unit_uV``, ``recording``), and nights simulated on the
spectra of a night on OpenBCI (``spectra_dB``, ``freq``, ``stage``).

Everything is one EEG. ECE is over 15 bins; "sure and wrong" is the share of the epochs above 0.9 that are wrong. Epochs
that are left unstaged count as wrong in kappa and recall, and have no part in ECE. Prints one Markdown table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.hypnogram.calibration_error import expected_calibration_error
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.evaluation import NightAnswers, figures
from eegvlm.lab.evaluation.perturbations import PERTURBATIONS, PerturbedPiece
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.simulation.bands import BAND_WIDTHS_HZ, BANDS_HZ
from eegvlm.lab.simulation.measured import MeasuredSpectra
from eegvlm.signals import Recording
from eegvlm.staging import Stager
from scored_nights import Kept

COMPLETE = "ucddb018"
EQUALISERS = 4
OPENBCI_SEEDS = range(4_200_000, 4_200_003)
OPENBCI_GAMMA_DB = -6.0  # the file ends at 30 Hz: gamma beside beta as in Sleep-EDF
OPENBCI_SLOW = 0.25  # share of the variance below the first bin, as in Sleep-EDF
_PERTURBED = {one.name: one for one in PERTURBATIONS}


@dataclass(frozen=True)
class Scored:
    """A recording with an expert's stages.

    Attributes
    ----------
    subject
        The sleeper.
    recording
        One EEG.
    stages
        int8 (n_epochs,), -1 where unscored.
    """

    subject: str
    recording: Recording
    stages: np.ndarray


def ucddb(root: Path) -> list[Scored]:
    """Open all patients."""
    nights = open_dataset("ucddb-epochs", str(root), look_inside=False).nights
    return [Scored(night.name, night.recording(), night.hypnogram().stages) for night in nights]


def evening(path: Path) -> Iterable[Scored]:
    """Open evening wake, each recording for itself."""
    with np.load(path) as held:
        of, names = held["recording"], held["recording_name"]
        epochs = held["eeg"] * float(held["unit_uV"])
    for number, name in enumerate(names):
        signal = epochs[of == number].reshape(-1)
        recording = Recording.from_arrays({"EEG Pz-Oz": (signal, 100.0)})
        yield Scored(str(name), recording, np.zeros(int((of == number).sum()), np.int8))


def openbci(path: Path) -> Iterable[Scored]:
    """Simulate nights on the spectra of one night that was recorded on another device."""
    with np.load(path) as held:
        density, hz = 1e12 * 10 ** (held["spectra_dB"].astype(float) / 10), held["freq"]
        stages, epochs = held["stage"], held["epoch_index"]
    known = list(BANDS_HZ.values())[:-1]
    bands = [density[..., (hz >= low) & (hz <= high)].mean(axis=-1) for low, high in known]
    bands.append(bands[-1] * 10 ** (OPENBCI_GAMMA_DB / 10))
    powers = np.stack(bands, axis=-1)
    slow = OPENBCI_SLOW / (1 - OPENBCI_SLOW) * (powers @ np.array(BAND_WIDTHS_HZ))
    rows = np.log(np.concatenate([slow[..., None], powers], axis=-1)).reshape(len(stages), 12)
    for seed in OPENBCI_SEEDS:
        spectra = MeasuredSpectra(stages.astype(np.int8), epochs.astype(np.int64), rows)
        night = simulate_night(seed=seed, rate=125.0, channels=["EEG C4-M1"], spectra=spectra)
        recording = Recording.from_arrays({label: (signal, 125.0) for label, signal in night.signals.items()})
        yield Scored(str(seed), recording, night.stages.astype(np.int8))


@dataclass(frozen=True)
class Task:
    """A set of figures of one set of recordings.

    Attributes
    ----------
    nights
        Opened when they are needed.
    change
        Name of a perturbation; None: as they are.
    seed
        Of what is random in the change.
    """

    nights: Callable[[], Iterable[Scored]]
    change: str | None = None
    seed: int = 0

    def answers(self, stager: Stager) -> list[NightAnswers]:
        """Stage the recordings."""
        return [self._night(stager, one) for one in self.nights()]

    def _night(self, stager: Stager, night: Scored) -> NightAnswers:
        pieces: Sequence[PerturbedPiece] = [PerturbedPiece(night.recording)]
        if self.change is not None:
            pieces = _PERTURBED[self.change].apply(night.recording, np.random.default_rng([77, self.seed])).pieces
        return staged_in_pieces(stager, night, pieces)


def staged_in_pieces(stager: Stager, night: Scored, pieces: Sequence[PerturbedPiece]) -> NightAnswers:
    """Stage pieces of a night, each alone, and put the answers at their places; epochs in none are unstaged."""
    stages = np.full(len(night.stages), -1, np.int8)
    probabilities = np.full((len(stages), 5), np.nan, np.float32)
    for piece in pieces:
        hypnogram = stager.stage(piece.recording).hypnogram
        count = min(len(hypnogram), len(stages) - piece.first)
        stages[piece.first : piece.first + count] = hypnogram.stages[:count]
        if hypnogram.probabilities is not None:
            probabilities[piece.first : piece.first + count] = hypnogram.probabilities[:count]
    truth = np.where(night.recording.scorable[: len(stages)], night.stages, -1).astype(np.int8)
    return NightAnswers(night.subject, night.subject, truth, stages, probabilities)


def summary(answers: Sequence[NightAnswers]) -> dict[str, Any]:
    """Return what the table needs of a task's answers, ready for JSON."""
    recall = {
        label: [
            float((one.stages[one.truth == stage] == stage).mean()) for one in answers if (one.truth == stage).any()
        ]
        for stage, label in enumerate(("W", "N1", "N2", "N3", "R"))
    }
    judged = [one.scored & one.answered for one in answers]
    confidence = np.concatenate(
        [one.probabilities[kept].max(axis=1) for one, kept in zip(answers, judged, strict=True)]
    )
    right = np.concatenate([(one.stages == one.truth)[kept] for one, kept in zip(answers, judged, strict=True)])
    sure = confidence > 0.9
    return {
        "kappa": figures(sum(one.confusion for one in answers)).kappa,
        "recall": recall,
        "ece": expected_calibration_error(confidence, right),
        "sure": float(sure.mean()),
        "sure and wrong": float((~right[sure]).mean()) if sure.any() else 0.0,
    }


def rows(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the figures of one column by their names."""

    def mean(task: str, label: str) -> str:
        return f"{np.mean(found[task]['recall'][label]):.3f}"

    table: dict[str, str] = {}
    for task, name in (("whole", "018, whole night"), ("pieces", "018, half hours")):
        one = found[task]
        table[f"{name}: kappa"] = f"{one['kappa']:.3f}"
        table[f"{name}: recall of W, N1, N2, N3, R"] = " ".join(f"{np.mean(v):.2f}" for v in one["recall"].values())
        table[f"{name}: ECE; sure and wrong"] = f"{one['ece']:.3f}; {one['sure and wrong']:.3f} of {one['sure']:.2f}"
    table["018, four 3-dB equalisers: kappa"] = " ".join(
        f"{found[f'equaliser {number}']['kappa']:.3f}" for number in range(EQUALISERS)
    )
    for task, name in (("patients", "patients"), ("patients in pieces", "patients, half hours")):
        table[f"{name}: recall of W / N3"] = f"{mean(task, 'W')} / {mean(task, 'N3')}"
        table[f"{name}: ECE; sure and wrong"] = f"{found[task]['ece']:.3f}; {found[task]['sure and wrong']:.3f}"
    if "evening" in found:
        table["witness, evening wake: recall of W"] = mean("evening", "W")
    if "openbci" in found:
        table["witness, simulated on OpenBCI: kappa; ECE"] = (
            f"{found['openbci']['kappa']:.3f}; {found['openbci']['ece']:.3f}"
        )
    return table


def tasks(chosen: argparse.Namespace) -> dict[str, Task]:
    """Return what is to be done, by name."""
    nights = ucddb(chosen.ucddb)
    complete = [one for one in nights if one.subject == COMPLETE]
    wanted = {
        "whole": Task(lambda: complete),
        "pieces": Task(lambda: complete, "30-min excerpts"),
        **{f"equaliser {number}": Task(lambda: complete, "3-dB equaliser", number) for number in range(EQUALISERS)},
        "patients": Task(lambda: nights),
        "patients in pieces": Task(lambda: nights, "30-min excerpts"),
    }
    if chosen.evening:
        wanted["evening"] = Task(lambda: evening(chosen.evening))
    if chosen.openbci:
        wanted["openbci"] = Task(lambda: openbci(chosen.openbci))
    return wanted


def main() -> None:
    """Judge every checkpoint and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="CHECKPOINT")
    parser.add_argument("--ucddb", type=Path, required=True)
    parser.add_argument("--evening", type=Path)
    parser.add_argument("--openbci", type=Path)
    parser.add_argument("--inputs", default="both", help="comma-separated: both, picture, evidence")
    parser.add_argument("--keep", type=Path, help="file in which results are kept, so that a killed run goes on")
    chosen = parser.parse_args()
    kept, wanted = Kept(chosen.keep), tasks(chosen)
    columns: dict[str, dict[str, str]] = {}
    for model in chosen.models:
        for inputs in chosen.inputs.split(","):
            stager = Stager.from_pretrained(model, inputs=inputs)
            found = {
                name: kept.get(f"{model} {inputs} {name}", lambda one=task, by=stager: summary(one.answers(by)))
                for name, task in wanted.items()
            }
            columns[f"{Path(model).name}, {inputs}"] = rows(found)
    print(f"| | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(column[name] for column in columns.values())} |")


if __name__ == "__main__":
    main()
