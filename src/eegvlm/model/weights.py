"""Where a model's files lie: a folder, the name of a packaged model, or a repository of the Hub."""

from __future__ import annotations

import hashlib
from pathlib import Path

from eegvlm.errors import InputError
from eegvlm.model.hub import HubModel

_PACKAGED = Path(__file__).parent / "packaged"


def packaged_models() -> list[str]:
    """Name the models that come with the package."""
    return sorted(folder.name for folder in _PACKAGED.glob("*") if (folder / "config.json").is_file())


def checkpoint_path(name_or_path: str | Path, revision: str | None = None) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    name_or_path
        A folder; the name of a packaged model; or ``owner/name`` on the Hub, ``owner/name@revision``, ``hf://...``.
    revision
        Branch, tag or commit on the Hub.

    Raises
    ------
    InputError
        If it is none of these, or the Hub does not have it.
    """
    for folder in (Path(name_or_path), _PACKAGED / str(name_or_path)):
        if (folder / "config.json").is_file():
            if revision is not None:
                raise InputError(name_or_path, "revision", revision, "only the Hub has revisions: leave it out")
            return folder
    if isinstance(name_or_path, str) and (on_hub := HubModel.parse(name_or_path, revision)) is not None:
        folder = on_hub.download()
        if (folder / "config.json").is_file():
            return folder
    raise InputError(
        name_or_path,
        "model",
        "no config.json there",
        "give a folder that save_pretrained wrote, owner/name on the Hub, or one of "
        f"{', '.join(packaged_models()) or 'no packaged models'}",
    )


def weights_hash(folder: Path) -> str:
    """Return the SHA-256 of a model's weights: of every safetensors file, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            while block := stream.read(1 << 24):
                digest.update(block)
    return digest.hexdigest()
