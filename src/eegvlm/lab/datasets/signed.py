"""Nights that a scorer signed in ``eegvlm review``: the signed stages, and the recording that was signed.

A night is a folder with ``audit.jsonl`` and ``hypnogram.signed.json``. It is used where

- its scoring is signed, and was not reopened since;
- the audit adds up: the stages at the beginning and every change in their order give the signed file;
- the recording is found, by its samples: where it last was (``review/recording.json``), or near the night's folder.

All others are refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eegvlm.hypnogram import HypnogramError, read_hypnogram
from eegvlm.lab.datasets.folder import subject_of
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.pairing import Found
from eegvlm.lab.datasets.problems import DatasetError, DatasetProblem
from eegvlm.lab.datasets.sources import RecordingFile, ScoringFile
from eegvlm.review.description import DESCRIPTION, REVIEW_FOLDER
from eegvlm.review.locating import PLACE
from eegvlm.review.signing import AUDIT
from eegvlm.signals import RecordingError, read_recording
from eegvlm.signals.fingerprint import fingerprint
from eegvlm.staging.results_folder import SUMMARY

SCORING = "hypnogram.signed.json"


def holds_signed_nights(root: Path) -> bool:
    """Tell whether a folder is a signed night, or holds one."""
    return (root / AUDIT).is_file() or (root.is_dir() and any(root.glob(f"*/{AUDIT}")))


def find(root: Path) -> Found:
    """Find the signed nights of a folder.

    Parameters
    ----------
    root
        A night's folder, or one that holds several.

    Raises
    ------
    DatasetError
        Where there is no such folder.
    """
    if not root.is_dir():
        raise DatasetError(root, "data set's root", "not found", "give a folder of nights that were signed")
    folders = [path for path in (root, *sorted(root.iterdir())) if path.is_dir() and _is_night(path)]
    nights, problems, assumed = [], [], 0
    for folder in folders:
        name = folder.resolve().name
        try:
            recording, who = _checked(folder, name)
        except _UnusableError as error:
            problems.append(DatasetProblem(error.code, f"{name}: {error}", name))
            continue
        subject, certain = subject_of(recording, name, None)
        assumed += not certain
        scoring = ScoringFile(who, folder / SCORING)
        nights.append(Night("signed", "folder", subject, name, RecordingFile(recording), (scoring,)))
    if assumed:
        message = f"{assumed} of {len(nights)} nights were taken as a subject of their own"
        problems.append(DatasetProblem("subjects-assumed", message, None, "warning"))
    return Found(tuple(nights), tuple(problems))


class _UnusableError(Exception):
    """Why a night is refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _is_night(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (AUDIT, SUMMARY, f"{REVIEW_FOLDER}/{DESCRIPTION}"))


def _checked(folder: Path, name: str) -> tuple[Path, str]:
    """Return a night's recording and who signed it."""
    audit = _lines(folder / AUDIT)
    if not audit or audit[-1].get("action") != "sign" or not (folder / SCORING).is_file():
        raise _UnusableError("unsigned-night", "its scoring is not signed; sign it in eegvlm review")
    journal = _lines(folder / REVIEW_FOLDER / f"{audit[0].get('name', '')}.jsonl")
    actions = [line["action"] for line in journal if line.get("action") in ("sign", "reopen")]
    if actions[-1:] == ["reopen"]:
        raise _UnusableError("unsigned-night", "its scoring was reopened and is not signed again")
    try:
        signed = read_hypnogram(folder / SCORING).labels
    except HypnogramError as error:
        raise _UnusableError("altered-after-signing", str(error)) from error
    if signed != _replayed(audit):
        raise _UnusableError("altered-after-signing", f"{SCORING} is not what {AUDIT} adds up to; sign it again")
    recording = _recording(folder, audit[-1].get("recording") or {})
    if recording is None:
        hint = "its recording was not found; open the night in eegvlm review and say where it is"
        raise _UnusableError("missing-recording", hint)
    return recording, str(audit[-1].get("who", name))


def _lines(file: Path) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []
    return [line for line in lines if isinstance(line, dict)]


def _replayed(audit: Sequence[Mapping[str, Any]]) -> list[str]:
    stages = list(audit[0].get("stages") or ())
    for line in audit:
        if line.get("of") == "stage" and 0 < line["epoch"] <= len(stages):
            stages[line["epoch"] - 1] = line["to"]
    return stages


def _recording(folder: Path, signed: Mapping[str, Any]) -> Path | None:
    name = Path(str(signed.get("file", ""))).name
    night_folder = folder.resolve()
    places = [near / name for near in (night_folder, night_folder.parent, night_folder.parent.parent)]
    try:
        remembered = json.loads((folder / REVIEW_FOLDER / PLACE).read_text(encoding="utf-8"))
        places.insert(0, Path(remembered["path"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass  # it was never pointed at
    for place in places:
        try:
            if place.is_file() and fingerprint(read_recording(place).source) == str(signed.get("fingerprint")):
                return place
        except RecordingError:  # a file of that name that is no recording
            continue
    return None
