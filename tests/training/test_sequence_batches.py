"""Windows of a night, and what the night encoder learns from them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_run import written_to
from torch import nn

from eegvlm.errors import InputError
from eegvlm.lab.epochs.night_file import NightFile, NightLabels, one_hot
from eegvlm.lab.training.night_vectors import NightVectors, with_night_states
from eegvlm.lab.training.objectives.sequence import SequenceObjective
from eegvlm.lab.training.recipe import Phase, read_recipe
from eegvlm.lab.training.run import TrainingRun
from eegvlm.lab.training.sequence_batches import SequenceBatches
from eegvlm.lab.training.store import TrainingStore, write_night

EPOCHS = 3
EVERY, TWO = np.ones(5, bool), np.array([True, False, False, True, False])


@pytest.fixture
def vectors(tmp_path) -> NightVectors:
    """Two nights of twelve epochs; the vector of an epoch is its number, and the second night lacks stages."""
    rng, files, nights = np.random.default_rng(0), [], {"whole": [], "parts": []}
    for name, allowed in (("whole", EVERY), ("parts", TWO)):
        stages = rng.integers(0, 5, 12).astype(np.int8)
        stages[~allowed[stages]] = -1
        signals = {"eeg": rng.normal(size=(12, 3000)).astype(np.float32)}
        write_night(tmp_path / f"{name}.npy", ["eeg"], signals, NightLabels(name, stages, one_hot(stages), allowed))
        nights[name].append(NightFile(tmp_path / f"{name}.npy"))
        held = np.repeat(np.arange(12, dtype=np.float16)[:, None], 4, axis=1)
        held[5] = np.nan
        files.append([tmp_path / f"{name}-vectors.npy"])
        np.save(files[-1][0], held)
    store = TrainingStore(nights, ["eeg"], soft_negatives={"parts": {"W": (0, 0, 0, 0, 0.5)}})
    return NightVectors(store, files, EPOCHS)


def test_every_place_of_a_window_has_its_own_label_and_absent_ones_do_not_count(vectors):
    store = vectors.store
    rows = np.arange(len(store))
    batch = SequenceBatches(vectors, None, soft_negatives=1.0)(rows.tolist())
    numbers = batch["window"][..., 0].numpy()
    for row in rows:
        for place, number in enumerate(numbers[row]):
            counted = float(batch["counts"][row, place])
            here = np.flatnonzero((store.night == store.night[row]) & (store.position == number))
            assert counted == len(here)  # no vector, or no stage to learn: nothing
            if not counted:
                continue
            assert batch["targets"][row, place].argmax() == store.stages[here[0]]
            np.testing.assert_allclose(batch["class_weights"][row, place], store.weights(here, 1.0)[0])
    middle = batch["window"][:, EPOCHS, 0].numpy()
    np.testing.assert_array_equal(middle[~np.isnan(middle)], store.position[~np.isnan(middle)])
    assert (batch["stages"].numpy() == store.stages).all()


def test_rarer_stages_may_count_for_more_within_their_source_alone(vectors):
    store = vectors.store
    chances = np.where(store.stages == 0, 3.0, 1.0) * np.where(store.source == 0, 1.0, 7.0)
    batches = SequenceBatches(vectors, None, chances)
    for source in (0, 1):
        here = store.source == source
        counts = batches._counts[here]
        awake = store.stages[here] == 0
        if awake.any() and not awake.all():
            assert counts[awake][0] / counts[~awake][0] == pytest.approx(3)


def test_a_source_of_which_little_is_known_counts_as_its_weight_says(vectors):
    store = vectors.store
    batches = SequenceBatches(vectors, None, np.ones(len(store)))
    for source in (0, 1):  # windows are drawn about each row of a source alike
        windows = store.around(np.flatnonzero(store.source == source), EPOCHS)
        counted = np.where(windows >= 0, batches._counts[windows], 0.0).sum(axis=1)
        assert counted.mean() == pytest.approx(2 * EPOCHS + 1)


def test_epochs_learnt_around_a_row_are_those_of_its_window(vectors):
    store = vectors.store
    for epochs in (0, 3, 20):
        shown = store.around(np.arange(len(store)), epochs)
        np.testing.assert_array_equal(store.learnt_around(epochs), (shown >= 0).sum(axis=1))


class Summed(nn.Module):
    """Stands for the night encoder: an epoch becomes the sum of all that are read with it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, night: torch.Tensor) -> torch.Tensor:
        return self.weight * night.nan_to_num().sum(dim=1, keepdim=True).expand_as(night)


