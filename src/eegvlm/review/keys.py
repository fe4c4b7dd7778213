"""A scorer's own keys, kept as JSON among this user's settings: ``KeyboardEvent.key`` -> action."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from eegvlm.core.files import make_folder, write_text
from eegvlm.review.problems import ReviewError

FILE = "review-keys.json"


def keys_file() -> Path:
    """Return where the keys are kept: in ``$XDG_CONFIG_HOME``, ``%APPDATA%`` or ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    return (Path(base) if base else Path.home() / ".config") / "eegvlm" / FILE


def read_keys() -> dict[str, str]:
    """Return the scorer's own keys; none where none were saved.

    Raises
    ------
    ReviewError
        If the file is damaged.
    """
    file = keys_file()
    if not file.is_file():
        return {}
    try:
        keys = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReviewError(file, "keys", error, "delete the file to begin with the usual keys") from error
    if not isinstance(keys, dict) or not all(isinstance(action, str) for action in keys.values()):
        hint = 'expected {"key": "action"}; delete the file to begin with the usual keys'
        raise ReviewError(file, "keys", type(keys).__name__, hint)
    return keys


def write_keys(keys: Mapping[str, str]) -> None:
    """Save keys.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    file = keys_file()
    make_folder(file.parent)
    write_text(file, json.dumps(dict(keys), indent=1, ensure_ascii=False) + "\n")
