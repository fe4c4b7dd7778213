"""Any folder of recordings with scorings beside them, matched by stated rules.

A recording is an EDF or BDF file (``.edf``, ``.bdf``, ``.rec``) that holds signals. Its scoring is sought

1. in the same folder: a file of a format that :mod:`eegvlm.hypnogram` reads, of the same stem, or of that stem and
   ``-``, ``_`` or a space with one of
   :data:`.beside.SUFFIXES`; a trailing ``PSG`` or ``eeg`` of the recording's stem may be missing;
2. where that gives none, in the folders beside the recording's folder, by the same names;
3. where that gives none, in the recording itself, as EDF+ annotations ``Sleep stage ...``.

Several scorings are several scorers only where they end in ``scorer1``, ``rater2``, ``expert3`` and the like; any
other pair is refused, for nobody but the user knows which one is meant. A table that holds the stages of several
scorers is read where one of them is asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from eegvlm.hypnogram import HypnogramError, read_hypnogram
from eegvlm.lab.datasets.beside import FolderFiles, FolderRules, night_names
from eegvlm.lab.datasets.files import fingerprint, list_files, shown
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.pairing import Found, missing_scorers
from eegvlm.lab.datasets.problems import DatasetError, DatasetProblem
from eegvlm.lab.datasets.sources import RecordingFile, ScoringFile

EMBEDDED = "annotations"
_BIDS_SUBJECT = re.compile(r"(sub-[a-zA-Z0-9]+)(?:_.*)?")


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
    listing = list_files(root)
    files = FolderFiles.of(listing.files, root, rules)
    problems: list[DatasetProblem] = [*listing.problems, *files.problems]
    used: set[Path] = set()
    nights, assumed = [], 0
    names = night_names(files.recordings, root)
    beside = {path: files.scorings(path) for path in files.recordings}
    if scorer is not None:
        beside = {path: _taken_apart(scorings) for path, scorings in beside.items()}
    shared = _shared(beside, root, problems)
    for path, scorings in beside.items():
        used |= {scoring.path for scoring in scorings}
        if path in shared:
            continue
        if not scorings and rules.scorings is None:
            scorings = _embedded(path, rules)
        subject, certain = subject_of(path, names[path], pattern)
        assumed += not certain
        if not scorings:
            message = f"{shown(path, root)}: no scoring beside it, in a folder beside, or in it"
            problems.append(DatasetProblem("missing-scoring", message, names[path]))
            continue
        nights.append(Night("folder", "folder", subject, names[path], RecordingFile(path), scorings, rules.epoch_s))
    problems += [
        DatasetProblem("missing-recording", f"{shown(path, root)}: no recording of that name is there")
        for path in files.orphans(used)
    ]
    if assumed:
        message = (
            f"{assumed} of {len(files.recordings)} recordings were taken as a subject of their own; where a subject "
            "has several, give a subject pattern, or splits will tear them apart"
        )
        problems.append(DatasetProblem("subjects-assumed", message, None, "warning"))
    return Found(tuple(nights), (*problems, *missing_scorers(nights)))


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


def _embedded(recording: Path, rules: FolderRules) -> tuple[ScoringFile, ...]:
    try:
        read_hypnogram(recording, epoch_s=rules.epoch_s, stage_map=rules.stage_map)
    except HypnogramError:
        return ()
    return (ScoringFile(EMBEDDED, recording, None, rules.epoch_s, rules.stage_map),)


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
