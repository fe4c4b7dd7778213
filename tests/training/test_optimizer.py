"""What AdamW draws to 0, and how fast what moves."""

from __future__ import annotations

import pytest
import torch

from eegvlm.lab.training.optimizer import adamw, schedule
from eegvlm.lab.training.recipe import Phase
from eegvlm.lab.training.trainable_weights import PARTS
from eegvlm.model import EegVlmForConditionalGeneration, preset


@pytest.fixture(scope="module")
def model() -> EegVlmForConditionalGeneration:
    return EegVlmForConditionalGeneration(preset("tiny"))


def test_biases_and_the_gains_of_layer_norms_do_not_decay_and_those_of_batch_norms_do(model):
    phase = Phase("answer", "answer", ("language", "projector"), weight_decay=0.1)
    optimizer = adamw(model, phase)
    decay = {id(one): group["weight_decay"] for group in optimizer.param_groups for one in group["params"]}
    named = dict(model.named_parameters())
    assert decay.keys() == {id(one) for one in named.values()}
    for name, parameter in named.items():
        kept = "bias" in name or ("norm" in name and "normalization" not in name)
        assert decay[id(parameter)] == (0.0 if kept else 0.1), name


def test_the_projector_alone_has_the_rate_that_is_stated_for_it(model):
    phase = Phase("answer", "answer", ("language", "projector"), learning_rate=1e-3, projector_learning_rate=1e-5)
    optimizer = adamw(model, phase)
    rates = {id(one): group["lr"] for group in optimizer.param_groups for one in group["params"]}
    for name, parameter in model.named_parameters():
        assert rates[id(parameter)] == (1e-5 if name.startswith(PARTS["projector"]) else 1e-3), name


@pytest.mark.parametrize(("name", "last"), [("cosine", 0.0), ("linear", 0.0), ("constant", 1.0)])
def test_a_rate_rises_and_then_falls_as_the_recipe_says(name, last):
    phase = Phase("answer", "answer", ("language",), scheduler=name, warmup=0.2, learning_rate=1.0)
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    rates = schedule(optimizer, phase, 10)
    seen = []
    for _ in range(10):
        seen.append(rates.get_last_lr()[0])
        optimizer.step()
        rates.step()
    assert seen[:3] == [0.0, 0.5, 1.0]
    assert rates.get_last_lr()[0] == pytest.approx(last)
