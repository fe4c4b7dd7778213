"""A checkpoint to ONNX graphs that anything can run, each checked and held against torch before the folder is done.

Notable
-------
- The graphs have no weights of their own: they point into the checkpoint's safetensors, which lie beside them. What is
  stored in bfloat16 there is widened when a session is made. Weights that were changed on the way are found by their
  values, whole or transposed.
- Graphs compute in float32. Rows (epochs) are dynamic everywhere; a night may have any length.

Not covered: drawing, reading files, reasons.
"""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from eegvlm import __version__
from eegvlm.core.extras import check_extra, import_extra
from eegvlm.core.files import make_folder, write_bytes, write_text
from eegvlm.errors import InputError
from eegvlm.evidence import entries
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor
from eegvlm.model.enhancement import ENOUGH_EPOCHS, FEW_EPOCHS
from eegvlm.model.general import is_general
from eegvlm.model.hub import FILES
from eegvlm.model.loading import UNREADABLE
from eegvlm.model.onnx_graphs import AnswerGraph, NightGraph, StatisticsGraph, VectorsGraph, learnt_statistics
from eegvlm.model.onnx_gru import translations
from eegvlm.model.onnx_model import DESCRIPTION, FORMAT, OnnxDescription, OnnxModel
from eegvlm.model.onnx_weights import CheckpointWeights
from eegvlm.model.weights import checkpoint_path, weights_hash

TOLERANCE = 1e-3
"""Largest difference from torch in a vector beside its largest entry, and in a logit beside the largest of all."""
_ROWS = 6  # epochs of the inputs that graphs are traced and checked with; another number is checked, too
_CALIBRATION = (
    "stage_temperature",
    "stage_prior",
    "smoothing",
    "smoothing_strength",
    "smoothed_temperature",
    "unfamiliar_widening",
)


def export_onnx(name_or_path: str | Path, folder: Path) -> OnnxDescription:
    """Write a checkpoint as ONNX graphs.

    Parameters
    ----------
    name_or_path
        As for :func:`eegvlm.model.checkpoint_path`.
    folder
        Gets the graphs, ``onnx.json`` and a copy of the checkpoint, so that it can be staged with either engine; it
        may be the checkpoint's own folder, which gets the graphs alone.

    Returns
    -------
    OnnxDescription
        What was written.

    Raises
    ------
    InputError
        If the model is a general-purpose one or damaged, the folder holds other files of these names, the extras are
        not installed, or a graph differs from torch.
    """
    for extra in ("onnx", "export"):
        check_extra(extra, "eegvlm export")
    source = checkpoint_path(name_or_path)
    if is_general(source):
        hint = "only an EEG-VLM has graphs: export a general-purpose model with the tools of its makers"
        raise InputError(source, "model", "general-purpose", hint)
    try:
        processor = EegVlmProcessor.from_pretrained(source)
        model = EegVlmForConditionalGeneration.from_pretrained(source, dtype=torch.float32).eval()
    except UNREADABLE as error:
        hint = "use a folder with config.json, model.safetensors and the processor's files"
        raise InputError(source, "model", error, hint) from error
    if source.resolve() != folder.resolve():
        _check_place(folder, source)
        make_folder(folder)
        for copied in sorted({path for pattern in FILES for path in source.glob(pattern)}):
            if copied.name != DESCRIPTION and copied.suffix != ".onnx":
                shutil.copyfile(copied, folder / copied.name)
    (folder / DESCRIPTION).unlink(missing_ok=True)  # it is written last, and says that all graphs are there
    weights = CheckpointWeights.of(folder)
    graphs = _graphs(model, processor)
    described = {}
    for name, (network, inputs, outputs) in graphs.items():
        file = f"{name}.onnx"
        write_bytes(folder / file, _exported(network, inputs, list(outputs), weights))
        described[name] = {
            "file": file,
            "inputs": [_described(key, value) for key, value in inputs.items()],
            "outputs": [{"name": key, **_MEANINGS[key]} for key in outputs],
        }
    description = _description(model, processor, Path(name_or_path).name, weights_hash(folder), described)
    checked = {name: _difference(folder, description, name, *graph) for name, graph in graphs.items()}
    description = OnnxDescription(**{**asdict(description), "checked": checked})
    write_text(folder / DESCRIPTION, json.dumps(asdict(description), indent=1) + "\n")
    return description


def _check_place(folder: Path, source: Path) -> None:
    """Refuse a folder that holds files of something else, which a copy of the checkpoint would replace."""
    if not folder.is_dir():
        return
    ours = {path.name for pattern in FILES for path in source.glob(pattern)} | {DESCRIPTION}
    same_weights = (folder / "model.safetensors").is_file() and weights_hash(folder) == weights_hash(source)
    if not same_weights and any(path.name in ours or path.suffix == ".onnx" for path in folder.iterdir()):
        raise InputError(folder, "output", "it holds other files of these names", "name a new or an empty folder")


