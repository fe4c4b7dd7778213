"""Tables of an evaluation, for the terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eegvlm.hypnogram.bootstrap import Interval
from eegvlm.lab.evaluation.evaluation import Evaluation
from eegvlm.lab.evaluation.figures import LABELS
from eegvlm.lab.evaluation.run import channels_read, median_seconds
from eegvlm.lab.evaluation.summary import EvaluationSummary

if TYPE_CHECKING:
    from rich.console import Group

_OVERVIEW = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced acc.",
    "macro_f1": "macro-F1",
    "kappa": "kappa",
}
_CALIBRATION = {"ece": "ECE", "overconfidence": "overconfidence", "brier": "Brier score", "nll": "NLL, nats"}
MOST_SUBJECTS = 40
"""Subjects in the printed table; the JSON holds all."""


@dataclass(frozen=True)
class FigureTable:
    """A table of text: the first column names the rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Return the table in Markdown, its title above it."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        escaped = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
        return "\n".join([f"**{self.title}**", "", *(f"| {line} |" for line in escaped)])

    def rich(self) -> Group:
        """Return the table for the terminal, its title above it."""
        from rich.console import Group
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable()
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
        for row in self.rows:
            table.add_row(*(Text(cell) for cell in row))
        return Group(Text(self.title, style="bold"), table)


def about_lines(evaluation: Evaluation) -> list[str]:
    """Say what was judged on what: always with cropping, channels, folds, numbers, and the weights' hash."""
    overall = evaluation.overall
    lines = [f"{name}: {_shown(value)}" for name, value in evaluation.about.items() if value is not None]
    read = channels_read(evaluation.nights)
    lines.append("channels read: " + (_channels(read) if read else "not told by the system"))
    lines.append(
        f"{len(overall.subjects)} subjects, {overall.n_nights} nights, {overall.pooled.n_epochs} scored epochs, "
        f"{overall.pooled.n_missing} without a valid answer"
    )
    seconds = median_seconds(evaluation.nights)
    if seconds is not None:
        lines.append(f"median time of staging a night: {seconds:.2f} s")
    return lines


def tables(evaluation: Evaluation) -> list[FigureTable]:
    """Return all tables, from the whole to the parts."""
    views = evaluation.views or {"all nights": evaluation.overall}
    figure_tables = [overview(evaluation)]
    for name, view in views.items():
        suffix = f", {name}" if len(views) > 1 else ""
        figure_tables += [stage_table(view, suffix), confusion_table(view, suffix)]
    if len(evaluation.overall.subjects) > 1:
        figure_tables += [spread_table(evaluation.overall), subject_table(evaluation.overall)]
    if evaluation.overall.calibration is not None:
        figure_tables += [calibration_table(evaluation.overall), coverage_table(evaluation.overall)]
    return figure_tables


def notes(evaluation: Evaluation) -> list[str]:
    """Return what a reader of the figures must know, each sentence once."""
    every = list(evaluation.overall.notes)
    if evaluation.views:
        kinds = " and ".join(f"nights with {name}" for name in evaluation.views)
        every.append(f"there are {kinds}: read their columns; the column of all nights mixes two questions")
        every += [f"{name}: {note}" for name, view in evaluation.views.items() for note in view.notes]
    every += [f"night {name}: {reason}" for name, reason in evaluation.errors.items()]
    shifts = ((night.night, night.shift) for night in evaluation.nights)
    every += [f"warning: night {name}: {shift.sentence('the answers')}" for name, shift in shifts if shift is not None]
    return list(dict.fromkeys(every))


def overview(evaluation: Evaluation) -> FigureTable:
    """Return headline figures: of all nights, and of either kind of nights where there are two."""
    return overview_of({"all nights": evaluation.overall, **evaluation.views})


def overview_of(summaries: Mapping[str, EvaluationSummary]) -> FigureTable:
    """Headline figures, a column for each set of nights or each system."""
    every = list(summaries.values())
    rows = [
        ("subjects", *(str(len(summary.subjects)) for summary in every)),
        ("nights", *(str(summary.n_nights) for summary in every)),
        ("scored epochs", *(str(summary.pooled.n_epochs) for summary in every)),
        ("of them without a valid answer", *(str(summary.pooled.n_missing) for summary in every)),
        ("stages in the labels", *(" ".join(summary.pooled.stages_in_labels) for summary in every)),
    ]
    for key, title in _OVERVIEW.items():
        rows.append((title, *(_figure_cell(summary, key) for summary in every)))
    if any(summary.pooled.is_restricted for summary in every):
        for at, label in enumerate(LABELS):
            recalls = [summary.pooled.stages[at].recall for summary in every]
            cells = (
                _with(r, summary.intervals.get(f"recall_{label}")) for r, summary in zip(recalls, every, strict=True)
            )
            if any(recall is not None for recall in recalls):
                rows.append((f"recall {label}", *cells))
    if any(summary.calibration is not None for summary in every):
        for name, title in _CALIBRATION.items():
            rows.append((title, *(_calibration_cell(summary, name) for summary in every)))
        areas = (number(None if summary.coverage is None else summary.coverage.area) for summary in every)
        rows.append(("area under accuracy against coverage", *areas))
    return FigureTable("Overview", ("", *summaries), tuple(rows))


