"""Recordings of a folder and the scorings that lie beside them, told by their names.

The rules are those of :mod:`eegvlm.lab.datasets.folder`. No scoring is read here; of EDF files whose names do not tell
whether they are a recording or an exported scoring, the header is.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from eegvlm.hypnogram.formats.registry import readable_suffixes
from eegvlm.lab.datasets.files import PARTIAL_SUFFIX, natural, shown
from eegvlm.lab.datasets.problems import DatasetError, DatasetProblem
from eegvlm.lab.datasets.sources import ScoringFile
from eegvlm.signals import RecordingError
from eegvlm.signals.edf_header import MAIN_BYTES, is_edf, parse_header

SUFFIXES = (
    *(
        "hypnogram",
        "hypno",
        "hyp",
        "sleepscoring",
        "scoring",
        "scored",
        "score",
        "scores",
        "stage",
        "stages",
        "staging",
    ),
    *("sleepstage", "sleepstages", "annotation", "annotations", "annot", "base", "events", "labels", "nsrr"),
    "profusion",
)
SCORER = "scorer"
RECORDING_SUFFIXES = (".edf", ".bdf", ".rec")
_SCORERS = r"(?:scorer|rater|expert)[ _-]?[0-9a-z]+"
SCORING_ENDING = re.compile(rf"(.+?)[ _-](?:({'|'.join(SUFFIXES)})|({_SCORERS}))", re.IGNORECASE)
_SIGNAL_ENDING = re.compile(r"(.+?)[ _-](?:psg|eeg)", re.IGNORECASE)


@dataclass(frozen=True)
class FolderRules:
    r"""What only the user can know about a folder.

    Parameters
    ----------
    scorings
        A pattern (``*-nsrr.xml``) that a scoring's file name must fit; all others are not looked at.
    coding, epoch_s, stage_map, onset_unit
        As in :func:`eegvlm.hypnogram.read_hypnogram`.
    subject
        A regular expression whose first group is the subject in a recording's stem (``(S\d+)_night\d``). Without
        one, a BIDS name tells (``sub-01_...``), and any other stem is a subject of its own.
    """

    scorings: str | None = None
    coding: str | None = None
    epoch_s: float | None = None
    subject: str | None = None
    stage_map: str | None = None
    onset_unit: str | None = None


@dataclass(frozen=True)
class FolderFiles:
    """The files of a folder, sorted into recordings and what may be a scoring.

    Parameters
    ----------
    root, rules
        The folder, and what only the user knows about it.
    recordings
        In the order of their names.
    candidates
        What may be a scoring, by the stem of the recording that it names, then by folder.
    problems
        Files that are neither.
    """

    root: Path
    rules: FolderRules
    recordings: tuple[Path, ...]
    candidates: Mapping[str, Mapping[Path, Sequence[Path]]]
    problems: tuple[DatasetProblem, ...]

    @classmethod
    def of(
        cls,
        files: Sequence[Path],
        root: Path,
        rules: FolderRules | None = None,
        *,
        suffixes: tuple[str, ...] = RECORDING_SUFFIXES,
    ) -> FolderFiles:
        """Sort files; a recording's name ends in one of ``suffixes``."""
        rules = rules or FolderRules()
        problems: list[DatasetProblem] = []
        recordings: list[Path] = []
        candidates: dict[str, dict[Path, list[Path]]] = defaultdict(lambda: defaultdict(list))
        stems = {path.stem.casefold() for path in files if path.name.lower().endswith(suffixes)}
        readable = readable_suffixes()
        for path in files:
            name, ending = path.name.lower(), SCORING_ENDING.fullmatch(_stem(path))
            # An exported scoring may carry a signal that nobody asked for, or be damaged; its name tells then.
            named_scoring = ending is not None and (_bases(stems, ending[1]) or not _holds_signals(path))
            if name.endswith(PARTIAL_SUFFIX):
                message = f"{shown(path, root)}: a download that was not finished; run it again"
                problems.append(DatasetProblem("unfinished-download", message, None, "warning"))
            elif name.endswith(suffixes) and not named_scoring and not _only_annotations(path):
                recordings.append(path)
            elif name.endswith(readable) and (rules.scorings is None or fnmatchcase(path.name, rules.scorings)):
                # A BIDS sidecar describes the signal.
                if path.suffix.lower() == ".json" and _SIGNAL_ENDING.fullmatch(path.stem):
                    continue
                for stem in {_stem(path).casefold(), *((ending[1].casefold(),) if ending else ())}:
                    candidates[stem][path.parent].append(path)
        return cls(root, rules, tuple(recordings), candidates, tuple(problems))

    def scorings(self, recording: Path) -> tuple[ScoringFile, ...]:
        """Return the scorings beside a recording, or in a folder beside its own.

        Raises
        ------
        DatasetError
            Where two could be meant.
        """
        signal = _SIGNAL_ENDING.fullmatch(recording.stem)
        stems = sorted({recording.stem.casefold(), *((signal[1].casefold(),) if signal else ())})
        folders = {folder for stem in stems for folder in self.candidates.get(stem, ())}
        siblings: list[Path] = []
        if recording.parent != self.root:
            siblings = sorted(folder for folder in folders if folder.parent == recording.parent.parent)
        for group in ([recording.parent], siblings):
            paths = dict.fromkeys(
                path for folder in group for stem in stems for path in self.candidates.get(stem, {}).get(folder, ())
            )
            if paths:
                return _by_scorer(recording, self.root, paths, self.rules)
        return ()

    def orphans(self, used: set[Path]) -> list[Path]:
        """Return the files that are named like a scoring or a recording and are none of ``used``."""
        candidates = dict.fromkeys(
            path for folders in self.candidates.values() for paths in folders.values() for path in paths
        )
        return [
            path
            for path in sorted(candidates, key=lambda path: natural(path.as_posix()))
            if path not in used and (SCORING_ENDING.fullmatch(_stem(path)) or path.suffix.lower() in RECORDING_SUFFIXES)
        ]