Graph = tuple[nn.Module, dict[str, torch.Tensor], tuple[str, ...]]

_MEANINGS: dict[str, dict[str, Any]] = {
    "pictures": {
        "dtype": "uint8",
        "shape": ["epochs", "channels", "height", "width"],
        "meaning": "pictures as the layout draws them",
    },
    "own_share": {
        "dtype": "float32",
        "shape": [],
        "meaning": "share of the recording's own statistics: share * usable epochs / (usable epochs + few_epochs)",
    },
    "means": {"dtype": "float32", "shape": ["statistics"], "meaning": "means of all batch normalisations"},
    "variances": {"dtype": "float32", "shape": ["statistics"], "meaning": "their variances"},
    "vectors": {
        "dtype": "float32",
        "shape": ["epochs", "vector_channels"],
        "meaning": "high-level vectors, in the order of time; NaN where an epoch is not usable",
    },
    "entries": {
        "dtype": "float32",
        "shape": ["epochs", "evidence_entries"],
        "meaning": "what was measured in each epoch, NaN where it is absent",
    },
    "moved": {
        "dtype": "float32",
        "shape": ["epochs", "vector_channels"],
        "meaning": "each vector as the night encoder moved it",
    },
    "evidence": {
        "dtype": "float32",
        "shape": ["epochs", "evidence_channels"],
        "meaning": "what the evidence encoder made of each epoch; the last five are log probabilities of the stages",
    },
    "picture_weight": {
        "dtype": "float32",
        "shape": [],
        "meaning": "weight of what the pictures say beside the evidence, from 0 to 1",
    },
    "context": {
        "dtype": "float32",
        "shape": ["epochs", "2 * context_epochs + 1", "vector_channels + evidence_channels"],
        "meaning": "vectors beside evidence of the epoch and its neighbours, in the order of time; NaN beyond the ends",
    },
    "own": {"dtype": "float32", "shape": ["epochs", 1, "vector_channels"], "meaning": "the epoch's row of moved"},
    "logits": {
        "dtype": "float32",
        "shape": ["epochs", 5],
        "meaning": "logits of W, N1, N2, N3, R; probabilities are softmax(logits / stage_temperature)",
    },
}


def _described(name: str, value: torch.Tensor) -> dict[str, Any]:
    return {"name": name, **_MEANINGS[name]}


def _graphs(model: EegVlmForConditionalGeneration, processor: EegVlmProcessor) -> dict[str, Graph]:
    """Return the graphs of a model, each with inputs to trace it with and the names of its outputs."""
    config, layout = model.config, processor.layout
    draw = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (_ROWS, layout.channels, layout.height, layout.width), generator=draw)
    picture_inputs = {"pictures": pictures.to(torch.uint8)}
    if not config.reads_night:
        return {"answer": (AnswerGraph(model, processor), picture_inputs, ("logits",))}
    graphs: dict[str, Graph] = {}
    vector_inputs = dict(picture_inputs)
    if config.adaptation:
        share = {"own_share": torch.tensor(0.4)}
        graphs["statistics"] = (StatisticsGraph(model, processor), {**picture_inputs, **share}, ("means", "variances"))
        means, variances = learnt_statistics(model.model.enhancement)
        vector_inputs |= {"means": means, "variances": variances}
    graphs["vectors"] = (VectorsGraph(model, processor), vector_inputs, ("vectors",))
    width, beside = config.enhancement_channels, config.evidence_channels

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=draw)

    vectors = normal(_ROWS, width)
    vectors[1] = torch.nan
    night, outputs = {"vectors": vectors}, ("moved",)
    if config.reads_evidence:
        night["entries"] = model.model.evidence.mean + normal(_ROWS, len(config.evidence_entries))
        night["entries"][2], night["entries"][3, :5] = torch.nan, torch.nan
        outputs = ("moved", "evidence", "picture_weight")  # type: ignore[assignment]
    graphs["night"] = (NightGraph(model), night, outputs)
    context = normal(_ROWS, 2 * config.context_epochs + 1, width + beside)
    if config.context_epochs:
        context[0, : config.context_epochs] = torch.nan
    context[2, :, width:] = torch.nan
    answer_inputs = {"context": context, "own": normal(_ROWS, 1, width)}
    if config.reads_evidence:
        answer_inputs["picture_weight"] = torch.tensor(0.7)
    graphs["answer"] = (AnswerGraph(model, processor), {**picture_inputs, **answer_inputs}, ("logits",))
    return graphs


