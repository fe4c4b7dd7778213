"""The recording of a night that is reviewed without having been staged, as ``staging.json`` would describe it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eegvlm.core.files import make_folder, write_text
from eegvlm.review.locating import recording_at
from eegvlm.review.problems import ReviewError
from eegvlm.signals import Recording

REVIEW_FOLDER = "review"
DESCRIPTION = "night.json"


def prepare(folder: Path, recording: Recording) -> None:
    """Make the folder of a recording that is reviewed without having been staged.

    Raises
    ------
    ReviewError
        If the folder holds the review of another recording.
    """
    described = json.loads(json.dumps(recording.describe()))
    file = folder / REVIEW_FOLDER / DESCRIPTION
    if file.is_file() and read_description(folder).get("fingerprint") != described["fingerprint"]:
        hint = "it holds the review of another recording: choose another --out"
        raise ReviewError(folder, "recording", recording.path.name, hint)
    make_folder(file.parent)
    write_text(file, json.dumps(described, indent=1) + "\n")
    recording_at(recording.path, described, file.parent)


def read_description(folder: Path) -> dict[str, Any]:
    """Read the description of a night that was not staged.

    Raises
    ------
    ReviewError
        If there is none, or it is damaged.
    """
    file = folder / REVIEW_FOLDER / DESCRIPTION
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
        return {**described, "n_epochs": int(described["n_epochs"])}
    except OSError as error:
        hint = "give a recording, or a folder that eegvlm stage has finished"
        raise ReviewError(folder, "results", "no staging.json", hint) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ReviewError(file, "recording", error, "it is damaged: review the recording anew") from error
