"""``eegvlm compare``: how far two scorings of one night agree."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from eegvlm.cli.scoring_options import StageMapOption
from eegvlm.core.scoring_names import CODINGS, choice_of

if TYPE_CHECKING:
    from rich.table import Table

    from eegvlm.hypnogram import Agreement

_LEAST_SHARE = 50.0


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="The reference scoring.", show_default=False)],
    b: Annotated[Path, typer.Argument(metavar="B", help="The other scoring.", show_default=False)],
    format_a: Annotated[
        str | None, typer.Option(metavar="F", help="Format of A, if its content does not tell.")
    ] = None,
    format_b: Annotated[
        str | None, typer.Option(metavar="F", help="Format of B, if its content does not tell.")
    ] = None,
    coding_a: Annotated[
        str | None,
        typer.Option(metavar="C", help=f"Integer codes of A: {choice_of(CODINGS)}."),
    ] = None,
    coding_b: Annotated[str | None, typer.Option(metavar="C", help="Integer codes of B.")] = None,
    epoch_length_a: Annotated[
        float | None,
        typer.Option(metavar="S", help="Seconds of one epoch of A, where the file does not say."),
    ] = None,
    epoch_length_b: Annotated[
        float | None,
        typer.Option(metavar="S", help="Seconds of one epoch of B, where the file does not say."),
    ] = None,
    stage_map: StageMapOption = None,
    scorer_a: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose stages to read of A, where a table holds several.")
    ] = None,
    scorer_b: Annotated[str | None, typer.Option(metavar="NAME", help="Whose stages to read of B.")] = None,
    onset_unit_a: Annotated[
        str | None, typer.Option(metavar="U", help="What the times of A count: s, ms, min, h, 256Hz, clock, elapsed.")
    ] = None,
    onset_unit_b: Annotated[str | None, typer.Option(metavar="U", help="What the times of B count.")] = None,
    align: Annotated[
        str,
        typer.Option(metavar="clock|onset", help="Align by start times where both are known, or by onset."),
    ] = "clock",
    least_share: Annotated[
        float,
        typer.Option(min=0, max=100, metavar="PERCENT", help="Refuse where less of either night can be compared."),
    ] = _LEAST_SHARE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare two scorings of one night, aligned by time.

    Prints Cohen's kappa, accuracy, macro-F1, the share of both nights that was compared, what the alignment rests on,
    figures per stage and the confusion matrix. Epochs that either leaves unscored are left out, and their number is
    printed. A warning names a shift within two hours at which the two would agree far better.
    """
    from eegvlm.hypnogram import HypnogramError, agreement, read_hypnogram

    if align not in ("clock", "onset"):
        raise HypnogramError("--align", "value", align, "choose clock or onset")
    with _options_of("a"):
        first = read_hypnogram(
            a,
            format=format_a,
            coding=coding_a,
            epoch_s=epoch_length_a,
            onset_unit=onset_unit_a,
            scorer=scorer_a,
            stage_map=stage_map,
        )
    with _options_of("b"):
        second = read_hypnogram(
            b,
            format=format_b,
            coding=coding_b,
            epoch_s=epoch_length_b,
            onset_unit=onset_unit_b,
            scorer=scorer_b,
            stage_map=stage_map,
        )
    figures = agreement(first, second, by=cast(Literal["clock", "onset"], align))
    _refuse_small_share(figures, {"A": a, "B": b}, least_share)
    reading = [f"{name}: {note}" for name, hypnogram in (("A", first), ("B", second)) for note in hypnogram.notes]
    if as_json:
        whole = {"a": str(a), "b": str(b), **figures.to_dict(), "reading_notes": reading}
        typer.echo(json.dumps(whole, indent=2, ensure_ascii=False))
        return

    from rich.console import Console

    console = Console(highlight=False, markup=False)
    for name, path, scoring in (("A", a, first), ("B", b, second)):
        console.print(f"{name}  {path}: {scoring}", soft_wrap=True)
    console.print(_table(figures))
    kappa = "undefined (one stage only)" if figures.kappa is None else f"{figures.kappa:.3f}"
    aligned_by = "" if figures.aligned_by is None else f", aligned by {figures.aligned_by.in_words}"
    console.print(
        f"kappa {kappa}   accuracy {figures.accuracy:.3f}   macro-F1 {figures.macro_f1:.3f}   "
        f"compared {_percent(figures.share_a)} of A, {_percent(figures.share_b)} of B\n"
        f"{figures.n_compared} epochs of {figures.epoch_s:g} s compared, {figures.n_excluded} left out{aligned_by}",
        soft_wrap=True,
    )
    if figures.shift is not None:
        console.print(f"warning: {figures.shift.sentence('B')}", soft_wrap=True)
    for note in (*figures.notes, *reading):
        console.print(f"note: {note}", soft_wrap=True)


@contextmanager
def _options_of(side: str) -> Iterator[None]:
    """Let an error of reading name the options of A or of B."""
    from eegvlm.hypnogram import HypnogramError
    from eegvlm.hypnogram.error import with_options_of

    names = {f"--{name}": f"--{name}-{side}" for name in ("coding", "scorer", "onset-unit")}
    names |= {"--in-epoch-length": f"--epoch-length-{side}", "--from": f"--format-{side}"}
    try:
        yield
    except HypnogramError as error:
        raise with_options_of(error, names) from error


def _refuse_small_share(figures: Agreement, paths: Mapping[str, Path], least_share: float) -> None:
    """Refuse figures of a small part of a night.

    Raises
    ------
    HypnogramError
        If less than the least share of either night was compared.
    """
    from eegvlm.hypnogram import HypnogramError

    for (name, path), share in zip(paths.items(), (figures.share_a, figures.share_b), strict=True):
        if share is not None and 100 * share < least_share:
            left_out = "; ".join(note for note in figures.notes if note.startswith("left out"))
            hint = (
                f"no kappa is given for less than {least_share:g} %: check that both are of one night, their start "
                "times and names of stages, or lower --least-share"
            )
            value = f"{_percent(share)} of {name} ({figures.n_compared} epochs; {left_out or 'the rest is unscored'})"
            raise HypnogramError(path, "share compared", value, hint)


def _percent(share: float | None) -> str:
    """Write a share in percent, never rounded up to all of it."""
    return "-" if share is None else f"{math.floor(1000 * share + 1e-9) / 10:g} %"


def _table(figures: Agreement) -> Table:
    """Stages of A in rows: how B scored their epochs, and the figures of the stage."""
    from rich.table import Table
    from rich.text import Text

    from eegvlm.hypnogram import STAGES

    table = Table(title="rows: A, columns: B (epochs)", title_justify="left", title_style="dim")
    table.add_column("A", justify="right", style="bold")
    for stage in STAGES:
        table.add_column(stage.label, justify="right")
    for name in ("all", "precision", "recall", "F1"):
        table.add_column(name, justify="right")
    for stage, scores in zip(STAGES, figures.stages, strict=True):
        counts = [
            Text(str(count), style="bold" if column == stage else ("" if count else "dim"))
            for column, count in enumerate(figures.confusion[stage])
        ]
        shares = [Text("-" if x is None else f"{x:.3f}") for x in (scores.precision, scores.recall, scores.f1)]
        table.add_row(Text(stage.label), *counts, Text(str(scores.support)), *shares)
    totals = figures.confusion.sum(axis=0)
    table.add_section()
    table.add_row(Text("all"), *(Text(str(n)) for n in totals), Text(str(figures.n_compared)))
    return table
