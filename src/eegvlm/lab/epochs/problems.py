"""What is wrong with a store, or with a request on one; and the packages that a store needs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from eegvlm.errors import InputError


class StoreError(InputError):
    """An epoch store that cannot be written, read or exported; says where, what, and the remedy."""


def optional(module: str) -> ModuleType:
    """Import a module of the ``train`` extra.

    Raises
    ------
    StoreError
        Where the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise StoreError(
            "epoch store", "package", f"{package} is not installed", "pip install 'eeg-vlm[train]'"
        ) from error
