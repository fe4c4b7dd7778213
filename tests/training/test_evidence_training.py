"""A run with an evidence phase: what it moves, that a kill changes nothing, and a checkpoint that reads evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from small_run import losses, written_to
from spectral_files import write_spectral

from eegvlm.errors import InputError
from eegvlm.evidence import entries
from eegvlm.hypnogram import Stage
from eegvlm.images import load_layout
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import Recipe, read_recipe, train
from eegvlm.lab.training.estimate import estimate
from eegvlm.lab.training.objectives.evidence import kept_by_evidence
from eegvlm.lab.training.recipe import DataRecipe, Mixture, SimulatedNightsRecipe
from eegvlm.lab.training.run import TrainingRun
from eegvlm.lab.training.sources import prepare
from eegvlm.lab.training.trainable_weights import WEIGHTS
from eegvlm.staging import Stager

pytestmark = pytest.mark.slow

EVIDENCE = "{name: evidence, objective: evidence, trains: [evidence], steps: 5, batch_size: 4, learning_rate: 1.0e-3}"
ANSWER = "{name: answer, objective: answer, trains: [projector, language], steps: 2, batch_size: 4}"
NIGHT = "{name: night, objective: sequence, trains: [night], steps: 2, batch_size: 4}"
FEATURES = "spectral: [{name: features, phases: [evidence], weight: 0.5}]"
CHANGES = (
    "model.evidence=tokens",
    "model.evidence_hidden=8",
    f"data.train={{simulated: [{{nights: 1, hours: 0.4}}], {FEATURES}}}",
    "data.validation={simulated: [{nights: 1, hours: 0.3, first_seed: 900}]}",
    "data.context_versions=2",
    f"phases=[{EVIDENCE}, {NIGHT}, {ANSWER}]",
)


def recipe_in(folder: Path, *changes: str) -> Recipe:
    return read_recipe(written_to(folder), (*CHANGES, *changes))


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> dict[str, Path]:
    return {"features": write_spectral(tmp_path_factory.mktemp("features"))}


@pytest.fixture(scope="module")
def undisturbed(roots, tmp_path_factory) -> Path:
    """A run in which one person is enough to say what recordings are like."""
    folder = tmp_path_factory.mktemp("evidence-run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eegvlm.lab.training.evidence_states.LEAST_PERSONS", 1)
        train(recipe_in(folder), folder / "run", data=roots)
    return folder / "run"


def begun(folder: Path, roots: dict[str, Path], *changes: str) -> TrainingRun:
    return TrainingRun.begin(recipe_in(folder, *changes), folder / "run", roots, lambda items, what: items)


def test_an_evidence_phase_moves_the_evidence_encoder_alone_and_keeps_its_standards(tmp_path, roots):
    run = begun(tmp_path, roots)
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    phase = run.phases[0]
    figures = run.of(phase).phase(phase)
    moved = {name for name, weight in run.model.state_dict().items() if not torch.equal(weight, before[name])}
    assert {name for name in moved if not name.startswith("model.evidence.")} == set()
    assert {"model.evidence.mean", "model.evidence.scale"} <= moved
    for reader in range(2):
        assert any(name.startswith(f"model.evidence.readers.{reader}.") for name in moved)
    held = load_file(tmp_path / "run" / "evidence" / "weights" / WEIGHTS)
    assert held.keys() == {name for name in before if name.startswith("model.evidence.")}
    assert 0 <= figures["eval_simulated-0_accuracy"] <= 1
    again = begun(tmp_path, roots)
    again.take(phase, tmp_path / "run" / "evidence" / "weights")
    for name, weight in run.model.model.evidence.state_dict().items():
        assert torch.equal(again.model.model.evidence.state_dict()[name], weight), name


def test_later_phases_read_what_the_encoder_makes_of_nights_with_a_signal(undisturbed):
    (folder,) = {file.parent for file in (undisturbed / "context").glob("*/evidence-*/*.npy")}
    held = {file.name: np.load(file) for file in folder.iterdir() if file.suffix == ".npy"}
    assert {name.rpartition("-")[0] for name in held} == {"simulated-0000000"}
    own = np.load(next((undisturbed / "context").glob("*/simulated-0000000-0.npy"))).shape[1]
    assert {vectors.shape[1] for vectors in held.values()} == {own + 2 * 8 + 5}
    assert all(np.isfinite(vectors[:, own:]).any() for vectors in held.values())


def test_the_checkpoint_stages_a_recording_with_and_without_evidence(undisturbed):
    night = simulate_night(hours=0.25, seed=3).recording()
    found = {}
    for inputs in ("both", "picture", "evidence"):
        stager = Stager.from_pretrained(undisturbed / "model", inputs=inputs, dtype="float32", smooth="none")
        assert stager.model.config.evidence_entries == [entry.name for entry in entries()]
        staged = stager.stage(night)
        assert staged.hypnogram.scored.all()
        assert (staged.unfamiliarity is None) == (inputs == "picture")
        found[inputs] = staged.hypnogram.probabilities
    assert np.abs(found["both"] - found["picture"]).max() > 1e-4
    assert np.abs(found["both"] - found["evidence"]).max() > 1e-4


def test_the_checkpoint_keeps_in_full_precision_what_recordings_are_like(undisturbed):
    moved = load_file(undisturbed / "evidence" / "weights" / WEIGHTS)
    shipped = load_file(undisturbed / "model" / "model.safetensors")
    for name in ("centre", "spread", "inverse", "limit"):
        key = f"model.evidence.familiarity.{name}"
        (own,) = [held for held in shipped if held.endswith(f"evidence.familiarity.{name}")]
        assert shipped[own].dtype == torch.float32
        assert torch.equal(shipped[own], moved[key])
    assert float(moved["model.evidence.familiarity.limit"]) > 0


class Killed(BaseException):
    """Ends a run at once."""


@pytest.mark.parametrize("step", [3, 6], ids=["in the evidence phase", "after it"])
def test_a_killed_run_ends_with_the_same_losses_and_weights(undisturbed, roots, tmp_path, monkeypatch, step):
    monkeypatch.setattr("eegvlm.lab.training.evidence_states.LEAST_PERSONS", 1)
    recipe, calls, whole = recipe_in(tmp_path), [], Accelerator.backward

    def die(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == step:
            raise Killed
        return whole(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Accelerator, "backward", die)
        with pytest.raises(Killed):
            train(recipe, tmp_path / "killed", data=roots)
    assert (tmp_path / "killed" / "evidence" / "done.json").is_file() == (step > 5)
    train(recipe, tmp_path / "killed", data=roots, resume=True)
    for phase in ("evidence", "night", "answer"):
        assert losses(tmp_path / "killed", phase) == losses(undisturbed, phase)
        expected, resumed = (load_file(run / phase / "weights" / WEIGHTS) for run in (undisturbed, tmp_path / "killed"))
        assert resumed.keys() == expected.keys()
        assert all(torch.equal(resumed[name], weight) for name, weight in expected.items())
    expected, resumed = (load_file(run / "model" / "model.safetensors") for run in (undisturbed, tmp_path / "killed"))
    assert all(torch.equal(resumed[name], weight) for name, weight in expected.items())


def test_a_second_evidence_phase_goes_on_with_the_standards_of_the_first(tmp_path, roots):
    second = EVIDENCE.replace("name: evidence", "name: again").replace("steps: 5", "steps: 1")
    both = FEATURES.replace("[evidence]", "[evidence, again]")
    nights = "{nights: 1, hours: 0.2, phases: [evidence]}, {nights: 1, hours: 0.2, first_seed: 50, phases: [again]}"
    run = begun(
        tmp_path,
        roots,
        f"phases=[{EVIDENCE.replace('steps: 5', 'steps: 1')}, {second}]",
        f"data.train={{simulated: [{nights}], {both}}}",
    )
    first, again = run.phases
    run.of(first).phase(first)
    mean = run.model.model.evidence.mean.clone()
    assert (mean != 0).any()
    run.of(again).phase(again)
    assert torch.equal(run.model.model.evidence.mean, mean)


def test_the_readers_end_as_the_mean_of_their_last_steps(tmp_path, roots):
    run = begun(tmp_path, roots, f"phases=[{EVIDENCE.replace('steps: 5', 'steps: 4, average: 0.5')}]")
    outward, weights = run.model.model.evidence.readers[0].outward, []
    run.after_step = lambda step: weights.append(outward.weight.detach().clone())
    run.of(run.phases[0]).phase(run.phases[0])
    held = load_file(tmp_path / "run" / "evidence" / "weights" / WEIGHTS)["model.evidence.readers.0.outward.weight"]
    torch.testing.assert_close(held, torch.stack(weights[2:]).mean(dim=0))
    assert not torch.equal(held, weights[-1])


def test_an_evidence_phase_needs_a_model_that_reads_evidence(tmp_path, roots):
    run = begun(tmp_path, roots, "model.evidence=none")
    with pytest.raises(InputError, match=r"phase evidence: the model has no evidence encoder; set model\.evidence"):
        run.of(run.phases[0]).phase(run.phases[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("model.evidence_readers=0", "evidence_readers is 0"),
        ("model.evidence_hidden=0", "evidence_hidden is 0"),
        ("model.evidence_sharpness=0", "evidence_sharpness is 0"),
        ("model.evidence_weight=-1", "evidence_weight is -1"),
    ],
)
def test_a_model_that_means_nothing_is_refused_as_the_recipes(tmp_path, roots, change, said):
    with pytest.raises(InputError, match=rf"^recipe: model: nano; {said}"):
        begun(tmp_path, roots, change)


def test_what_an_evidence_phase_costs_is_estimated(tmp_path):
    recipe = recipe_in(tmp_path)
    evidence, night, answer = estimate(recipe)
    assert evidence.trained < night.trained
    longer = replace(recipe, data=replace(recipe.data, evidence=replace(recipe.data.evidence, epochs=800)))
    assert estimate(longer)[0].activations == pytest.approx(2 * evidence.activations)
    assert 0 < evidence.activations < answer.activations


def test_what_is_estimated_to_be_kept_is_what_an_evidence_reader_keeps(tmp_path, roots):
    run = begun(tmp_path, roots)
    encoder, config = run.model.model.evidence.train(), run.model.config
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if not isinstance(tensor, torch.nn.Parameter) and tensor.dim() > 1:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    night = torch.randn(1, 400, len(config.evidence_entries))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = encoder.by_reader(night).sum()
    weights = {parameter.untyped_storage().data_ptr() for parameter in encoder.parameters()}
    measured = sum(size for place, size in kept.items() if place not in weights)
    loss.backward()
    assert kept_by_evidence(config, 400) == pytest.approx(measured, rel=0.5)


def test_where_the_teacher_hardly_ever_says_n1_the_truth_keeps_a_share(tmp_path, monkeypatch):
    taught = np.array([0.1, 0.0, 0.6, 0.2, 0.1], np.float32)
    monkeypatch.setattr(
        "eegvlm.lab.training.teacher.taught_probabilities", lambda epochs, rate, seed: np.tile(taught, (len(epochs), 1))
    )
    checks = Mixture((SimulatedNightsRecipe(nights=1, hours=0.1, first_seed=900),))
    for true_n1, share in ((0.0, 0.8), (0.5, 0.5), (0.1, 0.8), (1.0, 0.0)):
        source = SimulatedNightsRecipe(nights=1, hours=2.0, teacher="yasa", teacher_share=0.8, true_n1=true_n1)
        data = DataRecipe(train=Mixture((source,)), validation=checks)
        store = prepare(data, load_layout("nano"), tmp_path / f"{true_n1}", {})[0]
        n1 = store.stages == Stage.N1
        assert n1.any()
        assert not n1.all()
        for rows, weight in ((n1, share), (~n1, 0.8)):
            truth = np.eye(5)[store.stages[rows]]
            np.testing.assert_allclose(store.targets[rows], (1 - weight) * truth + weight * taught, atol=1e-6)


def test_the_card_and_the_recipe_of_a_run_name_its_sources(undisturbed):
    recipe = json.loads((undisturbed / "recipe.json").read_text())
    assert "features" in json.dumps(recipe)
    assert "features" in (undisturbed / "model" / "README.md").read_text()
