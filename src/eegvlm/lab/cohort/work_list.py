"""The nights of a cohort: what its input names, each with the scoring that lies beside it, before anything is read.

An input is a folder (with all folders in it), a BIDS root, a recording, a list file, a pattern such as ``data/*.edf``
that no shell has resolved, a URL, or a data set by its name. Nights are in the order of their names.
"""

from __future__ import annotations

import csv
import glob
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eegvlm.errors import InputError
from eegvlm.lab.cohort.night import CohortNight
from eegvlm.lab.cohort.remote_inputs import remote_nights
from eegvlm.lab.cohort.remote_output import is_url
from eegvlm.lab.datasets import DATASETS, DatasetError, Night, open_dataset
from eegvlm.lab.datasets.beside import RECORDING_SUFFIXES, FolderFiles
from eegvlm.lab.datasets.files import list_files, natural
from eegvlm.lab.datasets.problems import why_no_night
from eegvlm.lab.datasets.sources import ScoringFile
from eegvlm.signals.mne_source import SUFFIXES as MNE_SUFFIXES

SUFFIXES = (*RECORDING_SUFFIXES, *MNE_SUFFIXES)
_LISTS = (".txt", ".csv", ".tsv")
_COLUMNS = ("recording", "path", "file", "edf")
_NOT_RAW = ("derivatives", "sourcedata", "code")  # of a BIDS data set


@dataclass(frozen=True)
class WorkList:
    """What is to be staged.

    Parameters
    ----------
    nights
        In the order of their names.
    problems
        What the input holds and is not staged, in sentences.
    """

    nights: tuple[CohortNight, ...]
    problems: tuple[str, ...] = ()


def find_nights(inputs: Sequence[str], *, out: str | None = None) -> WorkList:
    """Find the nights that inputs name.

    Parameters
    ----------
    inputs
        Any number of folders, recordings, list files, patterns and URLs; or the name of a data set and its root.
    out
        Where results go; what lies in it is no input.

    Raises
    ------
    InputError
        If an input does not exist, is none of these, or no recording is found.
    """
    output = None if out is None or is_url(out) else Path(out).resolve()
    if work := _of_data_set(inputs):
        return work
    nights: list[CohortNight] = []
    problems: list[str] = []
    files: list[Path] = []
    folders: list[Path] = []
    for text in inputs:
        path = Path(text)
        if is_url(text):
            nights += remote_nights(text, SUFFIXES)
        elif path.is_dir():
            folders.append(path)
        elif path.is_file() and path.name.lower().endswith(_LISTS):
            files += _listed(path)
        elif path.is_file():
            files.append(path)
        else:
            matches = [Path(name) for name in sorted(glob.glob(text, recursive=True), key=natural)]  # noqa: PTH207
            if not matches:
                hint = "give a folder, a recording, a list file, a pattern, a URL or the name of a data set"
                raise InputError(text, "input", "not found", hint)
            folders += [match for match in matches if match.is_dir()]
            files += [match for match in matches if match.is_file() and match.name.lower().endswith(SUFFIXES)]
    trees = [_tree(folder, output, problems) for folder in folders]
    nights += _of_files(files, trees, problems)
    if not nights:
        hint = f"no recording is there; endings that are read: {' '.join(SUFFIXES)}"
        raise InputError(inputs[0] if len(inputs) == 1 else "input", "nights", 0, hint)
    nights.sort(key=lambda night: natural(night.name))
    _check_unique(nights)
    return WorkList(tuple(nights), tuple(problems))


def _of_data_set(inputs: Sequence[str]) -> WorkList | None:
    """Open a data set that is named; a file or folder of that name comes first."""
    name = inputs[0]
    if Path(name).exists() or not (name in DATASETS or name.startswith("simulated:")):
        return None
    if len(inputs) > 2:
        raise InputError("arguments", "input", inputs[2], f"after {name} give one folder, where it lies")
    dataset = open_dataset(name, inputs[1] if len(inputs) == 2 else None)
    if not dataset.nights:
        why = why_no_night(dataset.name, dataset.problems)
        raise InputError(dataset.root, f"data set {dataset.name}", "no night", why)
    nights = [
        CohortNight(
            name=night.name,
            recording=_absolute(night.paths[0]) if night.paths else f"<{dataset.name} {night.name}>",
            stamp=_stamp(_files_of(night)) or repr(night.signals),
            source=night,
        )
        for night in dataset.nights
    ]
    return WorkList(tuple(nights), tuple(problem.message for problem in dataset.problems))


def _files_of(night: Night) -> list[Path]:
    return [*night.paths, *(scoring.path for scoring in night.scorings if scoring.path is not None)]


def _tree(root: Path, output: Path | None, problems: list[str]) -> FolderFiles:
    """Sort the files of a folder; of a BIDS data set, those of the raw data."""
    listing = list_files(root)
    files: Iterable[Path] = listing.files
    if (root / "dataset_description.json").is_file():
        files = [file for file in files if file.relative_to(root).parts[0] not in _NOT_RAW]
    if output is not None and output.is_relative_to(root.resolve()):
        real_root = root.resolve()
        files = [file for file in files if not (real_root / file.relative_to(root)).is_relative_to(output)]
    tree = FolderFiles.of(list(files), root, suffixes=SUFFIXES)
    problems += [problem.message for problem in (*listing.problems, *tree.problems)]
    return tree


