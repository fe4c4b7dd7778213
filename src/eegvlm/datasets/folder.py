"""Any folder of recordings with scorings beside them, matched by stated rules.

A recording is an EDF or BDF file (``.edf``, ``.bdf``, ``.rec``) that holds signals. Its scoring is sought

1. in the same folder: a file of a format that :mod:`eegvlm.hypnogram` reads, of the same stem, or of that stem and
   ``-``, ``_`` or a space with one of
   :data:`SUFFIXES`; a trailing ``PSG`` or ``eeg`` of the recording's stem may be missing;
2. where that gives none, in the folders beside the recording's folder, by the same names;
3. where that gives none, in the recording itself, as EDF+ annotations ``Sleep stage ...``.

Several scorings are several scorers only where they end in ``scorer1``, ``rater2``, ``expert3`` and the like; any
other pair is refused, for nobody but the user knows which one is meant. A table that holds the stages of several
scorers is read where one of them is asked for.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from eegvlm.datasets.files import PARTIAL_SUFFIX, fingerprint, list_files, natural, shown
from eegvlm.datasets.night import Night
from eegvlm.datasets.pairing import Found, missing_scorers
from eegvlm.datasets.problems import DatasetError, DatasetProblem
from eegvlm.datasets.sources import RecordingFile, Scoring, ScoringFile
from eegvlm.hypnogram import HypnogramError, read_hypnogram
from eegvlm.hypnogram.formats.registry import readable_suffixes
from eegvlm.signals import RecordingError

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
SCORER, EMBEDDED = "scorer", "annotations"
_RECORDING_SUFFIXES = (".edf", ".bdf", ".rec")
_SCORERS = r"(?:scorer|rater|expert)[ _-]?[0-9a-z]+"
_ENDING = re.compile(rf"(.+?)[ _-](?:({'|'.join(SUFFIXES)})|({_SCORERS}))", re.IGNORECASE)
_SIGNAL_ENDING = re.compile(r"(.+?)[ _-](?:psg|eeg)", re.IGNORECASE)
_BIDS_SUBJECT = re.compile(r"(sub-[a-zA-Z0-9]+)(?:_.*)?")


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


def find(root: Path, rules: FolderRules | None = None, *, scorer: str | None = None) -> Found:
    """Find the recordings of a folder and their scorings.

    Parameters
    ----------
    root, rules
        The folder, and what only the user knows about it.
    scorer
        Whose stages are asked for. Only then is a file that holds the stages of several scorers taken apart.

    Raises
    ------
    DatasetError
        Where there is no such folder, or two scorings could be meant.
    """
    rules = rules or FolderRules()
    pattern = _subject_pattern(rules.subject)
    problems: list[DatasetProblem] = []
    recordings, candidates = _sort_out(root, rules, problems)
    used: set[Path] = set()
    nights, assumed = [], 0
    names = _names(recordings, root)
    beside = {path: _beside(path, root, candidates, rules) for path in recordings}
    if scorer is not None:
        beside = {path: _taken_apart(scorings) for path, scorings in beside.items()}
    shared = _shared(beside, root, problems)
    for path, scorings in beside.items():
        used |= {scoring.path for scoring in scorings}
        if path in shared:
            continue
        own: list[Scoring] = list(scorings)
        if not own and rules.scorings is None:
            own = _embedded(path, rules)
        subject, certain = subject_of(path, names[path], pattern)
        assumed += not certain
        if not own:
            message = f"{shown(path, root)}: no scoring beside it, in a folder beside, or in it"
            problems.append(DatasetProblem("missing-scoring", message, names[path]))
            continue
        nights.append(Night("folder", "folder", subject, names[path], RecordingFile(path), tuple(own), rules.epoch_s))
    problems += [
        DatasetProblem("missing-recording", f"{shown(path, root)}: no recording of that name is there")
        for path in dict.fromkeys(path for group in candidates.values() for path in group)
        if path not in used and (_ENDING.fullmatch(_stem(path)) or path.suffix.lower() in _RECORDING_SUFFIXES)
    ]
    if assumed:
        message = (
            f"{assumed} of {len(recordings)} recordings were taken as a subject of their own; where a subject has "
            "several, give a subject pattern, or splits will tear them apart"
        )
        problems.append(DatasetProblem("subjects-assumed", message, None, "warning"))
    return Found(tuple(nights), (*problems, *missing_scorers(nights)))


def _sort_out(
    root: Path, rules: FolderRules, problems: list[DatasetProblem]
) -> tuple[list[Path], dict[tuple[Path, str], list[Path]]]:
    """Tell recordings from candidates for scorings; these by folder and by the stem of the recording they name."""
    recordings: list[Path] = []
    candidates: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    listing = list_files(root)
    files, problems[:] = listing.files, listing.problems
    stems = {path.stem.casefold() for path in files if path.suffix.lower() in _RECORDING_SUFFIXES}
    suffixes = readable_suffixes()
    for path in files:
        suffix, ending = path.suffix.lower(), _ENDING.fullmatch(_stem(path))
        # An exported scoring may carry a signal that nobody asked for, or be damaged; its name tells then.
        named_scoring = ending is not None and (_bases(stems, ending[1]) or not _holds_signals(path))
        if path.name.endswith(PARTIAL_SUFFIX):
            message = f"{shown(path, root)}: a download that was not finished; run it again"
            problems.append(DatasetProblem("unfinished-download", message, None, "warning"))
        elif suffix in _RECORDING_SUFFIXES and not named_scoring and not _only_annotations(path):
            recordings.append(path)
        elif path.name.lower().endswith(suffixes) and (
            rules.scorings is None or fnmatchcase(path.name, rules.scorings)
        ):
            # A BIDS sidecar describes the signal.
            if suffix == ".json" and _SIGNAL_ENDING.fullmatch(path.stem):
                continue
            for stem in {_stem(path).casefold(), *((ending[1].casefold(),) if ending else ())}:
                candidates[path.parent, stem].append(path)
    return recordings, candidates


def _stem(path: Path) -> str:
    """Return a file's stem; compression is no part of it."""
    return Path(path.name.removesuffix(".gz")).stem


