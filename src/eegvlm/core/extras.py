"""Optional packages: imported where they are needed, and named with their extra where they are missing."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from eegvlm.errors import InputError

EXTRAS: dict[str, tuple[str, ...]] = {
    "baseline": ("scikit-learn",),
    "figures": ("matplotlib",),
    "general": ("torchvision",),
    "hdf5": ("h5py",),
    "index": ("faiss-cpu",),
    "mne": ("mne",),
    "onnx": ("onnxruntime",),
    "export": ("onnx", "onnxscript"),
    "pandas": ("pandas",),
    "pdf": ("weasyprint",),
    "review": ("fastapi", "uvicorn"),
    "second-reader": ("yasa", "mne"),
    "train": ("accelerate", "datasets", "peft", "pyarrow", "pydantic", "pyyaml"),
    "cohort": ("pyarrow",),  # after train, which is the extra to name where a package is in both
    "cluster": ("ray",),
}
"""The distributions that make up each extra of ``pyproject.toml``."""
# What an installation for ONNX Runtime alone may lack (docs/install.md); nothing that stages without reasons needs it.
_NETWORK = ("torch", "transformers", "safetensors", "tokenizers", "huggingface_hub", "fsspec")
# Modules that are not called as their distribution.
_MODULES = {"yaml": "pyyaml", "faiss": "faiss-cpu", "sklearn": "scikit-learn"}


class MissingExtraError(InputError):
    """A package of an extra that is not installed; the hint is the command that installs it."""

    @classmethod
    def of(cls, asked_by: str, package: str, extra: str) -> MissingExtraError:
        """Make the error for what was asked, the package that it needs and the extra that has it."""
        return cls(asked_by, package, "not installed", install_command(extra))


def install_command(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'eeg-vlm[{extra}]'"


def import_extra(module: str, extra: str, asked_by: str) -> Any:
    """Import a module of an extra.

    Parameters
    ----------
    module
        Its dotted name.
    extra
        One of :data:`EXTRAS`.
    asked_by
        The call, command or file that needs it, which begins the sentence.

    Raises
    ------
    MissingExtraError
        Where it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        raise MissingExtraError.of(asked_by, missing, extra) from error


def missing_extra(error: ModuleNotFoundError, asked_by: str) -> MissingExtraError | None:
    """Return the error that says how to install a module that was not found; None where it is of no extra.

    An installation without torch lacks modules of the base; the hint then names what works without them.

    Parameters
    ----------
    error
        What the import raised.
    asked_by
        The call, command or file that needs the module.
    """
    module = (error.name or "").partition(".")[0]
    if module in _NETWORK:
        hint = "pip install eeg-vlm with all that it requires; stage --explain none does without, on ONNX Runtime"
        return MissingExtraError(asked_by, module, "not installed", hint)
    package = _MODULES.get(module, module)
    extra = next((name for name, packages in EXTRAS.items() if package in packages), None)
    return None if extra is None else MissingExtraError.of(asked_by, package, extra)


def check_extra(extra: str, asked_by: str) -> None:
    """Refuse work that would fail later for want of a package.

    Raises
    ------
    MissingExtraError
        Naming the packages of the extra that are not installed.
    """
    if missing := missing_packages(extra):
        raise MissingExtraError.of(asked_by, ", ".join(missing), extra)


def missing_packages(extra: str) -> tuple[str, ...]:
    """Name the distributions of an extra that are not installed, without importing any."""
    return tuple(name for name in EXTRAS[extra] if installed_version(name) is None)


def installed_version(distribution: str) -> str | None:
    """Return the version of a distribution, None where it is not installed; nothing is imported."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
