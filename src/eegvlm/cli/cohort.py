"""``eegvlm cohort``: thousands of nights with one command, resumable, on one machine or a cluster."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from eegvlm.cli.model_options import BatchSize, ComputeEngine, Device, Dtype, EngineChoice, engine_of
from eegvlm.cli.stage import Eeg, Explain, Reasons, Smooth
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.lab.cohort import Engine, Output, Shard, StagingPlan, WorkList

_ADDRESS = re.compile(r"auto|local|ray://\S+|[\w.-]+:\d+|\[[0-9a-fA-F:]+\]:\d+")
_FORMATS = "csv,edf,bids,json,report"


class _RayAddressOptional(TyperCommand):
    """Takes ``--ray`` without an address as ``--ray auto``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        padded = [*args, ""]
        full = [
            "--ray=auto" if argument == "--ray" and not _ADDRESS.fullmatch(after) else argument
            for argument, after in zip(args, padded[1:], strict=True)
        ]
        return list(super().parse_args(ctx, full))


class ResultsLayout(StrEnum):
    """How results are laid out."""

    PATHS = "paths"
    BIDS = "bids-derivatives"


cohort = typer.Typer(add_completion=False)


@cohort.command(name="cohort", cls=_RayAddressOptional)
def _cohort(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="IN...",
            help="Folders, recordings, a list file, a pattern, a URL; or the name of a data set and its folder.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str, typer.Option(metavar="OUT", help="Folder or URL (s3://, gs://, sftp://) for the results.")
    ] = "cohort",
    layout: Annotated[
        ResultsLayout, typer.Option(help="paths: as the recordings lie. bids-derivatives: a derivatives data set.")
    ] = ResultsLayout.PATHS,
    jobs: Annotated[int, typer.Option(min=1, help="Nights at a time on this machine, each in a process.")] = 1,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]", help="Run on a Ray cluster: HOST:PORT, auto (default) or local.", show_default=False
        ),
    ] = None,
    cpus: Annotated[float, typer.Option(min=0.1, help="CPUs that a worker on Ray occupies.")] = 1,
    gpus: Annotated[
        float | None,
        typer.Option(min=0, help="GPUs that a worker on Ray occupies.", show_default="1 where the cluster has any"),
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="K/N", help="Stage only part K of N; run once without it for the summary.")
    ] = None,
    print_slurm: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Print a Slurm job array of N tasks and stop.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be read, and stop.")] = False,
    model: Annotated[str, typer.Option(help="Name of a packaged model, or a checkpoint folder.")] = "nano",
    channels: Annotated[
        list[str] | None,
        typer.Option("--channels", metavar="ROLE=LABEL,...", help="Choose channels yourself, for every night."),
    ] = None,
    eeg: Annotated[Eeg, typer.Option(help="As in eegvlm stage.")] = Eeg.FIRST,
    smooth: Annotated[Smooth, typer.Option(help="As in eegvlm stage.")] = Smooth.AUTO,
    explain: Annotated[
        Explain | None, typer.Option(help="As in eegvlm stage.", show_default="uncertain, or none")
    ] = None,
    reasons: Annotated[Reasons, typer.Option(help="As in eegvlm stage.")] = Reasons.GROUNDED,
    formats: Annotated[str, typer.Option(help="Files to write of each night.")] = _FORMATS,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    dtype: Dtype = "auto",
    engine: EngineChoice = ComputeEngine.AUTO,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Stage many nights: each once, whatever is killed; a changed file anew; a failing night stops no other.

    Exit status 0: every night has results; 1: some failed (failures.csv says why); 2: the arguments are wrong.
    """
    from eegvlm.lab.cohort.shards import parse_shard, slurm_recipe

    if print_slurm is not None:
        print(slurm_recipe(_arguments_without("--print-slurm"), print_slurm), end="")
        return
    if ray is not None and jobs > 1:
        raise InputError("arguments", "--jobs", jobs, "--ray takes what the cluster has: leave one of the two out")
    part = None if shard is None else parse_shard(shard)

    from eegvlm.lab.cohort import find_nights, open_output
    from eegvlm.lab.cohort.run import FILES
    from eegvlm.lab.cohort.task import StagingPlan
    from eegvlm.model.weights import checkpoint_path, weights_hash
    from eegvlm.signals import parse_channels
    from eegvlm.staging.result_files import check_formats

    output = open_output(out)
    if not dry_run:
        output.check(FILES)
    format_names = tuple(name.strip() for name in formats.split(","))
    check_formats(format_names)
    if layout is ResultsLayout.BIDS and "bids" not in format_names:
        format_names = (*format_names, "bids")
    plan = StagingPlan(
        model=model,
        weights_sha256=weights_hash(checkpoint_path(model)),
        smooth=smooth.value,
        device=device,
        dtype=dtype,
        engine=engine_of(engine, model, None if explain is None else explain.value, device=device, dtype=dtype),
        channels=parse_channels(channels or ()),
        explain=None if explain is None else explain.value,
        reasons=reasons.value,
        eeg=eeg.value,
        formats=format_names,
        batch_size=batch_size,
        layout=layout.value,
    )
    work = find_nights(inputs, out=out)
    if not quiet:
        for problem in work.problems:
            print(f"eegvlm: {problem}", file=sys.stderr)
    if dry_run:
        _show_plan(work, output, plan, part)
        return
    _run(
        work,
        output,
        plan,
        _engine(jobs, ray, cpus, gpus),
        part,
        " ".join(inputs),
        threads=_threads(jobs, ray, cpus),
        quiet=quiet,
    )


def _run(
    work: WorkList,
    output: Output,
    plan: StagingPlan,
    engine: Engine,
    part: Shard | None,
    title: str,
    *,
    threads: int | None,
    quiet: bool,
) -> None:
    """Stage, and say what came of it."""
    from eegvlm.lab.cohort import StagingTask, stage_cohort
    from eegvlm.lab.cohort.progress import ProgressLine

    line: ProgressLine | None = None
    counts = (0, 0)

    def tell(done: int, failed: int, total: int) -> None:
        nonlocal line, counts
        line = line or ProgressLine(None if quiet else sys.stderr, total)
        counts = (done, failed)
        line.tell(done, failed)

    try:
        tally = stage_cohort(
            work.nights,
            StagingTask(plan, output, threads),
            output,
            engine=engine,
            shard=part,
            layout=plan.layout,
            title=title,
            has_reports="report" in plan.formats,
            progress=tell,
        )
    except KeyboardInterrupt:
        print("\neegvlm: interrupted; the same command goes on from there", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        if line is not None:
            line.close(*counts)
    if not quiet:
        print(f"{tally.total} nights: {tally.staged} staged, {tally.finished_before} before, {tally.failed} failed")
        if tally.has_table is False:
            print("eegvlm: summary.parquet: not written; pip install 'eeg-vlm[cohort]'", file=sys.stderr)
    if tally.failed:
        raise typer.Exit(1)


def _engine(jobs: int, ray: str | None, cpus: float, gpus: float | None) -> Engine:
    from eegvlm.lab.cohort import InProcess, LocalProcesses, RayCluster

    if ray is not None:
        return RayCluster(ray, cpus, gpus)
    return InProcess() if jobs == 1 else LocalProcesses(jobs)


def _threads(jobs: int, ray: str | None, cpus: float) -> int | None:
    from eegvlm.lab.cohort.run import worker_threads

    if ray is not None:
        return max(1, round(cpus))
    return None if jobs == 1 else worker_threads(jobs)


def _show_plan(work: WorkList, output: Output, plan: StagingPlan, part: Shard | None) -> None:
    """Print what a run would do, a night a line."""
    from eegvlm.lab.cohort.bids_derivatives import results_place
    from eegvlm.lab.cohort.run import standing

    nights = [night for night in work.nights if part is None or night.name in part]
    with output.journal(None) as journal:
        left = {night.name for night in standing(nights, journal, plan.digest).left}
    for night in nights:
        scoring = "" if not night.scorings else f"  scoring {night.scorings[0].path.name}"
        done = "" if night.name in left else "  (finished before)"
        print(f"{night.recording} -> {results_place(night, plan.layout)}{scoring}{done}")
    print(f"{len(nights)} nights, {len(left)} to stage")


def _arguments_without(option: str) -> list[str]:
    """Return the command's arguments as they were given, without an option and its value."""
    arguments = sys.argv[sys.argv.index("cohort") + 1 :]
    remaining, skip = [], False
    for argument in arguments:
        if not skip and argument != option and not argument.startswith(f"{option}="):
            remaining.append(argument)
        skip = argument == option
    return remaining
