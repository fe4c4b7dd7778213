"""The training, validation and test parts of a recipe: who is in which, told by names alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from eegvlm.errors import InputError
from eegvlm.images import ImageLayout
from eegvlm.lab.datasets import PROTOCOLS, Night, Split, published_splits, split_by_subject, with_validation
from eegvlm.lab.datasets.files import natural
from eegvlm.lab.datasets.sleep_edf import person_of
from eegvlm.lab.datasets.splits import too_few_persons
from eegvlm.lab.training.chosen_nights import chosen_nights, files_of, folder_of, recorded_nights
from eegvlm.lab.training.recipe import DataRecipe, Mixture, RecordedNights
from eegvlm.lab.training.source_recipe import SimulatedNightsRecipe
from eegvlm.lab.training.spectral_nights import read_spectral_nights
from eegvlm.lab.training.split_recipe import BY_PERSON, SplitRecipe

_TENTH = 0.1


def divided(data: DataRecipe, layout: ImageLayout, roots: Mapping[str, Path]) -> DataRecipe:
    """Return the data with its split carried out: every recorded source has the persons of its part.

    Parameters
    ----------
    data
        As the recipe states it; without a split it is returned unchanged.
    layout
        Of the model.
    roots
        Where each recorded source lies, by its name.

    Raises
    ------
    InputError
        If the fold does not exist, or a source has nobody to train on.
    """
    if data.split is None:
        return data
    nights = _nights(data.train.recorded, layout, roots)
    split = _split(data.split, [night for of_source in nights.values() for night in of_source])
    everyone = {night.person for part in (split.train, split.validation, split.test) for night in part}
    protocol = PROTOCOLS.get(data.split.protocol)
    beside = {
        night.person
        for of_source in nights.values()
        for night in of_source
        if protocol is not None and not protocol.covers(night) and night.person not in everyone
    }

    def recorded_of(part: Iterable[Night], also: Iterable[str] = ()) -> tuple[RecordedNights, ...]:
        persons = {night.person for night in part} | set(also)
        sources = []
        for source in data.train.recorded:
            present = {night.person for night in nights[source.name]} & persons
            if present:
                sources.append(replace(source, persons=tuple(sorted(present, key=natural))))
        return tuple(sources)

    train = recorded_of(split.train, beside)
    if missing := [
        recorded.name for recorded in data.train.recorded if recorded.name not in {source.name for source in train}
    ]:
        hint = "leave this source out, or take another protocol"
        raise InputError("recipe", f"data {missing[0]}", f"nobody to train on in {split.name}", hint)
    return replace(
        data,
        train=replace(data.train, recorded=train),
        validation=replace(data.validation, recorded=recorded_of(split.validation)),
        test=replace(data.test, recorded=recorded_of(split.test)),
        split=None,
    )


def n_folds(data: DataRecipe, layout: ImageLayout, roots: Mapping[str, Path]) -> int:
    """Return how many folds the split of a recipe has; 1 without a split, where the parts are stated."""
    if data.split is None:
        return 1
    if data.split.protocol == BY_PERSON:
        return data.split.groups
    nights = _nights(data.train.recorded, layout, roots)
    return len(published_splits([night for of_source in nights.values() for night in of_source], data.split.protocol))


def held_out_nights(
    data: DataRecipe, layout: ImageLayout, roots: Mapping[str, Path]
) -> list[tuple[RecordedNights, Night]]:
    """Return the nights of the test part, each with the source from which it comes.

    Raises
    ------
    InputError
        If there is no test part, or it lies as an epoch store.
    """
    data = divided(data, layout, roots)
    if not data.test.recorded:
        raise InputError("recipe", "data.test", "nobody", "state recorded sources there, or data.split")
    return [(source, night) for source in data.test.recorded for night in recorded_nights(source, roots)]


def persons_of(mixture: Mixture, layout: ImageLayout, roots: Mapping[str, Path]) -> set[str]:
    """Return everyone of a mixture, those included whose spectra alone are followed."""
    persons = {night.person for of_source in _nights(mixture.recorded, layout, roots).values() for night in of_source}
    for simulated in mixture.simulated:
        persons |= {f"simulated:{simulated.first_seed + place}" for place in range(simulated.nights)}
    for unlabelled in mixture.unlabelled:
        root = folder_of(unlabelled.name, roots)
        names = (path.relative_to(root).as_posix() for path in files_of(unlabelled, roots))
        persons |= {f"{unlabelled.name}:{name}" for name in names}
    for spectral in mixture.spectral:
        nights = read_spectral_nights(spectral.name, folder_of(spectral.name, roots))
        persons |= {night.labels.person for night in nights}
    return persons | followed_persons(mixture.simulated, roots)


def followed_persons(sources: Iterable[SimulatedNightsRecipe], roots: Mapping[str, Path]) -> set[str]:
    """Return the persons whose measured spectra and stages simulated nights follow."""
    return {
        person_of(file.stem) or f"{name}:{file.stem}"
        for name in {source.spectra for source in sources if source.spectra}
        for file in folder_of(name, roots).glob("*.npz")
    }


def check_parts(
    data: DataRecipe,
    layout: ImageLayout,
    roots: Mapping[str, Path],
    *,
    training: Iterable[str],
    validation: Iterable[str],
) -> None:
    """Refuse a person in two parts.

    Raises
    ------
    InputError
        Naming some of them.
    """
    trained, checked = set(training) | followed_persons(data.train.simulated, roots), set(validation)
    tested = persons_of(data.test, layout, roots)
    for part, persons, among, done in (
        ("validation", checked, trained, "trained on"),
        ("test", tested, trained, "trained on"),
        ("test", tested, checked, "validated on"),
    ):
        if shared := sorted(persons & among, key=natural):
            hint = f"these persons are {done} too: give each to one"
            raise InputError("recipe", f"data.{part}", ", ".join(shared[:5]), hint)


def _nights(
    sources: Sequence[RecordedNights], layout: ImageLayout, roots: Mapping[str, Path]
) -> dict[str, list[Night]]:
    # dividing reads no more of a night than its data set, name and person, which built nights have, too
    return {source.name: cast("list[Night]", chosen_nights(source, layout, roots)) for source in sources}


def _split(recipe: SplitRecipe, nights: Sequence[Night]) -> Split:
    """Return the fold that the recipe states, with persons to validate on."""
    if recipe.protocol == BY_PERSON:
        persons = len({night.person for night in nights})
        if recipe.groups > persons:
            setting = "" if persons < 2 else f" (data.split.folds={persons}; crossval: --folds {persons})"
            raise InputError("recipe", "data.split.folds", recipe.groups, f"{too_few_persons(persons)}{setting}")
        splits, amount = split_by_subject(nights, folds=recipe.groups, seed=recipe.seed), _TENTH
    else:
        splits, amount = published_splits(nights, recipe.protocol), PROTOCOLS[recipe.protocol].validation
    if recipe.fold > len(splits) or recipe.folds not in (0, len(splits)):
        fold = f"{recipe.fold}/{recipe.folds or len(splits)}"
        raise InputError("recipe", "data.split.fold", fold, f"{recipe.protocol} has {len(splits)} folds")
    chosen = splits[recipe.fold - 1]
    return chosen if chosen.validation else with_validation(chosen, recipe.validation or amount, seed=recipe.seed)
