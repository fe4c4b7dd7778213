"""Maps show what a model looks at, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from looking import NANO, Looking, noisy_night

from eegvlm.attribution import Blanking, attribute, by_stage, choose_epochs, cut
from eegvlm.attribution.attribution import KINDS
from eegvlm.attribution.blanking import substitutes
from eegvlm.errors import InputError

N2 = 2


@pytest.fixture(scope="module")
def looking() -> Looking:
    """A model that looks at the first two seconds of the left EOG."""
    return Looking(noisy_night(), slice(160, 192), slice(0, 16))


@pytest.mark.parametrize("blank", ["background", "other", "noise"])
def test_the_map_is_zero_but_where_the_model_looks(looking, blank):
    found = attribute(looking, np.array([2, 5]), Blanking(blank=blank, draws=2))
    where = cut(NANO, "14").labels[160:192, :16]
    seen = np.isin(np.arange(256), where)
    assert np.abs(found.losses[:, seen]).max() > 1e-3
    assert not found.losses[:, ~seen].any()
    if blank == "background":
        assert (found.losses[:, seen] > 0).all()


def test_a_whole_panel_is_worth_what_the_model_reads_there(looking):
    found = attribute(looking, np.arange(3), Blanking("panel", curves=False))
    assert found.panel_losses[:, 1].min() > 0.05
    assert not found.panel_losses[:, [0, 2, 3]].any()
    np.testing.assert_array_equal(found.losses, found.panel_losses)
    assert found.shown.tolist() == [[True, True, False, True]] * 3
    assert found.curves is None


def test_the_fall_is_of_the_log_probability_of_the_stage_that_is_followed(looking):
    rows = np.array([4])
    own = attribute(looking, rows, Blanking("panel"))
    assert own.answers.tolist() == own.stages.tolist() == [N2]
    whole = looking.answers(4, looking.pictures(rows))[0]
    assert own.probabilities[0] == pytest.approx(np.exp(whole[N2]))
    assert own.panel_losses[0, 1] == pytest.approx(whole[N2] - np.log(0.2), abs=1e-5)
    other = attribute(looking, rows, Blanking("panel"), stages=np.array([0]))
    assert (other.answers[0], other.stages[0]) == (N2, 0)
    assert other.panel_losses[0, 1] == pytest.approx(whole[0] - np.log(0.2), abs=1e-5)
    assert other.panel_losses[0, 1] < 0, "what spoke for N2 spoke against W"


def test_curves_begin_and_end_with_the_whole_and_the_blank_picture(looking):
    found = attribute(looking, np.arange(4), Blanking())
    ranked_out, chance_out, ranked_in, chance_in = (found.curves[:, kind] for kind in range(len(KINDS)))
    for out in (ranked_out, chance_out):
        np.testing.assert_allclose(out[:, 0], found.probabilities, rtol=1e-5)
        np.testing.assert_allclose(out[:, -1], 0.2, rtol=1e-5)
    for back in (ranked_in, chance_in):
        np.testing.assert_allclose(back[:, 0], 0.2, rtol=1e-5)
        np.testing.assert_allclose(back[:, -1], found.probabilities, rtol=1e-5)
    # The two patches that are looked at are among the first tenth of the patches in the order of the falls.
    np.testing.assert_allclose(ranked_out[:, 1], 0.2, rtol=1e-5)
    np.testing.assert_allclose(ranked_in[:, 1], found.probabilities, rtol=1e-5)
    areas = by_stage([found])[0].areas
    assert areas["deletion"] < areas["deletion by chance"] - 0.1
    assert areas["insertion"] > areas["insertion by chance"] + 0.1


def test_the_same_seed_gives_the_same_maps(looking):
    one, again = (attribute(looking, np.array([3]), Blanking(blank="noise", seed=7)) for _ in range(2))
    assert np.array_equal(one.losses, again.losses)
    assert np.array_equal(one.curves, again.curves)
    other = attribute(looking, np.array([3]), Blanking(blank="noise", seed=8))
    assert not np.array_equal(one.losses, other.losses)


def test_noise_has_the_spectrum_of_the_epoch_and_other_phases(monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        "eegvlm.attribution.blanking.render", lambda layout, signals, device: drawn.update(signals) or signals
    )
    night = noisy_night()
    substitutes(night, 3, "noise", 2, np.random.default_rng(0), "cpu")
    own = night.drawn_signals(np.array([3]))
    for name, values in drawn.items():
        assert values.shape == (2, 3000)
        spectra = np.abs(np.fft.rfft(values, axis=1)), np.abs(np.fft.rfft(own[name], axis=1))
        np.testing.assert_allclose(spectra[0][:, 1:-1], np.repeat(spectra[1], 2, axis=0)[:, 1:-1], rtol=1e-2, atol=1)
        assert abs(np.corrcoef(values[0], own[name][0])[0, 1]) < 0.2
        assert abs(np.corrcoef(values[0], values[1])[0, 1]) < 0.2


def test_other_epochs_are_never_the_epoch_itself_and_one_epoch_alone_has_none():
    night = noisy_night(2)
    pictures = substitutes(night, 0, "other", 8, np.random.default_rng(0), "cpu")
    assert (pictures == night.pictures(np.array([1]))).all()
    with pytest.raises(InputError, match="one usable epoch alone"):
        substitutes(noisy_night(1), 0, "other", 1, np.random.default_rng(0), "cpu")


def test_epochs_are_drawn_of_all_stages_alike():
    stages = np.repeat([0, 1, 2, 3, 4, -1], [50, 3, 50, 0, 50, 20])
    chosen = choose_epochs(stages, 33, np.random.default_rng(0))
    assert np.array_equal(chosen, np.unique(chosen))
    assert np.bincount(stages[chosen], minlength=5).tolist() == [10, 3, 10, 0, 10]
    assert len(choose_epochs(stages, 1000, np.random.default_rng(0))) == 153


def test_means_by_stage_and_shares_are_those_of_their_epochs(looking):
    found = attribute(looking, np.arange(4), Blanking(curves=False), stages=np.array([2, 2, 0, 0]))
    every, wake, n2 = by_stage([found, found])
    assert [(one.stage, one.epochs, one.nights) for one in (every, wake, n2)] == [(None, 8, 2), (0, 4, 2), (2, 4, 2)]
    np.testing.assert_allclose(n2.losses, found.losses[:2].mean(axis=0), rtol=1e-6)
    assert n2.panel_shares.tolist() == [0, 1, 0, 0]
    assert n2.patch_shares.tolist() == [0, 1, 0, 0]
    assert np.isnan(n2.panel_losses).tolist() == [False, False, True, False], "no epoch shows the right EOG"
    assert np.isnan(wake.panel_shares).all(), "everything spoke against W"