def _bases(stems: set[str], base: str) -> bool:
    """Tell whether a recording's file has this stem, or this stem and PSG or eeg."""
    folded = base.casefold()
    return any(f"{folded}{ending}" in stems for ending in ("", "-psg", "_psg", " psg", "-eeg", "_eeg", " eeg"))


def _beside(
    recording: Path,
    root: Path,
    candidates: dict[tuple[Path, str], list[Path]],
    rules: FolderRules,
) -> tuple[ScoringFile, ...]:
    signal = _SIGNAL_ENDING.fullmatch(recording.stem)
    own = {recording.stem.casefold(), *((signal[1].casefold(),) if signal else ())}
    folders = [[recording.parent]]
    if recording.parent != root:
        folders.append(sorted({folder for folder, _ in candidates if folder.parent == recording.parent.parent}))
    for group in folders:
        found = list(
            dict.fromkeys(
                path for folder in group for stem in sorted(own) for path in candidates.get((folder, stem), ())
            )
        )
        if found:
            return _by_scorer(recording, root, found, rules)
    return ()


def _by_scorer(recording: Path, root: Path, found: Iterable[Path], rules: FolderRules) -> tuple[ScoringFile, ...]:
    scorings: dict[str, ScoringFile] = {}
    for path in sorted(found, key=lambda path: natural(path.name)):
        ending = _ENDING.fullmatch(_stem(path))
        scorer = ending[3].casefold() if ending and ending[3] else SCORER
        if scorer in scorings:
            both = f"{shown(scorings[scorer].path, root)} and {shown(path, root)}"
            hint = "either may be its scoring: keep one, or say which with a pattern of scorings such as '*-nsrr.xml'"
            raise DatasetError(recording, "scoring", both, hint)
        scorings[scorer] = ScoringFile(scorer, path, rules.coding, rules.epoch_s, rules.stage_map, rules.onset_unit)
    return tuple(scorings.values())


