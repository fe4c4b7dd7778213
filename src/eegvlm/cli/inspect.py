"""``eegvlm inspect``: what a recording holds, and everything that is odd about it.

The quality of the channels is judged here as it is before staging, which reads the file once.
"""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from eegvlm.signals import (
    Lights,
    Problem,
    Quality,
    QualityKind,
    QualityLevel,
    Recording,
    Role,
    Stretch,
    measure_quality,
    parse_channels,
    read_recording,
)
from eegvlm.signals.roles import EEG_ROLES
from eegvlm.signals.survey import SurveyedSignal, survey

_STRETCHES_SHOWN = 12


def inspect(
    recording: Annotated[Path, typer.Argument(help="Recording: EDF, BDF, or what MNE reads.")],
    channels: Annotated[
        list[str] | None,
        typer.Option("--channels", help="Your own channels: eeg=Fpz-Cz,eog_left=LOC; A-B derives A against B."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what a recording holds: channels, roles, units, length, gaps, lights off and on, problems, bad stretches."""
    opened = read_recording(recording, parse_channels(channels or ()))
    signals = survey(opened)
    quality = measure_quality(opened)
    if as_json:
        typer.echo(json.dumps(_as_dict(opened, signals, quality), ensure_ascii=False, indent=2))
    else:
        _print(opened, signals, quality)
    # Raises, with the reasons, where the recording has EEG but none that can be used.
    opened.pick(EEG_ROLES)


def _as_dict(recording: Recording, signals: tuple[SurveyedSignal, ...], quality: Quality) -> dict[str, Any]:
    described = recording.describe()
    described["signals"] = [
        {
            "label": signal.label,
            "roles": [role.value for role in signal.roles],
            "rate_hz": signal.rate,
            "unit_in_file": signal.unit,
            "unit": signal.shown_unit,
            "min": _finite(signal.amplitude.low),
            "max": _finite(signal.amplitude.high),
            "robust_amplitude": _finite(signal.amplitude.robust),
            "flat_share": signal.amplitude.flat,
            "clipped_share": signal.amplitude.clipped,
            "note": signal.note,
        }
        for signal in signals
    ]
    described["quality"] = quality.to_dict(recording.start)
    return described


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _print(recording: Recording, signals: tuple[SurveyedSignal, ...], quality: Quality) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=150)
    console.print(Text(recording.path.name, style="bold"))
    console.print(Text(_length(recording)))
    console.print(_signal_table(signals))
    console.print(_channel_table(recording))
    if not any(channel.role in EEG_ROLES for channel in recording.channels):
        console.print(Text("No EEG channel is in use: name one with --channels eeg=LABEL.", style="yellow"))
    _print_problems(console, recording.problems)
    _print_quality(console, recording, quality)


def _length(recording: Recording) -> str:
    start = "unknown" if recording.start is None else recording.start.isoformat(" ")
    hours, rest = divmod(recording.duration_s, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        f"start {start}",
        f"length {int(hours)} h {int(minutes)} min {seconds:g} s",
        f"{recording.n_epochs} epochs of 30 s, {int(recording.scorable.sum())} scorable",
    ]
    if recording.partial_last_s:
        parts.append(f"the last one has {recording.partial_last_s:g} s")
    text = "; ".join(parts)
    gaps = recording.gaps
    if gaps:
        spans = ", ".join(f"{start:g} to {stop:g} s" for start, stop in gaps[:8])
        more = f" and {len(gaps) - 8} more" if len(gaps) > 8 else ""
        text += f"\ngaps: {spans}{more}"
    if recording.lights is not None:
        text += f"\n{_lights(recording, recording.lights)}"
    return text


def _lights(recording: Recording, lights: Lights) -> str:
    times = []
    for switch, seconds in (("off", lights.off_s), ("on", lights.on_s)):
        if seconds is None:
            times.append(f"lights {switch} unknown")
        elif recording.start is None:
            times.append(f"lights {switch} at {seconds:g} s")
        else:
            clock = recording.start + timedelta(seconds=seconds)
            times.append(f"lights {switch} {clock:%Y-%m-%d %H:%M:%S} ({seconds:g} s)")
    return f"{', '.join(times)}: {lights.source}"


def _signal_table(signals: tuple[SurveyedSignal, ...]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Signals in the file", title_justify="left")
    table.add_column("label")
    table.add_column("role")
    table.add_column("Hz", justify="right")
    table.add_column("unit in file")
    table.add_column("min", justify="right")
    table.add_column("max", justify="right")
    table.add_column("amplitude", justify="right")
    table.add_column("note", overflow="fold")
    for signal in signals:
        amplitude = signal.amplitude
        table.add_row(
            Text(signal.label),
            ", ".join(dict.fromkeys(role.value for role in signal.roles)),
            f"{signal.rate:.6g}",
            Text(signal.unit or "none"),
            _number(amplitude.low),
            _number(amplitude.high),
            Text(f"{_number(amplitude.robust)} {signal.shown_unit}".strip()),
            Text(signal.note),
        )
    return table


def _channel_table(recording: Recording) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Channels for scoring", title_justify="left")
    for column in ("role", "channel", "derivation", "note"):
        table.add_column(column)
    for channel in recording.channels:
        if channel.role is not Role.OTHER:
            table.add_row(channel.role.value, Text(channel.name), Text(channel.derivation), Text(channel.note))
    return table


def _print_problems(console: Any, problems: tuple[Problem, ...]) -> None:
    from rich.text import Text

    if not problems:
        console.print("No problems found.")
    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        line = Text(f"{problem.severity} ", style=colour)
        console.print(line.append(f"{problem.code}: {problem.message}", style="default"))


def _print_quality(console: Any, recording: Recording, quality: Quality) -> None:
    """Print stretches of bad signal, the unusable ones first, then by length; channels with the same one together."""
    from rich.text import Text

    together: dict[tuple[int, int, QualityLevel, QualityKind], list[Stretch]] = {}
    for stretch in quality.stretches():
        together.setdefault((stretch.first, stretch.last, stretch.level, stretch.kind), []).append(stretch)
    if not together:
        return
    console.print(Text("Signal quality", style="bold"))
    ordered = sorted(together, key=lambda key: (-key[2], key[0] - key[1], key[0]))
    for key in ordered[:_STRETCHES_SHOWN]:
        stretches = together[key]
        unusable = key[2] == QualityLevel.UNUSABLE
        line = Text(f"{key[2].name.lower()} ", style="red" if unusable else "yellow")
        names = ", ".join(stretch.channel for stretch in stretches)
        console.print(line.append(f"{key[3].value}: {names}, {_when(recording, stretches[0])}", style="default"))
    if len(ordered) > _STRETCHES_SHOWN:
        console.print(f"and {len(ordered) - _STRETCHES_SHOWN} more (all of them with --json)")


def _when(recording: Recording, stretch: Stretch) -> str:
    first, last = stretch.first + 1, stretch.last + 1
    epochs = f"epoch {first}" if first == last else f"epochs {first} to {last}"
    if recording.start is None:
        return epochs
    begin, end = stretch.clock(recording.start)
    return f"{begin:%H:%M:%S} to {end:%H:%M:%S} ({epochs})"


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
