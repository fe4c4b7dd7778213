"""Weights of a graph that lie in a checkpoint's safetensors: found by their values, and left there.

ONNX lets a tensor lie in another file, at an offset; safetensors is a header followed by raw tensors. So a graph can
point into the file that the checkpoint has anyway, and weights are stored once.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_LEAST_BYTES = 1024  # what is smaller stays in the graph
_ONNX_TYPES = {"BF16": "BFLOAT16", "F16": "FLOAT16", "F32": "FLOAT"}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Place:
    """Where a tensor lies."""

    file: str
    offset: int
    size: int
    dtype: str
    shape: tuple[int, ...]


class CheckpointWeights:
    """The tensors of a folder's safetensors, by the digest of their values in float32."""

    def __init__(self, places: dict[str, _Place]) -> None:
        self._places = places

    @classmethod
    def of(cls, folder: Path) -> CheckpointWeights:
        """Read every safetensors file of a folder."""
        return cls(
            {
                _digest(values): place
                for file in sorted(folder.glob("*.safetensors"))
                for place, values in _tensors(file)
                if values.nbytes >= _LEAST_BYTES
            }
        )

    def share(self, onnx: Any, proto: Any) -> None:
        """Let a graph's large weights point into the files, in place; what is not found there stays in the graph.

        Parameters
        ----------
        onnx
            The package.
        proto
            ``onnx.ModelProto``; its weights are float32.
        """
        graph, nodes, inline, stored = proto.graph, [], [], {}
        for tensor in graph.initializer:
            values = onnx.numpy_helper.to_array(tensor)
            place = None
            if values.dtype == np.float32 and values.nbytes >= _LEAST_BYTES:
                place = self._places.get(_digest(values))
                is_turned = place is None and values.ndim == 2
                if is_turned:
                    place = self._places.get(_digest(values.T))
            if place is None:
                inline.append(tensor)
                continue
            key = (place.file, place.offset)
            if key not in stored:
                stored[key] = _external(onnx, f"{tensor.name}.stored", place)
            name = stored[key].name
            if place.dtype != "F32":
                nodes.append(onnx.helper.make_node("Cast", [name], [f"{tensor.name}.wide"], to=onnx.TensorProto.FLOAT))
                name = f"{tensor.name}.wide"
            if is_turned:
                nodes.append(onnx.helper.make_node("Transpose", [name], [tensor.name], perm=[1, 0]))
            else:
                shape = f"{tensor.name}.shape"
                inline.append(onnx.numpy_helper.from_array(np.array(values.shape, np.int64), shape))
                nodes.append(onnx.helper.make_node("Reshape", [name, shape], [tensor.name]))
        nodes += graph.node
        del graph.node[:], graph.initializer[:]
        graph.node.extend(nodes)
        graph.initializer.extend([*inline, *stored.values()])


def _external(onnx: Any, name: str, place: _Place) -> Any:
    tensor = onnx.TensorProto(
        name=name,
        dims=place.shape,
        data_type=getattr(onnx.TensorProto, _ONNX_TYPES[place.dtype]),
        data_location=onnx.TensorProto.EXTERNAL,
    )
    for key, value in (("location", place.file), ("offset", place.offset), ("length", place.size)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _digest(values: Floats) -> str:
    """Return what two tensors of the same values, in one order, have in common."""
    return hashlib.sha256(np.ascontiguousarray(values, np.float32).tobytes()).hexdigest()


def _tensors(file: Path) -> Iterator[tuple[_Place, Floats]]:
    """Yield the floating-point tensors of a safetensors file, widened to float32, one after the other."""
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
        for name, entry in header.items():
            if name == "__metadata__" or entry["dtype"] not in _ONNX_TYPES:
                continue
            begin, end = entry["data_offsets"]
            place = _Place(file.name, 8 + length + begin, end - begin, entry["dtype"], tuple(entry["shape"]))
            stream.seek(place.offset)
            yield place, _widened(stream.read(place.size), place.dtype).reshape(place.shape)


def _widened(raw: bytes, dtype: str) -> Floats:
    if dtype == "BF16":
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(raw, {"F16": "<f2", "F32": "<f4"}[dtype]).astype(np.float32)
