"""The tables of failing channels, printed and written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eegvlm.core.files import make_folder, write_together
from eegvlm.core.notice import NOTICE
from eegvlm.lab.evaluation.channel_failure import FailureRow, failure_tables
from eegvlm.lab.evaluation.failing_channel import KINDS
from eegvlm.lab.evaluation.tables import FigureTable

MARKDOWN_FILE, JSON_FILE = "channel-failure.md", "channel-failure.json"


@dataclass(frozen=True, eq=False)
class FailureReport:
    """What is printed and written.

    Attributes
    ----------
    about
        The model, and what was asked for.
    rows
        One for each role and kind of failure.
    """

    about: Mapping[str, Any]
    rows: Sequence[FailureRow]

    def tables(self) -> list[FigureTable]:
        """Return the tables."""
        return failure_tables(self.rows)

    def notes(self) -> list[str]:
        """Say what each kind of failure is, and which nights were left out or could not be staged."""
        kinds = dict.fromkeys(row.kind for row in self.rows)
        notes = [f"{kind}: {KINDS[kind]}" for kind in kinds]
        for row in self.rows:
            name = f"{row.role}, {row.kind}"
            notes += [f"{name}: {count} nights left out: {why}" for why, count in row.skipped.items()]
            notes += [f"{name}: night {night} failed: {why}" for night, why in row.failed.items()]
        return notes

    def write(self, folder: str | Path) -> list[Path]:
        """Write ``channel-failure.md`` and ``channel-failure.json``, the JSON last.

        Raises
        ------
        InputError
            If they cannot be written.
        """
        folder = make_folder(folder)
        lines = ["# A channel that fails", "", *(f"- {key}: {value}" for key, value in self.about.items()), ""]
        body = [part for table in self.tables() for part in (table.markdown(), "")]
        page = "\n".join([*lines, *body, *(f"- {note}" for note in self.notes()), "", NOTICE, ""])
        figures = {**self.about, "rows": [row.to_dict() for row in self.rows], "notice": NOTICE}
        text = json.dumps(figures, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        write_together({folder / MARKDOWN_FILE: page.encode(), folder / JSON_FILE: text.encode()})
        return [folder / JSON_FILE, folder / MARKDOWN_FILE]
