"""A recipe fine-tunes a general-purpose base by adapters, to a checkpoint that stages."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from general_bases import BASES, LAYOUT, SETTINGS, llava_next
from safetensors.torch import load_file

from eegvlm.errors import InputError
from eegvlm.images import load_layout
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import Recipe, read_recipe, train
from eegvlm.lab.training.checkpoints import read_log
from eegvlm.lab.training.data import Augmentation
from eegvlm.lab.training.estimate import estimate, lines
from eegvlm.lab.training.general_base import build_general
from eegvlm.lab.training.general_data import GeneralBatches
from eegvlm.lab.training.label_texts import LabelTexts, answer_text
from eegvlm.lab.training.packaged_recipes import RECIPES
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.sources import prepare
from eegvlm.model import GeneralProcessor, StagerSettings
from eegvlm.model.general import load_general_model
from eegvlm.model.label_tokens import LabelTokens
from eegvlm.staging import Stager

SHIPPED = {"llava-next": "psg-llava-next-7b.yaml", "qwen2.5-vl": "psg-qwen-vl-3b.yaml"}


def small_recipe(family: str, base: Path, *changes: str) -> Recipe:
    """Return the family's own recipe, on a tiny base and for a few steps; without other phases, of its first alone."""
    (base / "layout.json").write_text(LAYOUT.to_json())
    settings = (
        f"model.base={base}",
        f"model.layout={base / 'layout.json'}",
        "data.train={simulated: [{nights: 1, hours: 0.25}]}",
        "data.validation={simulated: [{nights: 1, hours: 0.1, first_seed: 900}]}",
        "data.sampling=balanced",
        "phases.0.epochs=0",
        "phases.0.steps=4",
        "phases.0.batch_size=6",
        "phases.0.accumulate=1",
        "phases.0.learning_rate=0.01",
        "checkpoint_steps=2",
        "precision=float32",
        "frozen_in=float32",
    )
    recipe = read_recipe(RECIPES / SHIPPED[family], (*settings, *changes))
    given = any(change.startswith("phases=") for change in changes)
    return recipe if given else dataclasses.replace(recipe, phases=recipe.phases[:1])


@pytest.mark.parametrize(("family", "context"), [("llava-next", 1), ("qwen2.5-vl", 0)])
def test_a_recipe_runs_to_a_checkpoint_that_stages(family, context, tmp_path):
    base = BASES[family](tmp_path / "base")
    recipe = small_recipe(family, base, f"model.context_epochs={context}")
    folder = train(recipe, tmp_path / "run")

    curve = read_log(tmp_path / "run" / "answer")
    losses = [entry["eval_loss"] for entry in curve if "eval_loss" in entry]
    assert losses[-1] < losses[0]
    before, after = load_file(base / "model.safetensors"), load_file(folder / "model.safetensors")
    assert before.keys() == after.keys(), "adapters are merged"
    moved = {name for name in before if (before[name].bfloat16() != after[name]).any()}
    assert moved
    assert all("_proj" in name and "vis" not in name for name in moved), "only the language model has adapters"

    settings = StagerSettings.read(folder)
    assert settings.context_epochs == context
    assert settings.stage_temperature != 1
    shares = recipe.data.stage_shares
    assert sum(settings.stage_prior) == pytest.approx(1)
    assert settings.stage_prior[0] / settings.stage_prior[1] == pytest.approx(shares[0] / shares[1])
    assert "Fine-tuned from base" in (folder / "README.md").read_text()

    night = simulate_night(hours=0.1, seed=3, channels=["EEG C4-M1", "EOG E1-M2"]).recording()
    stager = Stager.from_pretrained(folder, dtype="float32")
    probabilities = stager.stage(night).hypnogram.probabilities
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    stager.model.save_pretrained(tmp_path / "again")
    stager.processor.save_pretrained(tmp_path / "again")
    again = Stager.from_pretrained(tmp_path / "again", dtype="float32").stage(night)
    np.testing.assert_array_equal(again.hypnogram.probabilities, probabilities)


