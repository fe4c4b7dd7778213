"""An ablation: variants of a recipe, each trained with several seeds and judged on the same persons.

Every variant and seed is a run of ``eegvlm train`` in a folder of its own, so a killed ablation goes on within its run,
and one that is given more values or seeds later runs those alone. Persons are divided before anything is varied:
whoever tests one variant tests all, and no model has met them. Differences are between variants on the same persons,
who are drawn together; seeds of a variant are added up for each person, so an interval says how it would turn out with
other persons, not with other seeds (whose figures are listed).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from eegvlm.core.files import make_folder, write_text
from eegvlm.errors import InputError
from eegvlm.images import ImageLayout, load_layout
from eegvlm.lab.datasets.training_record import read_record
from eegvlm.lab.evaluation import systems
from eegvlm.lab.evaluation.ablation_axes import Variant
from eegvlm.lab.evaluation.ablation_table import Ablation, Cell
from eegvlm.lab.evaluation.answer_file import read_answers, write_answers
from eegvlm.lab.evaluation.answers import NightAnswers
from eegvlm.lab.evaluation.crossval import Options, Tell, Tested, Track, of_fold, prefixed, stage_strangers
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.lab.evaluation.unseen import unseen
from eegvlm.lab.training import Recipe, train
from eegvlm.lab.training.data_checks import check_data
from eegvlm.lab.training.parts import divided, held_out_nights, n_folds
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.record import record_of_base
from eegvlm.lab.training.run_folder import check_claim, claim

CLAIM = "ablation.json"
EVERYTHING = "all"


@dataclass(frozen=True)
class Plan:
    """What is run.

    Parameters
    ----------
    recipe
        The recipe without any variation: its persons are divided, and its folder is claimed.
    variants
        The first is what the others are compared with.
    seeds
        Runs of each; their seeds count on from the recipe's.
    train
        Names of recorded sources, each learnt from alone; empty: from all together.
    test
        Names of recorded sources, each tested apart; empty: all together.
    folds
        Whose test persons are judged; empty: the recipe's own fold.
    """

    recipe: Recipe
    variants: tuple[Variant, ...]
    seeds: int = 1
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    folds: tuple[int, ...] = ()


def ablate(
    plan: Plan,
    out: Path,
    *,
    data: Mapping[str, Path],
    resume: bool = False,
    options: Options | None = None,
    track: Track = lambda items, what: items,
    tell: Tell = lambda sentence: None,
    bootstrap: ConfusionBootstrap | None = None,
) -> Ablation:
    """Train and judge every variant with every seed.

    Parameters
    ----------
    plan
        What is run.
    out
        Folder: ``runs/<variant>-<digest>/seed-0/fold-01/``, each a training run with its answers, and ``nights/``,
        which runs of one layout and one data set share.
    data
        Where each recorded source of the recipe lies, by its name.
    resume
        Go on with what is in ``out``.
    options
        How models are run; its folds are not used.
    track
        ``track(items, what)`` wraps lists of nights that are prepared.
    tell
        Called with a sentence when a run begins to be trained and to be judged.
    bootstrap
        How intervals over persons are drawn.

    Returns
    -------
    Ablation
        The figures of all runs.

    Raises
    ------
    InputError
        Before any work: if a source or fold does not exist, nobody tests, the base has met all who test, or ``out``
        holds something else.
    """
    options = options or Options()
    if Processes.join().count > 1:
        raise InputError("ablate", "processes", "several", "start it without accelerate: runs follow one another")
    check_claim(plan.recipe, out, resume=resume, record=CLAIM)
    folds = _checked(plan, data, options)
    claim(plan.recipe, out, resume=resume, record=CLAIM)
    jobs = [
        (variant, source, seed, fold)
        for variant in plan.variants
        for source in plan.train or (EVERYTHING,)
        for seed in range(plan.seeds)
        for fold in folds
    ]
    answers: dict[tuple[str, str, str], dict[int, list[NightAnswers]]] = {}
    for number, (variant, source, seed, fold) in enumerate(jobs, start=1):
        run = _Run(plan, out, variant, source, seed, fold, data, options)
        learnt_from = "" if source == EVERYTHING else f", from {source}"
        title = f"{variant.name}{learnt_from}, seed {run.recipe.seed}, fold {fold}"
        by_test = run.answers(track, prefixed(tell, f"run {number} of {len(jobs)} ({title})"))
        for test, nights in by_test.items():
            by_seed = answers.setdefault((variant.name, source, test), {})
            by_seed.setdefault(seed, []).extend(
                replace(night, night=f"fold {fold}: {night.night}") if len(folds) > 1 else night for night in nights
            )
    cells = [
        Cell(variant.settings, source, test, answers[variant.name, source, test])
        for variant in plan.variants
        for source in plan.train or (EVERYTHING,)
        for test in plan.test or (EVERYTHING,)
    ]
    return Ablation(plan.recipe.name, tuple(cells), bootstrap or ConfusionBootstrap())


def _checked(plan: Plan, data: Mapping[str, Path], options: Options) -> tuple[int, ...]:
    """Return the folds that are run; refuse what cannot be run."""
    recipe = plan.recipe
    layout = load_layout(recipe.model.layout)
    count = n_folds(recipe.data, layout, data)
    folds = plan.folds or (1 if recipe.data.split is None else recipe.data.split.fold,)
    if wrong := [fold for fold in folds if not 1 <= fold <= count]:
        raise InputError("arguments", "--folds", wrong[0], f"there are {count} folds")
    base = record_of_base(recipe)
    for fold in folds:
        data_of_fold = divided(of_fold(recipe, fold).data, layout, data)
        learnt = [source.name for source in data_of_fold.train.recorded]
        for name in plan.train:
            if name not in learnt:
                raise InputError(
                    "arguments", "--train", name, f"the recipe learns from {', '.join(learnt) or 'nobody'}"
                )
        tested = held_out_nights(data_of_fold, layout, data)
        sources = list(dict.fromkeys(source.name for source, _ in tested))
        for name in plan.test:
            if name not in sources:
                raise InputError("arguments", "--test", name, f"fold {fold} tests persons of {', '.join(sources)}")
        nights = [night for _, night in tested]
        unseen(nights, base, f"base {recipe.model.base}, fold {fold}", keep_known=options.judge_known)
    for variant in plan.variants:
        varied = replace(variant.recipe, data=replace(variant.recipe.data, split=recipe.data.split))
        check_data(of_fold(varied, folds[0]), data)
    return folds


@dataclass(frozen=True)
class _Run:
    """One training run, and what its model answers."""

    plan: Plan
    out: Path
    variant: Variant
    source: str
    seed: int
    fold: int
    data: Mapping[str, Path]
    options: Options

    @property
    def layout(self) -> ImageLayout:
        return self.variant.layout or load_layout(self.variant.recipe.model.layout)

    @property
    def divided(self) -> Recipe:
        """The variant, its persons divided as all variants' are."""
        variant = self.variant.recipe
        apart = replace(variant, data=replace(variant.data, split=self.plan.recipe.data.split))
        return replace(apart, data=divided(of_fold(apart, self.fold).data, self.layout, self.data))

    @property
    def recipe(self) -> Recipe:
        """What is trained."""
        recipe = self.divided
        if self.variant.layout is not None:
            file = self.out / "layouts" / f"{self.variant.layout.name}.json"
            make_folder(file.parent)
            write_text(file, self.variant.layout.to_json())
            recipe = replace(recipe, model=replace(recipe.model, layout=str(file)))
        if self.source != EVERYTHING:
            parts = {
                part: replace(
                    mixture, recorded=tuple(source for source in mixture.recorded if source.name == self.source)
                )
                for part in ("train", "validation")
                if (mixture := getattr(recipe.data, part))
            }
            recipe = replace(recipe, data=replace(recipe.data, **parts))
        return replace(recipe, seed=recipe.seed + self.seed)

    @property
    def folder(self) -> Path:
        """Of the run: variants that differ in what they are given when judged share one."""
        varied = {key: value for key, value in self.variant.settings.items() if key != "inputs"}
        if self.variant.layout is not None:
            varied["modalities"] = self.variant.layout.name
        if self.source != EVERYTHING:
            varied["train"] = self.source
        digest = sha256(json.dumps(varied, sort_keys=True).encode()).hexdigest()[:8]
        plain = re.sub(r"[^A-Za-z0-9.=]+", "-", ",".join(f"{key}={value}" for key, value in varied.items()))
        name = f"{plain[:60] or 'recipe'}-{digest}"
        return self.out / "runs" / name / f"seed-{self.seed}" / f"fold-{self.fold:02d}"

    @property
    def nights(self) -> Path:
        """Where nights are written: apart for each layout and each way of reading a source."""
        recipe = self.variant.recipe
        settings = [self.layout.to_dict(), asdict(replace(recipe.data, split=None))]
        return self.out / "nights" / sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:12]

    def answers(self, track: Track, tell: Tell) -> dict[str, list[NightAnswers]]:
        """Return the answers by test set; train and stage what is missing."""
        tested = held_out_nights(self.divided.data, self.layout, self.data)
        files = {name: self.folder / f"answers-{self.variant.inputs}-{name}.npz" for name in _sources(tested)}
        test_sets = [name for name in files if not self.plan.test or name in self.plan.test]
        waiting = [name for name in test_sets if not files[name].is_file()]
        if waiting:
            tell("training")
            model = train(self.recipe, self.folder, data=self.data, resume=True, progress=track, nights_in=self.nights)
            pairs = {files[name]: [pair for pair in tested if pair[0].name == name] for name in waiting}
            self._judge(model, pairs, tell)
        answers = {name: read_answers(files[name])[0] for name in test_sets}
        if self.plan.test:
            return answers
        return {EVERYTHING: [night for nights in answers.values() for night in nights]}

    def _judge(self, model: Path, tested: Mapping[Path, Sequence[Tested]], tell: Tell) -> None:
        from eegvlm.staging import Stager

        options = self.options
        stager = Stager.from_pretrained(model, inputs=self.variant.inputs, device=options.device, dtype=options.dtype)
        system = systems.whole_model(stager, batch_size=options.batch_size)
        record = read_record(model)
        for file, pairs in tested.items():
            of = f" of {pairs[0][0].name}"
            _, answers, errors = stage_strangers(system, pairs, record, model.name, options, tell, of=of)
            write_answers(file, answers, {"errors": errors})


def _sources(tested: Sequence[Tested]) -> list[str]:
    return list(dict.fromkeys(source.name for source, _ in tested))
