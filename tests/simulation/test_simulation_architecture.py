"""Simulated stage sequences follow the scorings they were fitted to."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.lab.simulation.architecture import bouts, simulate_stages
from eegvlm.lab.simulation.calibration import architecture_table


def nights(name: str, n_epochs: int, count: int = 80, age: float = 28.0) -> list[np.ndarray]:
    drawn = [simulate_stages(np.random.default_rng(s), n_epochs, architecture=name, age=age) for s in range(count)]
    return [night[np.argmax(night > 0) : n_epochs - np.argmax(night[::-1] > 0)] for night in drawn]


@pytest.mark.parametrize(("name", "n_epochs"), [("healthy", 1040), ("apnoea", 840)])
def test_stage_shares_and_bout_lengths_match_the_scorings(name, n_epochs):
    table = architecture_table(name)
    found = nights(name, n_epochs)
    share = np.bincount(np.concatenate(found), minlength=5) / sum(map(len, found))
    assert np.abs(share - table.stage_share_of_sleep_period).max() < 0.03
    held = [bouts(night) for night in found]
    for stage in range(5):
        mean = np.mean(np.concatenate([lengths[codes == stage] for codes, _, lengths in held]))
        assert mean == pytest.approx(table.mean_bout_epochs[stage], rel=0.2)


def test_what_follows_a_stage_matches_the_scorings():
    """Of healthy bouts that leave N2, the share that goes to each stage is within .08 of the scored nights'."""
    follows = np.zeros((5, 5))
    for night in nights("healthy", 1040):
        np.add.at(follows, (night[:-1], night[1:]), night[:-1] != night[1:])
    follows /= follows.sum(1, keepdims=True)
    before = architecture_table("healthy").next_stage
    scored = np.average(before[:, 2], axis=0, weights=[0.02, 0.35, 0, 0.55, 0.08])
    assert np.abs(follows[2] - scored).max() < 0.08
    assert follows[3, 2] > 0.85
    assert follows[0, 1] > 0.8


def test_deep_sleep_comes_early_and_rem_late():
    found = nights("healthy", 960)
    early = np.concatenate([night[:240] for night in found])
    late = np.concatenate([night[-240:] for night in found])
    assert np.mean(early == 3) > 1.7 * np.mean(late == 3)
    assert np.mean(late == 4) > 1.7 * np.mean(early == 4)


def test_rem_comes_first_after_one_to_two_hours():
    latency = [np.argmax(night == 4) / 2 for night in nights("healthy", 960)]
    assert 55 < np.median(latency) < 110


def test_older_sleepers_have_less_deep_sleep_and_more_wake():
    young = np.concatenate(nights("healthy", 960, 40, age=22))
    old = np.concatenate(nights("healthy", 960, 40, age=72))
    assert np.mean(old == 3) < 0.75 * np.mean(young == 3)
    assert np.mean(old == 0) > 1.2 * np.mean(young == 0)


@pytest.mark.parametrize("n_epochs", [1, 2, 20, 120, 2880])
def test_a_night_has_the_length_asked_for_and_opens_with_wake(n_epochs):
    for seed in range(10):
        night = simulate_stages(np.random.default_rng(seed), n_epochs)
        assert night.shape == (n_epochs,)
        assert night[0] == 0


def test_a_one_hour_night_spends_at_most_a_tenth_of_itself_on_falling_asleep():
    assert max(np.argmax(simulate_stages(np.random.default_rng(s), 120) > 0) for s in range(30)) <= 12


@pytest.mark.real_data
def test_the_shipped_tables_are_what_the_fit_gives(real_data, tmp_path):
    import json
    from importlib.resources import files

    from eegvlm.lab.simulation.fit import main

    main([str(real_data), "--out", str(tmp_path)])
    for name in ("healthy", "apnoea", "spectra"):
        shipped = json.loads(files("eegvlm.lab.simulation").joinpath(f"tables/{name}.json").read_text())
        fitted = json.loads((tmp_path / f"{name}.json").read_text())
        assert shipped.keys() == fitted.keys()
        for key, value in shipped.items():
            if isinstance(value, list) and not isinstance(value[0], str):
                assert np.allclose(value, fitted[key], atol=2e-3), (name, key)


def test_a_folder_without_the_data_is_named(tmp_path):
    from eegvlm.errors import InputError
    from eegvlm.lab.simulation.fit import main

    with pytest.raises(InputError, match="npz"):
        main([str(tmp_path)])
