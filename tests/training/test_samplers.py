"""Who is drawn: by stage or as nights are, by person, and never who is left out."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from eegvlm.errors import InputError
from eegvlm.lab.training.crossfit import fit_map, folds_of
from eegvlm.lab.training.recipe import DataRecipe, Mixture, Phase, SimulatedNightsRecipe
from eegvlm.lab.training.samplers import learnt_shares, sampler_of

DATA = DataRecipe(train=Mixture((SimulatedNightsRecipe(),)))
PHASE = Phase("one", "answer", ("language",), epochs=10, batch_size=8)
STAGES = np.array([0, 0, 0, 1, 2, 2, 2, 2, 3, 4] * 4)


class Store(SimpleNamespace):
    def __len__(self) -> int:
        return len(self.stages)


def epochs() -> Store:
    night = np.repeat([0, 1, 2, 3], 10)
    everything = np.ones((40, 5), bool)
    one_hot = np.eye(5, dtype=np.float32)[STAGES]
    held = Store(night=night, stages=STAGES, source=np.zeros(40, int), persons=["a", "b", "b", "c"])
    held.targets, held.allowed = one_hot, everything
    return held


def test_a_length_in_passes_is_that_many_draws_of_every_epoch():
    assert len(sampler_of(PHASE, DATA, epochs(), 0)) == 400
    assert len(sampler_of(PHASE, replace(DATA, epochs_a_pass=160), epochs(), 0)) == 1600


def test_natural_draws_have_the_shares_of_the_nights():
    natural = replace(DATA, sampling="natural")
    drawn = list(sampler_of(replace(PHASE, epochs=100), natural, epochs(), 0))
    shares = np.bincount(STAGES[drawn], minlength=5) / len(drawn)
    np.testing.assert_allclose(shares, [0.3, 0.1, 0.4, 0.1, 0.1], atol=0.03)
    assert learnt_shares(natural, epochs()) == pytest.approx([0.3, 0.1, 0.4, 0.1, 0.1])
    assert learnt_shares(DATA, epochs()) == pytest.approx(list(DATA.stage_shares))


def test_what_is_learnt_is_the_target_and_not_the_stage():
    doubted = epochs()
    doubted.targets[STAGES == 1] = [0, 0.5, 0.5, 0, 0]
    w, n1, n2, n3, rem = DATA.stage_shares
    assert learnt_shares(DATA, doubted) == pytest.approx([w, n1 / 2, n2 + n1 / 2, n3, rem])


def test_epochs_that_are_compared_with_some_stages_only_say_nothing_of_shares():
    some = epochs()
    some.allowed[:10] = [True, False, False, True, False]
    some.targets[:10] = [1, 0, 0, 0, 0]
    assert learnt_shares(DATA, some) == pytest.approx(list(DATA.stage_shares))
    some.allowed[:] = [True, False, False, True, False]
    assert learnt_shares(DATA, some) == list(DATA.stage_shares)


def test_whoever_is_left_out_is_never_drawn():
    held = epochs()
    drawn = list(sampler_of(replace(PHASE, epochs=50), DATA, held, 0, without=held.night == 0))
    assert set(held.night[drawn]) == {1, 2, 3}


def test_all_nights_of_a_person_are_in_one_fold():
    groups = folds_of(["a", "b", "b", "c", "d", "a"], 2, seed=0)
    assert groups[1] == groups[2]
    assert groups[0] == groups[5]
    assert set(groups) == {0, 1}
    with pytest.raises(InputError, match="fewer folds"):
        folds_of(["a", "a"], 2, seed=0)


def test_vectors_of_a_network_that_was_trained_apart_are_mapped_to_the_shipped_ones():
    rng = np.random.default_rng(0)
    wanted = rng.gamma(2, 1, (400, 12)).astype(np.float32)
    own = wanted[:, rng.permutation(12)] * 1.5 + 0.2
    moved = fit_map(own[:300], wanted[:300], torch.nn.Identity())
    found = moved(torch.from_numpy(own[300:])).numpy()
    assert np.abs(own[300:] - wanted[300:]).mean() > 1
    assert np.abs(found - wanted[300:]).mean() < 0.05
