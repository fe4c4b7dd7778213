"""Where the recording of a night is now: known by its samples, not by its name or place.

Results name the recording's file but not its folder, so that they can be shared. The place where it was last found is
kept in the review's own folder, which stays on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eegvlm.core.files import write_text
from eegvlm.errors import InputError
from eegvlm.review.problems import NotFoundError
from eegvlm.signals import Recording, Role, read_recording
from eegvlm.signals.fingerprint import fingerprint

Channels = Mapping[str, str | Sequence[str]]
PLACE = "recording.json"
_MOST_SEARCHED = 2000


def find_recording(
    described: Mapping[str, Any], folder: Path, review_folder: Path, channels: Channels | None = None
) -> Recording:
    """Find a night's recording where it was last, or near its results.

    Parameters
    ----------
    described
        ``recording`` of ``staging.json``: ``file`` and ``fingerprint``.
    folder
        The night's folder; it and the two folders above it are looked through for a file of that name.
    review_folder
        The folder of the review, which may hold the place where it was found before.
    channels
        As in :func:`eegvlm.signals.read_recording`; None: those with which the night was staged.

    Raises
    ------
    NotFoundError
        If it is in none of these places.
    """
    name = Path(str(described.get("file", ""))).name
    results = folder.resolve()
    near = (results, results.parent, results.parent.parent, Path())
    places = [*_remembered(review_folder), *(parent / name for parent in near)]
    recording = _first_match(places, described, channels)
    if recording is None:
        hint = "it was moved or renamed: say where it is now"
        raise NotFoundError(folder, "recording", f"{name} is not near its results", hint)
    return recording


def recording_at(
    place: Path, described: Mapping[str, Any], review_folder: Path, channels: Channels | None = None
) -> Recording:
    """Return the night's recording at a place that the user points at: the file, or a folder that holds it.

    Where it is found is remembered.

    Raises
    ------
    NotFoundError
        If the file is another recording, or the folder does not hold it under any name.
    InputError
        If the file cannot be read.
    """
    if place.is_dir():
        suffix = Path(str(described.get("file", ""))).suffix.lower()
        files = (one for one in sorted(place.rglob("*"))[:_MOST_SEARCHED] if one.suffix.lower() == suffix)
        recording = _first_match(files, described, channels)
        if recording is None:
            raise NotFoundError(place, "recording", "not in this folder under any name", "choose another folder")
    else:
        chosen = read_recording(place)
        if not _is_same(chosen, described):
            value = "another recording than the one that was staged"
            raise NotFoundError(place, "samples", value, "choose the file that was staged")
        recording = _with_channels(chosen, described, channels)
    write_text(review_folder / PLACE, json.dumps({"path": str(recording.path.resolve())}) + "\n")
    return recording


def _remembered(review_folder: Path) -> list[Path]:
    try:
        return [Path(json.loads((review_folder / PLACE).read_text(encoding="utf-8"))["path"])]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _first_match(places: Iterable[Path], described: Mapping[str, Any], channels: Channels | None) -> Recording | None:
    for place in places:
        try:
            if not place.is_file() or not _is_same(recording := read_recording(place), described):
                continue
        except InputError:  # a file of that name that is no recording
            continue
        return _with_channels(recording, described, channels)
    return None


def _with_channels(recording: Recording, described: Mapping[str, Any], channels: Channels | None) -> Recording:
    """Return the recording with the channels that the user chose, now or when it was staged."""
    if channels is not None:
        return read_recording(recording.path, channels)
    staged = [(one["role"], *one["sources"]) for one in described.get("channels", ())]
    matched = [(one.role.value, *one.sources) for one in recording.channels if one.role is not Role.OTHER]
    if not staged or staged == matched:
        return recording
    choice: dict[str, list[str]] = {}
    for role, *sources in staged:
        choice.setdefault(role, []).append("-".join(sources))
    try:
        return read_recording(recording.path, choice)
    except InputError:  # a derivation that cannot be written as A-B
        return recording


def _is_same(recording: Recording, described: Mapping[str, Any]) -> bool:
    if "fingerprint" in described:
        return fingerprint(recording.source) == str(described["fingerprint"])
    known = (described.get("file"), described.get("duration_s"))
    return (recording.path.name, recording.duration_s) == known
