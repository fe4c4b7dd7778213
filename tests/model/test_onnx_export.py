"""Graphs of any checkpoint: the weights stay in its files, epochs may be many, and torch agrees."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from eegvlm.model.onnx_weights import CheckpointWeights

pytest.importorskip("onnxscript")
onnx = pytest.importorskip("onnx")


def test_a_weight_is_found_by_its_values_whole_or_transposed(tmp_path):
    from safetensors.torch import save_file

    stored = torch.randn(24, 40, dtype=torch.bfloat16)
    save_file({"weight": stored}, tmp_path / "model.safetensors")
    wide = stored.float().numpy()
    small = np.zeros(4, np.float32)
    initializers = [
        onnx.numpy_helper.from_array(values, name)
        for name, values in (("whole", wide), ("turned", np.ascontiguousarray(wide.T)), ("small", small))
    ]
    one = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("MatMul", ["x", "turned"], ["y"]),
            onnx.helper.make_node("MatMul", ["y", "whole"], ["z"]),
        ],
        "two",
        [one("x", onnx.TensorProto.FLOAT, ["n", 40])],
        [one("z", onnx.TensorProto.FLOAT, ["n", 40])],
        initializers,
    )
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    CheckpointWeights.of(tmp_path).share(onnx, proto)
    assert len(proto.SerializeToString()) < stored.numel()
    (tmp_path / "two.onnx").write_bytes(proto.SerializeToString())
    onnx.checker.check_model(str(tmp_path / "two.onnx"))
    session = pytest.importorskip("onnxruntime").InferenceSession(tmp_path / "two.onnx")
    x = np.ones((3, 40), np.float32)
    np.testing.assert_allclose(session.run(None, {"x": x})[0], x @ wide.T @ wide, rtol=1e-4, atol=1e-4)


def test_a_gru_is_one_operator_of_any_length():
    from eegvlm.model.onnx_gru import with_one_operator

    class Reader(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before = torch.nn.GRU(5, 7, batch_first=True)

        def forward(self, night: torch.Tensor) -> torch.Tensor:
            return self.before(night)[0]

    torch.manual_seed(0)
    reader, night = Reader().eval(), torch.randn(2, 9, 5)
    torch.testing.assert_close(with_one_operator(reader)(night), reader(night))
    dynamic = {"night": {1: torch.export.Dim("epochs", min=2)}}
    program = torch.export.export(with_one_operator(reader), (night,), dynamic_shapes=dynamic, strict=False)
    assert sum("gru" in str(node.target) for node in program.graph.nodes) == 1


def test_the_last_state_is_that_of_the_whole_language_model(build):
    from eegvlm.model.last_position import last_state

    language_model = build().model.language_model
    embedded = torch.randn(3, 11, language_model.config.hidden_size)
    whole = language_model(inputs_embeds=embedded, use_cache=False).last_hidden_state[:, -1]
    torch.testing.assert_close(last_state(language_model, embedded), whole, rtol=1e-4, atol=1e-5)


def test_a_general_purpose_model_is_refused(tmp_path):
    from eegvlm.errors import InputError
    from eegvlm.model.onnx_export import export_onnx

    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "eegvlm.json").write_text("{}")
    with pytest.raises(InputError, match="general-purpose"):
        export_onnx(tmp_path, tmp_path / "out")


@pytest.mark.slow
def test_nano_is_exported_whole_again_and_not_over_other_files(tmp_path):
    from eegvlm.errors import InputError
    from eegvlm.model.onnx_export import export_onnx
    from eegvlm.model.onnx_model import has_graphs

    written = export_onnx("nano", tmp_path / "graphs")
    assert set(written.graphs) == {"statistics", "vectors", "night", "answer"}
    assert max(written.checked.values()) < 1e-4
    assert has_graphs(tmp_path / "graphs")
    assert export_onnx("nano", tmp_path / "graphs").graphs == written.graphs
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "README.md").write_text("mine")
    with pytest.raises(InputError, match="name a new or an empty folder"):
        export_onnx("nano", tmp_path / "project")
    assert (tmp_path / "project" / "README.md").read_text() == "mine"


def test_a_checkpoint_that_is_damaged_is_refused_and_nothing_is_made(tmp_path):
    from eegvlm.errors import InputError
    from eegvlm.model import checkpoint_path
    from eegvlm.model.onnx_export import export_onnx

    damaged = tmp_path / "damaged"
    shutil.copytree(checkpoint_path("nano"), damaged)
    weights = (damaged / "model.safetensors").read_bytes()
    (damaged / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(InputError, match=r"use a folder with config.json, model.safetensors"):
        export_onnx(damaged, tmp_path / "out")
    assert not (tmp_path / "out").exists()
