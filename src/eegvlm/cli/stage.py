"""``eegvlm stage``: recordings to hypnograms with probabilities, reasons and a report."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from eegvlm.cli.collection import collection_paused
from eegvlm.cli.model_options import ComputeEngine, Device, Dtype, EngineChoice, engine_of
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.signals import Recording
    from eegvlm.staging import StagedNight, StageOptions, Stager

_FORMATS = "csv,edf,bids,json,report"
_ROOM_BYTES = 8_000_000  # the files of a night, its report above all


class Smooth(StrEnum):
    """How neighbours weigh."""

    AUTO = "auto"
    NONE = "none"
    POSTERIOR = "posterior"


class Explain(StrEnum):
    """Which epochs get reasons."""

    ALL = "all"
    UNCERTAIN = "uncertain"
    NONE = "none"


class Reasons(StrEnum):
    """What reasons may state."""

    GROUNDED = "grounded"
    FREE = "free"


class Eeg(StrEnum):
    """Which derivations are read."""

    FIRST = "first"
    VOTE = "vote"


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
    model: Annotated[
        str, typer.Option(help="A packaged model, a checkpoint folder, or owner/name[@revision] on the Hub.")
    ] = "nano",
    channels: Annotated[
        list[str] | None,
        typer.Option(
            "--channels",
            metavar="ROLE=LABEL,...",
            help="Choose channels yourself, e.g. eeg=Fpz-Cz,eog=LOC-A2.",
        ),
    ] = None,
    eeg: Annotated[
        Eeg,
        typer.Option(
            help="first: the preferred derivation, and another one where it is dead. vote: every one, pooled."
        ),
    ] = Eeg.FIRST,
    smooth: Annotated[
        Smooth,
        typer.Option(help="Whether stages are weighed with their neighbours' too; auto: as the model's card says."),
    ] = Smooth.AUTO,
    explain: Annotated[
        Explain | None,
        typer.Option(
            help="Which epochs get reasons, checked against the signal.",
            show_default="uncertain, or none where the model gives no reasons",
        ),
    ] = None,
    reasons: Annotated[
        Reasons,
        typer.Option(help="grounded: only what was measured can be stated. free: whatever the model believes to see."),
    ] = Reasons.GROUNDED,
    lights_off: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Clock time (22:41, 10:41 PM) or seconds after the recording's start."),
    ] = None,
    lights_on: Annotated[str | None, typer.Option(metavar="TIME", help="Likewise.")] = None,
    second_reader: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Another stager beside ours: yasa, or one that is installed; or a scorer's file."
        ),
    ] = None,
    pool: Annotated[bool, typer.Option("--pool", help="Answer with the pool of both readers' probabilities.")] = False,
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="INDEX",
            help="Scored epochs of others (`eegvlm index`): shown to a general-purpose model before each question, or "
            "pooled with another model as a vote.",
        ),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=0, help="Examples of an epoch; 0: none.")] = 4,
    formats: Annotated[str, typer.Option(help="Files to write.")] = _FORMATS,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Epochs read at a time; the result does not depend on it.")
    ] = 32,
    device: Device = "auto",
    dtype: Dtype = "auto",
    engine: EngineChoice = ComputeEngine.AUTO,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a killed run stood; skip finished nights.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Stage recordings: a hypnogram, five calibrated probabilities an epoch, reasons, statistics, a report."""
    from eegvlm.core.files import check_output_folder
    from eegvlm.signals import parse_channels, read_recording
    from eegvlm.staging.result_files import check_formats, result_files

    chosen = parse_channels(channels or ())
    format_names = tuple(name.strip() for name in formats.split(","))
    check_formats(format_names)
    folders = _folders(recordings, out)
    for folder in folders.values():
        check_output_folder(folder, files=result_files(format_names), needs_bytes=_ROOM_BYTES)
    failed: list[int] = []
    opened: list[tuple[Recording, Path]] = []
    for path in recordings:  # every header is checked before the first night is staged, and before torch is waited for
        with _reported(path, failed):
            opened.append((read_recording(path, chosen), folders[path]))
    if not opened:
        raise typer.Exit(min(failed))
    with collection_paused():
        from eegvlm.staging import StageOptions, second_reader_named
    source = None
    if examples is not None and k:
        from eegvlm.staging.examples import ExampleSource

        source = ExampleSource.open(examples, k)
    options = StageOptions(
        examples=source,
        explain=None if explain is None else explain.value,
        reasons=reasons.value,
        eeg=eeg.value,
        formats=format_names,
        batch_size=batch_size,
        lights_off=lights_off,
        lights_on=lights_on,
        second_reader=None if second_reader is None else second_reader_named(second_reader),
        pool=pool,
        resume=resume,
    )
    console = Console(quiet=quiet, markup=False)
    with collection_paused():
        stager = _stager(model, options, engine, smooth=smooth.value, device=device, dtype=dtype)
    stager.check_explain(options.explain or "none")
    console.print(Text(f"engine: {stager.engine}", "dim"))
    for recording, folder in opened:
        with _reported(recording.path, failed):
            _stage_one(recording, folder, stager, options, console)
    if failed:
        raise typer.Exit(min(failed))


