"""A recipe: everything that decides what a training run produces, as data.

A recipe is a YAML file whose keys are the fields below. A key that is not one of them is refused, so that a
misspelt setting cannot be ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from eegvlm.core.strict_reading import read_strictly
from eegvlm.errors import InputError
from eegvlm.lab.simulation import Randomisation
from eegvlm.lab.training.evidence_recipe import EvidenceData
from eegvlm.lab.training.model_recipe import ModelRecipe
from eegvlm.lab.training.phase_recipe import RENAMED_OBJECTIVES, Phase
from eegvlm.lab.training.recipe_settings import replace_setting
from eegvlm.lab.training.source_recipe import (
    Mixture,
    RecordedNights,
    SimulatedNightsRecipe,
    SpectralNights,
    UnlabelledNights,
)
from eegvlm.lab.training.split_recipe import SplitRecipe

__all__ = [
    "DataRecipe",
    "Mixture",
    "ModelRecipe",
    "Phase",
    "Recipe",
    "RecordedNights",
    "SimulatedNightsRecipe",
    "SpectralNights",
    "SplitRecipe",
    "UnlabelledNights",
    "read_recipe",
    "recipe_of",
]


_RENAMED = {"others": "soft_negatives", "levelled": "normalised"}
_REMOVED = {
    "by_stage": 0.0,
    "subject_batches": False,
    "unfamiliar_widening": 1.0,
}


@dataclass(frozen=True)
class DataRecipe:
    """What is learnt from, and on which other subjects it is watched and calibrated.

    Parameters
    ----------
    train, validation, test
        Sources. No person may be in two of them. Test nights are never read in training; ``eegvlm crossval`` judges
        them. Where neither ``validation`` nor ``split`` is stated, three simulated nights are watched.
    split
        Instead of recorded sources in ``validation`` and ``test``: how the persons of those in ``train`` are divided.
    sampling
        ``balanced``: the stages of a source are drawn in ``stage_shares``. ``natural``: as often as nights hold them.
    stage_shares
        Shares of W, N1, N2, N3, R among the epochs drawn from a source; among its own stages where it has fewer.
    epochs_a_pass
        Epochs drawn in one pass of a phase that states its length in passes; as many as there are to learn, where 0.
    normalised
        Whether training epochs are brought to the layout's level, and read without what an artefact hides, as they
        are where they are validated and staged.
        Otherwise their amplitudes vary as recorders and persons do, and the model meets more than it will have to read.
    randomisation
        What recorders may do to a signal.
    channel_drop
        Probability, a panel other than EEG, that it is left empty.
    eeg_alone
        Probability that all panels other than EEG are left empty together.
    emg_gain_db
        Spread of a further gain of the EMG: muscle tone differs more between persons and electrodes than EEG does.
    bipolar_eog
        Probability that two EOG leads are seen as many recorders store them: one lead against the other, in the left
        panel, the right one empty.
    context_versions
        Randomised versions of each night whose vectors serve as context; a night encoder reads every second one in
        pieces (:func:`.night_vectors.with_night_states`).
    context_drop
        Probability, for each side, that an epoch's context is cut there, as at the ends of a recording; half of it that
        an epoch stands alone.
    context_gaps
        Probability that stretches of a night encoder's window are taken away, whatever their stages. Nights of which
        some stages alone are known have gaps where the others were; an encoder must not learn stages from gaps.
    evidence
        How windows of what was measured vary.
    """

    train: Mixture = field(default_factory=lambda: Mixture((SimulatedNightsRecipe(),)))
    validation: Mixture = field(
        default_factory=lambda: Mixture((SimulatedNightsRecipe(nights=3, first_seed=1_000_000),))
    )
    test: Mixture = field(default_factory=Mixture)
    split: SplitRecipe | None = None
    sampling: Literal["balanced", "natural"] = "balanced"
    stage_shares: tuple[float, ...] = (0.22, 0.17, 0.24, 0.18, 0.19)
    epochs_a_pass: int = 0
    normalised: bool = True
    randomisation: Randomisation = field(default_factory=Randomisation)
    channel_drop: float = 0.3
    eeg_alone: float = 0.0
    emg_gain_db: float = 0.0
    bipolar_eog: float = 0.0
    context_versions: int = 2
    context_drop: float = 0.2
    context_gaps: float = 0.0
    evidence: EvidenceData = field(default_factory=EvidenceData)


@dataclass(frozen=True)
class Recipe:
    """A whole run: a model, its data, its phases in order.

    Parameters
    ----------
    name, seed, model, data, phases
        What the run is called, what decides every draw, what is trained, on what, how.
    precision
        Of matrix products; ``auto``: bfloat16 where the processor has units for it.
    frozen_in
        Precision in which weights are held that do not move, where products are in bfloat16; the others are in float32.
    checkpoint_steps
        Steps between validations; a phase can be resumed from each.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    name: str
    phases: tuple[Phase, ...]
    model: ModelRecipe = field(default_factory=ModelRecipe)
    data: DataRecipe = field(default_factory=DataRecipe)
    seed: int = 0
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    frozen_in: Literal["float32", "bfloat16"] = "float32"
    checkpoint_steps: int = 250