def _taken_apart(scorings: tuple[ScoringFile, ...]) -> tuple[ScoringFile, ...]:
    """Take files that hold the stages of several scorers apart, where the night has no other scoring."""
    return scorings[0].of_each_scorer() if len(scorings) == 1 else scorings


def _shared(
    beside: Mapping[Path, tuple[ScoringFile, ...]], root: Path, problems: list[DatasetProblem]
) -> frozenset[Path]:
    """Find the recordings that are left out, because another one has the same scoring, and name them."""
    owners: dict[Path, list[Path]] = defaultdict(list)
    for recording, scorings in beside.items():
        for file in {scoring.path for scoring in scorings}:
            owners[file].append(recording)
    left_out: set[Path] = set()
    for scoring_path, recordings in owners.items():
        claiming = [path for path in recordings if path not in left_out]
        if len(claiming) < 2:
            continue
        files = " and ".join(shown(path, root) for path in claiming)
        if len({fingerprint(path) for path in claiming}) == 1:
            message = f"{files} are the same recording; the first is used"
            problems.append(DatasetProblem("duplicate-recording", message, None, "warning"))
            left_out.update(claiming[1:])
        else:
            message = f"{shown(scoring_path, root)} would be the scoring of {files}, which differ; keep one of them"
            problems.append(DatasetProblem("ambiguous-recording", message))
            left_out.update(claiming)
    return frozenset(left_out)


def _embedded(recording: Path, rules: FolderRules) -> list[Scoring]:
    try:
        read_hypnogram(recording, epoch_s=rules.epoch_s, stage_map=rules.stage_map)
    except HypnogramError:
        return []
    return [ScoringFile(EMBEDDED, recording, None, rules.epoch_s, rules.stage_map)]


def _only_annotations(path: Path) -> bool:
    """Tell whether an EDF file holds no signal; what cannot be read is a recording with a fault to be told."""
    annotations = _annotation_signals(path)
    return annotations is not None and all(annotations)


def _holds_signals(path: Path) -> bool:
    annotations = _annotation_signals(path)
    return annotations is not None and not all(annotations)


def _annotation_signals(path: Path) -> list[bool] | None:
    """Tell for each signal of an EDF file whether it is one of annotations; None where it cannot be read."""
    from eegvlm.signals.edf_header import MAIN_BYTES, is_edf, parse_header

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


def _names(recordings: list[Path], root: Path) -> dict[Path, str]:
    """Name each night by its stem, by its path where stems occur twice, and with its ending where paths do."""
    stems = Counter(path.stem for path in recordings)
    places = Counter(path.with_suffix("") for path in recordings)
    named = {path: path if places[path.with_suffix("")] > 1 else path.with_suffix("") for path in recordings}
    return {
        path: path.stem if stems[path.stem] == 1 else named[path].relative_to(root).as_posix() for path in recordings
    }


def _subject_pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise DatasetError("folder", "subject pattern", text, f"it is no regular expression: {error}") from None
    if not pattern.groups:
        raise DatasetError("folder", "subject pattern", text, "put the subject in parentheses, as in '(S\\d+)_.*'")
    return pattern


def subject_of(path: Path, name: str, pattern: re.Pattern[str] | None) -> tuple[str, bool]:
    """Tell the subject, and whether that is certain."""
    if pattern is not None:
        match = pattern.match(path.stem)
        if match is None or not match[1]:
            hint = "give a pattern that fits every recording's name"
            raise DatasetError(path, "subject pattern", pattern.pattern, hint)
        return match[1], True
    bids = _BIDS_SUBJECT.fullmatch(path.stem)
    return (bids[1], True) if bids else (name, False)
