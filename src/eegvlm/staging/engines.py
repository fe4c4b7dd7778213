"""What computes: torch, the reference and the way to reasons, or ONNX Runtime, which stages without loading it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from eegvlm.core.extras import check_extra
from eegvlm.errors import InputError
from eegvlm.model.onnx_model import OnnxModel, has_graphs
from eegvlm.staging.model_inputs import Inputs

Engine = Literal["torch", "onnx", "auto"]
ENGINES: tuple[Engine, ...] = ("torch", "onnx", "auto")


def choose_engine(
    engine: Engine, folder: Path, *, device: str = "auto", dtype: str = "auto"
) -> Literal["torch", "onnx"]:
    """Return the engine that a name means.

    Parameters
    ----------
    engine
        ``"auto"``: ONNX Runtime where it is installed, the folder holds graphs of these very weights, and neither
        device nor precision asks for something else; else torch.
    folder
        Of the checkpoint.
    device, dtype
        As the user wrote them. Graphs are computed on the CPU in float32.

    Raises
    ------
    InputError
        If the name is unknown, or ``"onnx"`` cannot be had: what to install, to export or to leave out.
    """
    if engine not in ENGINES:
        raise InputError("arguments", "engine", engine, f"use one of {', '.join(ENGINES)}")
    if engine == "torch":
        return "torch"
    asks_other = device not in ("auto", "cpu") or dtype not in ("auto", "float32")
    if engine == "auto":
        at_hand = find_spec("onnxruntime") is not None and not asks_other and has_graphs(folder)
        return "onnx" if at_hand else "torch"
    check_extra("onnx", "--engine onnx")
    if asks_other:
        raise InputError(
            "arguments", "engine", "onnx", "graphs compute on the CPU in float32: leave --device and --dtype out"
        )
    if not has_graphs(folder):
        hint = (
            "it has no graphs of its weights: eegvlm export MODEL --to onnx --out FOLDER, and give FOLDER as the model"
        )
        raise InputError(folder, "engine", "onnx", hint)
    return "onnx"


def reader_of(model: Any, processor: Any, inputs: Inputs) -> Any:
    """Return what reads with a model: graphs, a general-purpose model, or an EEG-VLM."""
    if isinstance(model, OnnxModel):
        from eegvlm.staging.onnx_reader import OnnxReader

        return OnnxReader(model, inputs)
    from eegvlm.model import GeneralProcessor
    from eegvlm.staging.general_reading import GeneralReader
    from eegvlm.staging.reading import Reader

    return (GeneralReader if isinstance(processor, GeneralProcessor) else Reader)(model, processor, inputs)


def load_model(folder: Path, engine: Engine, *, device: str, dtype: str) -> tuple[Any, Any, dict[str, str]]:
    """Load a checkpoint into an engine: the model, its processor, and for the record what computes.

    Raises
    ------
    InputError
        If the engine cannot be had, the device is not at hand, or a file is missing or damaged.
    """
    if choose_engine(engine, folder, device=device, dtype=dtype) == "onnx":
        return _load_graphs(folder)
    return _load_network(folder, device, dtype)


def _load_graphs(folder: Path) -> tuple[Any, Any, dict[str, str]]:
    """Load exported graphs."""
    model = OnnxModel.load(folder)
    return model, model, {"engine": f"onnxruntime {model.runtime_version}", "device": "cpu", "dtype": "float32"}


def _load_network(folder: Path, device: str, dtype: str) -> tuple[Any, Any, dict[str, str]]:
    """Load a checkpoint into torch."""
    from eegvlm.staging.loading import load_checkpoint
    from eegvlm.staging.precision import choose_device, choose_dtype

    on, precision = choose_device(device), choose_dtype(dtype, choose_device(device))
    model, processor = load_checkpoint(folder, precision)
    return model.to(on).eval(), processor, {"device": on.type, "dtype": str(precision).removeprefix("torch.")}
