"""What a data set amounts to: subjects, nights, hours, stages, and the channels that its recordings have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.timing import Timing
from eegvlm.lab.datasets.checks import Contents, alignments_in_words, count_alignments, look_into
from eegvlm.lab.datasets.dataset import Dataset
from eegvlm.lab.datasets.problems import DatasetProblem
from eegvlm.signals import Role
from eegvlm.signals.roles import EEG_ROLES


@dataclass(frozen=True)
class DatasetSummary:
    """Totals over the nights that can be used.

    Parameters
    ----------
    subjects, nights
        Numbers.
    hours
        Of recordings, cropped as the nights are.
    epoch_lengths
        Nights by the length in seconds of their scoring's own epochs.
    stages
        By scorer: the numbers of nights, and of epochs of W, N1, N2, N3, R and unscored (``?``).
    aligned_by
        Nights by what the place of their default scoring on the recording rests on.
    roles
        Nights by the role for which they have a channel; empty where channels were not asked for.
    problems
        The data set's, and those that a look at the channels brought up.
    """

    subjects: int
    nights: int
    hours: float
    epoch_lengths: dict[float, int]
    stages: dict[str, dict[str, int]]
    aligned_by: dict[Timing, int]
    roles: dict[str, int]
    problems: tuple[DatasetProblem, ...]

    @property
    def aligned_by_in_words(self) -> str:
        """What the places of the scorings rest on, in words."""
        return alignments_in_words(self.aligned_by)

    def to_dict(self) -> dict[str, Any]:
        """Describe it for JSON."""
        return {
            "subjects": self.subjects,
            "nights": self.nights,
            "hours": round(self.hours, 3),
            "epoch_lengths_s": {f"{length:g}": count for length, count in self.epoch_lengths.items()},
            "stages": self.stages,
            "aligned_by": {timing.value: n for timing, n in self.aligned_by.items()},
            "roles": self.roles,
            "problems": [
                {"code": problem.code, "severity": problem.severity, "night": problem.night, "message": problem.message}
                for problem in self.problems
            ],
        }


def summarise(
    dataset: Dataset, *, channels: bool = False, progress: Callable[[int, int], None] | None = None
) -> DatasetSummary:
    """Count what a data set holds.

    Parameters
    ----------
    dataset
        As it was opened. Nights that were not looked into are now.
    channels
        Whether each recording is opened, its channels matched and their amplitudes tested (some tenths of a second a
        night).
    progress
        Called with the number of recordings opened and of all.

    Returns
    -------
    Summary
    """
    root = Path(dataset.root)
    contents = dict(dataset.contents)
    problems = list(dataset.problems)
    unseen = [night for night in dataset.nights if night.name not in contents]
    if unseen:
        _, more, new_contents = look_into(unseen, root)
        contents |= new_contents
        problems += more
    roles: Counter[str] = Counter()
    if channels:
        for done, night in enumerate(dataset.nights, start=1):
            try:
                recording = night.recording()
                if recording.pick(EEG_ROLES) is None:
                    problems.append(DatasetProblem("no-eeg", f"{night.name}: no channel is an EEG", night.name))
                roles.update({channel.role.value for channel in recording.channels if channel.role is not Role.OTHER})
            except InputError as error:
                problems.append(DatasetProblem("unusable-recording", str(error), night.name))
            if progress is not None:
                progress(done, len(dataset.nights))
    nights = [night for night in dataset.nights if night.name in contents]
    return DatasetSummary(
        len({night.person for night in nights}),
        len(nights),
        sum(contents[night.name].duration_s for night in nights) / 3600,
        dict(sorted(Counter(night.epoch_s for night in nights if night.epoch_s).items())),
        _stages(contents),
        count_alignments(nights, contents),
        {role.value: roles[role.value] for role in Role if roles[role.value]},
        tuple(problems),
    )


def _stages(contents: dict[str, Contents]) -> dict[str, dict[str, int]]:
    names = (*(stage.label for stage in STAGES), "?")
    totals: dict[str, Counter[str]] = {}
    for night_contents in contents.values():
        for scorer, epochs in night_contents.epochs.items():
            total = totals.setdefault(scorer, Counter())
            total.update({"nights": 1, **dict(zip(names, epochs, strict=True))})
    return {scorer: {name: total[name] for name in ("nights", *names)} for scorer, total in totals.items()}
