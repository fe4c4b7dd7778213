"""Our stager beside a second reader: how well each does, where they agree, and what their pool is worth.

    pip install 'eeg-vlm[second-reader]'
    python benchmarks/second_reader.py --ucddb ROOT --only ucddb018 --simulated nights=4,seed=3000000,hours=8

Prints one Markdown table, a column for each set of nights, each set's epochs taken together. Epochs that the expert or
one of the readers leaves unscored are left out of every figure alike. Calibration errors are over 15 bins. Not
covered: intervals over subjects, weights of the pool other than one half.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eegvlm.hypnogram import Hypnogram, agreement_of_stages, pooled
from eegvlm.hypnogram.calibration_error import expected_calibration_error
from eegvlm.hypnogram.review import count_of, review_order
from eegvlm.lab.datasets import Night, open_dataset
from eegvlm.signals import Recording, Role
from eegvlm.staging import SecondReader, Stager, ask_second_reader, second_reader_named

SHARE = 0.10
READERS = ("ours", "second", "pool")
ORDERS = ("least certain", "differing first")


@dataclass(frozen=True)
class Read:
    """Epochs that the expert and both readers scored.

    Attributes
    ----------
    truth
        int8 (n,): the expert's stages.
    stages
        int8 (3, n), rows :data:`READERS`.
    confidence
        float32 (3, n): the probability of each reader's stage.
    reviewed
        bool (2, n), rows :data:`ORDERS`: the first :data:`SHARE` of each night's epochs in that order of review.
    """

    truth: np.ndarray
    stages: np.ndarray
    confidence: np.ndarray
    reviewed: np.ndarray

    @classmethod
    def joined(cls, nights: Sequence[Read]) -> Read:
        """Return the epochs of all nights."""
        parts = zip(*((one.truth, one.stages, one.confidence, one.reviewed) for one in nights), strict=True)
        return cls(*(np.concatenate(part, axis=-1) for part in parts))


def read_night(night: Night, stager: Stager, second: SecondReader, *, is_eeg_only: bool) -> Read:
    """Stage a night by both readers."""
    recording = _central_eeg(night.recording()) if is_eeg_only else night.recording()
    truth, ours = night.hypnogram(), stager.stage(recording).hypnogram
    opinion = ask_second_reader(second, recording, ours)
    readers = (ours, opinion.hypnogram, pooled(ours, opinion.hypnogram))
    reviewed = np.zeros((2, len(ours)), np.bool_)
    for mask, first in zip(reviewed, ((), opinion.differing), strict=True):
        order = review_order(ours, first)
        mask[order[: count_of(SHARE, len(order))]] = True
    scored = truth.scored & ours.scored & opinion.hypnogram.scored
    stages = np.stack([one.stages for one in readers])
    confidence = np.stack([_confidence(one) for one in readers])
    return Read(truth.stages[scored], stages[:, scored], confidence[:, scored], reviewed[:, scored])


def _confidence(one: Hypnogram) -> np.ndarray:
    return np.full(len(one), np.nan, np.float32) if one.confidence is None else one.confidence


def _central_eeg(recording: Recording) -> Recording:
    """Leave out all channels but the central EEG."""
    eeg = recording.channel(Role.EEG_CENTRAL)
    if eeg is None:
        raise SystemExit(f"{recording.path}: no central EEG")
    return Recording.from_arrays({eeg.name: (recording.samples(eeg), eeg.rate)}, start=recording.start)


def figures(read: Read, ours: str, second: str) -> dict[str, str]:
    """Return a set's figures by their names."""
    right = read.stages == read.truth
    agree = read.stages[0] == read.stages[1]
    names = (ours, second, "the 50:50 pool")
    rows = {"epochs": str(len(read.truth))}
    for name, stages in zip(names, read.stages, strict=True):
        rows[f"kappa of {name}"] = _figure(agreement_of_stages(read.truth, stages).kappa)
    for name, confidence, is_right in zip(names, read.confidence, right, strict=True):
        rows[f"ECE of {name}"] = _figure(expected_calibration_error(confidence, is_right))
    rows["epochs on which the two agree"] = _percent(agree)
    rows[f"of these {ours} is right (its mean confidence)"] = (
        f"{_percent(right[0, agree])} ({_percent(read.confidence[0, agree])})"
    )
    rows[f"where they differ {ours} is right (its mean confidence)"] = (
        f"{_percent(right[0, ~agree])} ({_percent(read.confidence[0, ~agree])})"
    )
    rows[f"where they differ {second} is right"] = _percent(right[1, ~agree])
    for name, reviewed in zip(ORDERS, read.reviewed, strict=True):
        errors = ~right[0]
        rows[f"errors of {ours} among the first {100 * SHARE:.0f} % to review, {name}"] = (
            f"{(errors & reviewed).sum()} of {errors.sum()}"
        )
    return rows


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(values: np.ndarray) -> str:
    return f"{100 * values.mean():.1f} %" if values.size else "-"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="nano", help="packaged model or checkpoint folder")
    parser.add_argument("--second", default="yasa", help="name of the second reader")
    parser.add_argument("--ucddb", help="folder of the data set ucddb-epochs")
    parser.add_argument("--only", help="nights of it whose name fits")
    parser.add_argument("--simulated", help="nights=4,seed=3000000,hours=8")
    arguments = parser.parse_args()
    stager, second = Stager.from_pretrained(arguments.model), second_reader_named(arguments.second)
    sets: list[tuple[str, Sequence[Night], bool]] = []
    if arguments.ucddb:
        sets.append(("UCDDB", open_dataset("ucddb-epochs", arguments.ucddb, only=arguments.only).nights, False))
    if arguments.simulated:
        nights = open_dataset("simulated", arguments.simulated).nights
        sets += [("simulated, one EEG", nights, True), ("simulated, all channels", nights, False)]
    if not sets:
        parser.error("give --ucddb, --simulated or both")
    titles, columns = [], []
    for title, nights, is_eeg_only in sets:
        read = [read_night(night, stager, second, is_eeg_only=is_eeg_only) for night in nights]
        columns.append(figures(Read.joined(read), stager.provenance["model"], second.name))
        titles.append(f"{title} ({len(nights)} night{'s' * (len(nights) > 1)})")
    print(f"| {second.name} {second.version} | {' | '.join(titles)} |")
    print("|---" * (len(titles) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} | {' | '.join(column[name] for column in columns)} |")


if __name__ == "__main__":
    main()
