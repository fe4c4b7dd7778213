"""What a build has finished, one line a night, so that a killed one goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from eegvlm.core.files import make_folder
from eegvlm.core.output_errors import output_errors
from eegvlm.core.temporary_names import holds_nothing
from eegvlm.lab.epochs.manifest import BUILT_ANEW, FORMAT, BuildEntry
from eegvlm.lab.epochs.problems import StoreError

JOURNAL = "build.jsonl"


class BuildJournal:
    """The file ``build.jsonl``: the plan in its first line, then every night that was finished.

    Parameters
    ----------
    folder
        The store's.
    plan
        What is built. A folder that holds another plan is refused.

    Raises
    ------
    StoreError
        Where the folder holds the store, or a part of the store, of another plan.
    InputError
        Where it cannot be written.
    """

    def __init__(self, folder: Path, plan: Mapping[str, Any]) -> None:
        self.file = folder / JOURNAL
        self.finished: dict[int, BuildEntry] = {}
        make_folder(folder)
        with output_errors(self.file):
            lines = self.file.read_bytes().split(b"\n") if self.file.exists() else []
        whole = lines[:-1]  # what follows the last line's end was cut off by a kill
        if not whole:
            if not holds_nothing(folder, JOURNAL):
                raise StoreError(folder, "store", "files that no build wrote", "name an empty or a new folder")
            self._write(plan, mode="wb")
            return
        self._compare(folder, plan, whole[0])
        try:
            for line in whole[1:]:
                entry = BuildEntry.from_dict(json.loads(line))
                self.finished[entry.number] = entry
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(self.file, "journal", error, "it is damaged; build into a new folder") from error
        if lines[-1]:
            with output_errors(self.file):
                os.truncate(self.file, sum(len(line) + 1 for line in whole))

    def add(self, entry: BuildEntry) -> None:
        """Note a finished night; it is on disk when this returns."""
        self.finished[entry.number] = entry
        self._write(asdict(entry))

    def _write(self, fields: Mapping[str, Any], *, mode: Literal["ab", "wb"] = "ab") -> None:
        with output_errors(self.file), self.file.open(mode) as stream:
            stream.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _compare(self, folder: Path, plan: Mapping[str, Any], line: bytes) -> None:
        try:
            stored = json.loads(line)
        except ValueError:
            stored = {}
        requested = json.loads(json.dumps(plan))
        if stored != requested:
            if isinstance(stored, dict) and stored.get("format") != requested["format"]:
                raise StoreError(folder, "format", stored.get("format"), f"this version writes {FORMAT}; {BUILT_ANEW}")
            differs = [key for key in requested if not isinstance(stored, dict) or stored.get(key) != requested[key]]
            hint = "it holds a store of another plan: name another folder, or delete this one"
            raise StoreError(folder, ", ".join(differs) or "plan", "differs from what is asked for", hint)
