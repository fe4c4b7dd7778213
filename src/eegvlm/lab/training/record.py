"""The record of persons that a run leaves in its checkpoint, and how one is written into a checkpoint without it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from eegvlm.core.files import write_text
from eegvlm.errors import InputError
from eegvlm.images import ImageLayout
from eegvlm.lab.datasets.training_record import FIELD, TrainingRecord
from eegvlm.lab.training.parts import divided, followed_persons, persons_of
from eegvlm.lab.training.recipe import Recipe, migrated, recipe_of
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model import EegVlmConfig
from eegvlm.model.general import STAGER_FILE
from eegvlm.model.weights import checkpoint_path

SECTION = "## Persons"
_CARD = "README.md"


def record_of_run(
    recipe: Recipe,
    training: TrainingStore,
    validation: TrainingStore,
    roots: Mapping[str, Path],
    base: Mapping[str, Any] | None,
) -> TrainingRecord:
    """Return the record of a run: the persons of the epochs that it was given.

    Parameters
    ----------
    recipe
        What was run.
    training, validation
        The epochs.
    roots
        Where each recorded source lies, by its name: simulated nights may follow the spectra of persons there.
    base
        The record of the checkpoint that the run went on from, as its configuration holds it; None without one.
    """
    data = recipe.data
    return _joined(
        recipe,
        {*training.persons, *followed_persons(data.train.simulated, roots)},
        {*validation.persons, *followed_persons(data.validation.simulated, roots)},
        base,
    )


def record_of_recipe(recipe: Recipe, layout: ImageLayout, roots: Mapping[str, Path]) -> TrainingRecord:
    """Return the record of a recipe that was run, by the names of its nights; no signal is read.

    Parameters
    ----------
    recipe, layout, roots
        What was run, the model's layout, and where each recorded source lies. A folder must hold what it held then.

    Raises
    ------
    InputError
        If a source has no folder, or a person is in two parts.
    """
    data = divided(recipe.data, layout, roots)
    base = _base_fields(recipe.model.base).get(FIELD)
    return _joined(recipe, persons_of(data.train, layout, roots), persons_of(data.validation, layout, roots), base)


def record_of_base(recipe: Recipe) -> TrainingRecord | None:
    """Return the record of the checkpoint from which a recipe goes on; None where it has none, or there is none."""
    fields = _base_fields(recipe.model.base).get(FIELD)
    return None if fields is None else TrainingRecord.from_dict(fields, recipe.model.base)


def recipe_of_card(checkpoint: Path) -> Recipe:
    """Return the recipe that a checkpoint's card quotes.

    Raises
    ------
    InputError
        If it quotes none that this version understands.
    """
    card = checkpoint / _CARD
    try:
        text = card.read_text(encoding="utf-8")
        quoted = re.search(r"^## Recipe\n+```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        fields = yaml.safe_load(quoted[1]) if quoted else None
    except (OSError, yaml.YAMLError) as error:
        raise InputError(card, "recipe", error, "name the recipe's file") from error
    if not isinstance(fields, dict):
        raise InputError(card, "recipe", "none quoted", "name the recipe's file")
    return recipe_of(migrated(fields), card)


def write_record(checkpoint: Path, record: TrainingRecord) -> None:
    """Write a record into a checkpoint's configuration and card, replacing any that is there.

    Raises
    ------
    InputError
        If the checkpoint has no configuration, or a file cannot be written.
    """
    config, card = checkpoint / "config.json", checkpoint / _CARD
    try:
        fields = json.loads(config.read_text(encoding="utf-8"))
        fields[FIELD] = record.to_dict()
        text = card.read_text(encoding="utf-8") if card.is_file() else ""
    except (OSError, ValueError, TypeError) as error:
        raise InputError(config, "configuration", error, "give a folder that save_pretrained wrote") from error
    if text:
        write_text(card, _with_section(text, record))
    write_text(config, json.dumps(fields, indent=2, sort_keys=True) + "\n")


def section(record: TrainingRecord) -> str:
    """Return what a card says of a record."""
    lines = "\n".join(f"- {sentence}" for sentence in record.sentences())
    return (
        f"{SECTION}\n\nHow many persons the model was trained and validated on, by data set; `config.json` holds a "
        f"salted hash of each, and the\nseeds of simulated ones. `eegvlm evaluate` leaves them out.\n\n{lines}\n"
    )


def _with_section(card: str, record: TrainingRecord) -> str:
    """Replace the section, or put it before the one on validation, or at the end."""
    without = re.sub(rf"^{SECTION}\n.*?(?=^## |\Z)", "", card, flags=re.DOTALL | re.MULTILINE)
    before, heading, after = without.partition("## Validation\n")
    if not heading:
        return f"{without.rstrip()}\n\n{section(record)}"
    return f"{before}{section(record)}\n{heading}{after}"


def _joined(
    recipe: Recipe, training: Iterable[str], validation: Iterable[str], base: Mapping[str, Any] | None
) -> TrainingRecord:
    record = TrainingRecord.of(training, validation)
    if base is not None:
        return record.after(TrainingRecord.from_dict(base, recipe.model.base))
    if _is_stager(recipe.model.base):
        return record.after(TrainingRecord((), (Path(recipe.model.base).name,)))
    return record


def _is_stager(base: str) -> bool:
    """Tell whether a base has learnt to stage: if so, it has met persons."""
    fields = _base_fields(base)
    is_ours = fields.get("model_type") == EegVlmConfig.model_type
    return is_ours or (bool(base) and (Path(base) / STAGER_FILE).is_file())


def _base_fields(base: str) -> dict[str, Any]:
    """Return a base's configuration; nothing where there is none, or a hub's, whose models have met no sleeper."""
    if not base:
        return {}
    try:
        fields = json.loads((checkpoint_path(base) / "config.json").read_text(encoding="utf-8"))
    except (InputError, OSError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}
