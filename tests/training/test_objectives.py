"""What phases minimise."""

from __future__ import annotations

import pytest
import torch

from eegvlm.lab.training.losses import stage_loss, weighed
from eegvlm.lab.training.objectives.classify import ClassifyObjective
from eegvlm.lab.training.recipe import Phase
from eegvlm.model import EegVlmForConditionalGeneration, preset


def log_probabilities(rows: list[list[float]]) -> torch.Tensor:
    return torch.tensor(rows).log()


def test_a_certain_target_costs_what_its_probability_says():
    given = log_probabilities([[0.5, 0.2, 0.1, 0.1, 0.1]])
    target = torch.tensor([[1.0, 0, 0, 0, 0]])
    everything = torch.ones(1, 5)
    torch.testing.assert_close(stage_loss(given, target, everything, 0.0), -given[0, 0])
    even = -(given.mean())
    torch.testing.assert_close(stage_loss(given, target, everything, 0.1), -0.9 * given[0, 0] + 0.1 * even)


def test_a_soft_target_is_learnt_as_it_is():
    target = torch.tensor([[0.6, 0.4, 0, 0, 0]])
    everything = torch.ones(1, 5)
    logits = torch.zeros(1, 5, requires_grad=True)
    for _ in range(300):
        (gradient,) = torch.autograd.grad(stage_loss(logits.log_softmax(1), target, everything, 0.0), logits)
        logits = (logits - gradient).detach().requires_grad_()
    torch.testing.assert_close(logits.softmax(1)[0, :2], torch.tensor([0.6, 0.4]), atol=0.02, rtol=0)


def test_a_small_weight_teaches_against_a_stage_only_where_the_model_is_sure_of_it():
    target, class_weights = torch.tensor([[1.0, 0, 0, 0, 0]]), torch.tensor([[1.0, 0, 0, 1, 0.1]])

    def push(rem: float) -> float:
        logits = torch.tensor([[0.0, 0, 0, -9, rem]], requires_grad=True)
        loss = stage_loss(weighed(logits, class_weights).log_softmax(dim=1), target, class_weights, 0.0)
        (gradient,) = torch.autograd.grad(loss, logits)
        return float(gradient[0, 4])

    assert 0 < push(-2.0) < 0.02
    assert push(0.0) == pytest.approx(0.1 / 1.1, abs=1e-3)
    assert push(5.0) > 0.9


def test_stages_that_are_not_compared_are_not_taught():
    """Epochs of W and N3 alone must not teach that REM does not exist."""
    generator = torch.Generator().manual_seed(0)
    logits = (0.5 * torch.randn(4, 5, generator=generator)).requires_grad_()  # none is surer than its target
    class_weights = torch.tensor([[1.0, 0, 0, 1, 0]]).expand(4, -1)
    target = torch.tensor([[1.0, 0, 0, 0, 0]]).expand(4, -1)
    loss = stage_loss(weighed(logits, class_weights).log_softmax(dim=1), target, class_weights, 0.06)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert (gradient[:, [1, 2, 4]] == 0).all()
    assert (gradient[:, 0] < 0).all()
    assert (gradient[:, 3] > 0).all()


def test_members_learn_by_themselves():
    torch.manual_seed(0)
    model = EegVlmForConditionalGeneration(preset("tiny", enhancement_members=2)).train()
    batch = {
        "pixel_values": torch.randn(4, 3, 336, 336),
        "targets": torch.eye(5)[[0, 1, 2, 4]],
        "class_weights": torch.ones(4, 5),
    }
    with torch.no_grad():
        (both, logits), *alone = (
            ClassifyObjective(Phase("p", "classify", ("enhancement",), label_smoothing=0.06, member=member)).loss(
                model, batch
            )
            for member in (0, 1, 2)
        )
    torch.testing.assert_close(both, (alone[0][0] + alone[1][0]) / 2)
    torch.testing.assert_close(logits, (alone[0][1] + alone[1][1]) / 2)
    assert not torch.allclose(alone[0][1], alone[1][1])