def _exported(
    network: nn.Module, inputs: Mapping[str, torch.Tensor], outputs: list[str], weights: CheckpointWeights
) -> bytes:
    """Return a graph, its first dimensions dynamic and its weights in the checkpoint's files."""
    onnx = import_extra("onnx", "export", "eegvlm export")
    epochs = torch.export.Dim("epochs", min=2)
    dynamic = {name: {0: epochs} if value.ndim > 1 else None for name, value in inputs.items()}
    # of operators of torchvision, which no model here has, and of weights that are not folded, which is what is wanted
    loud = [(log, log.level) for log in map(logging.getLogger, ("torch.onnx", "onnxscript"))]
    try:
        for logger, _ in loud:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # torch's own, about torch
            program = torch.onnx.export(
                network.eval(),
                kwargs=dict(inputs),
                input_names=list(inputs),
                output_names=outputs,
                dynamic_shapes=dynamic,
                dynamo=True,
                verbose=False,
                external_data=False,
                custom_translation_table=translations(),
            )
    finally:
        for logger, level in loud:
            logger.setLevel(level)
    proto: Any = program.model_proto  # type: ignore[union-attr]
    _strip(proto)
    weights.share(onnx, proto)
    return bytes(proto.SerializeToString())


def _strip(proto: Any) -> None:
    """Take out where in our source each node comes from, and what a runtime infers by itself."""
    for part in (proto, proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.output):
        part.doc_string = ""
        del part.metadata_props[:]
    del proto.graph.value_info[:]


def _difference(
    folder: Path,
    description: OnnxDescription,
    name: str,
    network: nn.Module,
    inputs: Mapping[str, torch.Tensor],
    outputs: tuple[str, ...],
) -> float:
    """Check a graph's file, and return how far it lies from torch beside the largest value.

    Raises
    ------
    InputError
        If it differs by more than :data:`TOLERANCE`.
    """
    onnx = import_extra("onnx", "export", "eegvlm export")
    path = folder / description.graphs[name]["file"]
    onnx.checker.check_model(str(path))
    running, largest = OnnxModel(folder, description), 0.0
    for rows in (slice(None), slice(0, 4)):
        batch = {key: value[rows] if value.ndim > 1 else value for key, value in inputs.items()}
        with torch.no_grad():
            computed = network(**batch)
        expected = computed if isinstance(computed, tuple) else (computed,)
        answers = running.run(name, {key: value.numpy() for key, value in batch.items()})
        for output, reference in zip(outputs, expected, strict=True):
            reference_values = reference.numpy()
            if not np.array_equal(np.isnan(reference_values), np.isnan(answers[output])):
                raise InputError(path, output, "NaN elsewhere than in torch", "report this: the graph is wrong")
            apart = np.nanmax(np.abs(answers[output] - reference_values)) / max(
                1.0, float(np.nanmax(np.abs(reference_values)))
            )
            largest = max(largest, float(apart))
    if largest > TOLERANCE:
        raise InputError(path, "difference from torch", f"{largest:.2g}", "report this: the graph is wrong")
    return largest


def _description(
    model: EegVlmForConditionalGeneration,
    processor: EegVlmProcessor,
    name: str,
    sha256: str,
    graphs: dict[str, dict[str, Any]],
) -> OnnxDescription:
    config, layout = model.config, processor.layout
    meanings = {entry.name: entry.meaning for entry in entries()}
    familiar = model.model.evidence.familiarity.recordings if config.reads_evidence else None
    return OnnxDescription(
        format=FORMAT,
        software=f"eeg-vlm {__version__}",
        model=name,
        weights_sha256=sha256,
        stages=["W", "N1", "N2", "N3", "R"],
        layout=layout.to_dict(),
        picture=[layout.channels, layout.height, layout.width],
        graphs=graphs,
        context_epochs=config.context_epochs,
        vector_channels=config.enhancement_channels,
        evidence_channels=config.evidence_channels,
        evidence_entries=[{"name": entry, "meaning": meanings[entry]} for entry in config.evidence_entries],
        adaptation={"share": config.adaptation, "few_epochs": FEW_EPOCHS, "most_epochs": ENOUGH_EPOCHS},
        calibration={key: getattr(config, key) for key in _CALIBRATION},
        familiar=None
        if familiar is None
        else {
            "names": list(familiar.names),
            "columns": list(familiar.columns),
            "centre": familiar.centre.tolist(),
            "spread": familiar.spread.tolist(),
            "inverse": familiar.inverse.tolist(),
            "limit": familiar.limit,
        },
    )
