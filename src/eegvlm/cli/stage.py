"""``eegvlm stage``: recordings to hypnograms with probabilities."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.signals import Recording
    from eegvlm.staging import StagedNight, Stager


class Smooth(StrEnum):
    """How neighbours weigh."""

    NONE = "none"
    POSTERIOR = "posterior"


class _EpochsPerSecond(ProgressColumn):
    """Epochs a second since the night began."""

    def render(self, task: Task) -> Text:
        """Return the rate, or a dash before the first batch."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} epochs/s" if speed else "- epochs/s")


def stage(
    recordings: Annotated[
        list[Path], typer.Argument(metavar="RECORDING...", help="EDF, EDF+, BDF, or what MNE reads.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; each recording gets its own in it.")] = Path(
        "staged"
    ),
    model: Annotated[str, typer.Option(help="Name of a packaged model, or a checkpoint folder.")] = "nano",
    channels: Annotated[
        list[str] | None,
        typer.Option(
            "--channels",
            metavar="ROLE=LABEL,...",
            help="Choose channels yourself, e.g. eeg=Fpz-Cz,eog=LOC-A2.",
        ),
    ] = None,
    smooth: Annotated[
        Smooth, typer.Option(help="Whether each epoch is weighed with its neighbours.")
    ] = Smooth.POSTERIOR,
    formats: Annotated[str, typer.Option(help="Files to write.")] = "csv,edf,bids,json",
    batch_size: Annotated[
        int, typer.Option(min=1, help="Epochs read at a time; the result does not depend on it.")
    ] = 32,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 ...")] = "auto",
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16, float16.")] = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a killed run stood; skip finished nights.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Stage recordings: a hypnogram, five calibrated probabilities an epoch, sleep statistics."""
    from eegvlm.signals import parse_channels, read_recording
    from eegvlm.staging.night import check_formats

    chosen, wanted = parse_channels(channels or ()), [name.strip() for name in formats.split(",")]
    check_formats(wanted)
    folders = _folders(recordings, out)
    console = Console(quiet=quiet)
    failed: list[InputError] = []
    opened = []
    for path in recordings:  # every header is checked before the first night is staged
        with _reported(failed):
            opened.append((read_recording(path, chosen), folders[path]))
    if opened:
        from transformers.utils.logging import disable_progress_bar

        from eegvlm.staging import Stager

        disable_progress_bar()  # transformers' own, for weights that load in a blink
        stager = Stager.from_pretrained(model, smooth=smooth.value, device=device, dtype=dtype)
        for recording, folder in opened:
            with _reported(failed):
                _stage_one(recording, folder, stager, wanted, console, batch_size=batch_size, resume=resume)
    if failed:
        raise typer.Exit(2)


@contextmanager
def _reported(failed: list[InputError]) -> Iterator[None]:
    """Say what is wrong with one recording and go on with the next."""
    try:
        yield
    except InputError as error:
        print(f"eegvlm: {error}", file=sys.stderr)
        failed.append(error)


def _stage_one(
    recording: Recording,
    folder: Path,
    stager: Stager,
    formats: list[str],
    console: Console,
    *,
    batch_size: int,
    resume: bool,
) -> None:
    """Stage one recording into its folder, and print it."""
    if resume and _is_finished(folder, stager, recording.describe()):
        console.print(f"{folder}: finished before, skipped", soft_wrap=True)
        return
    journal = folder / ".unfinished.npz"
    if not resume:
        journal.unlink(missing_ok=True)
    with _progress(console) as bar:
        task = bar.add_task(folder.name, total=recording.n_epochs)
        night = stager.stage(
            recording,
            batch_size=batch_size,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            journal=journal,
        )
    show_night(console, night, night.write(folder, formats))


def _folders(recordings: list[Path], out: Path) -> dict[Path, Path]:
    """Return each recording's folder; two of one name would overwrite each other and are refused."""
    folders: dict[Path, Path] = {}
    taken: dict[str, Path] = {}
    for path in recordings:
        if path.stem in taken:
            raise InputError(
                path, "name", path.stem, f"{taken[path.stem]} has the same name: stage it with another --out"
            )
        taken[path.stem] = path
        folders[path] = out / path.stem
    return folders


def _is_finished(folder: Path, stager: Stager, described: dict[str, object]) -> bool:
    """Say whether a folder holds this recording's night by this model."""
    import json

    from eegvlm.staging.night import SUMMARY

    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and all(
        summary.get(key) == json.loads(json.dumps(value))
        for key, value in {**stager.provenance, "recording": described}.items()
    )


def _progress(console: Console) -> Progress:
    """Return a bar with epochs a second and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f} epochs"),
        _EpochsPerSecond(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def show_night(console: Console, night: StagedNight, files: list[Path]) -> None:
    """Print what was matched, the statistics, the problems and the files."""
    table = Table(title=str(files[0].parent), title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    for panel, channel in night.panels.items():
        table.add_row(panel, channel or "[dim]no channel; drawn empty[/dim]")
    table.add_section()
    statistics = night.summary()["statistics"]
    for name, key, unit in _STATISTICS:
        value = statistics.get(key)
        table.add_row(name, "-" if value is None else f"{value:.1f} {unit}")
    console.print(table)
    for problem in night.recording.get("problems", ()):
        console.print(f"[yellow]{problem['code']}[/yellow]: {problem['message']}", highlight=False)
    for note in night.hypnogram.notes:
        console.print(f"note: {note}", highlight=False)
    console.print("files: " + ", ".join(file.name for file in files), highlight=False)
    console.print(f"[dim]{night.provenance['notice']}[/dim]", highlight=False)


_STATISTICS = (
    ("time in bed", "tib_min", "min"),
    ("total sleep time", "tst_min", "min"),
    ("sleep efficiency", "sleep_efficiency_pct", "%"),
    ("sleep onset latency", "sol_min", "min"),
    ("wake after sleep onset", "waso_min", "min"),
)
