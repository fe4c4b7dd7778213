"""``eegvlm evaluate``: judge a model against the experts of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from eegvlm.cli.bar import bar
from eegvlm.cli.dataset_options import (
    Coding,
    EpochLength,
    Extend20s,
    Grid,
    Only,
    OnsetUnit,
    Scorer,
    Scorings,
    StageMap,
    Subject,
    WakeCrop,
    folder_rules,
    grid_name,
    open_nights,
)
from eegvlm.cli.model_options import BatchSize, ChannelChoice, Device, Dtype, JudgedSet, names_among
from eegvlm.cli.stage import Reasons, Smooth
from eegvlm.cli.wide_console import wide_console
from eegvlm.core.extras import check_extra
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError
from eegvlm.signals import MODALITIES

if TYPE_CHECKING:
    from rich.console import Console

    from eegvlm.lab.datasets import Dataset
    from eegvlm.lab.evaluation import ConfusionBootstrap, Evaluation
    from eegvlm.lab.evaluation.report import Report
    from eegvlm.lab.evaluation.robustness import RobustnessRow
    from eegvlm.lab.evaluation.run import Channels, StageNight
    from eegvlm.signals import Recording
    from eegvlm.staging.reading import Inputs

_BASELINES = ("enhancement", "night", "logistic")
_INPUTS = ("both", "picture", "evidence")
_FIT_ON = "simulated:nights=6,seed=2000000,hours=8"
_SELF = "self"


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="Name of a packaged model, a checkpoint folder, or with --layout any base model."
        ),
    ],
    dataset: JudgedSet,
    root: Annotated[str | None, typer.Argument(metavar="ROOT", help="Where it lies.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for evaluation.json and evaluation.md.")] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            help="Zero-shot: show pictures of this layout to an image-text-to-text model as it was published."
        ),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What it is asked; by default the paper's question.")
    ] = None,
    context: Annotated[
        int | None, typer.Option(min=0, max=8, metavar="N", help="Neighbours on each side that it is shown, too.")
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(metavar="INDEX", help="Stage with scored epochs of others, as `eegvlm stage --examples` does."),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=0, help="Examples of an epoch; 0: none.")] = 4,
    wake_crop: WakeCrop = None,
    only: Only = None,
    scorer: Scorer = None,
    coding: Coding = None,
    scorings: Scorings = None,
    epoch_length: EpochLength = None,
    subject: Subject = None,
    stage_map: StageMap = None,
    onset_unit: OnsetUnit = None,
    grid: Grid = "scoring",
    extend_20s: Extend20s = False,
    channels: ChannelChoice = None,
    modalities: Annotated[
        str, typer.Option(metavar="LIST", help="Signals that are read; others are as if never recorded.")
    ] = ",".join(MODALITIES),
    inputs: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="What a model that reads evidence is given: both, picture or evidence. Of several, separated by "
            "commas, the first is judged in full and the others beside it.",
        ),
    ] = "both",
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="Judge a baseline on the same nights: logistic (regression on band powers), enhancement (the "
            "enhancement network without the language model) or night (with the night encoder). May be repeated.",
        ),
    ] = None,
    fit_on: Annotated[
        str, typer.Option(metavar="DATASET", help="What logistic is fitted on; self: cross-validation by subject.")
    ] = _FIT_ON,
    fit_root: Annotated[str | None, typer.Option(metavar="ROOT", help="Where that lies.")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of --fit-on self.")] = 10,
    judge_known: Annotated[
        bool,
        typer.Option("--judge-known", help="Judge persons, too, that the model was trained or validated on."),
    ] = False,
    smooth: Annotated[
        Smooth,
        typer.Option(help="Whether stages are weighed with their neighbours' too; auto: as the model's card says."),
    ] = Smooth.AUTO,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Stage each night again after each of a list of changes.")
    ] = False,
    faithfulness: Annotated[
        bool,
        typer.Option("--faithfulness", help="Let the model explain epochs, and test whether its reasons hold."),
    ] = False,
    faithfulness_epochs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Use only N epochs of each night, drawn by the seed.", show_default=False
        ),
    ] = None,
    reasons: Annotated[
        Reasons, typer.Option(help="What the reasons of --faithfulness may state: free shows what the model sees.")
    ] = Reasons.FREE,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples of the subjects.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of resamples, folds and random changes.")] = 0,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    dtype: Dtype = "auto",
) -> None:
    """Judge a model against the experts of a data set.

    Every epoch that an expert scored is judged; one without an answer is wrong. Intervals are over subjects. Persons
    that the model was trained or validated on are left out.
    """
    from dataclasses import replace

    from eegvlm.core.files import check_output_folder
    from eegvlm.lab.datasets.checks import DOUBTS
    from eegvlm.lab.datasets.training_record import read_record
    from eegvlm.lab.evaluation.report import JSON_FILE, MARKDOWN_FILE
    from eegvlm.lab.evaluation.unseen import ABOUT, unseen
    from eegvlm.model import checkpoint_path
    from eegvlm.signals import parse_channels

    chosen = parse_channels(channels or ())
    chosen_modalities = names_among("--modalities", modalities.split(","), MODALITIES)
    baselines = names_among("--baseline", baseline or (), _BASELINES)
    if "logistic" in baselines:
        check_extra("baseline", "--baseline logistic")
    chosen_inputs = list(dict.fromkeys(name.strip() for name in inputs.split(",")))
    names_among("--inputs", chosen_inputs, _INPUTS)
    if faithfulness_epochs is not None and not faithfulness:
        raise InputError("arguments", "--faithfulness-epochs", faithfulness_epochs, "give --faithfulness with it")
    if robustness and extend_20s:
        hint = "its changes are made for epochs of 30 s: leave one of the two out"
        raise InputError("arguments", "--robustness", "with --extend-20s", hint)
    for option, value in (("--prompt", prompt), ("--context", context)):
        if value is not None and layout is None:
            hint = "give --layout with it: a checkpoint that was trained has its own"
            raise InputError("arguments", option, value, hint)
    if layout is not None and chosen_inputs != ["both"]:
        raise InputError("arguments", "--inputs", inputs, "a base with --layout reads pictures alone: leave it out")
    source = None
    if examples is not None and k:
        for option, value in (
            ("--inputs", inputs if chosen_inputs != ["both"] else None),
            ("--faithfulness", faithfulness),
        ):
            if value:
                raise InputError("arguments", option, "with --examples", "leave one of the two out")
        from eegvlm.staging.examples import ExampleSource

        source = ExampleSource.open(examples, k)
    rules = folder_rules(scorings, coding, epoch_length, subject, stage_map, onset_unit)
    if out is not None:
        check_output_folder(out, files=(JSON_FILE, MARKDOWN_FILE))
    nights = open_nights(
        dataset,
        root,
        scorer=scorer,
        wake_crop_min=wake_crop,
        only=only,
        grid=grid_name(grid),
        extend_20s=extend_20s,
        rules=rules,
    )
    record = read_record(checkpoint_path(model)) if layout is None else None
    judged = unseen(nights.nights, record, model, keep_known=judge_known)
    nights = replace(nights, nights=judged.nights)
    who = {ABOUT: judged.sentence}
    if source is not None:
        from eegvlm.lab.evaluation import with_examples

        by = source.index.about["encoder"]
        judged = unseen(nights.nights, read_record(checkpoint_path(by)), f"encoder {by}", keep_known=judge_known)
        nights = replace(nights, nights=judged.nights)
        with bar("examples") as tell:
            source, said_of = with_examples.apart_from(source, nights.nights, progress=tell)
        who |= {"persons known to the index's encoder": judged.sentence, with_examples.ABOUT: said_of}
    training = None
    if "logistic" in baselines and fit_on != _SELF:
        training = _training(fit_on, fit_root, nights)

    from eegvlm.lab.evaluation import ConfusionBootstrap, systems
    from eegvlm.lab.evaluation import evaluate as judge
    from eegvlm.lab.evaluation import robustness as challenge
    from eegvlm.lab.evaluation.faithfulness import check_can_explain
    from eegvlm.lab.evaluation.faithfulness import faithfulness as test_reasons
    from eegvlm.lab.evaluation.report import Report
    from eegvlm.lab.evaluation.zero_shot import WrittenAnswers, base_stager
    from eegvlm.staging import Stager

    bootstrap = ConfusionBootstrap(resamples, seed)
    written = None
    other_stagers: list[Stager] = []
    if layout is not None:
        stager = base_stager(model, layout, prompt=prompt, context_epochs=context or 0, device=device, dtype=dtype)
        stager.smooth = "posterior" if smooth is Smooth.POSTERIOR else "none"
        written = WrittenAnswers(stager, batch_size=batch_size, examples=source)
    else:
        stager, *other_stagers = (
            Stager.from_pretrained(model, smooth=smooth.value, device=device, dtype=dtype, inputs=cast("Inputs", name))
            for name in chosen_inputs
        )
    if faithfulness:
        check_can_explain(stager)
    provenance = {key: value for key, value in stager.provenance.items() if key != "notice"}
    about = {**_about(nights, wake_crop, chosen, chosen_modalities), **who}
    system = systems.whole_model(stager, batch_size=batch_size)
    if source is not None:
        system = with_examples.with_examples(stager, source, batch_size=batch_size)
    likeliest = _reading_only(chosen_modalities, system)
    whole = likeliest if written is None else _reading_only(chosen_modalities, written)
    description: Mapping[str, Any] = {**provenance, **about, "folds": "none, one model for all nights"}
    with bar("model") as tell:
        of_model = judge(whole, nights.nights, channels=chosen, about=description, progress=tell, bootstrap=bootstrap)
    more = () if written is None else (written.table(),)
    others: dict[str, Evaluation] = {}
    if written is not None:
        description = {
            **about,
            "model": "the label that the same model thinks likeliest after the question, uncalibrated",
        }
        with bar("likeliest label") as tell:
            others["likeliest label"] = judge(
                likeliest, nights.nights, channels=chosen, about=description, progress=tell, bootstrap=bootstrap
            )
    for other in other_stagers:
        alone = _reading_only(chosen_modalities, systems.whole_model(other, batch_size=batch_size))
        description = {**about, "model": f"the model, of its inputs: {other.inputs}"}
        with bar(other.inputs) as tell:
            others[f"inputs: {other.inputs}"] = judge(
                alone, nights.nights, channels=chosen, about=description, progress=tell, bootstrap=bootstrap
            )
    for name, between in (("enhancement", ""), ("night", ", the night encoder")):
        if name not in baselines:
            continue
        alone = _reading_only(chosen_modalities, systems.enhancement_alone(stager, night=bool(between)))
        description = {**about, "model": f"the model's enhancement network{between} and its classifier"}
        with bar(name) as tell:
            others[name] = judge(
                alone, nights.nights, channels=chosen, about=description, progress=tell, bootstrap=bootstrap
            )
    if "logistic" in baselines:
        others["logistic"] = _logistic(nights, training, chosen, about, bootstrap, folds)
    rows: tuple[RobustnessRow, ...] = ()
    if robustness:
        with bar("robustness") as tell:
            rows = challenge(whole, nights.nights, channels=chosen, progress=tell, bootstrap=bootstrap)
    tested = None
    if faithfulness:
        with bar("faithfulness") as tell:
            tested = test_reasons(
                stager,
                nights.nights,
                epochs_a_night=faithfulness_epochs,
                reasons=reasons.value,
                channels=chosen,
                modalities=chosen_modalities,
                batch_size=batch_size,
                progress=tell,
                bootstrap=bootstrap,
            )
    left_out = [problem.message for problem in nights.problems if problem.severity == "error"]
    doubts = [problem.message for problem in nights.problems if problem.code in DOUBTS]
    report = Report(of_model, others, rows, left_out, tested, doubts, more)
    console = wide_console()
    print_report(report, console)
    if out is not None:
        console.print("files: " + ", ".join(str(file) for file in report.write(out)), soft_wrap=True)


def print_report(report: Report, console: Console) -> None:
    """Print what was judged on what, every table, and the notes."""
    for line in report.lines():
        console.print(line, soft_wrap=True)
    for table in report.tables():
        console.print()
        console.print(table.rich())
    console.print("\nIn brackets: 95 % bootstrap intervals over subjects.")
    for note in report.notes():
        console.print(f"note: {note}", soft_wrap=True)
    console.print(NOTICE, style="dim")


def _about(dataset: Dataset, wake_crop: float | None, chosen: Channels, modalities: tuple[str, ...]) -> dict[str, Any]:
    options = {key: value for key, value in dataset.options.items() if value is not None and key != "wake_crop_min"}
    return {
        "data set": _set_name(dataset),
        "options": options or None,
        "scorings laid on their recordings by": dataset.aligned_by_in_words or None,
        "wake": "not cropped" if wake_crop is None else f"cropped to {wake_crop:g} min around sleep",
        "channels asked for": dict(chosen) or "by role",
        "modalities": ", ".join(modalities),
    }


def _set_name(dataset: Dataset) -> str:
    """Return the data set's name, with what was simulated where it was; no folders."""
    specification = f" {dataset.root.removeprefix('simulated').removeprefix(':')}"
    return dataset.name + (specification if dataset.name == "simulated" else "")


