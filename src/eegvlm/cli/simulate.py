"""``eegvlm simulate``: write a night whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from eegvlm.errors import InputError
from eegvlm.lab.simulation import DEFAULT_CHANNELS, EventKind, SimulatedNight, draw_subject, simulate_night
from eegvlm.lab.simulation.night import check_arguments
from eegvlm.lab.simulation.writing import check_outputs

_BYTES_PER_SAMPLE = 2
_STAGES = ("W", "N1", "N2", "N3", "R")


def simulate(
    out: Annotated[Path, typer.Option("--out", help="EDF+ file to write; <stem>.events.tsv goes beside it.")],
    hours: Annotated[float, typer.Option(help="Length of the recording.")] = 8.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same night.")] = 0,
    rate: Annotated[float, typer.Option(help="Samples per second.")] = 128.0,
    sleeper: Annotated[str, typer.Option(help="healthy, apnoea, or any.")] = "any",
) -> None:
    """Write a simulated night: EDF+ with the scoring as annotations, and a table of every event in it."""
    if sleeper not in ("any", "healthy", "apnoea"):
        raise InputError("arguments", "--sleeper", sleeper, "choose healthy, apnoea or any")
    check_arguments(hours, seed, rate)
    check_outputs(out, needs_bytes=round(hours * 3600 * rate) * len(DEFAULT_CHANNELS) * _BYTES_PER_SAMPLE)
    subject = draw_subject(seed, architecture=None if sleeper == "any" else sleeper)
    night = simulate_night(hours=hours, seed=seed, rate=rate, subject=subject)
    night.write(out)
    _print(night, out)


def _print(night: SimulatedNight, out: Path) -> None:
    console = Console(markup=False)
    subject = night.subject
    alpha = f"alpha {subject.alpha_hz:.1f} Hz" if subject.alpha_producer else "no alpha"
    console.print(
        f"{subject.architecture} sleeper, {subject.age:.0f} years, {alpha}, spindles {subject.spindle_hz:.1f} Hz; "
        f"{len(night.stages)} epochs, {len(night.signals)} channels at {night.rate:g} Hz",
        highlight=False,
    )
    stages = Table(*_STAGES, title="minutes of")
    stages.add_row(*(f"{0.5 * (night.stages == code).sum():.1f}" for code in range(5)))
    console.print(stages)
    counts = night.events.counts()
    events = Table("event", "count", "per hour", title="events")
    for kind in EventKind:
        if counts[kind]:
            per_hour = counts[kind] * 120 / len(night.stages)
            events.add_row(kind.value.replace("_", " "), str(counts[kind]), f"{per_hour:.1f}")
    console.print(events)
    console.print(f"{out} and {out.with_name(out.stem + '.events.tsv')}", highlight=False, soft_wrap=True)
