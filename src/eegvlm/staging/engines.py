"""What computes: torch, the reference and the way to reasons, or ONNX Runtime, which stages without loading it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from eegvlm.core.extras import check_extra
from eegvlm.errors import InputError
from eegvlm.model.onnx_model import has_graphs

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
