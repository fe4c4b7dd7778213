"""``eegvlm stage``: recordings to hypnograms with probabilities, reasons and a report."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.evidence import Evidence
    from eegvlm.signals import Recording
    from eegvlm.staging import StagedNight, Stager

REPORT = "report"


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
    formats: Annotated[str, typer.Option(help="Files to write.")] = f"csv,edf,bids,json,{REPORT}",
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
    """Stage recordings: a hypnogram, five calibrated probabilities an epoch, reasons, statistics, a report."""
    from eegvlm.signals import parse_channels, read_recording
    from eegvlm.staging.night import check_formats

    chosen, wanted = parse_channels(channels or ()), [name.strip() for name in formats.split(",")]
    check_formats(wanted, REPORT)
    folders = _folders(recordings, out)
    console = Console(quiet=quiet, markup=False)
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
        asked = Asked(_explain(explain, stager), tuple(wanted), batch_size, reasons.value)
        for recording, folder in opened:
            with _reported(failed):
                _stage_one(recording, folder, stager, asked, console, resume=resume)
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


@dataclass(frozen=True)
class Asked:
    """What the user wants of every recording."""

    explain: Literal["none", "uncertain", "all"]
    formats: tuple[str, ...]
    batch_size: int
    reasons: Literal["grounded", "free"] = "grounded"


def _explain(explain: Explain | None, stager: Stager) -> Literal["none", "uncertain", "all"]:
    """Return which epochs get reasons; a model that cannot give them is refused only where they were asked for."""
    if explain is None:
        return "uncertain" if stager.can_explain else "none"
    stager.check_explain(explain.value)
    return explain.value


def _stage_one(
    recording: Recording, folder: Path, stager: Stager, asked: Asked, console: Console, *, resume: bool
) -> None:
    """Stage one recording into its folder, and print it."""
    if resume and _is_finished(folder, stager, recording.describe(), asked):
        console.print(f"{folder}: finished before, skipped", soft_wrap=True)
        return
    journal = folder / ".unfinished.npz"
    if not resume:
        journal.unlink(missing_ok=True)
    evidence = evidence_for(recording, stager, asked)
    with _progress(console) as bar:
        task = bar.add_task(folder.name, total=recording.n_epochs)
        reasons = bar.add_task("reasons", total=None, visible=False)
        night = stager.stage(
            recording,
            batch_size=asked.batch_size,
            explain=asked.explain,
            reasons=asked.reasons,
            evidence=evidence,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            explain_progress=lambda done, total: bar.update(reasons, completed=done, total=total, visible=True),
            journal=journal,
        )
    show_night(console, night, write_night(night, folder, recording, stager, asked, evidence))


def evidence_for(recording: Recording, stager: Stager, asked: Asked) -> Evidence | None:
    """Measure what reasons and report are held against; None where neither is wanted."""
    if asked.explain == "none" and REPORT not in asked.formats:
        return None
    from eegvlm.staging import measure_drawn

    return measure_drawn(recording, stager.processor.layout)


def write_night(
    night: StagedNight, folder: Path, recording: Recording, stager: Stager, asked: Asked, evidence: Evidence | None
) -> list[Path]:
    """Write a night's files, and its report before the file that says all are there."""

    def report(folder: Path) -> Path:
        from eegvlm.report import write_report

        layout = stager.processor.layout
        return write_report(folder, night, recording, layout, evidence=evidence, rationales=night.rationales)

    formats = [name for name in asked.formats if name != REPORT]
    return night.write(folder, formats, also=report if REPORT in asked.formats else None)


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


def _is_finished(folder: Path, stager: Stager, described: dict[str, object], asked: Asked) -> bool:
    """Say whether a folder holds this recording's night by this model, with all that is asked for."""
    import json

    from eegvlm.report.page import FILE
    from eegvlm.staging.night import FILES, SUMMARY

    if not all((folder / (FILE if name == REPORT else FILES[name][0])).is_file() for name in asked.formats):
        return False

    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and all(
        summary.get(key) == json.loads(json.dumps(value))
        for key, value in {
            **stager.night_provenance(asked.explain, reasons=asked.reasons),
            "recording": described,
        }.items()
    )


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


def show_night(console: Console, night: StagedNight, files: list[Path]) -> None:
    """Print what was matched, the statistics, the problems and the files."""
    table = Table(
        title=Text(str(files[0].parent)), title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0)
    )
    for panel, channel in night.panels.items():
        drawn = night.corrections.get(panel)
        gain = "" if drawn is None else f"  drawn x{drawn.gain:.2f} {drawn.in_words}".rstrip()
        shown = Text.assemble(channel, (gain, "dim")) if channel else Text("no channel; drawn empty", "dim")
        table.add_row(panel, shown)
    table.add_section()
    statistics = night.summary()["statistics"]
    for name, key, unit in _STATISTICS:
        value = statistics.get(key)
        table.add_row(name, "-" if value is None else f"{value:.1f} {unit}")
    console.print(table)
    for problem in night.recording.get("problems", ()):
        console.print(Text.assemble((problem["code"], "yellow"), f": {problem['message']}"))
    for note in night.hypnogram.notes:
        console.print(Text(f"note: {note}"))
    if advice := night.review.sentence():
        console.print(Text(advice), soft_wrap=True)
    console.print(Text("files: " + ", ".join(file.name for file in files)))
    console.print(Text(night.provenance["notice"], "dim"))


_STATISTICS = (
    ("time in bed", "tib_min", "min"),
    ("total sleep time", "tst_min", "min"),
    ("sleep efficiency", "sleep_efficiency_pct", "%"),
    ("sleep onset latency", "sol_min", "min"),
    ("wake after sleep onset", "waso_min", "min"),
)
