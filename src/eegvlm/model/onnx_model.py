"""A checkpoint as ONNX graphs: what describes them, and their sessions; nothing of torch or transformers is needed.

A folder that ``eegvlm export`` wrote holds ``onnx.json`` (:class:`OnnxDescription`), a file for each graph, and the
checkpoint's safetensors, in which the graphs find their weights. docs/onnx.md says what each graph is given.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.extras import import_extra
from eegvlm.errors import InputError
from eegvlm.evidence import entry_places
from eegvlm.images import ImageLayout
from eegvlm.model.unfamiliar import FamiliarRecordings
from eegvlm.model.weights import weights_hash

DESCRIPTION = "onnx.json"
GRAPH_FILES = ("statistics.onnx", "vectors.onnx", "night.onnx", "answer.onnx")
FORMAT = 1
# In these, threads that take rows of their own do not wait for each other after each operation.
_ROWS_APART = ("vectors", "answer")

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class OnnxDescription:
    """What ``onnx.json`` holds.

    Parameters
    ----------
    format
        Version of this description.
    software, model, weights_sha256
        What wrote it, of which checkpoint and weights.
    stages
        Order of the logits.
    layout
        How pictures are drawn: :class:`eegvlm.images.ImageLayout` as JSON.
    picture
        Channels, height and width.
    graphs
        By name: ``file``, ``inputs`` and ``outputs``, each of these with ``name``, ``dtype``, ``shape``, ``meaning``.
    context_epochs, vector_channels, evidence_channels
        Neighbours on each side in ``context``, the width of a vector, and of what was made of an epoch's evidence.
    evidence_entries
        ``name`` and ``meaning``, with its unit, of each place of an epoch's evidence; empty where none is read.
    adaptation
        ``share`` of a recording's own batch statistics; ``few_epochs``, ``most_epochs`` of which they are.
    calibration
        Temperature, prior and smoothing, as in the checkpoint's ``config.json``.
    familiar
        Medians of the recordings that were learnt from: ``names``, ``columns``, ``centre``, ``spread``, ``inverse``,
        ``limit``; None where they are not known.
    checked
        By graph: the largest difference from torch in float32 when it was exported.
    """

    format: int
    software: str
    model: str
    weights_sha256: str
    stages: list[str]
    layout: dict[str, Any]
    picture: list[int]
    graphs: dict[str, dict[str, Any]]
    context_epochs: int
    vector_channels: int
    evidence_channels: int
    evidence_entries: list[dict[str, str]]
    adaptation: dict[str, float]
    calibration: dict[str, Any]
    familiar: dict[str, Any] | None
    checked: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> OnnxDescription:
        """Read a folder's description.

        Raises
        ------
        InputError
            If it is none, or of a version that this one does not know.
        """
        path = folder / DESCRIPTION
        hint = "write the folder anew: eegvlm export MODEL --to onnx --out FOLDER"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(path, "description", error, hint) from error
        names = {attribute.name for attribute in fields(cls)}
        if not isinstance(content, dict) or content.get("format") != FORMAT or set(content) != names:
            raise InputError(path, "format", content.get("format") if isinstance(content, dict) else "none", hint)
        return cls(**content)


def has_graphs(folder: Path) -> bool:
    """Say whether a folder holds all graphs, and they are of the weights beside them."""
    if not (folder / DESCRIPTION).is_file():
        return False
    try:
        description = OnnxDescription.read(folder)
    except InputError:
        return False
    are_there = all((folder / graph["file"]).is_file() for graph in description.graphs.values())
    return are_there and description.weights_sha256 == weights_hash(folder)


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """The graphs of a checkpoint, run by ONNX Runtime on the CPU.

    Parameters
    ----------
    folder
        Where they lie.
    description
        What they are given.
    """

    folder: Path
    description: OnnxDescription
    _sessions: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, folder: Path) -> OnnxModel:
        """Open a folder; a graph's session is made when it first runs.

        Raises
        ------
        InputError
            If the folder has no description, ONNX Runtime is not installed, or an entry of the evidence is not known
            to this version.
        """
        import_extra("onnxruntime", "onnx", "--engine onnx")
        model = cls(folder, OnnxDescription.read(folder))
        if unknown := [name for name in model.evidence_names if name not in entry_places()]:
            hint = "this version cannot measure it: use the version that wrote the folder"
            raise InputError(folder / DESCRIPTION, "evidence_entries", unknown[0], hint)
        return model

    @property
    def runtime_version(self) -> str:
        """Version of ONNX Runtime."""
        return str(import_extra("onnxruntime", "onnx", "--engine onnx").__version__)

    @cached_property
    def layout(self) -> ImageLayout:
        """How pictures are drawn."""
        return ImageLayout.from_dict(self.description.layout)

    @cached_property
    def config(self) -> Any:
        """The calibration, by the names of the checkpoint's configuration."""
        return SimpleNamespace(**self.description.calibration)

    @property
    def evidence_names(self) -> list[str]:
        """Names of the entries of the evidence."""
        return [entry["name"] for entry in self.description.evidence_entries]

    @cached_property
    def evidence_columns(self) -> list[int]:
        """Places of the entries that the model knows, in its order, among those of this version."""
        return [entry_places()[name] for name in self.evidence_names]

    @cached_property
    def familiar(self) -> FamiliarRecordings | None:
        """The recordings that were learnt from; None where they are not known."""
        recordings = self.description.familiar
        if recordings is None:
            return None
        numbers = {name: np.array(recordings[name], np.float64) for name in ("centre", "spread", "inverse")}
        return FamiliarRecordings(
            recordings["names"], recordings["columns"], limit=float(recordings["limit"]), **numbers
        )

    def has(self, graph: str) -> bool:
        """Say whether there is such a graph."""
        return graph in self.description.graphs

    def run(self, graph: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run a graph.

        Parameters
        ----------
        graph
            ``"statistics"``, ``"vectors"``, ``"night"`` or ``"answer"``.
        inputs
            By name; what the graph does not take is left out.
        """
        described, session = self.description.graphs[graph], self._session(graph)
        taken = {tensor["name"]: inputs[tensor["name"]] for tensor in described["inputs"]}
        names = [tensor["name"] for tensor in described["outputs"]]
        return dict(zip(names, session.run(names, taken), strict=True))

    def run_by_rows(self, graph: str, rows: Mapping[str, Array], shared: Mapping[str, Array]) -> dict[str, Array]:
        """Run a graph that treats every row by itself: each thread has a part of the rows.

        Parameters
        ----------
        graph
            ``"vectors"`` or ``"answer"``.
        rows
            By name: inputs of which each has as many rows.
        shared
            By name: inputs that are the same for all rows.
        """
        self._session(graph)  # one for all threads
        parts = np.array_split(np.arange(len(next(iter(rows.values())))), self._threads)
        inputs_of_parts = [
            {**shared, **{name: value[part] for name, value in rows.items()}} for part in parts if len(part)
        ]
        outputs = list(self._workers.map(lambda inputs: self.run(graph, inputs), inputs_of_parts))
        return {name: np.concatenate([output[name] for output in outputs]) for name in outputs[0]}

    def _session(self, graph: str) -> Any:
        if graph not in self._sessions:
            described = self.description.graphs[graph]
            path = self.folder / described["file"]
            session = _new_session(path, 1 if graph in _ROWS_APART else self._threads)
            ends = [{value.name for value in values} for values in (session.get_inputs(), session.get_outputs())]
            if ends != [{tensor["name"] for tensor in described[side]} for side in ("inputs", "outputs")]:
                raise InputError(path, "graph", "of another role", "write the folder anew with eegvlm export")
            self._sessions[graph] = session
        return self._sessions[graph]

    @cached_property
    def _threads(self) -> int:
        """How many a night may take: what OMP_NUM_THREADS says, or the processors of this process."""
        stated = os.environ.get("OMP_NUM_THREADS", "")
        available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return (int(stated) if stated.isdigit() else 0) or available or 1

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="onnx")


@cache
def _share_arena() -> None:
    """Register the arena that the sessions of this process share; the runtime takes one a process."""
    runtime = import_extra("onnxruntime", "onnx", "--engine onnx")
    memory = runtime.OrtMemoryInfo("Cpu", runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT)
    names = ("arena_extend_strategy", "initial_chunk_size_bytes", "max_dead_bytes_per_chunk")
    as_usual = runtime.OrtArenaCfg({"max_mem": 0, **dict.fromkeys(names, -1)})
    runtime.create_and_register_allocator(memory, as_usual)


def _new_session(path: Path, threads: int) -> Any:
    runtime = import_extra("onnxruntime", "onnx", "--engine onnx")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # waiting threads sleep instead of spinning, as those of torch do
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Graphs run one after the other: with one arena for all of them, and none planned for each shape of input, a night
    # of 8 h takes 0.67 GiB instead of 1.17 (benchmarks/cohort_jobs.py), in the same time.
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.use_env_allocators", "1")
    _share_arena()
    if not path.is_file():
        raise InputError(path, "graph", "missing", "write the folder anew with eegvlm export, or use --engine torch")
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has an error of its own for each cause, which derive from Exception alone
        reason = str(error).splitlines()[0]
        raise InputError(
            path, "graph", reason, "write the folder anew with eegvlm export, or use --engine torch"
        ) from error