def _of_files(files: Sequence[Path], trees: Sequence[FolderFiles], problems: list[str]) -> list[CohortNight]:
    """Return the nights of folders and of single files; names count from the folder that all have in common."""
    files = list(dict.fromkeys(files))
    beside = _beside_single_files(files)
    places: list[tuple[Path, Callable[[], tuple[ScoringFile, ...]]]] = [
        *((path, lambda path=path: beside[path.parent].scorings(path)) for path in files),
        *((path, lambda tree=tree, path=path: tree.scorings(path)) for tree in trees for path in tree.recordings),
    ]
    places = list({_absolute(path): (path, scorings) for path, scorings in reversed(places)}.values())[::-1]
    recordings = [path for path, _ in places]
    if not recordings:
        return []
    single_root = trees[0].root if len(trees) == 1 and not files else None
    names = _names(recordings, single_root)
    return _undisputed([_night(path, names[path], scorings) for path, scorings in places])


def _undisputed(nights: list[CohortNight]) -> list[CohortNight]:
    """Leave a scoring that several recordings would have to the one in its own folder, or to none."""
    claims = Counter(scoring.path for night in nights for scoring in night.scorings)
    undisputed = []
    for night in nights:
        disputed = next((scoring.path for scoring in night.scorings if claims[scoring.path] > 1), None)
        if disputed is not None and Path(_absolute(disputed)).parent != Path(night.recording).parent:
            problem = f"{disputed}: scoring: lies beside several recordings' folders; put it into that of its own"
            night = replace(night, scorings=(), scoring_problem=problem)
        undisputed.append(night)
    return undisputed


def _night(path: Path, name: str, find_scorings: Callable[[], tuple[ScoringFile, ...]]) -> CohortNight:
    problem = ""
    try:
        scorings = find_scorings()
    except DatasetError as error:
        scorings, problem = (), str(error)
    stamp = _stamp([path, *(scoring.path for scoring in scorings[:1])])
    return CohortNight(name, _absolute(path), stamp or "missing", scorings, problem)


def _beside_single_files(files: Sequence[Path]) -> dict[Path, FolderFiles]:
    """Sort the files beside those that were named one by one, folder by folder."""
    folders: dict[Path, FolderFiles] = {}
    for folder in dict.fromkeys(file.parent for file in files):
        beside = sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []
        folders[folder] = FolderFiles.of(beside, folder, suffixes=SUFFIXES)
    return folders


def _names(recordings: Sequence[Path], root: Path | None) -> dict[Path, str]:
    """Name each recording by its path below the root without its ending, or with it where two would be one."""
    if root is None:
        absolute = [Path(_absolute(path)) for path in recordings]
        try:
            common = Path(os.path.commonpath([path.parent for path in absolute]))
        except ValueError:  # two drives of Windows
            common = Path()
        below = {
            path: full.relative_to(common) if full.is_relative_to(common) else _without_drive(full)
            for path, full in zip(recordings, absolute, strict=True)
        }
    else:
        below = {path: path.relative_to(root) for path in recordings}
    stems = Counter(place.with_suffix("") for place in below.values())
    return {
        path: (place if stems[place.with_suffix("")] > 1 else place.with_suffix("")).as_posix()
        for path, place in below.items()
    }


def _absolute(path: Path) -> str:
    """Return a path that means the same on every machine that sees it; links stay as they are."""
    return os.path.abspath(path)  # noqa: PTH100


def _without_drive(path: Path) -> Path:
    return Path(path.drive.rstrip(":\\/"), *path.parts[1:])


def _listed(file: Path) -> list[Path]:
    """Read a list: a path a line, or a table with a column named recording, path, file or edf.

    Relative paths count from the list's folder.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(file, "list", error, "give a text file in UTF-8, one recording a line") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    is_table = bool(lines) and file.suffix.lower() != ".txt"
    paths = [file.parent / path.strip() for path in (_column(file, lines) if is_table else lines)]
    if missing := next((path for path in paths if not path.is_file()), None):
        raise InputError(file, "recording", missing, "no such file; relative paths count from the list's folder")
    return paths


def _column(file: Path, lines: Sequence[str]) -> list[str]:
    """Return the recordings' column of a table; one of a single column may do without a header."""
    delimiter = "\t" if file.suffix.lower() == ".tsv" else ";" if ";" in lines[0] and "," not in lines[0] else ","
    rows = list(csv.reader(lines, delimiter=delimiter))
    header = [cell.strip().casefold() for cell in rows[0]]
    named = next((header.index(name) for name in _COLUMNS if name in header), None)
    if named is None and len(header) > 1:
        hint = f"name the column of the recordings {' or '.join(_COLUMNS)}"
        raise InputError(file, "columns", ", ".join(rows[0]), hint)
    column, body = (0, rows) if named is None else (named, rows[1:])
    short = next((row for row in body if len(row) <= column), None)
    if short is not None:
        raise InputError(file, "row", ",".join(short), f"it has no column {header[column]}")
    return [row[column] for row in body]


def _stamp(files: Sequence[Path]) -> str:
    """Return sizes and modification times of files; "" if one cannot be read, or there is none."""
    try:
        stats = [file.stat() for file in files]
    except OSError:
        return ""
    return " ".join(f"{status.st_size}:{status.st_mtime_ns}" for status in stats)


def _check_unique(nights: Sequence[CohortNight]) -> None:
    recordings: dict[str, str] = {}
    for night in nights:
        if night.name in recordings:
            hint = f"{recordings[night.name]} has the same name: stage the two with different --out"
            raise InputError(night.recording, "name", night.name, hint)
        recordings[night.name] = night.recording
