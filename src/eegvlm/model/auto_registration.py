"""EEG-VLM among transformers' Auto classes, as soon as ``eegvlm`` and one of them have been imported.

transformers has no entry point for classes of other packages, and importing the model with ``import eegvlm`` would cost
seconds. So transformers' Auto modules are watched for: when one is imported, the names of our classes are added to its
tables of names, next to those of transformers' own models, and the classes are imported when they are asked for.
An Auto module that was imported before ``eegvlm`` gets the classes themselves, for its tables are made already.

Relied on are the tables ``*_MAPPING_NAMES`` (model type -> name of the class) and that the class is looked up in
``transformers.models.<model type>``, which here is :mod:`eegvlm.model`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NamedTuple

_MODEL_TYPE = "eeg_vlm"
_AUTO = "transformers.models.auto."


class _Table(NamedTuple):
    """A table of an Auto module, what is put into it, and the module of ours that registers the class itself."""

    name: str
    entry: str | dict[str, str]
    registers: str


_TABLES = {
    f"{_AUTO}configuration_auto": _Table("CONFIG_MAPPING_NAMES", "EegVlmConfig", "configuration"),
    f"{_AUTO}modeling_auto": _Table(
        "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES", "EegVlmForConditionalGeneration", "modeling"
    ),
    f"{_AUTO}image_processing_auto": _Table(
        "IMAGE_PROCESSOR_MAPPING_NAMES", {"pil": "EegVlmImageProcessor"}, "image_processing"
    ),
    f"{_AUTO}processing_auto": _Table("PROCESSOR_MAPPING_NAMES", "EegVlmProcessor", "processing"),
}


class _AutoModules(MetaPathFinder):
    """Finds transformers' Auto modules as Python would, and has our names added when they are loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _TABLES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _WithOurNames(spec.loader)
        return spec


class _WithOurNames(Loader):
    """Loads a module with its own loader, then adds our name to its table."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        table = _TABLES[module.__name__]
        getattr(module, table.name)[_MODEL_TYPE] = table.entry
        sys.modules.setdefault(f"transformers.models.{_MODEL_TYPE}", sys.modules["eegvlm.model"])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)  # get_source and others, for tracebacks and inspect


def watch_auto_classes() -> None:
    """Make our classes known to the Auto modules that are imported already, and to the others when they are."""
    if any(isinstance(finder, _AutoModules) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _AutoModules())
    for name, table in _TABLES.items():
        if name in sys.modules:
            import_module(f"eegvlm.model.{table.registers}")
