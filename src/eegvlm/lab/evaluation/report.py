"""An evaluation as a page and as JSON: the system's own figures, and whatever was put beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eegvlm.core.files import make_folder, write_together
from eegvlm.core.notice import NOTICE
from eegvlm.lab.evaluation.comparison import compare, difference_table, system_table
from eegvlm.lab.evaluation.evaluation import Evaluation
from eegvlm.lab.evaluation.faithfulness import Faithfulness
from eegvlm.lab.evaluation.faithfulness_tables import faithfulness_notes, faithfulness_tables
from eegvlm.lab.evaluation.robustness import RobustnessRow, robustness_notes, robustness_table
from eegvlm.lab.evaluation.tables import FigureTable, about_lines, notes, tables

JSON_FILE = "evaluation.json"
MARKDOWN_FILE = "evaluation.md"
_INTERVALS = "In brackets: 95 % bootstrap intervals over subjects."


@dataclass(frozen=True, eq=False)
class Report:
    """What is printed and written.

    Attributes
    ----------
    evaluation
        The system's own.
    baselines
        Others on the same nights, by name.
    robustness
        Rows of the robustness table; empty where it was not asked for.
    left_out
        Nights of the data set that could not even be opened, one sentence each.
    faithfulness
        Of the model's reasons; None where it was not asked for.
    doubts
        Doubts about where scorings lie on their recordings, one sentence each.
    more
        Tables that come last.
    """

    evaluation: Evaluation
    baselines: Mapping[str, Evaluation] = field(default_factory=dict)
    robustness: Sequence[RobustnessRow] = ()
    left_out: Sequence[str] = ()
    faithfulness: Faithfulness | None = None
    doubts: Sequence[str] = ()
    more: Sequence[FigureTable] = ()

    def lines(self) -> list[str]:
        """Name the model, the data and the baselines."""
        lines = about_lines(self.evaluation)
        for name, baseline in self.baselines.items():
            details = ", ".join(
                f"{key} {baseline.about[key]}" for key in ("fitted on", "folds") if key in baseline.about
            )
            lines.append(f"baseline {name}: {baseline.about.get('model', name)}" + (f"; {details}" if details else ""))
        return lines

    def tables(self) -> list[FigureTable]:
        """Return all tables in the order in which they are read."""
        figure_tables = tables(self.evaluation)
        if self.baselines:
            systems = {"model": self.evaluation, **self.baselines}
            figure_tables += [system_table(systems), difference_table(compare(systems))]
        if self.robustness:
            figure_tables.append(robustness_table(self.robustness))
        if self.faithfulness is not None:
            figure_tables += faithfulness_tables(self.faithfulness)
        return [*figure_tables, *self.more]

    def notes(self) -> list[str]:
        """Return what a reader of the figures must know."""
        left_out = [f"not judged: {message}" for message in self.left_out]
        reasons = [] if self.faithfulness is None else faithfulness_notes(self.faithfulness)
        return [*notes(self.evaluation), *left_out, *self.doubts, *robustness_notes(self.robustness), *reasons]

    def markdown(self) -> str:
        """Return the whole as a Markdown page."""
        head = ["# Evaluation", "", *(f"- {line}" for line in self.lines()), ""]
        body = [part for table in self.tables() for part in (table.markdown(), "")]
        bullets = [f"- {note}" for note in self.notes()]
        return "\n".join([*head, *body, _INTERVALS, "", *bullets, *([""] if bullets else []), NOTICE, ""])

    def to_dict(self) -> dict[str, Any]:
        """Return everything under its name, ready for JSON."""
        systems = {"model": self.evaluation, **self.baselines}
        return {
            **self.evaluation.to_dict(),
            "not_judged": list(self.left_out),
            "scoring_doubts": list(self.doubts),
            "baselines": {name: baseline.to_dict() for name, baseline in self.baselines.items()},
            "differences": [comparison.to_dict() for comparison in compare(systems)],
            "robustness": [row.to_dict() for row in self.robustness],
            "faithfulness": None if self.faithfulness is None else self.faithfulness.to_dict(),
            "more": [
                {"title": table.title, "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows]}
                for table in self.more
            ],
            "notice": NOTICE,
        }

    def write(self, folder: str | Path) -> list[Path]:
        """Write ``evaluation.md`` and ``evaluation.json``; the JSON comes last, so that its presence means both.

        Parameters
        ----------
        folder
            Made where it does not exist.

        Raises
        ------
        InputError
            If they cannot be written.
        """
        folder = make_folder(folder)
        page, file = folder / MARKDOWN_FILE, folder / JSON_FILE
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        write_together({page: self.markdown().encode(), file: text.encode()})
        return [file, page]
