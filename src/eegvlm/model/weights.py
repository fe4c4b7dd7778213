"""Where a model's files lie: a folder, or the name of a packaged model."""

from __future__ import annotations

import hashlib
from pathlib import Path

from eegvlm.errors import InputError

_PACKAGED = Path(__file__).parent / "packaged"


def packaged_models() -> list[str]:
    """Name the models that come with the package."""
    return sorted(folder.name for folder in _PACKAGED.glob("*") if (folder / "config.json").is_file())


def checkpoint_path(name_or_path: str | Path) -> Path:
    """Return the folder of a model.

    Raises
    ------
    InputError
        If it is neither a folder with a ``config.json`` nor the name of a packaged model.
    """
    for folder in (Path(name_or_path), _PACKAGED / str(name_or_path)):
        if (folder / "config.json").is_file():
            return folder
    raise InputError(
        name_or_path,
        "model",
        "no config.json there",
        f"give a folder that save_pretrained wrote, or one of {', '.join(packaged_models()) or 'no packaged models'}",
    )


def weights_hash(folder: Path) -> str:
    """Return the SHA-256 of a model's weights: of every safetensors file, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            while block := stream.read(1 << 24):
                digest.update(block)
    return digest.hexdigest()
