"""One factor for a whole recording brings it to the layout's level, and a band that an artefact fills is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.images import (
    Correction,
    ImageLayout,
    LayoutError,
    PreparedNight,
    corrected,
    load_layout,
    panel_signals,
    render,
    signal_corrections,
)
from eegvlm.images.corrections import NarrowedStretch, panel_correction
from eegvlm.images.sampling import sampled_rows
from eegvlm.signals import Recording

_LAYOUT = load_layout("nano")
_RATE = 100


def sleep(epochs: int, rms: float = 20.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, rms, epochs * 30 * _RATE).astype(np.float32)


def recording(eeg: np.ndarray) -> Recording:
    return Recording.from_arrays({"C4-M1": (eeg, float(_RATE))})


def corrections_of(one: Recording, layout: ImageLayout = _LAYOUT) -> dict[str, Correction]:
    return PreparedNight.of_signals(layout, panel_signals(layout, one)).corrections


def test_the_median_rms_in_the_band_becomes_the_level():
    t = np.arange(3000) / _RATE
    epochs = np.stack([(amplitude * np.sin(2 * np.pi * 10 * t)) for amplitude in (5, 20, 300)]).astype(np.float32)
    epochs += 200 * np.sin(2 * np.pi * t).astype(np.float32)  # 1 Hz lies outside the band
    many = np.tile(epochs, (200, 1))
    assert signal_corrections(_LAYOUT, {"eeg": many})["eeg"].gain == pytest.approx(8 / (20 / np.sqrt(2)), rel=0.02)


def test_a_recorder_twice_as_sensitive_hardly_changes_what_is_drawn():
    quiet, loud = recording(sleep(400)), recording(2 * sleep(400))
    corrections = [corrections_of(one) for one in (quiet, loud)]
    assert corrections[1]["eeg"].gain == pytest.approx(corrections[0]["eeg"].gain / 2, rel=0.02)
    drawn = [
        render(_LAYOUT, corrected(_LAYOUT, panel_signals(_LAYOUT, one, 7, 3), correction)).float()
        for one, correction in zip((quiet, loud), corrections, strict=True)
    ]
    assert (drawn[0] - drawn[1]).abs().mean() < 0.5


@pytest.mark.parametrize("epochs", [1, 50, 240, 241, 700])
def test_epochs_are_sampled_from_all_over_a_recording_and_never_from_a_gap(epochs):
    usable = np.ones(epochs, np.bool_)
    usable[epochs // 3 : epochs // 3 + min(5, epochs // 2)] = False
    wanted, rows = np.flatnonzero(usable), sampled_rows(usable)
    assert usable[rows].all()
    assert len(rows) == len(wanted) if len(wanted) <= 240 else 200 < len(rows) <= 240
    assert rows[0] == wanted[0]
    assert rows[-1] == wanted[-1]
    assert (np.diff(rows) > 0).all()


def test_stages_of_a_recording_keep_their_amplitudes():
    eeg = sleep(300)
    eeg[: 100 * 30 * _RATE] *= 3
    (found,) = corrections_of(recording(eeg)).values()
    (plain,) = corrections_of(recording(sleep(300))).values()
    assert found.gain == pytest.approx(plain.gain, rel=0.1)


def test_a_few_epochs_are_trusted_little():
    (one,) = corrections_of(recording(sleep(1))).values()
    (many,) = corrections_of(recording(sleep(200))).values()
    assert 1 > one.gain > many.gain
    assert np.log(one.gain) == pytest.approx(np.log(many.gain) / 5, rel=0.15)


def test_gaps_and_flat_epochs_do_not_count():
    eeg = sleep(300)
    eeg[: 90 * 30 * _RATE] = np.nan
    eeg[200 * 30 * _RATE : 260 * 30 * _RATE] = 0
    found = signal_corrections(_LAYOUT, panel_signals(_LAYOUT, recording(eeg)))["eeg"].gain
    assert found == pytest.approx(
        signal_corrections(_LAYOUT, panel_signals(_LAYOUT, recording(sleep(300))))["eeg"].gain, rel=0.02
    )


def test_a_factor_has_its_limits_and_what_is_flat_has_none():
    assert signal_corrections(_LAYOUT, {"eeg": np.zeros((40, 3000), np.float32)}) == {"eeg": Correction()}
    assert signal_corrections(_LAYOUT, {"eeg": np.full((40, 3000), np.nan, np.float32)}) == {"eeg": Correction()}
    assert signal_corrections(_LAYOUT, {"eeg": 1000 * sleep(40).reshape(40, 3000)}) == {"eeg": Correction(1 / 8)}


def test_panels_without_a_level_or_a_signal_have_no_gain():
    assert corrections_of(recording(sleep(20)), load_layout("psg-336")) == {}
    assert set(corrections_of(recording(sleep(20)))) == {"eeg"}
    signals = {"eog_left": sleep(2).reshape(2, 3000)}
    assert corrected(_LAYOUT, signals, {"eeg": Correction(2.0)})["eog_left"] is signals["eog_left"]


def rhythm(epochs: int, hz: float, rms: float) -> np.ndarray:
    t = np.arange(epochs * 30 * _RATE) / _RATE
    return (np.sqrt(2) * rms * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def theta(epochs: int) -> np.ndarray:
    """Return a signal that has the level of the EEG panel and nothing elsewhere."""
    return rhythm(epochs, 6, 8)


@pytest.mark.parametrize(
    ("hz", "rms", "band"),
    [
        (25, 7, (None, 18)),
        (25, 5, (None, None)),
        (0.35, 30, (0.7, None)),
        (0.35, 8, (None, None)),
        (10, 5, (None, None)),
    ],
)
def test_a_band_that_an_artefact_fills_all_night_is_left_out(hz, rms, band):
    eeg = theta(300) + rhythm(300, hz, rms)
    assert corrections_of(recording(eeg))["eeg"].band == band


def test_two_artefacts_leave_what_lies_between_them():
    found = corrections_of(recording(theta(300) + rhythm(300, 25, 10) + rhythm(300, 0.35, 40)))["eeg"]
    assert found.band == (0.7, 18)
    assert found.in_words == "between 0.7 and 18 Hz"


@pytest.mark.parametrize(("quiet", "band"), [(0, (None, 18)), (20, (None, 18)), (60, (None, None))])
def test_the_whole_is_narrowed_where_nearly_all_epochs_are_filled(quiet, band):
    muscle = rhythm(300, 25, 15)
    muscle[: quiet * 30 * _RATE] = 0
    assert corrections_of(recording(theta(300) + muscle))["eeg"].band == band


def muscle_in(*filled: tuple[int, int]) -> np.ndarray:
    """Return 900 epochs of theta, with muscle in some."""
    muscle = rhythm(900, 25, 15).reshape(900, -1)
    quiet = np.ones(900, bool)
    for first, stop in filled:
        quiet[first:stop] = False
    muscle[quiet] = 0
    return theta(900).reshape(900, -1) + muscle


def stretches_of(epochs: np.ndarray) -> list[tuple[int, int]]:
    panel = load_layout("nano").panels[0]
    return [(one.first, one.stop) for one in panel_correction(panel, epochs, 100.0).stretches]


def test_half_a_night_of_muscle_is_narrowed_and_the_other_half_is_not():
    epochs = muscle_in((0, 450))
    night = PreparedNight.of_signals(load_layout("nano"), {"eeg": epochs})
    (stretch,) = night.panels["eeg"][0].correction.stretches
    assert (stretch.first, stretch.band) == (0, (None, 18))
    assert abs(stretch.stop - 450) <= 1
    drawn = night.drawn_signals(slice(None))["eeg"] / night.corrections["eeg"].gain
    inner = slice(300, -300)
    assert np.abs(drawn[:440, inner] - theta(900).reshape(900, -1)[:440, inner]).max() < 0.3
    np.testing.assert_allclose(drawn[460:], epochs[460:], rtol=1e-5)


def test_rows_of_a_night_are_drawn_as_in_the_whole_of_it():
    night = PreparedNight.of_signals(load_layout("nano"), {"eeg": muscle_in((300, 600))})
    rows = np.array([10, 599, 310, 620, 311])
    whole = night.drawn_signals(slice(None))["eeg"][rows]
    np.testing.assert_array_equal(night.drawn_signals(rows)["eeg"], whole)
    moved = night.with_signals(rows, night.signals(rows))
    np.testing.assert_array_equal(moved.drawn_signals(slice(None))["eeg"], whole)
    assert night.narrowed("eeg")[rows].tolist() == [False, True, True, False, True]


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        (((100, 260),), []),
        (((100, 300),), [(100, 300)]),
        (((100, 200), (203, 300)), [(100, 300)]),
        (((100, 200), (240, 340)), []),
        (((0, 200), (600, 900)), [(0, 200), (600, 900)]),
    ],
)
def test_a_stretch_lasts_an_hour_and_a_half_with_short_breaks(filled, expected):
    assert stretches_of(muscle_in(*filled)) == expected


@pytest.mark.parametrize(("wake", "sleep_level", "expected"), [(8, 4.5, []), (15, 4.5, [(0, 300)])])
def test_noise_of_the_whole_night_is_no_artefact_of_the_part_in_which_it_passes_the_floor(wake, sleep_level, expected):
    noise = rhythm(900, 25, 1).reshape(900, -1)
    noise[:300] *= wake
    noise[300:] *= sleep_level
    assert stretches_of(theta(900).reshape(900, -1) + noise) == expected


def test_epochs_without_signal_neither_make_nor_end_a_stretch():
    epochs = muscle_in((100, 400))
    epochs[200:230] = np.nan
    assert stretches_of(epochs) == [(100, 400)]


def test_stretches_say_how_long_they_are():
    assert Correction(1.0, (None, None), (NarrowedStretch(120, 540, (None, 18)),)).in_words == (
        "below 18 Hz in 3.5 h (from epoch 121)"
    )


def test_less_than_an_hour_is_not_narrowed_nor_do_flat_epochs_and_gaps_count():
    loud = theta(300) + rhythm(300, 25, 15)
    assert not corrections_of(recording(loud[: 119 * 30 * _RATE]))["eeg"].narrows
    assert corrections_of(recording(loud[: 120 * 30 * _RATE]))["eeg"].narrows
    loud[: 100 * 30 * _RATE] = 0
    loud[100 * 30 * _RATE : 150 * 30 * _RATE] = np.nan
    assert corrections_of(recording(loud))["eeg"].narrows


def test_the_floor_is_that_of_the_signal_at_its_level():
    eeg = theta(300) + rhythm(300, 25, 10)
    for factor in (0.3, 3):
        assert corrections_of(recording(factor * eeg))["eeg"].band == (None, 18)


def test_a_narrowed_signal_keeps_its_band_up_to_the_ends_of_every_epoch():
    kept = rhythm(4, 9, 10).reshape(4, -1)
    signals = {"eeg": kept + (rhythm(4, 25, 20) + rhythm(4, 0.2, 50)).reshape(4, -1)}
    signals["eeg"][2] = np.nan
    shown = corrected(_LAYOUT, signals, {"eeg": Correction(2.0, (0.7, 18))})["eeg"]
    assert shown.dtype == np.float32
    assert np.isnan(shown[2]).all()
    whole = [0, 1, 3]
    away = np.abs(shown[whole] / 2 - kept[whole])
    assert away[:, 300:-300].max() < 0.2
    assert away.max() < 20  # of 99 microvolt that were added, in the last second


def test_every_epoch_is_narrowed_by_itself():
    eeg = sleep(300).reshape(300, -1)
    correction = {"eeg": Correction(1.0, (None, 18))}
    alone = np.concatenate([corrected(_LAYOUT, {"eeg": one[None]}, correction)["eeg"] for one in eeg[:5]])
    np.testing.assert_allclose(corrected(_LAYOUT, {"eeg": eeg}, correction)["eeg"][:5], alone, atol=1e-4)


@pytest.mark.parametrize(
    ("correction", "words"),
    [
        (Correction(), ""),
        (Correction(2.0), ""),
        (Correction(1.0, (None, 18)), "below 18 Hz"),
        (Correction(1.0, (0.7, None)), "above 0.7 Hz"),
    ],
)
def test_a_correction_says_its_band(correction, words):
    assert correction.in_words == words
    assert correction.narrows is bool(words)


@pytest.mark.parametrize(
    ("floors", "said"),
    [
        ([{"band": [20, 60], "microvolt": 6, "keep": [None, 18]}], r"panel eeg: floors\[0\].band"),
        ([{"band": [20, 40], "microvolt": 0, "keep": [None, 18]}], r"panel eeg: floors\[0\].microvolt"),
        ([{"band": [20, 40], "microvolt": 6, "keep": [None, None]}], r"panel eeg: floors\[0\].keep"),
        ([{"band": [20, 40], "microvolt": 6, "keep": [None, 50]}], r"panel eeg: floors\[0\].keep"),
        ([{"band": [20, 40], "microvolt": 6, "keep": [0.01, None]}], r"panel eeg: floors\[0\].keep"),
        ([{"band": [20, 40], "microvolt": 6, "keep": [20, 10]}], r"panel eeg: floors\[0\].keep"),
        ([{"band": [20, 40], "microvolt": 6}], r"floors\[0\].keep: missing"),
        (
            [
                {"band": [20, 40], "microvolt": 6, "keep": [None, 5]},
                {"band": [0.2, 0.5], "microvolt": 6, "keep": [5, None]},
            ],
            "panel eeg: floors: .*keep a band",
        ),
        (6, "floors"),
    ],
)
def test_a_floor_that_cannot_be_used_is_refused(floors, said):
    fields = _LAYOUT.to_dict()
    fields["panels"][0]["floors"] = floors
    with pytest.raises(LayoutError, match=said):
        ImageLayout.from_dict(fields)


def test_a_level_goes_through_json():
    assert ImageLayout.from_json(_LAYOUT.to_json()) == _LAYOUT
    eeg = replace(_LAYOUT.panel("eeg"), level=None)
    plain = replace(_LAYOUT, panels=(eeg, *_LAYOUT.panels[1:]))
    assert ImageLayout.from_json(plain.to_json()).panel("eeg").level is None


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ({"band": [4, 60], "microvolt": 8}, "panel eeg: level.band"),
        ({"band": [4], "microvolt": 8}, "level.band"),
        ({"band": [4, 16], "microvolt": 0}, "panel eeg: level.microvolt"),
        ({"band": [4, 16]}, "level.microvolt: missing"),
        ({"band": [4, 16], "microvolt": 8, "per": "epoch"}, "level.per: unknown key"),
        (8, "level"),
    ],
)
def test_a_level_that_cannot_be_used_is_refused(level, said):
    fields = _LAYOUT.to_dict()
    fields["panels"][0]["level"] = level
    with pytest.raises(LayoutError, match=said):
        ImageLayout.from_dict(fields)
