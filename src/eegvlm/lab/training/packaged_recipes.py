"""The recipes that come with the package, by name."""

from __future__ import annotations

from pathlib import Path

from eegvlm.errors import InputError

RECIPES = Path(__file__).parent / "recipes"
"""Their folder; configurations for ``accelerate launch`` lie in ``accelerate/`` below it."""


def packaged_recipes() -> list[str]:
    """Name the recipes that come with the package."""
    return sorted(file.stem for file in RECIPES.glob("*.yaml"))


def recipe_path(name_or_path: str | Path) -> Path:
    """Return the file of a recipe.

    Parameters
    ----------
    name_or_path
        A file, or the name of a packaged recipe; a file of that name comes first.

    Raises
    ------
    InputError
        If it is neither; the sentence names the packaged recipes.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    packaged = RECIPES / f"{path.name.removesuffix('.yaml')}.yaml"
    if path.parent == Path() and packaged.is_file():
        return packaged
    hint = f"give a YAML file, or one of {', '.join(packaged_recipes())}"
    raise InputError(path, "recipe", "no such file" if not path.is_dir() else "a folder", hint)