def _stager(
    model: str, options: StageOptions, engine: ComputeEngine, *, smooth: Any, device: str, dtype: str
) -> Stager:
    """Load the model for what computes."""
    from eegvlm.staging import Stager

    has_examples = options.examples is not None
    chosen = engine_of(engine, model, options.explain, device=device, dtype=dtype, examples=has_examples)
    return Stager.from_pretrained(model, smooth=smooth, device=device, dtype=dtype, engine=chosen)


@contextmanager
def _reported(path: Path, failed: list[int]) -> Iterator[None]:
    """Say what is wrong with one recording and go on with the next, whatever it is; note the exit status."""
    try:
        yield
    except InputError as error:
        print(f"eegvlm: {error}", file=sys.stderr)
        failed.append(2)
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        print(f"eegvlm: {path}: staging: {reason}; free memory or disk, and stage it again", file=sys.stderr)
        failed.append(2)
    except Exception:  # a fault of ours, which the nights after it must not pay for
        traceback.print_exc()
        print(f"eegvlm: {path}: staging: failed by a fault of eeg-vlm; report what stands above", file=sys.stderr)
        failed.append(1)


def _stage_one(recording: Recording, folder: Path, stager: Stager, options: StageOptions, console: Console) -> None:
    """Stage one recording into its folder, and print it."""
    from eegvlm.staging.pipeline import stage_recording

    with _progress(console) as bar:
        task = bar.add_task(folder.name, total=recording.n_epochs)
        reasons = bar.add_task("reasons", total=None, visible=False)
        night = stage_recording(
            recording,
            folder,
            stager,
            options,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            explain_progress=lambda done, total: bar.update(reasons, completed=done, total=total, visible=True),
        )
    if night is None:
        console.print(f"{folder}: finished before, skipped", soft_wrap=True)
    else:
        show_night(console, night, folder)


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


def _progress(console: Console) -> Progress:
    """Return a bar with epochs a second and the time left."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f} epochs"),
        _EpochsPerSecond(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def show_night(console: Console, night: StagedNight, folder: Path) -> None:
    """Print what was matched, the statistics, the problems and the files of a night that was written."""
    table = Table(title=Text(str(folder)), title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    corrections = night.prepared.corrections
    for panel, channel in night.panels.items():
        correction = corrections.get(panel)
        gain = "" if correction is None else f"  drawn x{correction.gain:.2f} {correction.in_words}".rstrip()
        description = Text.assemble(channel, (gain, "dim")) if channel else Text("no channel; drawn empty", "dim")
        table.add_row(panel, description)
    table.add_section()
    statistics = night.counted.statistics.to_dict()
    for name, key, unit in _STATISTICS:
        value = statistics.get(key)
        table.add_row(name, "-" if value is None else f"{value:.1f} {unit}")
    table.add_row("counted", Text(night.counted.basis, "dim"))
    console.print(table)
    if night.second is not None:
        console.print(Text(night.second.sentence))
    for problem in night.all_problems:
        console.print(Text.assemble((str(problem["code"]), "yellow"), f": {problem['message']}"), soft_wrap=True)
    for note in night.hypnogram.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)
    if advice := night.review.sentence():
        console.print(Text(advice), soft_wrap=True)
    files = sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))
    console.print(Text("files: " + ", ".join(files)))
    console.print(Text(night.provenance["notice"], "dim"))


_STATISTICS = (
    ("time in bed", "tib_min", "min"),
    ("total sleep time", "tst_min", "min"),
    ("sleep efficiency", "sleep_efficiency_pct", "%"),
    ("sleep onset latency", "sol_min", "min"),
    ("wake after sleep onset", "waso_min", "min"),
)