def night_names(recordings: Sequence[Path], root: Path) -> dict[Path, str]:
    """Name each night by its stem, by its path where stems occur twice, and with its ending where paths do."""
    stems = Counter(path.stem for path in recordings)
    places = Counter(path.with_suffix("") for path in recordings)
    named = {path: path if places[path.with_suffix("")] > 1 else path.with_suffix("") for path in recordings}
    return {
        path: path.stem if stems[path.stem] == 1 else named[path].relative_to(root).as_posix() for path in recordings
    }


def _stem(path: Path) -> str:
    """Return a file's stem; compression is no part of it."""
    return Path(path.name.removesuffix(".gz")).stem


def _bases(stems: set[str], base: str) -> bool:
    """Tell whether a recording's file has this stem, or this stem and PSG or eeg."""
    folded = base.casefold()
    return any(f"{folded}{ending}" in stems for ending in ("", "-psg", "_psg", " psg", "-eeg", "_eeg", " eeg"))


def _by_scorer(recording: Path, root: Path, paths: Iterable[Path], rules: FolderRules) -> tuple[ScoringFile, ...]:
    scorings: dict[str, ScoringFile] = {}
    for path in sorted(paths, key=lambda path: natural(path.name)):
        ending = SCORING_ENDING.fullmatch(_stem(path))
        scorer = ending[3].casefold() if ending and ending[3] else SCORER
        if scorer in scorings:
            both = f"{shown(scorings[scorer].path, root)} and {shown(path, root)}"
            hint = "either may be its scoring: keep one, or say which with a pattern of scorings such as '*-nsrr.xml'"
            raise DatasetError(recording, "scoring", both, hint)
        scorings[scorer] = ScoringFile(scorer, path, rules.coding, rules.epoch_s, rules.stage_map, rules.onset_unit)
    return tuple(scorings.values())


def _only_annotations(path: Path) -> bool:
    """Tell whether an EDF file holds no signal; what cannot be read is a recording with a fault to be told."""
    annotations = _annotation_signals(path)
    return annotations is not None and all(annotations)


def _holds_signals(path: Path) -> bool:
    annotations = _annotation_signals(path)
    return annotations is not None and not all(annotations)


def _annotation_signals(path: Path) -> list[bool] | None:
    """Tell for each signal of an EDF file whether it is one of annotations; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(MAIN_BYTES)
            count = head[252:MAIN_BYTES].strip(b" \0")
            if not is_edf(head) or not count.isdigit():
                return None
            head += file.read(MAIN_BYTES * int(count))
            size = path.stat().st_size
        return [signal.is_annotation for signal in parse_header(str(path), head, size).signals]
    except (OSError, RecordingError):
        return None
