"""How fast a phase moves what: parts of a batch, rates by part, the mean of the last steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from eegvlm.errors import InputError
from eegvlm.lab.training import read_recipe
from eegvlm.lab.training.averaging import Averaging
from eegvlm.lab.training.build import build
from eegvlm.lab.training.packaged_recipes import RECIPES
from eegvlm.lab.training.run import TrainingRun
from eegvlm.lab.training.trainable_weights import PARTS, WEIGHTS

PAPER = RECIPES / "eeg-vlm-13b.yaml"
STILL = (
    "{eq_db: 0, tilt_db_per_octave: 0, gain_db: 0, lowpass_chance: 0, highpass_chance: 0, pink_chance: 0,"
    " white_chance: 0, polarity_chance: 0, warp: [1.0, 1.0], shift_s: 0, mix_chance: 0}"
)


DATA = (
    "data.train={simulated: [{nights: 1, hours: 0.1}]}",
    "data.validation={simulated: [{nights: 1, hours: 0.1, first_seed: 900}]}",
)
PHASE = "[{name: answer, objective: answer, trains: [projector, language], steps: 2, batch_size: 8, warmup: 0.0}]"


def moved_by(folder: Path, *changes: str) -> dict[str, torch.Tensor]:
    """Return what two steps of the tiny preset on undisturbed epochs move."""
    settings = (
        "model=tiny",
        *DATA,
        f"data.randomisation={STILL}",
        f"phases={PHASE}",
        "precision=float32",
        *changes,
    )
    run = TrainingRun.begin(read_recipe(PAPER, settings), folder, {}, lambda items, what: items)
    run.phase(run.phases[0])
    return load_file(folder / "answer" / "weights" / WEIGHTS)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory) -> dict[str, torch.Tensor]:
    return moved_by(tmp_path_factory.mktemp("at_once"))


def test_a_batch_in_parts_moves_the_weights_as_the_whole_does(at_once, tmp_path):
    in_parts = moved_by(tmp_path, "phases.0.accumulate=4", "phases.0.gradient_checkpointing=true")
    assert in_parts.keys() == at_once.keys()
    for name, weight in at_once.items():
        torch.testing.assert_close(in_parts[name], weight, atol=2e-4, rtol=0)


def test_the_projector_has_a_learning_rate_of_its_own(at_once, tmp_path):
    slow = moved_by(tmp_path, "phases.0.projector_learning_rate=0.0", "phases.0.weight_decay=0.0")
    begun = dict(build(read_recipe(PAPER, ["model=tiny", "precision=float32"]))[0].named_parameters())
    for name, weight in slow.items():
        assert torch.equal(weight, begun[name]) == name.startswith(PARTS["projector"]), name


CLASSIFY = (
    "[{name: enhance, objective: classify, trains: [enhancement], steps: 4, batch_size: 8, learning_rate: 0.01,"
    " average: 0.5}]"
)


def test_a_network_ends_as_the_mean_of_its_last_steps_with_statistics_of_that_mean(tmp_path):
    settings = ("model=tiny", *DATA, f"phases={CLASSIFY}", "precision=float32")
    run = TrainingRun.begin(read_recipe(PAPER, settings), tmp_path, {}, lambda items, what: items)
    network, weights = run.model.model.enhancement, []
    run.after_step = lambda step: weights.append(network.members[0].classifier.weight.detach().clone())
    run.phase(run.phases[0])
    held = load_file(tmp_path / "enhance" / "weights" / WEIGHTS)
    mean = torch.stack(weights[2:]).mean(dim=0)
    torch.testing.assert_close(held["model.enhancement.members.0.classifier.weight"], mean)

    norm, seen = network.members[0].widen[1], []
    norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].mean(dim=(0, 2, 3))))
    train, _ = run.objective(run.phases[0]).batches(run.inputs)
    with torch.no_grad():
        network(train.pixel_values(train(list(range(8)))["microvolt"], torch.device("cpu")))
    assert (seen[0] - norm.running_mean).abs().max() < 0.5 * norm.running_var.sqrt().max()


def test_a_phase_moves_and_keeps_the_member_that_it_names(tmp_path):
    phase = CLASSIFY.replace("steps: 4", "steps: 4, member: 2")
    settings = ("model=tiny", "model.enhancement_members=2", *DATA, f"phases={phase}", "precision=float32")
    run = TrainingRun.begin(read_recipe(PAPER, settings), tmp_path, {}, lambda items, what: items)
    begun = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.phase(run.phases[0])
    moved = {name for name, value in run.model.state_dict().items() if not torch.equal(value, begun[name])}
    held = load_file(tmp_path / "enhance" / "weights" / WEIGHTS)
    assert moved <= held.keys()
    assert any("classifier" in name for name in moved)
    assert any("running_var" in name for name in moved)
    assert all(name.startswith("model.enhancement.members.1.") for name in held)
    with pytest.raises(InputError, match=r"phase enhance: member 2; the model has 1"):
        TrainingRun.begin(
            read_recipe(PAPER, (*settings, "model.enhancement_members=1")),
            tmp_path / "one",
            {},
            lambda items, what: items,
        )


def interrupted(step: int) -> None:
    """Stop a run in its last step, like a kill after a checkpoint."""
    if step == 4:
        raise KeyboardInterrupt


def test_a_mean_goes_on_after_an_interruption(tmp_path):
    settings = ("model=tiny", *DATA, f"phases={CLASSIFY}", "precision=float32", "checkpoint_steps=3")

    def run(folder: Path, after_step: Callable[[int], None] = lambda step: None) -> None:
        one = TrainingRun.begin(read_recipe(PAPER, settings), folder, {}, lambda items, what: items)
        one.after_step = after_step
        one.phase(one.phases[0])

    run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "broken", interrupted)
    run(tmp_path / "broken")
    whole, resumed = (load_file(tmp_path / name / "enhance" / "weights" / WEIGHTS) for name in ("whole", "broken"))
    assert all(torch.equal(resumed[name], weight) for name, weight in whole.items())


def test_where_no_step_counted_a_network_stays_as_it_is():
    network = torch.nn.Linear(2, 2)
    averaging = Averaging(network, after=10)
    with torch.no_grad():
        network.weight.fill_(3.0)
    averaging.put_in([])
    assert (network.weight == 3.0).all()


def test_only_a_classifying_phase_is_averaged():
    for wrong in (f"phases={PHASE[:-2]}, average: 0.5}}]", f"phases={CLASSIFY.replace('0.5', '1.5')}"):
        with pytest.raises(InputError, match="average"):
            read_recipe(PAPER, ("model=tiny", wrong))
