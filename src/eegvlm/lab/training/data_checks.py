"""What can be said of a recipe's data before any work: by names alone, no signal is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from eegvlm.errors import InputError
from eegvlm.lab.training.build import layout_of
from eegvlm.lab.training.chosen_nights import folder_of
from eegvlm.lab.training.parts import check_parts, divided, persons_of
from eegvlm.lab.training.recipe import DataRecipe, Mixture, Recipe, RecordedNights
from eegvlm.lab.training.source_recipe import SimulatedNightsRecipe


def check_data(recipe: Recipe, roots: Mapping[str, Path]) -> None:
    """Refuse data that a run would stumble over later.

    Parameters
    ----------
    recipe
        What is to be run.
    roots
        Where each recorded source lies, by its name.

    Raises
    ------
    InputError
        If a source has no folder, is of an unknown data set, or has no night; if its folds or those of the split need
        more persons than there are; if nobody is left to train or to validate on, or a person is in two parts.
    """
    layout = layout_of(recipe)
    data = divided(recipe.data, layout, roots)
    persons = {}
    for part in ("train", "validation"):
        mixture = getattr(data, part)
        check_mixture(mixture, part)
        for simulated in mixture.simulated:
            lender_of(simulated, data)
            if simulated.spectra:
                spectra_files(simulated, roots)
        persons[part] = persons_of(mixture, layout, roots)
    check_parts(data, layout, roots, training=persons["train"], validation=persons["validation"])


def check_root_names(recipe: Recipe, roots: Mapping[str, Path]) -> None:
    """Refuse a folder of a source that the recipe does not have: it would not be read.

    Raises
    ------
    InputError
        Naming the sources that there are.
    """
    names: dict[str, None] = {}
    for mixture in (recipe.data.train, recipe.data.validation, recipe.data.test):
        names |= dict.fromkeys(source_names(mixture))
        names |= dict.fromkeys(source.spectra for source in mixture.simulated if source.spectra)
    for name, folder in roots.items():
        if name not in names:
            hint = f"its sources are {', '.join(names)}" if names else "it learns from simulated nights alone"
            raise InputError("arguments", "--data", f"{name}={folder}", f"recipe {recipe.name} has no {name}: {hint}")


def source_names(mixture: Mixture) -> list[str]:
    """Return the names of the sources that lie in folders."""
    return [
        *(source.name for source in mixture.recorded),
        *(source.name for source in mixture.unlabelled),
        *(source.name for source in mixture.spectral),
    ]


def check_mixture(mixture: Mixture, part: str) -> None:
    """Refuse a part of the data without any source, or with two of one name.

    Raises
    ------
    InputError
        Naming the part, or the source.
    """
    named = source_names(mixture)
    for twice in (name for name, count in Counter(named).items() if count > 1):
        raise InputError("recipe", f"data.{part}", twice, "two sources have this name: give each its own")
    if not named and not any(source.nights for source in mixture.simulated):
        raise InputError("recipe", f"data.{part}", "no nights", "give simulated or recorded sources")


def lender_of(simulated: SimulatedNightsRecipe, data: DataRecipe) -> RecordedNights | None:
    """Return the recorded source whose EEG is the texture of simulated nights; None where they need none.

    Raises
    ------
    InputError
        If there is no source of that name.
    """
    if not simulated.carriers:
        return None
    for source in data.train.recorded:
        if source.name == simulated.carriers:
            return source
    raise InputError("recipe", "carriers", simulated.carriers, "name one of the sources in data.train.recorded")


def spectra_files(simulated: SimulatedNightsRecipe, roots: Mapping[str, Path]) -> list[Path]:
    """Return the files of measured band powers that simulated nights follow.

    Raises
    ------
    InputError
        If their folder was not given, or holds none.
    """
    files = sorted(folder_of(simulated.spectra, roots).glob("*.npz"))
    if not files:
        field = f"data {simulated.spectra}"
        raise InputError(roots[simulated.spectra], field, "no npz file", "give a folder of band powers")
    return files
