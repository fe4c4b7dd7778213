"""A recipe runs to a checkpoint that stages, and a killed run ends as an undisturbed one does."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from accelerate import Accelerator
from safetensors.torch import load_file

from eegvlm.errors import InputError
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import Recipe, read_recipe, train
from eegvlm.lab.training.build import build
from eegvlm.lab.training.card import _intervals
from eegvlm.lab.training.packaged_recipes import RECIPES
from eegvlm.lab.training.trainable_weights import WEIGHTS
from eegvlm.staging import Stager

pytestmark = pytest.mark.slow

MOVED_BY_AN_ANSWER = (
    "vision_tower",
    "multi_modal_projector",
    "absent_neighbour",
    "evidence_projector",
    "absent_evidence",
    "language_model",
)
NANO = RECIPES / "nano.yaml"
LEARNT = "enhance, enhance-long, settle-long, hold-long, evidence, perceive"
FIRST = f"{{nights: 1, hours: 0.4, phases: [{LEARNT}]}}"
SECOND = "{nights: 1, hours: 0.4, first_seed: 10, phases: [night, align, answer, reason]}"
SMALL = (
    f"data.train={{simulated: [{FIRST}, {SECOND}]}}",
    "data.validation={simulated: [{nights: 1, hours: 0.4, first_seed: 900}]}",
    "data.context_versions=2",
    "checkpoint_steps=2",
    "precision=float32",
    "model.classifier_weight=0",  # phases are watched by the label tokens alone, checkpoints by both
)


def small_recipe() -> Recipe:
    """Return the packaged model's recipe with a few steps of each phase, and of every objective."""
    recipe = read_recipe(NANO, SMALL)
    phases = tuple(dataclasses.replace(phase, steps=4, batch_size=8) for phase in recipe.phases)
    return dataclasses.replace(recipe, phases=phases)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    train(small_recipe(), out)
    return out


def test_a_run_ends_in_a_checkpoint_that_stages(undisturbed):
    stager = Stager.from_pretrained(undisturbed / "model")
    assert stager.model.config.stage_temperature > 0
    night = stager.stage(simulate_night(hours=0.25, seed=3).recording())
    assert night.hypnogram.scored.all()
    card = (undisturbed / "model" / "README.md").read_text()
    assert "were not trained on" in card
    assert "first_seed: 900" in card
    for part in ("## Intended use", "## Limits", "## Validation"):
        assert part in card


def test_a_phase_reads_those_nights_alone_that_are_for_it(undisturbed):
    assert {file.stem for file in (undisturbed / "context").glob("*/*.npy")} == {
        f"simulated-0000010-{version}" for version in range(2)
    }
    assert all("simulated-0000010" in file.name for file in (undisturbed / "rationales").iterdir())
    assert not any("simulated-0000010" in file.name for file in (undisturbed / "descriptions").iterdir())


def test_intervals_of_the_card_are_over_persons():
    stages = np.repeat(np.array([0, 2], np.int8), 50)
    answers = np.where(np.arange(100) < 90, stages, 4).astype(np.int8)  # all that is wrong is the second person's
    assert _intervals(stages, answers, np.repeat("one", 100)) == ("", "")
    accuracy, kappa = _intervals(stages, answers, np.repeat(["one", "two"], 50))
    assert accuracy == " [0.800, 1.000]"
    assert kappa.startswith(" [0.000, ")


def test_a_killed_run_ends_with_the_same_weights(undisturbed, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    backward = Accelerator.backward
    calls = []

    def die_in_the_last_phase(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == 4 * len(small_recipe().phases) - 1:
            raise Killed
        return backward(self, *args, **kwargs)

    monkeypatch.setattr(Accelerator, "backward", die_in_the_last_phase)
    with pytest.raises(Killed):
        train(small_recipe(), tmp_path / "killed")
    monkeypatch.setattr(Accelerator, "backward", backward)
    assert (tmp_path / "killed" / "answer" / "done.json").is_file()
    assert not (tmp_path / "killed" / "reason" / "done.json").exists()
    train(small_recipe(), tmp_path / "killed", resume=True)
    expected = load_file(undisturbed / "model" / "model.safetensors")
    resumed = load_file(tmp_path / "killed" / "model" / "model.safetensors")
    assert resumed.keys() == expected.keys()
    for name, weight in expected.items():
        assert (resumed[name] == weight).all(), name


def test_a_folder_that_holds_something_is_not_overwritten(undisturbed, tmp_path):
    recipe = small_recipe()
    with pytest.raises(InputError, match="--resume"):
        train(recipe, undisturbed)
    with pytest.raises(InputError, match="another recipe"):
        train(dataclasses.replace(recipe, seed=9), undisturbed, resume=True)
    (tmp_path / "thesis.txt").write_text("my only copy")
    with pytest.raises(InputError, match="not empty"):
        train(recipe, tmp_path)


def test_a_phase_that_reads_night_context_cannot_train_what_computes_it(tmp_path):
    recipe = small_recipe()
    phase = dataclasses.replace(recipe.phases[-1], objective="answer", trains=("enhancement", "language"))
    with pytest.raises(InputError, match="trains enhancement"):
        train(dataclasses.replace(recipe, phases=(phase,)), tmp_path / "run")


def test_a_contradiction_in_the_model_is_told_as_the_recipes():
    with pytest.raises(InputError, match=r"^recipe: model: nano; adaptation is 2\.0, but a share"):
        build(read_recipe(NANO, ["model.adaptation=2"]))


def test_only_the_parts_that_a_phase_names_move(undisturbed):
    last = [phase.name for phase in small_recipe().phases if phase.objective == "classify"][-1]
    enhance = load_file(undisturbed / last / "weights" / WEIGHTS)
    answer = load_file(undisturbed / "answer" / "weights" / WEIGHTS)
    done = json.loads((undisturbed / "enhance" / "done.json").read_text())
    assert 0 <= done["eval_simulated-0_accuracy"] <= 1
    assert {name.rpartition(".members.1.")[0] for name in enhance} == {"model.enhancement"}
    assert {name.split(".")[1] for name in answer} == set(MOVED_BY_AN_ANSWER)
    begun = build(small_recipe())[0].state_dict()
    for part, weights in [("enhancement", enhance), *((part, answer) for part in MOVED_BY_AN_ANSWER)]:
        assert any((weights[name] != begun[name]).any() for name in weights if f".{part}" in name), part
    shipped = load_file(undisturbed / "model" / "model.safetensors")
    for name, weight in enhance.items():
        assert (shipped[name] == weight.to(shipped[name].dtype)).all(), name


def test_validation_epochs_are_drawn_as_they_are(undisturbed):
    """The figures of the last phase are those of the checkpoint on the stored epochs, without augmentation."""
    done = json.loads((undisturbed / "reason" / "done.json").read_text())
    card = (undisturbed / "model" / "README.md").read_text()
    row = next(line for line in card.splitlines() if line.startswith("| simulated-0 | none"))
    assert float(row.split("|")[4]) == pytest.approx(done["eval_simulated-0_accuracy"], abs=6e-4)
