"""What reading every derivation is worth: ``--eeg vote`` beside ``--eeg first`` on simulated nights.

    python benchmarks/voting.py --nights 10 --hours 4 --kept voting.jsonl

Every night has F4, C4 and O2, and is staged once with these alone and once with two EOG and the chin, too. Epochs of
all nights are taken together; times are those of the processor. ``--kept`` holds what was staged, so that a run that
was stopped goes on where it stood. Not covered: real nights, whose derivations differ by more than simulated ones do.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.hypnogram import agreement_of_stages
from eegvlm.hypnogram.calibration_error import expected_calibration_error
from eegvlm.staging import Stager
from scored_nights import EEG, Kept, Subject, simulated

SETS = {"EEG alone": EEG, "all channels": None}
CHOICES = ("first", "vote")


def staged(stager: Stager, subject: Subject, labels: tuple[str, ...] | None, choice: str) -> dict[str, Any]:
    """Stage a night, and return what is kept of it."""
    signals = {label: signal for label, signal in subject.signals.items() if labels is None or label in labels}
    recording = Subject(subject.name, signals, subject.stages).recording
    started = time.process_time()
    night = stager.stage(recording, eeg=choice)
    votes = np.array([one.stages for one in night.votes.values()])
    return {
        "seconds": time.process_time() - started,
        "probabilities": np.round(night.hypnogram.probabilities, 5).tolist(),
        "differ": (votes != votes[0]).any(axis=0).tolist() if len(votes) else [],
    }


def figures(truth: np.ndarray, nights: list[dict[str, Any]]) -> dict[str, str]:
    """Return the figures of one way of reading."""
    probabilities = np.concatenate([one["probabilities"] for one in nights])
    right = probabilities.argmax(axis=1) == truth
    loss = -np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-5))
    agreement = agreement_of_stages(truth, probabilities.argmax(axis=1).astype(np.int8))
    rows = {
        "kappa": f"{agreement.kappa:.3f}",
        "accuracy": f"{agreement.accuracy:.3f}",
        "negative log-likelihood": f"{loss.mean():.3f}",
        "ECE": f"{expected_calibration_error(probabilities.max(axis=1), right):.3f}",
        "processor time a night, s": f"{np.mean([one['seconds'] for one in nights]):.1f}",
    }
    differ = np.concatenate([one["differ"] for one in nights]).astype(bool)
    if len(differ):
        uncertain = np.argsort(probabilities.max(axis=1))[: differ.sum()]
        rows |= {
            "epochs on which derivations differ": f"{differ.mean():.3f}",
            "errors among them": f"{(~right)[differ].sum() / (~right).sum():.3f}",
            "errors among as many least certain epochs": f"{(~right)[uncertain].sum() / (~right).sum():.3f}",
        }
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="nano", help="packaged model or checkpoint folder")
    parser.add_argument("--nights", type=int, default=10)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--kept", type=Path)
    chosen = parser.parse_args()
    stager, kept = Stager.from_pretrained(chosen.model), Kept(chosen.kept)
    truths: list[np.ndarray] = []
    columns: dict[str, list[dict[str, Any]]] = {}
    for subject in simulated(chosen.nights, chosen.hours):
        truths.append(subject.stages)
        for title, labels in SETS.items():
            for choice in CHOICES:
                name = f"{title}, {choice}"
                night = kept.get(
                    f"{subject.name} {name}",
                    lambda subject=subject, labels=labels, choice=choice: staged(stager, subject, labels, choice),
                )
                columns.setdefault(name, []).append(night)
    found = {name: figures(np.concatenate(truths), nights) for name, nights in columns.items()}
    print(f"| {sum(map(len, truths))} epochs | {' | '.join(found)} |")
    print("|---" * (len(found) + 1) + "|")
    for row in found["EEG alone, vote"]:
        print(f"| {row} | {' | '.join(column.get(row, '-') for column in found.values())} |")


if __name__ == "__main__":
    main()
