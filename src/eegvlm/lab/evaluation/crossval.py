"""Cross-validation: each fold trains a model, judges it on persons that it has not met, and all answers are pooled.

A fold is a run of ``eegvlm train`` whose test persons are left out; its validation persons, who are others, set the
temperatures and the smoothing. Nights are prepared once for all folds. What is done stays: a run that was killed goes
on within its fold. Intervals are over persons, as everywhere; they say nothing of how a fold would turn out with
another seed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eegvlm.errors import InputError
from eegvlm.images import ImageLayout, load_layout
from eegvlm.lab.datasets import Night
from eegvlm.lab.datasets.training_record import TrainingRecord, read_record
from eegvlm.lab.evaluation import systems
from eegvlm.lab.evaluation.answer_file import read_answers, write_answers
from eegvlm.lab.evaluation.answers import NightAnswers
from eegvlm.lab.evaluation.evaluation import judge
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.lab.evaluation.report import Report
from eegvlm.lab.evaluation.run import JudgedNight, StageNight, answer_nights
from eegvlm.lab.evaluation.summary import summarise
from eegvlm.lab.evaluation.tables import FigureTable, number
from eegvlm.lab.evaluation.unseen import ABOUT, Judged, unseen
from eegvlm.lab.training import Recipe, train
from eegvlm.lab.training.data_checks import check_data
from eegvlm.lab.training.parts import held_out_nights, n_folds
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.recipe import RecordedNights
from eegvlm.lab.training.record import record_of_base
from eegvlm.lab.training.run_folder import check_claim, claim
from eegvlm.model.general import STAGER_FILE
from eegvlm.signals import Recording

CLAIM = "crossval.json"
ANSWERS = "answers.npz"

Track = Callable[[list[Any], str], Iterable[Any]]
Tell = Callable[[str], None]
Tested = tuple[RecordedNights, Night]


@dataclass(frozen=True)
class ChannelledNight:
    """A night whose channels its source names."""

    night: Night
    channels: Mapping[str, str]

    @property
    def person(self) -> str:
        """The sleeper."""
        return self.night.person

    @property
    def name(self) -> str:
        """The night."""
        return self.night.name

    def recording(self, channels: Any = None) -> Recording:
        """Open the recording, with the source's channels where it names some."""
        return self.night.recording(self.channels or channels)

    def hypnogram(self) -> Any:
        """Read the expert's stages."""
        return self.night.hypnogram()


@dataclass(frozen=True)
class Options:
    """How the models of a cross-validation are run.

    Parameters
    ----------
    only
        Folds that are run now, from 1 on; all where empty. Those that are done already are pooled, too.
    judge_known
        Whether persons are judged whom the recipe's base has met.
    device, dtype, batch_size
        Of staging; as in :meth:`eegvlm.staging.Stager.from_pretrained`.
    """

    only: tuple[int, ...] = ()
    judge_known: bool = False
    device: str = "auto"
    dtype: str = "auto"
    batch_size: int = 32


def cross_validate(
    recipe: Recipe,
    out: Path,
    *,
    data: Mapping[str, Path],
    resume: bool = False,
    options: Options | None = None,
    track: Track = lambda items, what: items,
    tell: Tell = lambda sentence: None,
    bootstrap: ConfusionBootstrap | None = None,
) -> Report:
    """Train and judge every fold of a recipe, and pool the answers.

    Parameters
    ----------
    recipe
        With ``data.split``, or with a test part of its own, which is one fold.
    out
        Folder: ``fold-01/`` and so on, each a training run with its ``answers.npz``, and ``nights/``, which they share.
    data
        Where each recorded source of the recipe lies, by its name.
    resume
        Go on with what is in ``out``.
    options
        How models are run.
    track
        ``track(items, what)`` wraps lists of nights that are prepared, to show how far it is.
    tell
        Called with a sentence when a fold begins to be trained and to be judged.
    bootstrap
        How intervals over persons are drawn.

    Returns
    -------
    Report
        Of all test persons together, with a table of folds.

    Raises
    ------
    InputError
        Before any work: if the recipe has nobody to test, a fold does not exist, the base has met all persons of a
        fold, or ``out`` holds something else.
    """
    options = options or Options()
    if Processes.join().count > 1:
        raise InputError("crossval", "processes", "several", "start it without accelerate: folds run one after another")
    check_claim(recipe, out, resume=resume, record=CLAIM)
    layout = load_layout(recipe.model.layout)
    count = n_folds(recipe.data, layout, data)
    chosen = options.only or tuple(range(1, count + 1))
    if wrong := [fold for fold in chosen if not 1 <= fold <= count]:
        raise InputError("arguments", "--only", wrong[0], f"there are {count} folds")
    base = record_of_base(recipe)
    for fold in range(1, count + 1):
        tested = [night for _, night in held_out_nights(of_fold(recipe, fold).data, layout, data)]
        unseen(tested, base, f"base {recipe.model.base}, fold {fold}", keep_known=options.judge_known)
    check_data(of_fold(recipe, chosen[0]), data)
    claim(recipe, out, resume=resume, record=CLAIM)
    for fold in chosen:
        folder = out / f"fold-{fold:02d}"
        if not (folder / ANSWERS).is_file():
            fold_recipe = of_fold(recipe, fold)
            tell_fold = prefixed(tell, f"fold {fold} of {count}")
            tell_fold("training")
            model = train(fold_recipe, folder, data=data, resume=True, progress=track, nights_in=out / "nights")
            _judge_fold(fold_recipe, folder, model, layout, data, options, tell_fold)
    return _pooled(recipe, out, count, bootstrap or ConfusionBootstrap())


