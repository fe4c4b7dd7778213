"""Recordings and scorings of a published data set, told by their names and put together.

A data set is a :class:`DatasetLayout`: which names it gives to what. The rules for what is missing, doubled or foreign
are the same for all sets and stand here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from eegvlm.lab.datasets.files import PARTIAL_SUFFIX, fingerprint, list_files, natural, shown
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.problems import DatasetProblem, Severity
from eegvlm.lab.datasets.sources import RecordingFile, Scoring, ScoringFile, SignalSource

_SIGNAL_SUFFIXES = (".edf", ".rec", ".bdf", ".npz", ".h5", ".mat")


@dataclass(frozen=True)
class RecordingName:
    """A name that says: the recording of this night of this subject, scored in epochs of this length."""

    night: str
    subject: str
    epoch_s: float = 30.0


@dataclass(frozen=True)
class ScoringName:
    """A name that says: this scorer's stages of this night; the rest as in :class:`.sources.ScoringFile`."""

    night: str
    scorer: str
    coding: str | None = None
    epoch_s: float | None = None
    stage_map: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class OtherName:
    """A name that belongs to the data set, but to no recording and no scoring of stages."""


Name = RecordingName | ScoringName | OtherName


@dataclass(frozen=True)
class DatasetLayout:
    """How a data set names its files.

    Parameters
    ----------
    name, population
        As in :class:`Night`.
    read_name
        Tells what an absolute path names; None where it names nothing of this set.
    scorers
        In order of preference; others follow in the order of their names.
    one_scoring
        Whether several scorers are only several forms of one scoring, so that one of them is enough.
    signals
        How a recording's file is opened.
    own_scorings
        Scorings that lie in the recording's own file.
    derived
        From the scorings of a night, the default one first, to those that it has: what several scorers agree on.
    """

    name: str
    population: str
    read_name: Callable[[PurePath], Name | None]
    scorers: tuple[str, ...]
    one_scoring: bool = False
    signals: Callable[[Path], SignalSource] = RecordingFile
    own_scorings: Callable[[Path], tuple[Scoring, ...]] = field(default=lambda path: ())
    derived: Callable[[Sequence[Scoring]], tuple[Scoring, ...]] = tuple


@dataclass(frozen=True)
class Found:
    """Nights with at least one scoring each, and what was found on the way."""

    nights: tuple[Night, ...]
    problems: tuple[DatasetProblem, ...]


@dataclass
class _Search:
    root: Path
    recordings: dict[str, list[tuple[Path, RecordingName]]] = field(default_factory=lambda: defaultdict(list))
    scorings: dict[tuple[str, str], list[tuple[Path, ScoringName]]] = field(default_factory=lambda: defaultdict(list))
    problems: list[DatasetProblem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.real_root = self.root.resolve()

    def tell(self, code: str, message: str, night: str | None, severity: Severity = "error") -> None:
        self.problems.append(DatasetProblem(code, message, night, severity))

    def show(self, path: Path) -> str:
        return shown(path, self.root)


def find_nights(layout: DatasetLayout, root: Path) -> Found:
    """Find the nights of a data set.

    Parameters
    ----------
    layout
        The data set.
    root
        Folder; everything below it is looked through.

    Raises
    ------
    DatasetError
        Where there is no such folder.
    """
    listing = list_files(root)
    search = _Search(root, problems=list(listing.problems))
    for path in listing.files:
        _place(search, layout, path)
    scorings_of: dict[str, list[Scoring]] = defaultdict(list)
    scored: dict[str, list[Path]] = defaultdict(list)
    for (night, _), candidates in search.scorings.items():
        scored[night] += [path for path, _ in candidates]
        file = _only(search, [path for path, _ in candidates], night, "scoring")
        if file is not None:
            name = next(name for path, name in candidates if path == file)
            scorings_of[night].append(
                ScoringFile(name.scorer, file, name.coding, name.epoch_s, name.stage_map, scorer_in_file=name.column)
            )
    nights = []
    for key in sorted({*search.recordings, *scored}, key=natural):
        candidates_of_night = search.recordings.get(key)
        if not candidates_of_night:
            files = " and ".join(map(search.show, scored[key]))
            search.tell("missing-recording", f"{files}: the recording of night {key} is not there", key)
            continue
        recording = _only(search, [path for path, _ in candidates_of_night], key, "recording")
        if recording is None:
            continue
        scorings_of[key] += layout.own_scorings(recording)
        if not scorings_of[key]:
            if key not in scored:
                search.tell("missing-scoring", f"{search.show(recording)}: no scoring of night {key} is there", key)
            continue
        what = next(name for path, name in candidates_of_night if path == recording)
        scorings = sorted(scorings_of[key], key=lambda scoring: _preference(layout.scorers, scoring.scorer))
        nights.append(
            Night(
                layout.name,
                layout.population,
                what.subject,
                key,
                layout.signals(recording),
                layout.derived(scorings),
                what.epoch_s,
            )
        )
    if not layout.one_scoring:
        search.problems += missing_scorers(nights)
    return Found(tuple(nights), tuple(search.problems))


def missing_scorers(nights: Sequence[Night]) -> list[DatasetProblem]:
    """Name the nights that lack a scorer whom other nights of the set have."""
    everyone = dict.fromkeys(scorer for night in nights for scorer in night.scorers)
    return [
        DatasetProblem(
            "missing-scorer",
            f"night {night.name} has no scoring by {', '.join(absent)}, as others have",
            night.name,
            "warning",
        )
        for night in nights
        if (absent := [scorer for scorer in everyone if scorer not in night.scorers])
    ]


def _place(search: _Search, layout: DatasetLayout, path: Path) -> None:
    """Note what a file is."""
    if path.name.endswith(PARTIAL_SUFFIX):
        message = f"{search.show(path)}: a download that was not finished; run it again"
        search.tell("unfinished-download", message, None, "warning")
        return
    # The root's own folder may be the one that tells the subset.
    name = layout.read_name(search.real_root / path.relative_to(search.root))
    match name:
        case RecordingName():
            search.recordings[name.night].append((path, name))
        case ScoringName():
            search.scorings[name.night, name.scorer].append((path, name))
        case None if path.suffix.lower() in _SIGNAL_SUFFIXES:
            message = f"{search.show(path)}: no name that {layout.name} gives to a file; it is not used"
            search.tell("unknown-file", message, None, "warning")


def _only(search: _Search, paths: Sequence[Path], night: str, kind: str) -> Path | None:
    """Choose among files of one meaning: the first where all are the same, none where they differ."""
    if len(paths) == 1:
        return paths[0]
    files = " and ".join(map(search.show, paths))
    if len({fingerprint(path) for path in paths}) == 1:
        message = f"{files} are the same {kind} of night {night}; the first is used"
        search.tell(f"duplicate-{kind}", message, night, "warning")
        return paths[0]
    message = f"{files} differ, and both are the {kind} of night {night}; keep one under this root"
    search.tell(f"ambiguous-{kind}", message, night)
    return None


def _preference(order: tuple[str, ...], scorer: str) -> tuple[int, str]:
    return (order.index(scorer) if scorer in order else len(order), scorer)