def _figure_cell(summary: EvaluationSummary, name: str) -> str:
    cell = _with(getattr(summary.pooled, name), summary.intervals.get(name))
    return f"({cell})" if name == "kappa" and summary.is_restricted else cell


def _calibration_cell(summary: EvaluationSummary, name: str) -> str:
    calibration = summary.calibration
    return "-" if calibration is None else _with(getattr(calibration, name), calibration.intervals.get(name))


def stage_table(summary: EvaluationSummary, suffix: str = "") -> FigureTable:
    """Precision, recall, F1 and support of each stage."""
    rows = []
    for label, stage in zip(LABELS, summary.pooled.stages, strict=True):
        values = (("precision", stage.precision), ("recall", stage.recall), ("f1", stage.f1))
        cells = (_with(value, summary.intervals.get(f"{name}_{label}")) for name, value in values)
        rows.append((label, *cells, str(stage.support)))
    return FigureTable(f"Stages{suffix}", ("stage", "precision", "recall", "F1", "epochs"), tuple(rows))


def confusion_table(summary: EvaluationSummary, suffix: str = "") -> FigureTable:
    """Epochs by the expert's stage (rows) and the answer (columns)."""
    rows = [
        (label, *(str(count) for count in counts), str(counts.sum()))
        for label, counts in zip(LABELS, summary.pooled.confusion, strict=True)
    ]
    columns = ("expert", *LABELS, "missing", "all")
    return FigureTable(f"Confusion (rows: expert, columns: answers){suffix}", columns, tuple(rows))


def spread_table(summary: EvaluationSummary) -> FigureTable:
    """Median, extremes and quartiles over subjects."""
    rows = tuple(
        (
            title,
            *(number(x) for x in (spread.median, spread.minimum, spread.maximum, spread.q25, spread.q75)),
            str(spread.subjects),
        )
        for name, title in _OVERVIEW.items()
        if (spread := summary.spread.get(name)) is not None
    )
    columns = ("over subjects", "median", "min", "max", "25 %", "75 %", "subjects")
    return FigureTable("Spread over subjects", columns, rows)


def subject_table(summary: EvaluationSummary) -> FigureTable:
    """One row a subject; a kappa over one or two stages is in parentheses."""
    rows = []
    for subject in summary.subjects[:MOST_SUBJECTS]:
        kappa = number(subject.figures.kappa)
        recalls = (number(stage.recall) for stage in subject.figures.stages)
        rows.append(
            (
                subject.subject,
                str(subject.nights),
                str(subject.figures.n_epochs),
                number(subject.figures.accuracy),
                number(subject.figures.macro_f1),
                f"({kappa})" if subject.figures.is_restricted else kappa,
                *recalls,
            )
        )
    recall_columns = tuple(f"recall {label}" for label in LABELS)
    columns = ("subject", "nights", "epochs", "accuracy", "macro-F1", "kappa", *recall_columns)
    more = f"; {len(summary.subjects) - len(rows)} more in evaluation.json" if len(rows) < len(summary.subjects) else ""
    return FigureTable(f"Subjects (kappa in parentheses: labels of one or two stages{more})", columns, tuple(rows))


def calibration_table(summary: EvaluationSummary) -> FigureTable:
    """Mean confidence and accuracy of the answers, by confidence."""
    calibration = summary.calibration
    if calibration is None:
        return FigureTable("Calibration", ("confidence",), ())
    rows = tuple(
        (f"{b.low:.2f}-{b.high:.2f}", str(b.epochs), number(b.confidence), number(b.accuracy))
        for b in calibration.bins
        if b.epochs
    )
    return FigureTable(
        "Reliability of the probabilities", ("confidence", "epochs", "mean confidence", "accuracy"), rows
    )


def coverage_table(summary: EvaluationSummary) -> FigureTable:
    """Share of epochs to review, least confident first, for a wanted accuracy of the rest."""
    coverage = summary.coverage
    if coverage is None:
        return FigureTable("Epochs to review", ("wanted",), ())
    rows = tuple(
        (
            f"{review.wanted:.0%}",
            "cannot be reached" if review.share is None else f"{review.share:.1%}",
            number(review.least_confidence),
        )
        for review in coverage.review
    )
    columns = ("wanted accuracy of the rest", "epochs to review", "review below confidence")
    return FigureTable("Epochs to review, least confident first", columns, rows)


def number(value: float | None) -> str:
    """Write a figure, or a dash where it is undefined."""
    return "-" if value is None else f"{value:.3f}"


def _with(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return number(value)
    return f"{value:.3f} {interval.text}"


def _channels(read: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(
        f"{panel} " + ", ".join(f"{name} ({count})" for name, count in channels.items())
        for panel, channels in read.items()
    )


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items()) or "none"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(_shown, value)) or "none"
    return str(value)
