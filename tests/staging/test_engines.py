"""Staging with the graphs of the packaged model: equal to torch, and without loading it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.model.onnx_model import DESCRIPTION, OnnxDescription, has_graphs
from eegvlm.model.weights import checkpoint_path, weights_hash
from eegvlm.staging import Stager
from eegvlm.staging.engines import choose_engine

LABELS_ALONE = """
import json, sys
sys.argv = ["eegvlm", "stage", sys.argv[1], "--out", sys.argv[2], "--explain", "none", *sys.argv[3:]]
from eegvlm.cli import main
try:
    main()
except SystemExit as done:
    if done.code:
        raise
print(json.dumps([name for name in ("torch", "transformers") if name in sys.modules]))
"""


@pytest.fixture(scope="module")
def graphs() -> Stager:
    return Stager.from_pretrained("nano", smooth="none", engine="onnx")


def test_the_packaged_graphs_are_of_the_packaged_weights():
    folder = checkpoint_path("nano")
    assert has_graphs(folder), "eegvlm export src/eegvlm/model/packaged/nano --to onnx --out the same folder"
    assert OnnxDescription.read(folder).weights_sha256 == weights_hash(folder)


@pytest.mark.parametrize("inputs", ["both", "picture", "evidence"])
def test_a_night_is_staged_as_with_torch(stager, graphs, night, inputs):
    by_torch = Stager(stager.model, stager.processor, stager.provenance, smooth="none", inputs=inputs).stage(night)
    by_graphs = Stager(graphs.model, graphs.processor, graphs.provenance, smooth="none", inputs=inputs).stage(night)
    assert np.array_equal(by_graphs.hypnogram.stages, by_torch.hypnogram.stages)
    apart = np.abs(by_graphs.hypnogram.probabilities - by_torch.hypnogram.probabilities)
    assert np.nanmax(apart) < 1e-3
    assert by_graphs.unfamiliarity == by_torch.unfamiliarity


def test_several_derivations_vote_as_with_torch(stager, graphs, night):
    votes = [one.stage(night, eeg="vote").hypnogram.stages for one in (stager, graphs)]
    assert np.array_equal(*votes)


def test_the_result_does_not_depend_on_the_batch(graphs, night):
    first, second = (graphs.stage(night, batch_size=size).hypnogram.probabilities for size in (7, 32))
    assert np.nanmax(np.abs(first - second)) < 1e-4


def test_the_result_does_not_depend_on_the_threads(night, monkeypatch):
    probabilities = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        graphs_on_threads = Stager.from_pretrained("nano", smooth="none", engine="onnx")
        probabilities.append(graphs_on_threads.stage(night).hypnogram.probabilities)
    np.testing.assert_array_equal(*probabilities)


def test_the_engine_is_part_of_the_record(graphs, night):
    provenance = graphs.stage(night).provenance
    assert provenance["engine"].startswith("onnxruntime ")
    assert (provenance["device"], provenance["dtype"]) == ("cpu", "float32")
    assert "onnxruntime" in graphs.engine


def test_reasons_are_refused(graphs, night):
    with pytest.raises(InputError, match="graphs give no reasons: use --engine torch"):
        graphs.stage(night, explain="all")


def test_labels_alone_load_neither_torch_nor_transformers(night, tmp_path):
    from eegvlm.lab.simulation import simulate_night

    simulate_night(hours=0.1, seed=3, rate=100).write(tmp_path / "night.edf")
    command = [sys.executable, "-c", LABELS_ALONE, str(tmp_path / "night.edf"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
    assert "engine: onnxruntime" in done.stdout
    assert (tmp_path / "out" / "night" / "report.html").is_file()


def test_auto_takes_the_graphs_unless_something_else_is_asked_for(tmp_path):
    folder = checkpoint_path("nano")
    assert choose_engine("auto", folder) == "onnx"
    assert choose_engine("auto", folder, dtype="bfloat16") == "torch"
    assert choose_engine("auto", folder, device="cuda") == "torch"
    assert choose_engine("auto", tmp_path) == "torch"
    assert choose_engine("torch", folder) == "torch"


def test_graphs_that_cannot_be_had_are_refused_in_one_sentence(tmp_path):
    folder = checkpoint_path("nano")
    for engine, place, device, sentence in (
        ("onnx", tmp_path, "auto", "it has no graphs of its weights: eegvlm export"),
        ("onnx", folder, "cuda", "graphs compute on the CPU in float32"),
        ("fast", folder, "auto", "use one of torch, onnx, auto"),
    ):
        with pytest.raises(InputError, match=sentence):
            choose_engine(engine, place, device=device)


def test_graphs_of_other_weights_are_not_used(tmp_path):
    folder = checkpoint_path("nano")
    description = json.loads((folder / DESCRIPTION).read_text())
    (tmp_path / DESCRIPTION).write_text(json.dumps({**description, "weights_sha256": "0" * 64}))
    assert not has_graphs(tmp_path)
    (tmp_path / DESCRIPTION).write_text(json.dumps({**description, "format": 99}))
    with pytest.raises(InputError, match="write the folder anew"):
        OnnxDescription.read(tmp_path)


@pytest.fixture
def copied(tmp_path) -> Path:
    folder = tmp_path / "copied"
    shutil.copytree(checkpoint_path("nano"), folder)
    return folder


def test_auto_takes_torch_where_a_graph_is_missing(copied):
    (copied / "night.onnx").unlink()
    assert choose_engine("auto", copied) == "torch"


def test_a_graph_of_another_role_is_refused_by_name(copied, night):
    shutil.copyfile(copied / "vectors.onnx", copied / "answer.onnx")
    with pytest.raises(InputError, match=r"answer\.onnx: graph: of another role"):
        Stager.from_pretrained(copied, engine="onnx").stage(night)


def test_weights_that_are_cut_off_are_refused_in_one_sentence(copied):
    weights = (copied / "model.safetensors").read_bytes()
    (copied / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(InputError, match=r"use a folder with config.json, model.safetensors"):
        Stager.from_pretrained(copied)
