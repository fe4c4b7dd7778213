"""``eegvlm doctor``: versions, device, extras, and what can run on this machine; to be pasted into a bug report."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from eegvlm import __version__
from eegvlm.core.extras import EXTRAS, install_command, installed_version, missing_packages

_PACKAGES = (
    "numpy",
    "scipy",
    "torch",
    "transformers",
    "huggingface-hub",
    "safetensors",
    "edfio",
    "mne",
    "pandas",
    "yasa",
    "onnxruntime",
)
_NEEDS = {
    "inspect, simulate, convert, compare": None,
    "stage, demo, render": "",
    "review": "review",
    "stage --engine onnx": "onnx",
    "export": "export",
    "train, crossval, merge, dataset build": "train",
    "train and stage general-purpose models": "general",
    "recordings other than EDF and BDF": "mne",
    "stage --second-reader yasa": "second-reader",
    "attribute --figures, Hypnogram.plot": "figures",
    "Hypnogram.to_dataframe, tables of events": "pandas",
    "data sets in HDF5": "hdf5",
    "index, stage --examples": "index",
    "evaluate --baseline logistic": "baseline",
    "cohort summaries as Parquet": "cohort",
    "cohort --ray": "cluster",
    "signed nights as PDF without Chromium": "pdf",
}
"""What runs with which extra; "": with all that the package requires; None: without torch, too."""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a program.")] = False,
) -> None:
    """Show versions, device, extras, and what can run here."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    sections = examined()
    if as_json:
        print(json.dumps(sections, indent=2, ensure_ascii=False))
        return
    console = Console(markup=False, highlight=False)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in {**sections["system"], **sections["versions"], **sections["device"]}.items():
        table.add_row(name, Text(str(value)) if value is not None else Text("not installed", "dim"))
    table.add_section()
    for name, value in sections["package"].items():
        table.add_row(name, Text(", ".join(value) if isinstance(value, list) else value))
    table.add_section()
    for what, lacking in sections["can run"].items():
        table.add_row(what, Text("yes", "green") if lacking is None else Text(f"no: {lacking}", "yellow"))
    console.print(table)


def examined() -> dict[str, Any]:
    """Return what is printed, by section."""
    from eegvlm.lab.training.packaged_recipes import RECIPES, packaged_recipes
    from eegvlm.model.weights import packaged_models

    return {
        "system": {
            "eeg-vlm": __version__,
            "Python": f"{platform.python_version()} ({platform.python_implementation()})",
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "processors": os.cpu_count(),
            "memory": _memory(),
            "free disk here": _gib(shutil.disk_usage(Path.cwd()).free),
        },
        "versions": {name: installed_version(name) for name in _PACKAGES},
        "device": _device(),
        "package": {
            "models": packaged_models(),
            "recipes": packaged_recipes(),
            "folder of recipes": str(RECIPES),
        },
        "can run": {what: _lacking(extra) for what, extra in _NEEDS.items()},
        "extras": {name: list(missing_packages(name)) for name in EXTRAS},
    }


def _lacking(extra: str | None) -> str | None:
    """Say what is missing for an extra and how to get it; None where nothing is."""
    if extra == "" and (absent := [name for name in ("torch", "transformers") if installed_version(name) is None]):
        return f"{', '.join(absent)} not installed; pip install eeg-vlm with all that it requires"
    if not extra or not (missing := missing_packages(extra)):
        return None
    return f"{', '.join(missing)} not installed; {install_command(extra)}"


def _device() -> dict[str, Any]:
    """Return what a model would run on; a torch that cannot be imported is a finding, not a failure."""
    try:
        import torch

        from eegvlm.staging.precision import choose_device, choose_dtype
    except Exception as error:  # a broken installation fails in ways of its own
        return {"device": f"none: torch cannot be imported ({type(error).__name__}: {error})"}
    device = choose_device("auto")
    properties = {
        "device": device.type,
        "precision": str(choose_dtype("auto", device)).removeprefix("torch."),
        "threads": torch.get_num_threads(),
    }
    for place in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(place)
        properties[f"cuda:{place}"] = f"{gpu.name}, {_gib(gpu.total_memory)}"
    return properties


def _memory() -> str:
    if not hasattr(os, "sysconf") or sys.platform == "darwin":
        return "unknown"
    return _gib(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
