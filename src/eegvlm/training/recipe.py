"""A recipe: everything that decides what a training run produces, as data.

A recipe is a YAML file whose keys are the fields below. A key that is not one of them is refused, so that a
misspelt setting cannot be ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import dacite
import yaml

from eegvlm.errors import InputError
from eegvlm.simulation import Randomisation


@dataclass(frozen=True)
class ModelRecipe:
    """What is trained: a preset's geometry with a new tokenizer, or a checkpoint that is there.

    Parameters
    ----------
    base
        A packaged model's name or a checkpoint's folder, to go on from; the fields below are then not used.
    preset, vocab_size
        Geometry, and size of the tokenizer that is trained.
    layout, prompt, reasoned_prompt
        How an epoch is drawn, and what is asked for a stage alone and for one with its reasons.
    context_epochs
        Neighbours on each side whose high-level vectors the language model reads.
    """

    base: str = ""
    preset: str = "nano"
    layout: str = "nano"
    vocab_size: int = 1024
    prompt: str = "<image>Stage:"
    reasoned_prompt: str = "<image>Reasons:"
    context_epochs: int = 0


@dataclass(frozen=True)
class SimulatedNights:
    """Simulated nights; night k has the seed ``first_seed + k`` and a subject of its own.

    Parameters
    ----------
    nights, hours, first_seed
        How many, how long, from which seed.
    eeg
        Derivations; a night has the one at the place of its seed, in turn.
    spread
        How far subjects and recorders differ (:func:`eegvlm.simulation.draw_subject`).
    spectra
        Name under which a folder of measured band powers is given (``--data NAME=FOLDER``): the nights follow these
        real ones in turn (:func:`eegvlm.simulation.read_band_powers`), and ``hours`` is not used.
    carriers, carrier_share
        Name of a recorded source whose EEG lends its texture to this share of the nights.
    teacher, teacher_share
        ``yasa``: its probabilities for the night, mixed into the true stages with this weight (extra ``teacher``).
    weight
        Share of the drawn epochs that come from this source, relative to the others' weights.
    """

    nights: int = 24
    hours: float = 8.0
    first_seed: int = 0
    eeg: tuple[str, ...] = ("EEG C4-M1", "EEG Fpz-Cz", "EEG C3-M2", "EEG F4-M1", "EEG Pz-Oz")
    spread: float = 1.0
    spectra: str = ""
    carriers: str = ""
    carrier_share: float = 0.5
    teacher: Literal["none", "yasa"] = "none"
    teacher_share: float = 0.5
    weight: float = 1.0


@dataclass(frozen=True)
class RecordedNights:
    """Nights of a data set; where it lies is said when the run starts (``--data NAME=FOLDER``).

    Parameters
    ----------
    name
        What the recipe and the command line call this source.
    dataset
        A name that :func:`eegvlm.datasets.open_dataset` knows, ``folder`` for recordings of your own.
    only, without
        Patterns of the names of nights that are taken, and that are left out.
    fold
        ``"1/5"``: the nights of the first of five groups of persons; ``"not 1/5"``: those of the others; ``""``: all.
    stages
        Labels of the epochs that are learnt. Where these are fewer than five, because others are missing from
        the data, the loss compares these stages alone: epochs of two stages must not teach that others do not exist.
    wake_crop_min
        Minutes of wake kept around sleep; all where it is not given.
    weight
        As for simulated nights.
    """

    name: str
    dataset: str = "folder"
    only: tuple[str, ...] = ("*",)
    without: tuple[str, ...] = ()
    fold: str = ""
    stages: tuple[Literal["W", "N1", "N2", "N3", "R"], ...] = ("W", "N1", "N2", "N3", "R")
    wake_crop_min: float | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class UnlabelledNights:
    """Recordings without a scoring, for phases that need none (``describe``).

    Parameters
    ----------
    name
        What the recipe and the command line (``--data NAME=FOLDER``) call this source.
    only
        Patterns of the names of files that are taken, in all folders below.
    weight
        As for simulated nights.
    """

    name: str
    only: tuple[str, ...] = ("*.edf", "*.EDF", "*.bdf", "*.rec")
    weight: float = 1.0


@dataclass(frozen=True)
class Mixture:
    """Sources that are drawn from together."""

    simulated: tuple[SimulatedNights, ...] = ()
    recorded: tuple[RecordedNights, ...] = ()
    unlabelled: tuple[UnlabelledNights, ...] = ()

    @property
    def weights(self) -> list[float]:
        """Weights of the recorded, the simulated and the unlabelled sources, in this order."""
        return [
            *(one.weight for one in self.recorded),
            *(one.weight for one in self.simulated),
            *(one.weight for one in self.unlabelled),
        ]


@dataclass(frozen=True)
class DataRecipe:
    """What is learnt from, and on which other subjects it is watched and calibrated.

    Parameters
    ----------
    train, validation
        Sources. No person may be in both.
    stage_shares
        Shares of W, N1, N2, N3, R among the epochs drawn from a source; among its own stages where it has fewer.
    randomisation
        What recorders may do to a signal.
    channel_drop
        Probability, a panel other than EEG, that it is left empty.
    emg_gain_db
        Spread of a further gain of the EMG: muscle tone differs more between persons and electrodes than EEG does.
    bipolar_eog
        Probability that two EOG leads are seen as many recorders store them: one lead against the other, in the left
        panel, the right one empty.
    context_versions
        Randomised versions of each night whose vectors serve as context.
    context_drop
        Probability, for each side, that an epoch's context is cut there, as at the ends of a recording; half of it that
        an epoch stands alone.
    """

    train: Mixture = field(default_factory=lambda: Mixture((SimulatedNights(),)))
    validation: Mixture = field(default_factory=lambda: Mixture((SimulatedNights(nights=3, first_seed=1_000_000),)))
    stage_shares: tuple[float, ...] = (0.22, 0.17, 0.24, 0.18, 0.19)
    randomisation: Randomisation = field(default_factory=Randomisation)
    channel_drop: float = 0.3
    emg_gain_db: float = 0.0
    bipolar_eog: float = 0.0
    context_versions: int = 2
    context_drop: float = 0.2


@dataclass(frozen=True)
class Phase:
    """One phase of training.

    Parameters
    ----------
    name
        Also the name of its folder.
    objective
        ``describe``: the tower alone, contrastive between pictures and descriptions of what is measurable in
        them. ``classify``: the enhancement network alone, cross-entropy of its classifier. ``answer``: the whole
        model, cross-entropy of the label token and the end of the answer. ``reason``: the same in one half of the
        batches; in the other the model writes the reasons, too, composed from what is measurable in each epoch.
    trains
        Parts whose weights move: any of ``enhancement``, ``tower``, ``projector``, ``language``.
    patience
        Stop once the loss on the validation subjects has not improved over so many evaluations; 0: never.
    """

    name: str
    objective: Literal["describe", "classify", "answer", "reason"]
    trains: tuple[Literal["enhancement", "tower", "projector", "language"], ...]
    steps: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.05
    label_smoothing: float = 0.0
    patience: int = 0


@dataclass(frozen=True)
class Recipe:
    """A whole run: a model, its data, its phases in order."""

    name: str
    phases: tuple[Phase, ...]
    model: ModelRecipe = field(default_factory=ModelRecipe)
    data: DataRecipe = field(default_factory=DataRecipe)
    seed: int = 0
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    checkpoint_steps: int = 250


def read_recipe(path: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    path
        A YAML file.
    changes
        ``a.b=value`` settings that replace the file's; the value is YAML.

    Raises
    ------
    InputError
        If the file is no YAML mapping, a key is unknown, or a value has the wrong type.
    """
    path = Path(path)
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, "recipe", error, "give a YAML file such as recipes/nano.yaml") from error
    if not isinstance(fields, dict):
        raise InputError(path, "recipe", type(fields).__name__, "a recipe is a mapping of settings")
    for change in changes:
        _change(path, fields, change)
    recipe = _build(fields, path)
    if len({phase.name for phase in recipe.phases}) < len(recipe.phases):
        raise InputError(path, "phases", [phase.name for phase in recipe.phases], "give every phase its own name")
    return recipe