def _reading_only(modalities: tuple[str, ...], system: StageNight) -> StageNight:
    """Let a system read some kinds of signals only."""
    from eegvlm.lab.evaluation.perturbations import keep_modalities

    def read(recording: Recording) -> Any:
        return system(recording if set(modalities) == set(MODALITIES) else keep_modalities(recording, modalities))

    return read


def _training(name: str, root: str | None, judged: Dataset) -> Dataset:
    """Open what a baseline is fitted on; refuse subjects that are judged."""
    training = open_nights(name, root)
    both = {night.person for night in judged.nights} & {night.person for night in training.nights}
    if both:
        hint = "fit on other subjects than those that are judged, or cross-validate with --fit-on self"
        raise InputError("arguments", "--fit-on", f"shares {', '.join(sorted(both)[:3])} with the data set", hint)
    return training


def _logistic(
    nights: Dataset,
    training: Dataset | None,
    chosen: Channels,
    about: Mapping[str, Any],
    bootstrap: ConfusionBootstrap,
    folds: int,
) -> Evaluation:
    """Judge the regression: cross-validated where no other nights are given to fit it on."""
    from eegvlm.lab.evaluation import evaluate as judge
    from eegvlm.lab.evaluation import judge as judge_answers
    from eegvlm.lab.evaluation import logistic

    description = {**about, "model": "logistic regression on band powers of one EEG channel"}
    if training is None:
        folds = min(folds, len(nights.subjects))
        description |= {"fitted on": "the same data set, other subjects", "folds": f"{folds} by subject"}
        with bar("logistic") as tell:
            answers, errors = logistic.cross_validate(
                nights.nights, folds=folds, seed=bootstrap.seed, channels=chosen, progress=tell
            )
        return judge_answers(answers, about=description, errors=errors, bootstrap=bootstrap)
    description |= {"fitted on": f"{_set_name(training)}, {len(training.nights)} nights", "folds": "none"}
    with bar("logistic") as tell:
        if tell is not None:
            tell(0, len(nights.nights), "fit")
        stager = logistic.fit_on(training.nights)
        return judge(stager, nights.nights, channels=chosen, about=description, progress=tell, bootstrap=bootstrap)
