"""Examples in staging: a vote beside our own model, pictures with answers before a general model's question."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.hypnogram import write_hypnogram
from eegvlm.hypnogram.pooling import pooled
from eegvlm.lab.simulation import simulate_night
from eegvlm.model import GeneralProcessor
from eegvlm.model.general_processing import Examples
from eegvlm.retrieval import EpochIndex, build_index
from eegvlm.staging import Stager
from eegvlm.staging.examples import ExampleSource

pytestmark = pytest.mark.slow


def run(*arguments) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module", params=["llava-next", "qwen2.5-vl"])
def general(request, tmp_path_factory) -> Path:
    from general_bases import BASES, SETTINGS

    folder = BASES[request.param](tmp_path_factory.mktemp("bases") / request.param)
    SETTINGS.write(folder)
    return folder


@pytest.fixture(scope="module")
def pictured(scored, encoder, tmp_path_factory) -> EpochIndex:
    """A store with pictures that the tiny general models can be shown."""
    from general_bases import LAYOUT

    folder = tmp_path_factory.mktemp("pictured") / "store"
    return build_index(scored.nights, folder, encoder=encoder, layout=LAYOUT, most_a_stage=3)[0]


@pytest.fixture(scope="module")
def recording():
    return simulate_night(hours=0.1, seed=50).recording()


def test_a_vote_is_pooled_with_the_models_answer(index, encoder, recording):
    stager = Stager.from_pretrained("nano", dtype="float32")
    source = ExampleSource(index, encoder, 4)
    ours = stager.stage(recording).hypnogram
    from eegvlm.retrieval import vote

    expected = pooled(ours, vote(index, recording, 4, encoder=encoder))
    np.testing.assert_allclose(source.voted(recording, ours).probabilities, expected.probabilities)
    assert source.shown_to(stager, recording) is stager
    assert abs(expected.probabilities - ours.probabilities).max() > 0.01


def test_examples_are_pictures_with_their_answers_before_the_question(general):
    processor = GeneralProcessor.from_pretrained(general)
    pictures = torch.zeros((2, *_shape(processor)), dtype=torch.uint8)
    shown = torch.zeros((2, 2, *_shape(processor)), dtype=torch.uint8)
    inputs = processor(pictures, None, Examples(shown, np.array([[0, 4], [3, 2]], np.int8)))
    texts = processor.tokenizer.batch_decode(inputs["input_ids"], skip_special_tokens=False)
    for text, answers in zip(texts, (("W", "REM"), ("N3", "N2")), strict=True):
        _, first, second, asked = text.split(processor.settings.prompt)
        assert answers[0] in first
        assert answers[1] in second
        assert not any(answer in asked for answer in answers)
    plain = processor(pictures)
    assert inputs["input_ids"].shape[1] > 2 * plain["input_ids"].shape[1]


def test_a_general_model_answers_otherwise_with_examples_and_alike_in_any_batch(general, pictured, encoder, recording):
    stager = Stager.from_pretrained(general, smooth="none", dtype="float32")
    source = ExampleSource(pictured, encoder, 2)
    shown = source.shown_to(stager, recording)
    without = stager.stage(recording).hypnogram.probabilities
    given = [shown.stage(recording, batch_size=size).hypnogram.probabilities for size in (12, 5)]
    np.testing.assert_allclose(given[0], given[1], atol=1e-4)
    assert abs(given[0] - without).max() > 1e-4
    assert shown.provenance["examples"] == f"2 of index {pictured.digest}"
    assert "examples" not in stager.provenance


def test_pictures_of_another_layout_are_refused(general, index, encoder, recording):
    stager = Stager.from_pretrained(general, dtype="float32")
    with pytest.raises(InputError, match="pictures: none; the model is shown layout tiny-psg: make the index with"):
        ExampleSource(index, encoder, 2).shown_to(stager, recording)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two persons' nights with scorings, and a third without."""
    root = tmp_path_factory.mktemp("nights")
    for seed, name in enumerate(("a", "b"), start=60):
        night = simulate_night(hours=0.2, seed=seed)
        night.write(root / f"{name}.edf")
        write_hypnogram(night.hypnogram(), root / f"{name}.csv", format="csv")
    simulate_night(hours=0.1, seed=62).write(root.parent / "new.edf")
    return root


def test_the_commands_build_an_index_and_stage_with_it(folder, tmp_path):
    printed = run("index", folder, "--out", tmp_path / "index")
    assert "48 epochs of 2 nights of 2 persons, by nano" in printed
    common = ("--formats", "csv,json", "--dtype", "float32")
    new = folder.parent / "new.edf"
    run("stage", new, "--out", tmp_path / "with", "--examples", tmp_path / "index", "--k", "4", *common)
    run("stage", new, "--out", tmp_path / "none", "--examples", tmp_path / "index", "--k", "0", *common)
    run("stage", new, "--out", tmp_path / "plain", *common)
    texts = {
        name: (tmp_path / name / "new/hypnogram.csv").read_text().split("\n", 1)[1]
        for name in ("with", "none", "plain")
    }
    assert texts["none"] == texts["plain"] != texts["with"]
    summary = json.loads((tmp_path / "with/new/staging.json").read_text())
    assert summary["examples"].startswith("vote of 4 of index ")
    resumed = run(
        "stage", new, "--out", tmp_path / "with", "--examples", tmp_path / "index", "--k", "4", "--resume", *common
    )
    assert "finished before, skipped" in resumed


def test_what_cannot_be_is_refused_before_the_work(folder, tmp_path):
    new = folder.parent / "new.edf"
    with pytest.raises(InputError, match="make it with `eegvlm index"):
        run("stage", new, "--out", tmp_path / "out", "--examples", tmp_path / "nowhere")
    with pytest.raises(InputError, match="--k: 65"):
        run("stage", new, "--out", tmp_path / "out", "--examples", tmp_path / "nowhere", "--k", "65")
    assert not (tmp_path / "out").exists()


def _shape(processor: GeneralProcessor) -> tuple[int, int, int]:
    layout = processor.layout
    return layout.channels, layout.height, layout.width
