"""A night measured in overlapping pieces is the night measured at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.evidence import Evidence, FindingKind, measure_night
from eegvlm.evidence.pieces import pieces_of
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording

RATE, HOURS = 128, 3
JOINTS = (108, 216, 324)  # of pieces of 108 epochs
DEAD = slice(100, 112)  # across a joint


def prepared(**dead: float) -> PreparedNight:
    """Return a night, with some channels constant around a joint."""
    signals = simulate_night(hours=HOURS, seed=5, rate=RATE).signals
    for label, value in dead.items():
        signals[next(one for one in signals if label in one)][DEAD.start * 30 * RATE : DEAD.stop * 30 * RATE] = value
    return PreparedNight.read(
        Recording.from_arrays({k: (v, float(RATE)) for k, v in signals.items()}), load_layout("nano")
    )


@pytest.fixture(scope="module", params=[{}, {"C4": 7.0, "EMG": 0.0}], ids=["clean", "a dead stretch"])
def both(request: pytest.FixtureRequest) -> tuple[Evidence, Evidence]:
    night = prepared(**request.param)
    whole = measure_night(night)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eegvlm.evidence.pieces._LENGTH", 108)
        assert [piece.start for piece in pieces_of(night.n_epochs)] == [0, *JOINTS]
        return whole, measure_night(night)


@pytest.mark.slow
def test_the_same_events_are_found_once_each_at_the_same_samples(both) -> None:
    whole, pieces = both
    assert pieces.events.keys() == whole.events.keys()
    assert sum(len(events) for tables in whole.events.values() for events in tables.values()) > 1000
    for kind, tables in whole.events.items():
        assert pieces.events[kind].keys() == tables.keys()
        for name, events in tables.items():
            joined = pieces.events[kind][name]
            assert len(joined) == len(events), kind
            # crossings lie between samples; a Fourier transform of other rows beside one rounds otherwise
            np.testing.assert_allclose(joined.onset_s, events.onset_s, atol=1e-4, err_msg=kind.value)
            np.testing.assert_allclose(joined.duration_s, events.duration_s, atol=1e-4, err_msg=kind.value)
            np.testing.assert_allclose(joined.amplitude_uv, events.amplitude_uv, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(joined.frequency_hz, events.frequency_hz, rtol=1e-4)


def test_some_events_reach_across_a_joint(both) -> None:
    crossing = [
        kind
        for kind, tables in both[1].events.items()
        for events in tables.values()
        for joint in JOINTS
        if ((events.onset_s < 30 * joint) & (events.end_s > 30 * joint)).any()
    ]
    assert crossing


def test_rhythms_are_the_same_to_the_bit(both) -> None:
    whole, pieces = both
    assert pieces.rhythms.keys() == whole.rhythms.keys()
    for name, rhythms in whole.rhythms.items():
        for field in ("share", "time", "dominant_hz", "dominant", "rms_uv", "peak_to_peak_uv"):
            np.testing.assert_array_equal(getattr(pieces.rhythms[name], field), getattr(rhythms, field))


def test_what_is_said_of_epochs_is_said_of_the_same_ones(both) -> None:
    whole, pieces = both
    assert (pieces.n_epochs, pieces.eyes) == (whole.n_epochs, whole.eyes)
    for name, share in whole.slow_wave_share.items():
        np.testing.assert_allclose(pieces.slow_wave_share[name], share, atol=1e-5)
    for name, present in whole.present.items():
        np.testing.assert_array_equal(pieces.present[name], present)


def test_the_chins_tone_is_relative_to_the_whole_night(both) -> None:
    whole, pieces = (evidence.chin for evidence in both)
    assert whole is not None
    assert pieces is not None
    np.testing.assert_allclose(pieces.relative, whole.relative, rtol=1e-6)
    assert np.nanmedian(pieces.relative) == pytest.approx(1)


@pytest.mark.parametrize("n_epochs", [1, 540, 541, 960, 2880])
def test_every_epoch_is_taken_from_one_piece_that_reaches_beyond_it(n_epochs) -> None:
    pieces = pieces_of(n_epochs)
    assert [epoch for piece in pieces for epoch in range(piece.start, piece.stop)] == list(range(n_epochs))
    for piece in pieces:
        assert piece.first == max(0, piece.start - 18)
        assert piece.last == min(n_epochs, piece.stop + 18)
        assert piece.first % 18 == 0


def test_the_rebound_of_a_vertex_wave_does_not_depend_on_how_the_night_begins() -> None:
    night = prepared()
    whole = measure_night(night).events[FindingKind.VERTEX_WAVE]["C4-M1"]
    channel = night.panels["eeg"][0]
    later = {"eeg": channel.signals[18:]}
    moved = PreparedNight.of_signals(night.layout, later)
    assert len(whole) > 10
    panels = {"eeg": (replace(channel, signals=later["eeg"]),)}  # signals alone have no role, and are not measured
    cut = measure_night(replace(moved, panels=panels)).events[FindingKind.VERTEX_WAVE]["C4-M1"]
    expected = whole.keep(whole.onset_s > 36 * 30)
    found = cut.keep(cut.onset_s > 18 * 30)
    np.testing.assert_allclose(found.onset_s + 18 * 30, expected.onset_s)
    np.testing.assert_allclose(found.amplitude_uv, expected.amplitude_uv, rtol=1e-4)