def prefixed(tell: Tell, run: str) -> Tell:
    """Return what tells the same sentences with the name of a run before each."""
    return lambda sentence: tell(f"{run}: {sentence}")


def of_fold(recipe: Recipe, fold: int) -> Recipe:
    """Return the recipe of one fold, from 1 on; a recipe that states its parts is its only one."""
    if recipe.data.split is None:
        return recipe
    return replace(recipe, data=replace(recipe.data, split=replace(recipe.data.split, fold=fold)))


def stage_strangers(
    stage_night: StageNight,
    pairs: Sequence[Tested],
    record: TrainingRecord | None,
    model: str,
    options: Options,
    tell: Tell,
    *,
    of: str = "",
) -> tuple[Judged[JudgedNight], list[NightAnswers], dict[str, str]]:
    """Stage nights that were held out, without those of persons whom the model has met.

    Parameters
    ----------
    stage_night
        The model, as a system.
    pairs
        The nights, each with its source.
    record, model
        Whom the model has met, and its name.
    options
        Whether persons whom the model has met are judged nevertheless.
    tell
        Called with a sentence that says how many nights are staged.
    of
        How that sentence goes on.

    Returns
    -------
    judged, answers, errors
        The nights that are judged, their answers, and by name why a night could not be staged.

    Raises
    ------
    InputError
        If nobody is left.
    """
    nights: list[JudgedNight] = [ChannelledNight(night, source.channels) for source, night in pairs]
    judged = unseen(nights, record, model, keep_known=options.judge_known)
    tell(f"staging {len(judged.nights)} night{'s' * (len(judged.nights) > 1)}{of}")
    answers, errors = answer_nights(stage_night, judged.nights)
    return judged, answers, errors


def _judge_fold(
    recipe: Recipe,
    folder: Path,
    model: Path,
    layout: ImageLayout,
    data: Mapping[str, Path],
    options: Options,
    tell: Tell,
) -> None:
    """Stage the test nights of a fold and keep the answers."""
    from eegvlm.staging import Stager

    record = read_record(model)
    pairs = held_out_nights(recipe.data, layout, data)
    stager = Stager.from_pretrained(model, device=options.device, dtype=options.dtype)
    system = systems.whole_model(stager, batch_size=options.batch_size)
    judged, answers, errors = stage_strangers(system, pairs, record, model.name, options, tell)
    about = {
        "errors": errors,
        ABOUT: judged.sentence,
        "validated on": {} if record is None else _last(record).counts("validation"),
        "weights_sha256": stager.provenance["weights_sha256"],
        **_calibration(model),
    }
    write_answers(folder / ANSWERS, answers, about)


def _last(record: TrainingRecord) -> TrainingRecord:
    """Return the record of the last run alone."""
    return TrainingRecord(record.entries[-1:])


def _calibration(model: Path) -> dict[str, Any]:
    """Return what the validation persons set."""
    settings = model / STAGER_FILE
    fields = json.loads((settings if settings.is_file() else model / "config.json").read_text(encoding="utf-8"))
    return {key: fields[key] for key in ("stage_temperature", "smoothing", "smoothing_strength")}


def _pooled(recipe: Recipe, out: Path, count: int, bootstrap: ConfusionBootstrap) -> Report:
    """Pool the answers of all folds that are done."""
    done = {fold: file for fold in range(1, count + 1) if (file := out / f"fold-{fold:02d}" / ANSWERS).is_file()}
    folds = {fold: read_answers(file) for fold, file in done.items()}
    times = Counter(night.night for nights, _ in folds.values() for night in nights)
    # repeated hold-outs test a person several times; the nights keep apart, the person stays one
    everyone = [
        replace(night, night=f"fold {fold}: {night.night}") if times[night.night] > 1 else night
        for fold, (nights, _) in folds.items()
        for night in nights
    ]
    errors = {name: why for _, about in folds.values() for name, why in about["errors"].items()}
    split = recipe.data.split
    crops = sorted({str(source.wake_crop_min) for source in (*recipe.data.train.recorded, *recipe.data.test.recorded)})
    about = {
        "recipe": recipe.name,
        "split": "the recipe's own parts" if split is None else split.protocol,
        "folds": f"{len(done)} of {count}, each judged by a model that was trained without its persons",
        "wake": "not cropped" if crops == ["None"] else f"minutes kept around sleep, by source: {', '.join(crops)}",
        "temperatures and smoothing": "set by validation persons of each fold, who are not tested in it",
        ABOUT: ", ".join(dict.fromkeys(about[ABOUT] for _, about in folds.values())),
    }
    evaluation = judge(everyone, about=about, errors=errors, bootstrap=bootstrap)
    return Report(evaluation, more=(_fold_table(folds),))


def _fold_table(folds: Mapping[int, tuple[Sequence[NightAnswers], Mapping[str, Any]]]) -> FigureTable:
    rows = []
    for fold, (nights, about) in folds.items():
        pooled = summarise(nights, ConfusionBootstrap(100)).pooled
        validated = ", ".join(f"{name} {count}" for name, count in about["validated on"].items())
        rows.append(
            (
                str(fold),
                str(len({night.subject for night in nights})),
                str(len(nights)),
                number(pooled.accuracy),
                number(pooled.kappa),
                number(pooled.macro_f1),
                validated or "-",
                number(about["stage_temperature"]),
                about["smoothing"],
            )
        )
    columns = ("fold", "persons", "nights", "accuracy", "kappa", "macro-F1", "validated on", "temperature", "smoothing")
    return FigureTable("Folds", columns, tuple(rows))