def test_nights_are_read_whole_and_every_second_version_in_pieces(vectors, tmp_path, monkeypatch):
    monkeypatch.setattr("eegvlm.lab.training.night_vectors.PIECES", (5, 5))
    twice = NightVectors(vectors.store, [[files[0], files[0]] for files in vectors.files], 1)
    for files in twice.files:
        files[1] = Path(shutil.copy(files[0], files[0].with_name(f"again-{files[0].name}")))
    read = with_night_states(twice, Summed(), tmp_path / "own", seed=0)
    rows, number = np.arange(len(vectors.store)), np.nan_to_num(np.load(vectors.files[0][0])[:, 0].astype(float))
    whole, pieces = (read.states(rows, np.full(len(rows), version)) for version in (0, 1))
    assert whole.shape == (len(rows), 1, 4)
    assert read.epochs == 1
    position = vectors.store.position
    np.testing.assert_allclose(whole[:, 0, 0], number.sum())
    np.testing.assert_allclose(pieces[:, 0, 0], [number[5 * (at // 5) :][:5].sum() for at in position])
    monkeypatch.setattr(Summed, "forward", None)  # what is written is not computed again
    np.testing.assert_array_equal(
        with_night_states(twice, Summed(), tmp_path / "own", seed=0).states(rows, 0 * rows), whole
    )
    assert vectors.states(rows, 0 * rows) is None


class Readers:
    """Stand for the night encoder's: vectors pass as they are, or twice as large."""

    def by_reader(self, window: torch.Tensor) -> torch.Tensor:
        return torch.stack([window, 2 * window])


class Classifiers(nn.Module):
    """Stands for the enhancement network: the classifiers of two members."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 5), nn.Linear(2, 5)

    def by_member(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.stack([self.first(vectors[..., :2]), self.second(vectors[..., 2:])])


class Encoder(nn.Module):
    """Stands for the model."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Module()
        self.model.night = Readers()
        self.model.enhancement = Classifiers()


def test_the_loss_is_the_mean_over_what_counts_and_the_answer_is_of_the_middle(vectors):
    batch, encoder = SequenceBatches(vectors, None)([0, 1, 2]), Encoder()
    batch["window"] = batch["window"].nan_to_num()
    batch["counts"] = torch.zeros_like(batch["counts"])
    batch["counts"][0, 1], batch["counts"][2, 4] = 1.0, 3.0
    loss, logits = SequenceObjective(Phase("night", "sequence", ("night",))).loss(encoder, batch)
    read = [encoder.model.enhancement.by_member(times * batch["window"]) for times in (1, 2)]
    alone = torch.cat(read)  # each reader's of each member
    torch.testing.assert_close(logits, alone[:, :, EPOCHS].mean(dim=0))
    costs = -(alone.log_softmax(dim=3) * batch["targets"]).sum(dim=3)  # each one's own, not those of their mean
    torch.testing.assert_close(loss, (costs[:, 0, 1] + 3 * costs[:, 2, 4]).mean() / 4)


def test_a_phase_of_the_night_encoder_moves_nothing_else(tmp_path: Path):
    recipe = read_recipe(written_to(tmp_path))
    night = next(phase for phase in recipe.phases if phase.objective == "sequence")
    run = TrainingRun.begin(recipe, tmp_path / "run", {}, lambda items, what: items)
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    run.phase(night)
    moved = {name for name, weight in run.model.state_dict().items() if not torch.equal(weight, before[name])}
    assert moved
    assert all(name.startswith("model.night.") for name in moved)


def test_a_phase_of_the_night_encoder_needs_one(tmp_path):
    recipe = read_recipe(written_to(tmp_path), ["model.night_epochs=0"])
    night = next(phase for phase in recipe.phases if phase.objective == "sequence")
    run = TrainingRun.begin(replace(recipe), tmp_path / "run", {}, lambda items, what: items)
    with pytest.raises(InputError, match="model has no night encoder"):
        run.phase(night)
