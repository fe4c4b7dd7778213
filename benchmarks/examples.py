"""What scored epochs of other patients add: staging by examples on UCDDB, each patient left out in turn.

    eegvlm index ucddb-epochs ROOT --scorer epochs --out INDEX
    python benchmarks/examples.py INDEX ROOT --stage '*018*'

For k of 1, 4 and 16 neighbours: the vote alone on every night of the index, from the other patients' epochs (recall by
stage, mean over patients). ``--stage`` also stages the nights that fit, with nano alone (k = 0) and pooled with the
vote, and prints kappa and accuracy.
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console

from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.pooling import pooled
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.evaluation import evaluate
from eegvlm.lab.evaluation.tables import FigureTable, number
from eegvlm.retrieval import EpochIndex
from eegvlm.retrieval.voting import shares
from eegvlm.staging import Stager
from eegvlm.staging.examples import ExampleSource

SIZES = (1, 4, 16)


def of_votes(index: EpochIndex) -> FigureTable:
    """Return recall by stage of the vote alone, mean over patients who have the stage."""
    rows = []
    for k in SIZES:
        recalls: dict[str, list[float]] = {stage.label: [] for stage in STAGES}
        for night, about in enumerate(index.about["nights"]):
            own = index.night_of == night
            ids = index.nearest(index.vectors[own], k, without={about["person"]})
            said, truth = shares(index.stages[ids]).argmax(axis=1), index.stages[own]
            for stage in STAGES:
                if (truth == stage).any():
                    recalls[stage.label].append(float((said[truth == stage] == stage).mean()))
        rows.append((str(k), *(f"{number(np.mean(some))} ({len(some)})" if some else "-" for some in recalls.values())))
    columns = ("k", *(stage.label for stage in STAGES))
    return FigureTable("Vote alone: recall, mean over patients (how many have the stage)", columns, tuple(rows))


def of_staging(folder: str, root: str, only: str) -> FigureTable:
    """Return nano alone and pooled with the vote on some nights."""
    stager, rows = Stager.from_pretrained("nano"), []
    nights = open_dataset("ucddb-epochs", root, only=only, scorer="epochs").nights
    staged = {night.name: stager.stage(night.recording()).hypnogram for night in nights}
    recordings = {night.name: night.recording() for night in nights}
    for k in (0, *SIZES):
        source = ExampleSource.open(folder, k) if k else None
        answers = {
            name: ours if source is None else pooled(ours, _vote(source, recordings[name]))
            for name, ours in staged.items()
        }
        names = iter(answers)
        found = evaluate(lambda recording, told=answers, names=names: told[next(names)], nights).overall.pooled
        rows.append((str(k), number(found.accuracy), number(found.kappa), number(found.macro_f1)))
    return FigureTable(f"nano pooled with the vote: {only}", ("k", "accuracy", "kappa", "macro-F1"), tuple(rows))


def _vote(source: ExampleSource, recording):
    from eegvlm.retrieval import vote

    return vote(source.index, recording, source.k, encoder=source.encoder)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index")
    parser.add_argument("root")
    parser.add_argument("--stage", default="")
    asked = parser.parse_args()
    console = Console(width=120)
    console.print(of_votes(EpochIndex.read(asked.index)).rich())
    if asked.stage:
        console.print(of_staging(asked.index, asked.root, asked.stage).rich())


if __name__ == "__main__":
    main()