def test_the_loss_is_the_negative_log_likelihood_of_the_text_and_its_end(tmp_path):
    folder = llava_next(tmp_path)
    processor, model = GeneralProcessor.from_pretrained(folder, SETTINGS), load_general_model(folder, torch.float32)
    pictures = torch.randint(0, 256, (2, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    stages, everything = np.array([4, 0]), np.ones((2, 5), bool)  # REM has more tokens than W
    texts = LabelTexts(processor.labels, processor.tokenizer.eos_token_id)
    inputs = {"answer": texts.answers(stages), "refused": texts.refused(stages, everything)}
    with torch.no_grad():
        loss = answer_text(model, {**inputs, "asked": processor(pictures)})
        expected = 0.0
        for picture, stage in zip(pictures, stages, strict=True):
            asked = processor(picture[None])
            said = [*processor.labels.tokens[stage], processor.tokenizer.eos_token_id]
            asked["input_ids"] = torch.cat([asked["input_ids"], torch.tensor([said])], dim=1)
            asked["attention_mask"] = torch.ones_like(asked["input_ids"])
            logits = model(**asked).logits[0, -len(said) - 1 : -1].log_softmax(dim=1)
            expected -= logits[range(len(said)), said].sum().item() / 4
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_epochs_of_two_stages_do_not_teach_that_others_do_not_exist():
    texts = LabelTexts(LabelTokens(((9,), (7, 1), (7, 2), (7, 3), (8, 4, 5))), 0)
    allowed = np.array([[True, False, False, True, False], [True] * 5])
    refused = texts.refused(np.array([3, 2]), allowed)
    assert refused.tolist() == [[0, 0, 8], [0, 1, 1], [0, 1, 2]]
    assert texts.answers([3, 4]).tolist() == [[7, 3, 0, -100], [8, 4, 5, 0]]


def test_training_shows_the_pictures_that_staging_shows(tmp_path):
    base = llava_next(tmp_path / "base")
    recipe = small_recipe("llava-next", base, "model.context_epochs=1")
    _, processor = build_general(recipe)
    _, checks = prepare(recipe.data, processor.layout, tmp_path / "nights", {})
    last = len(checks) - 1
    shown = GeneralBatches(checks, processor)([0, 7, last])["asked"]["pixel_values"]
    drawn = processor.draw(checks.whole_night(0, slice(0, checks.length(0))))
    empty = processor.draw({"eeg": np.full((1, 3000), np.nan, np.float32)})
    position = checks.position[7]
    expected = [empty, drawn[:2], drawn[position - 1 : position + 2], drawn[checks.position[last] - 1 :], empty]
    assert torch.equal(shown, processor(torch.cat(expected).unflatten(0, (3, 3)))["pixel_values"])


def test_processes_that_share_a_batch_see_what_one_alone_sees(tmp_path):
    recipe = small_recipe("llava-next", llava_next(tmp_path / "base"))
    _, processor = build_general(recipe)
    nights, _ = prepare(recipe.data, processor.layout, tmp_path / "nights", {})
    batches = GeneralBatches(nights, processor, Augmentation.of(recipe.data, 0))
    whole, part = batches([3, 1, 4, 5]), batches.part([3, 1, 4, 5], slice(2, 4))
    assert torch.equal(part["answer"], whole["answer"][2:])
    assert torch.equal(part["asked"]["pixel_values"], whole["asked"]["pixel_values"][2:])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("phases.0.label_smoothing=0.1", "several tokens"),
        ("phases=[{name: look, objective: contrastive, trains: [tower], steps: 2}]", "answer, reason alone"),
        ("data.train.simulated.0.teacher=yasa", "one label"),
        ("phases.0.trains=[language, enhancement]", "no part of this name"),
        ("model.stage_labels=[W, N, N2, N3, R]", "beginning of another"),
    ],
)
def test_what_such_a_base_cannot_learn_is_refused_before_any_night_is_made(change, said, tmp_path):
    recipe = small_recipe("llava-next", llava_next(tmp_path / "base"), change)
    with pytest.raises(InputError, match=said):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run" / "nights").exists()


@pytest.mark.parametrize("recipe", SHIPPED.values())
def test_the_shipped_recipes_are_the_papers(recipe):
    read = read_recipe(RECIPES / recipe)
    phase, *others = read.phases
    assert [one.objective for one in others] == (["reason"] if read.name == "psg-qwen-vl-3b" else [])
    assert (phase.lora.rank, phase.epochs) == (16, 3)
    assert {panel.name for panel in load_layout(read.model.layout).panels} >= {"eeg_central", "eog_left", "emg", "ecg"}
    assert dataclasses.replace(SETTINGS, stage_labels=read.model.stage_labels).stage_labels[4] == "REM"


def test_what_a_run_will_cost_counts_the_tokens_of_the_bases_own_processor(tmp_path):
    base = llava_next(tmp_path / "base")
    one, three = (estimate(small_recipe("llava-next", base, f"model.context_epochs={k}"))[0] for k in (0, 1))
    assert one.activations is not None
    assert three.activations is not None
    assert 2 * one.activations < three.activations < 3 * one.activations
    (base / "processor_config.json").unlink()
    unknown = estimate(small_recipe("llava-next", base))
    assert unknown[0].activations is None
    assert "at least" in " ".join(lines(unknown, Processes(), ""))


def test_a_base_that_cannot_be_read_is_one_sentence_with_the_remedy(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"--set model\.base=FOLDER") as caught:
        estimate(read_recipe(RECIPES / "psg-qwen-vl-3b.yaml"))
    assert "\n" not in str(caught.value)
