"""One factor for a whole recording brings it to the layout's level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.images import (
    ImageLayout,
    LayoutError,
    level_gains,
    levelled,
    load_layout,
    panel_signals,
    recording_gains,
    render,
    sampled_signals,
)
from eegvlm.signals import Recording

_LAYOUT = load_layout("nano")
_RATE = 100


def sleep(epochs: int, rms: float = 20.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, rms, epochs * 30 * _RATE).astype(np.float32)


def recording(eeg: np.ndarray) -> Recording:
    return Recording.from_arrays({"C4-M1": (eeg, float(_RATE))})


def test_the_median_rms_in_the_band_becomes_the_level():
    t = np.arange(3000) / _RATE
    epochs = np.stack([(amplitude * np.sin(2 * np.pi * 10 * t)) for amplitude in (5, 20, 300)]).astype(np.float32)
    epochs += 200 * np.sin(2 * np.pi * t).astype(np.float32)  # 1 Hz lies outside the band
    many = np.tile(epochs, (200, 1))
    assert level_gains(_LAYOUT, {"eeg": many})["eeg"] == pytest.approx(8 / (20 / np.sqrt(2)), rel=0.02)


def test_a_recorder_twice_as_sensitive_hardly_changes_what_is_drawn():
    quiet, loud = recording(sleep(400)), recording(2 * sleep(400))
    gains = [recording_gains(_LAYOUT, one) for one in (quiet, loud)]
    assert gains[1]["eeg"] == pytest.approx(gains[0]["eeg"] / 2, rel=0.02)
    drawn = [
        render(_LAYOUT, levelled(panel_signals(_LAYOUT, one, 7, 3), gain)).float()
        for one, gain in zip((quiet, loud), gains, strict=True)
    ]
    assert (drawn[0] - drawn[1]).abs().mean() < 0.5


@pytest.mark.parametrize("epochs", [1, 50, 240, 241, 700])
def test_signals_are_sampled_from_all_over_a_recording_and_never_from_a_gap(epochs):
    eeg = sleep(epochs)
    rows = eeg.reshape(epochs, -1)
    rows[:] += 1000 * np.arange(epochs)[:, None]  # no filter below: which epoch is which
    gap = slice(epochs // 3, epochs // 3 + min(5, epochs // 2))
    rows[gap] = np.nan
    layout = replace(_LAYOUT, panels=tuple(replace(panel, band=(None, None)) for panel in _LAYOUT.panels))
    (found,) = [some for some in sampled_signals(layout, recording(eeg)).values() if len(some)]
    numbers = np.rint(np.median(found, axis=1) / 1000).astype(int)
    wanted = np.setdiff1d(np.arange(epochs), np.arange(gap.start, gap.stop))
    assert np.isfinite(found).all()
    assert set(numbers) <= set(wanted)
    assert len(numbers) == len(wanted) if len(wanted) <= 240 else 200 < len(numbers) <= 240
    assert numbers[0] == wanted[0]
    assert numbers[-1] == wanted[-1]


def test_stages_of_a_recording_keep_their_amplitudes():
    eeg = sleep(300)
    eeg[: 100 * 30 * _RATE] *= 3
    (gain,) = recording_gains(_LAYOUT, recording(eeg)).values()
    (plain,) = recording_gains(_LAYOUT, recording(sleep(300))).values()
    assert gain == pytest.approx(plain, rel=0.1)


def test_a_few_epochs_are_trusted_little():
    (one,) = recording_gains(_LAYOUT, recording(sleep(1))).values()
    (many,) = recording_gains(_LAYOUT, recording(sleep(200))).values()
    assert 1 > one > many
    assert np.log(one) == pytest.approx(np.log(many) / 5, rel=0.15)


def test_gaps_and_flat_epochs_do_not_count():
    eeg = sleep(300)
    eeg[: 90 * 30 * _RATE] = np.nan
    eeg[200 * 30 * _RATE : 260 * 30 * _RATE] = 0
    found = level_gains(_LAYOUT, panel_signals(_LAYOUT, recording(eeg)))["eeg"]
    assert found == pytest.approx(level_gains(_LAYOUT, panel_signals(_LAYOUT, recording(sleep(300))))["eeg"], rel=0.02)


def test_a_factor_has_its_limits_and_what_is_flat_has_none():
    assert level_gains(_LAYOUT, {"eeg": np.zeros((40, 3000), np.float32)}) == {"eeg": 1.0}
    assert level_gains(_LAYOUT, {"eeg": np.full((40, 3000), np.nan, np.float32)}) == {"eeg": 1.0}
    assert level_gains(_LAYOUT, {"eeg": 1000 * sleep(40).reshape(40, 3000)}) == {"eeg": 1 / 8}


def test_panels_without_a_level_or_a_signal_have_no_gain():
    assert recording_gains(load_layout("psg-336"), recording(sleep(20))) == {}
    assert set(recording_gains(_LAYOUT, recording(sleep(20)))) == {"eeg"}
    signals = {"eog_left": sleep(2).reshape(2, 3000)}
    assert levelled(signals, {"eeg": 2.0})["eog_left"] is signals["eog_left"]


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
