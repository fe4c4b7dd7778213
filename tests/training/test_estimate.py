"""What a run will cost is told without its data and without allocating its model."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from transformers import LlamaConfig, LlamaModel
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.lab.training import read_recipe
from eegvlm.lab.training.activation_memory import kept_by_transformer
from eegvlm.lab.training.build import build
from eegvlm.lab.training.estimate import estimate
from eegvlm.lab.training.objectives.sequence import kept_by_night
from eegvlm.lab.training.packaged_recipes import RECIPES
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.timing import why_not
from eegvlm.model import preset
from eegvlm.model.night import NightEncoder


@pytest.mark.parametrize(("name", "billions"), [("eeg-vlm-7b", 7.07), ("eeg-vlm-13b", 13.36)])
def test_a_full_size_run_is_counted_without_its_weights_or_its_data(name, billions):
    enhance, reason = estimate(read_recipe(RECIPES / f"{name}.yaml"))
    assert enhance.parameters / 1e9 == pytest.approx(billions, abs=0.02)
    assert reason.trained < 0.05 * reason.parameters
    assert reason.steps == 640
    assert reason.weights == pytest.approx(2 * reason.parameters, rel=0.15)  # frozen in bfloat16
    assert reason.optimizer == 2 * reason.gradients == 8 * reason.trained


def test_every_phase_counts_the_weights_that_move(small_recipe):
    recipe = read_recipe(small_recipe)
    model = build(recipe)[0]
    enhance, night, perceive, reason = estimate(recipe)
    counted = sum(parameter.numel() for parameter in model.parameters())
    assert enhance.parameters == pytest.approx(counted, rel=1e-3)  # a tokenizer may end a few tokens short
    assert enhance.trained == sum(parameter.numel() for parameter in model.model.enhancement.parameters())
    assert night.trained == sum(parameter.numel() for parameter in model.model.night.parameters())
    assert enhance.trained + night.trained + perceive.trained == enhance.parameters
    assert reason.parameters > enhance.parameters  # adapters


def test_a_recipe_that_goes_on_from_the_packaged_model_is_counted_with_its_night_encoder():
    recipe = read_recipe(RECIPES / "fine-tune.yaml")
    model = build(recipe)[0]
    costs = {cost.name: cost for cost in estimate(recipe)}
    assert costs["night"].parameters == sum(parameter.numel() for parameter in model.parameters())
    assert costs["night"].trained == sum(parameter.numel() for parameter in model.model.night.parameters()) > 0


def test_processes_share_a_batch_and_fsdp_the_weights(small_recipe, monkeypatch):
    recipe = read_recipe(small_recipe)
    (alone, *_), (whole, *_) = estimate(recipe), estimate(recipe, Processes(2, 0))
    assert (whole.rows, whole.activations) == (alone.rows / 2, alone.activations / 2)
    assert whole.weights == alone.weights
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    shared = estimate(recipe, Processes(2, 0))[0]
    assert (shared.weights, shared.optimizer) == (alone.weights / 2, alone.optimizer / 2)


@pytest.mark.parametrize("product", [torch.float32, torch.bfloat16])
def test_the_formula_is_what_a_transformer_keeps(product):
    config = LlamaConfig(
        vocab_size=64, hidden_size=256, intermediate_size=688, num_hidden_layers=4, num_attention_heads=4
    )
    model = LlamaModel._from_config(config, attn_implementation="sdpa")
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and not (tensor.dim() == 2 and tensor.shape[0] < 1024):
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    tokens = torch.zeros(1, 1024, dtype=torch.int64)
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=product is torch.bfloat16),
    ):
        state = model(input_ids=tokens, use_cache=False).last_hidden_state
    expected = kept_by_transformer(config, 1024, product.itemsize, gated=True, checkpointed=False)
    assert state.requires_grad
    assert sum(kept.values()) == pytest.approx(expected, rel=0.15)


def test_the_formula_is_what_a_night_encoder_keeps():
    config = preset("nano", night_epochs=40)
    night = NightEncoder(config)
    weights = {parameter.untyped_storage().data_ptr() for parameter in night.parameters()}
    kept = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        moved = night(torch.randn(8, 81, config.enhancement_channels))
    assert moved.requires_grad
    assert sum(kept.values()) / 8 == pytest.approx(kept_by_night(config), rel=0.05)


def test_a_trial_is_not_made_where_it_would_not_be_worth_it(small_recipe):
    costs = estimate(read_recipe(small_recipe))
    assert "not worth" in why_not(costs, Processes(), estimate_only=False)
    assert why_not(costs, Processes(), estimate_only=True) == ""
    assert "one process" in why_not(costs, Processes(2, 0), estimate_only=True)
    large = [dataclasses.replace(cost, weights=1e15) for cost in costs]
    assert "does not fit" in why_not(large, Processes(), estimate_only=True)


def test_the_command_says_it_and_starts_nothing(small_recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["train", str(small_recipe), "--estimate", "--set", "phases=" + ONE_PHASE])
    assert said.exit_code == 0, said.output
    assert "enhance: trains" in said.output
    assert "h; 4 epochs at once" in said.output
    assert list(tmp_path.iterdir()) == []


ONE_PHASE = "[{name: enhance, objective: classify, trains: [enhancement], steps: 3000, batch_size: 4}]"