def read_recipe(path: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    path
        A YAML file.
    changes
        ``a.b=value`` settings that replace the file's, as :func:`.recipe_settings.replace_setting` reads them.

    Raises
    ------
    InputError
        If the file is no YAML mapping, a key is unknown, or a value has the wrong type.
    """
    path = Path(path)
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, "recipe", error, "give a YAML file, or the name of a packaged recipe") from error
    if not isinstance(fields, dict):
        raise InputError(path, "recipe", type(fields).__name__, "a recipe is a mapping of settings")
    for change in changes:
        replace_setting(path, Recipe, fields, change)
    return recipe_of(fields, path)


def migrated(fields: Any) -> Any:
    """Return what an earlier version stated: by today's names, without removed settings at their default."""
    if isinstance(fields, dict):
        remaining = {key: value for key, value in fields.items() if key not in _REMOVED or value != _REMOVED[key]}
        return {
            _RENAMED.get(key, key): RENAMED_OBJECTIVES.get(value, value) if key == "objective" else migrated(value)
            for key, value in remaining.items()
        }
    return [migrated(value) for value in fields] if isinstance(fields, list) else fields


def recipe_of(fields: dict[str, Any], path: Path) -> Recipe:
    """Return the recipe that a file states.

    Raises
    ------
    InputError
        If a key is unknown or missing, a value has the wrong type, or settings contradict each other.
    """
    recipe = read_strictly(Recipe, _watched_by_the_split(fields), path, "recipe")
    check_split(recipe.data, path)
    for source in (*recipe.data.train.recorded, *recipe.data.validation.recorded):
        for stage, weights in source.soft_negatives.items():
            if stage not in source.stages or len(weights) != 5 or not all(0 <= weight <= 1 for weight in weights):
                hint = "by a stage of the source, give five numbers from 0 to 1, of W, N1, N2, N3 and R"
                raise InputError(path, f"source {source.name}", f"soft_negatives {stage}: {list(weights)}", hint)
    recipe.data.evidence.check(path)
    for simulated in (*recipe.data.train.simulated, *recipe.data.validation.simulated):
        if not 0 <= simulated.true_n1 <= 1:
            raise InputError(path, "simulated.true_n1", simulated.true_n1, "give a share from 0 to 1")
    for phase in recipe.phases:
        phase.check(path)
    names = [phase.name for phase in recipe.phases]
    if len(set(names)) < len(names):
        raise InputError(path, "phases", names, "give every phase its own name")
    _check_phases_of_sources(recipe, path)
    return recipe


def check_split(data: DataRecipe, path: Path) -> None:
    """Refuse parts that are stated twice, and a test part that no expert has scored.

    Raises
    ------
    InputError
        Naming the setting.
    """
    for kind in ("simulated", "unlabelled", "spectral"):
        if getattr(data.test, kind):
            raise InputError(path, f"data.test.{kind}", "not scored by an expert", "test on recorded nights")
    if data.split is None:
        return
    data.split.check(path)
    if not data.train.recorded:
        raise InputError(path, "data.split", "nobody to divide", "state recorded sources in data.train")
    for part in ("validation", "test"):
        if getattr(data, part).recorded:
            hint = "leave it out: data.split gives it persons of data.train"
            raise InputError(path, f"data.{part}.recorded", "stated beside data.split", hint)


def _check_phases_of_sources(recipe: Recipe, path: Path) -> None:
    """Refuse sources of unknown phases, and phases without a source."""
    from eegvlm.lab.training.objectives import OBJECTIVES  # whose batches know recipes

    train, names = recipe.data.train, {phase.name for phase in recipe.phases}
    limited = [source for source in train.simulated if source.phases]
    able = {phase.name for phase in recipe.phases if not OBJECTIVES[phase.objective].needs_signal}
    for spectral in train.spectral:
        wrong = [name for name in spectral.phases if name not in able]
        if wrong or not spectral.phases:
            hint = "name evidence phases of this recipe: nothing else can learn from nights without a signal"
            raise InputError(path, f"source {spectral.name}", f"phases {', '.join(wrong) or 'none'}", hint)
    if recipe.data.validation.spectral:
        raise InputError(path, "data.validation.spectral", "nights without a signal", "watch others, with one")
    for source in limited:
        if unknown := ", ".join(sorted(set(source.phases) - names)):
            raise InputError(path, "data.train.simulated", f"phases {unknown}", "name phases of this recipe")
    if any(source.phases for source in recipe.data.validation.simulated):
        raise InputError(path, "data.validation.simulated", "phases", "leave it out: all of them are watched on all")
    for phase in recipe.phases:
        if not any(train.of(phase.name)[1]):
            raise InputError(path, f"phase {phase.name}", "no source", "let it learn from one of data.train")
        if (limited or train.spectral) and phase.folds:
            raise InputError(path, f"phase {phase.name}", "folds", "let all phases learn from all nights beside it")


def _watched_by_the_split(fields: dict[str, Any]) -> dict[str, Any]:
    """Let the persons whom a split takes out be the only ones that are watched, where no others are stated."""
    data = fields.get("data")
    if not isinstance(data, dict) or not data.get("split") or "validation" in data:
        return fields
    return {**fields, "data": {**data, "validation": {}}}
