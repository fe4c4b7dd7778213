"""Whose folder it is: an export states what it makes there, and another is refused."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from eegvlm.core.files import make_folder, write_text
from eegvlm.core.temporary_names import holds_nothing
from eegvlm.lab.epochs.parts import Parts
from eegvlm.lab.epochs.problems import StoreError
from eegvlm.lab.epochs.store import EpochStore

_PLANS = {"parquet": "parquet.json"}  # the others draw pictures
_PICTURES = "pictures.json"


def claim_export(folder: Path, store: EpochStore, kind: str, parts: Parts | None, **choices: Any) -> None:
    """Claim a folder for an export, or check that this export began it.

    Parameters
    ----------
    folder
        A new one, an empty one, or one that an export of the same began.
    store, kind, parts, choices
        What is exported, in which form, how it is divided, and what else decides the files.

    Raises
    ------
    StoreError
        Where it holds something else.
    InputError
        Where it cannot be written.
    """
    nights = sha256("".join(night.sha256 for night in store.manifest.nights).encode()).hexdigest()
    plan = {"store": nights, "kind": kind, "software": store.manifest.plan["software"], **choices}
    if parts is not None:
        plan["parts"] = {"name": parts.name, **parts.nights}
    make_folder(folder)
    file = folder / _PLANS.get(kind, _PICTURES)
    text = json.dumps(plan, indent=1) + "\n"
    if not file.exists():
        if not holds_nothing(folder):
            raise StoreError(folder, "export", "the folder is not empty", "name an empty or a new folder")
        write_text(file, text)
    elif file.read_text(encoding="utf-8") != text:
        hint = "it holds an export of another store, kind, layout or division: name another folder, or delete this one"
        raise StoreError(folder, "export", "differs from what is asked for", hint)