def _change(path: Path, fields: dict[str, Any], change: str) -> None:
    """Apply one ``a.b=value`` in place; a list's entry is named by its number."""
    name, separator, text = change.partition("=")
    if not separator:
        raise InputError(path, "--set", change, "write it as key=value")
    *parents, last = name.split(".")
    place: Any = fields
    try:
        for parent in parents:
            place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
        place[int(last) if isinstance(place, list) else last] = yaml.safe_load(text)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError(path, "--set", change, "no such setting in this recipe") from error


def _build(fields: dict[str, Any], path: Path) -> Recipe:
    """Return the recipe; unknown keys, missing keys and wrong types are refused by name."""
    config = dacite.Config(strict=True, cast=[tuple], type_hooks={float: _as_float})
    try:
        return dacite.from_dict(Recipe, fields, config)
    except dacite.UnexpectedDataError as error:
        raise InputError(
            path, "recipe", f"unknown key {', '.join(sorted(error.keys))}", "correct its spelling"
        ) from error
    except dacite.MissingValueError as error:
        raise InputError(path, "recipe", f"no {error.field_path}", "add it") from error
    except dacite.DaciteFieldError as error:
        raise InputError(path, str(error.field_path), error, "correct this setting") from error
    except ValueError as error:
        raise InputError(path, "recipe", error, "correct this setting") from error


def _as_float(value: Any) -> Any:
    """Take whole numbers where a float is meant; leave the rest for the type check to refuse."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
