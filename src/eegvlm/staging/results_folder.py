"""A recording's folder of results: whose it is, and whether everything in it is there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eegvlm.core.files import check_output_folder, write_text
from eegvlm.errors import InputError

SUMMARY = "staging.json"


@dataclass(frozen=True)
class ResultsFolder:
    """Where the files of one recording go.

    Parameters
    ----------
    path
        The folder; it need not exist.
    """

    path: Path

    def claim(self, recording: Mapping[str, Any]) -> None:
        """Refuse a folder that cannot be written, or that holds the results of another recording.

        Afterwards the folder does not say that it is finished, until :meth:`finish`.

        Parameters
        ----------
        recording
            ``Recording.describe()``.

        Raises
        ------
        InputError
            Naming the folder, whose it is, and the remedy.
        """
        self.check(recording)
        (self.path / SUMMARY).unlink(missing_ok=True)

    def check(self, recording: Mapping[str, Any]) -> None:
        """Refuse as :meth:`claim` does, and change nothing."""
        check_output_folder(self.path)
        staged = self._summary().get("recording")
        if isinstance(staged, Mapping) and _differ(staged, recording):
            earlier = f"{staged.get('file')} of {staged.get('start') or 'an unknown time'}"
            hint = "these results are of another recording: stage this one with another --out"
            raise InputError(self.path, "results", earlier, hint)

    def finish(self, summary: Mapping[str, Any]) -> Path:
        """Write ``staging.json``, which says that all files are there."""
        file = self.path / SUMMARY
        write_text(file, json.dumps(summary, indent=1, allow_nan=False) + "\n")
        return file

    def is_finished(self, files: Sequence[str], expected: Mapping[str, Any]) -> bool:
        """Tell whether a folder holds all files of a night, and its summary what is expected of it."""
        if not all((self.path / name).is_file() for name in files):
            return False
        summary = self._summary()
        return bool(summary) and all(
            summary.get(key) == json.loads(json.dumps(value)) for key, value in expected.items()
        )

    def _summary(self) -> dict[str, Any]:
        try:
            summary = json.loads((self.path / SUMMARY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return summary if isinstance(summary, dict) else {}


def _differ(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Tell two recordings apart: by their samples, or where a summary does not hold these by name, start and length."""
    names = ("fingerprint",) if "fingerprint" in first and "fingerprint" in second else ("file", "start", "duration_s")
    return any(first.get(name) != second.get(name) for name in names)
