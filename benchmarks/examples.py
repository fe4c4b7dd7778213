"""What scored epochs of other patients add to nano: UCDDB, patients that it has not learnt from, k = 0, 1, 4, 16.

    python benchmarks/examples.py ROOT --out FOLDER

Judged are the patients that nano has not learnt from: 018, whom it has not met, and the five on whom it was validated
(its temperatures and smoothing are fitted on them, its weights are not). The index is made of the others, from whose
epochs nano has learnt, so that its vectors of them are closer to their stages than a stranger's are. Only 018 has
stages other than W and N3; no other patient's epochs hold N1, N2 or R.

For each k: nano alone (0), or the logarithmic mean of its probabilities and of the k nearest epochs' vote; beside it
the vote alone. Prints Markdown. The index is written into FOLDER once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eegvlm.hypnogram import STAGES, Hypnogram
from eegvlm.hypnogram.calibration_error import expected_calibration_error
from eegvlm.hypnogram.most_probable import most_probable
from eegvlm.hypnogram.pooling import pooled
from eegvlm.lab.datasets import Night, open_dataset
from eegvlm.lab.datasets.training_record import read_record
from eegvlm.lab.evaluation import NightAnswers, figures
from eegvlm.lab.evaluation.with_examples import apart_from
from eegvlm.model import checkpoint_path
from eegvlm.retrieval import Encoder, EpochIndex, build_index
from eegvlm.retrieval.voting import shares
from eegvlm.staging import Stager
from eegvlm.staging.examples import ExampleSource

MODEL = "nano"
COMPLETE = "ucddb:018"
SIZES = (1, 4, 16)


@dataclass(frozen=True)
class Patient:
    """A patient who is judged: the expert's stages, nano's answer, and the nearest epochs of others.

    Attributes
    ----------
    night
        Of the data set.
    truth
        Scored epochs that hold a signal; others unscored.
    ours
        nano's answer.
    nearest
        int8 (epochs, 16): stages of the nearest epochs, the nearest first; -1 where there is no vector.
    """

    night: Night
    truth: np.ndarray
    ours: Hypnogram
    nearest: np.ndarray

    def vote(self, k: int) -> Hypnogram:
        """Return the vote of the k nearest."""
        has_vector = self.nearest[:, 0] >= 0
        probabilities = np.full((len(has_vector), 5), np.nan, np.float32)
        probabilities[has_vector] = shares(self.nearest[has_vector, :k])
        return replace(self.ours, stages=most_probable(probabilities), probabilities=probabilities)

    def answers(self, answer: Hypnogram) -> NightAnswers:
        """Return an answer beside the expert's."""
        name = self.night.name
        return NightAnswers(self.night.person, name, self.truth, answer.stages, answer.probabilities)


def patients(nights: Sequence[Night], source: ExampleSource) -> list[Patient]:
    """Stage the patients and find their nearest epochs."""
    stager, index, staged = Stager.from_pretrained(MODEL), source.index, []
    for night in nights:
        recording = night.recording()
        vectors, usable = index.encode(*source.encoder(recording))
        nearest = np.full((len(vectors), max(SIZES)), -1, np.int8)
        nearest[usable] = index.stages[index.nearest(vectors[usable], max(SIZES), without=source.without)]
        truth = np.where(recording.scorable, night.hypnogram().stages, -1).astype(np.int8)
        staged.append(Patient(night, truth, stager.stage(recording).hypnogram, nearest))
    return staged


def row(nights: Sequence[NightAnswers]) -> list[str]:
    """Return the figures of answers: of 018 alone, and of the others the mean over patients."""
    (complete,) = (night for night in nights if night.subject == COMPLETE)
    others = [night for night in nights if night.subject != COMPLETE]
    of_018 = figures(complete.confusion)
    recalls = [recall(complete, stage) for stage in STAGES]
    return [
        f"{of_018.kappa:.3f}",
        f"{of_018.accuracy:.3f}",
        " ".join(f"{share:.2f}" for share in recalls),
        f"{ece([complete]):.3f}",
        f"{np.mean([recall(night, STAGES[0]) for night in others]):.3f}",
        f"{np.mean([recall(night, STAGES[3]) for night in others]):.3f}",
        f"{ece(others):.3f}",
    ]


def recall(answers: NightAnswers, stage: int) -> float:
    """Return the share of a stage's epochs that are answered with it."""
    return float((answers.stages[answers.truth == stage] == stage).mean())


def ece(nights: Sequence[NightAnswers]) -> float:
    """Return the expected calibration error over the answered epochs of some nights."""
    counted = np.concatenate([night.scored & night.answered for night in nights])
    confidence = np.concatenate([night.probabilities.max(axis=1) for night in nights])
    is_right = np.concatenate([night.stages == night.truth for night in nights])
    return expected_calibration_error(confidence[counted], is_right[counted])


def table(judged: Sequence[Patient]) -> list[list[str]]:
    """Return the rows: nano alone, and for each k the pool and the vote."""
    systems: list[tuple[str, Callable[[Patient], Hypnogram]]] = [("0: nano alone", lambda patient: patient.ours)]
    for k in SIZES:
        systems.append((f"{k}: pooled", lambda patient, k=k: pooled(patient.ours, patient.vote(k))))
        systems.append((f"{k}: vote alone", lambda patient, k=k: patient.vote(k)))
    return [[name, *row([patient.answers(system(patient)) for patient in judged])] for name, system in systems]


def index_of(nights: Sequence[Night], folder: Path) -> EpochIndex:
    """Return the index of some patients, made where it is not there yet."""
    if (folder / "index.json").is_file():
        return EpochIndex.read(folder)
    return build_index(nights, folder, encoder=Encoder.load(MODEL))[0]


def main() -> None:
    """Make the index, judge the patients, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("--out", type=Path, required=True, help="folder in which the index is kept")
    chosen = parser.parse_args()
    nights = open_dataset("ucddb-epochs", chosen.root, scorer="epochs").nights
    record = read_record(checkpoint_path(MODEL))
    learnt = [night for night in nights if record.part_of(night.person) == "training"]
    others = [night for night in nights if record.part_of(night.person) != "training"]
    index = index_of(learnt, chosen.out)
    source, taken_out = apart_from(ExampleSource(index, Encoder.load(MODEL), max(SIZES)), others)
    counts = [f"{stage.label} {int((index.stages == stage).sum())}" for stage in STAGES]
    print(f"index: {len(index)} epochs ({', '.join(counts)}) of {', '.join(night.person for night in learnt)}")
    parts = [f"{night.person} ({record.part_of(night.person) or 'not met'})" for night in others]
    print(f"judged: {', '.join(parts)}")
    print(f"{taken_out}\n")
    columns = ["k", "018: kappa", "accuracy", "recall of W N1 N2 N3 R", "ECE", "others: recall of W", "of N3", "ECE"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for cells in table(patients(others, source)):
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
