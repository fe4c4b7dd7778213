"""Domain randomisation is data, deterministic, and does what its fields say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.lab.simulation import Randomisation, randomise

RATE = 100.0
NONE = Randomisation.none()


@pytest.fixture(scope="module")
def epochs() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.cumsum(rng.normal(0, 2, (24, 3000)), axis=1).astype(np.float32) + rng.normal(0, 5, (24, 3000)).astype(
        np.float32
    )


def spectrum(signals: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft(signals, axis=1)) ** 2


def test_no_randomisation_gives_the_same_signal_in_a_new_array(epochs):
    out = randomise(epochs, np.random.default_rng(1), NONE, rate=RATE)
    assert out is not epochs
    assert np.abs(out - epochs).max() < 1e-2 * epochs.std()


def test_the_same_generator_state_gives_the_same_result(epochs):
    spec = Randomisation()
    one, two, other = (randomise(epochs, np.random.default_rng(s), spec, rate=RATE) for s in (1, 1, 2))
    assert one.tobytes() == two.tobytes()
    assert one.tobytes() != other.tobytes()
    assert one.dtype == np.float32
    assert one.shape == epochs.shape


def test_epochs_vary_apart_and_a_night_varies_as_one(epochs):
    spec = replace(NONE, gain_db=3.0)
    apart = randomise(epochs, np.random.default_rng(1), spec, rate=RATE, per="epoch")
    together = randomise(epochs, np.random.default_rng(1), spec, rate=RATE, per="night")

    def gains(out: np.ndarray) -> np.ndarray:
        return (out * epochs).sum(1) / (epochs**2).sum(1)

    assert gains(apart).std() > 0.1
    assert gains(together).std() < 1e-3
    assert gains(together)[0] != pytest.approx(1, abs=1e-3)


def test_polarity_turns_about_the_share_asked_for(epochs):
    out = randomise(np.tile(epochs, (20, 1)), np.random.default_rng(3), replace(NONE, polarity_chance=0.3), rate=RATE)
    turned = (out * np.tile(epochs, (20, 1))).sum(1) < 0
    assert 0.2 < turned.mean() < 0.4


@pytest.mark.parametrize(
    ("spec", "low_hz", "high_hz", "factor"),
    [
        (replace(NONE, lowpass_chance=1, lowpass_hz=(20, 20)), 40, 49, 0.02),
        (replace(NONE, highpass_chance=1, highpass_hz=(1, 1)), 0.03, 0.3, 0.05),
    ],
)
def test_cut_offs_remove_what_lies_beyond_them_and_keep_the_middle(epochs, spec, low_hz, high_hz, factor):
    out = randomise(epochs, np.random.default_rng(0), spec, rate=RATE)
    f = np.fft.rfftfreq(3000, 1 / RATE)
    beyond, middle = (f >= low_hz) & (f <= high_hz), (f > 4) & (f < 9)
    before, after = spectrum(epochs), spectrum(out)
    assert after[:, beyond].sum() < factor * before[:, beyond].sum()
    assert after[:, middle].sum() == pytest.approx(before[:, middle].sum(), rel=0.1)


def test_the_equaliser_is_smooth_and_has_the_spread_asked_for(epochs):
    many = np.tile(epochs, (20, 1))
    out = randomise(many, np.random.default_rng(0), replace(NONE, eq_db=3.0), rate=RATE)
    f = np.fft.rfftfreq(3000, 1 / RATE)
    db = 10 * np.log10(spectrum(out)[:, 1:] / spectrum(many)[:, 1:])
    at = np.argmin(np.abs(f[1:] - 8.0))
    assert db[:, at].std() == pytest.approx(3.0, rel=0.15)
    assert np.abs(np.diff(db[:, (f[1:] > 2) & (f[1:] < 40)], axis=1)).max() < 0.6


def test_a_tilt_leans_around_its_pivot(epochs):
    many = np.tile(epochs, (20, 1))
    out = randomise(many, np.random.default_rng(0), replace(NONE, tilt_db_per_octave=1.0), rate=RATE)
    f = np.fft.rfftfreq(3000, 1 / RATE)
    db = 10 * np.log10(spectrum(out)[:, 1:] / spectrum(many)[:, 1:])
    low, high = (db[:, np.argmin(np.abs(f[1:] - hz))] for hz in (1.5, 24.0))
    assert np.corrcoef(low, high)[0, 1] < -0.99
    assert high.std() == pytest.approx(2.0, rel=0.15)


@pytest.mark.parametrize("name", ["pink", "white"])
def test_noise_has_the_rms_asked_for(name):
    spec = replace(NONE, **{f"{name}_chance": 1.0, f"{name}_uv": (3.0, 3.0)})
    out = randomise(np.zeros((200, 3000), np.float32), np.random.default_rng(0), spec, rate=RATE)
    assert np.sqrt((out**2).mean()) == pytest.approx(3.0, rel=0.05)
    power = spectrum(out).mean(0)
    slope = np.log(power[300:1200].mean() / power[30:120].mean()) / np.log(10)
    assert slope == pytest.approx(-1.0 if name == "pink" else 0.0, abs=0.15)


def test_a_warp_moves_rhythms_by_its_factor():
    t = np.arange(3000) / RATE
    rhythm = np.sin(2 * np.pi * 10 * t).astype(np.float32)[None] * 20
    out = randomise(rhythm, np.random.default_rng(0), replace(NONE, warp=(1.05, 1.05)), rate=RATE)
    f = np.fft.rfftfreq(3000, 1 / RATE)
    assert f[np.argmax(spectrum(out)[0])] == pytest.approx(10.5, abs=0.04)


@pytest.mark.parametrize("spec", [{"warp": (1.03, 1.03)}, {"shift_s": 0.995}])
def test_neither_warp_nor_shift_damps_fast_rhythms(spec):
    t = np.arange(3000) / RATE
    beta = np.tile(np.sin(2 * np.pi * 25 * t).astype(np.float32) * 20, (20, 1))
    out = randomise(beta, np.random.default_rng(0), replace(NONE, **spec), rate=RATE)
    rms = np.sqrt((out[:, 200:-200] ** 2).reshape(20, -1, 26).mean(2)) / np.sqrt(200)
    assert rms.min() > 0.9
    assert rms.max() < 1.1


def test_a_shift_moves_the_signal_and_mirrors_its_end(epochs):
    rng = np.random.default_rng(5)
    out = randomise(epochs[:1], rng, replace(NONE, shift_s=1.0), rate=RATE)
    centred = epochs[0] - epochs[0].mean()
    lags = range(-105, 106)
    match = [np.mean((out[0] - out[0].mean())[200:-200] * np.roll(centred, lag)[200:-200]) for lag in lags]
    assert lags[int(np.argmax(match))] != 0
    assert max(match) > 0.9 * np.mean(centred[200:-200] ** 2)


def test_a_partner_is_mixed_in_with_a_weight_from_the_range(epochs):
    partner = np.roll(epochs, 1, axis=0)
    spec = replace(NONE, mix_chance=1.0, mix_weight=(0.5, 0.5))
    out = randomise(epochs, np.random.default_rng(0), spec, rate=RATE, partner=partner)
    assert np.abs(out - epochs - 0.5 * partner).max() < 1e-2 * epochs.std()


def test_nan_stays_where_it_is_and_nowhere_else(epochs):
    gapped = epochs.copy()
    gapped[3, 100:500] = np.nan
    gapped[7] = np.nan
    out = randomise(gapped, np.random.default_rng(0), Randomisation(), rate=RATE)
    assert (np.isnan(out) == np.isnan(gapped)).all()


@given(
    st.builds(
        Randomisation,
        eq_db=st.floats(0, 12),
        lowpass_chance=st.floats(0, 1),
        warp=st.tuples(st.floats(0.8, 1.0), st.floats(1.0, 1.2)),
        shift_s=st.floats(0, 5),
    )
)
def test_a_recipe_can_carry_it(spec):
    assert Randomisation.from_dict(spec.to_dict()) == spec
    out = randomise(np.ones((2, 300), np.float32), np.random.default_rng(0), spec, rate=10)
    assert np.isfinite(out).all()


@pytest.mark.parametrize(
    ("held", "field"),
    [
        ({"eq": 3}, "eq"),
        ({"eq_db": -1}, "eq_db"),
        ({"eq_db": "3"}, "eq_db"),
        ({"eq_db": [1, 2]}, "eq_db"),
        ({"lowpass_chance": 1.5}, "lowpass_chance"),
        ({"warp": [1.2, 0.8]}, "warp"),
        ({"warp": 1.0}, "warp"),
        ({"lowpass_hz": [0, 20]}, "lowpass_hz"),
        ({"warp": [0.9]}, "warp"),
        ({"gain_db": True}, "gain_db"),
        ({"gain_db": float("nan")}, "gain_db"),
    ],
)
def test_an_unknown_key_or_an_impossible_value_is_named(held, field):
    with pytest.raises(InputError) as caught:
        Randomisation.from_dict(held)
    assert caught.value.field == field


def test_arguments_that_do_not_fit_are_named(epochs):
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="epoch or night"):
        randomise(epochs, rng, NONE, rate=RATE, per="week")
    with pytest.raises(InputError, match="n_epochs"):
        randomise(epochs[0], rng, NONE, rate=RATE)
    with pytest.raises(InputError, match="partner"):
        randomise(epochs, rng, NONE, rate=RATE, partner=epochs[:2])
