"""The packaged model is whole, small, and stages a simulated subject it has not learnt from far above chance."""

from __future__ import annotations

import pytest

from eegvlm.errors import InputError
from eegvlm.hypnogram import agreement
from eegvlm.lab.simulation import simulate_night
from eegvlm.model import checkpoint_path
from eegvlm.model.weights import packaged_models, weights_hash
from eegvlm.staging import Stager


def test_nano_is_packaged_with_everything_it_needs_in_less_than_30_mib():
    assert "nano" in packaged_models()
    folder = checkpoint_path("nano")
    names = {file.name for file in folder.iterdir()}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json", "processor_config.json", "README.md"}
    assert sum(file.stat().st_size for file in folder.iterdir()) < 30 * 2**20
    assert len(weights_hash(folder)) == 64


def test_a_name_that_is_no_model_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="nano"):
        checkpoint_path("giga")


@pytest.mark.slow
@pytest.mark.parametrize("channels", [["EEG C4-M1"], ["EEG C4-M1", "EOG E1-M2", "EOG E2-M2", "EMG chin"]])
def test_nano_beats_chance_by_far_on_a_simulated_subject(channels):
    night = simulate_night(hours=4, seed=2_000_001, channels=channels)
    staged = Stager.from_pretrained("nano").stage(night.recording())
    agreed = agreement(night.hypnogram(), staged.hypnogram)
    assert agreed.n_compared == 480
    assert agreed.kappa > 0.4  # a guesser has 0
