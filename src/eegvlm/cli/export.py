"""``eegvlm export``: a checkpoint to graphs that run without torch."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Target(StrEnum):
    """What a model is exported to."""

    ONNX = "onnx"


def export(
    model: Annotated[
        str, typer.Argument(help="A packaged model, a checkpoint folder, or owner/name[@revision] on the Hub.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the graphs; it gets a copy of the checkpoint, too.")],
    to: Annotated[Target, typer.Option("--to", help="Format.")] = Target.ONNX,
) -> None:
    """Write a checkpoint as ONNX graphs, checked by onnx and held against torch."""
    from rich.console import Console

    from eegvlm.core.extras import check_extra
    from eegvlm.core.files import check_output_folder
    from eegvlm.model.onnx_model import DESCRIPTION, GRAPH_FILES

    check_output_folder(out, files=(*GRAPH_FILES, DESCRIPTION))
    for extra in ("onnx", "export"):
        check_extra(extra, "eegvlm export")
    from eegvlm.model.onnx_export import export_onnx

    console = Console(markup=False, highlight=False)
    with console.status(f"{model} to {to.value}"):
        written = export_onnx(model, out)
    for name, graph in written.graphs.items():
        inputs, outputs = (", ".join(tensor["name"] for tensor in graph[side]) for side in ("inputs", "outputs"))
        apart = written.checked[name]
        console.print(f"{graph['file']}: {inputs} -> {outputs}; {apart:.1g} from torch", soft_wrap=True)
    console.print(f"graphs: {out}, described by {out / 'onnx.json'}", soft_wrap=True)
