"""Epochs of 20 s, each read with 5 s of signal on both sides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.images import PreparedNight, load_layout
from eegvlm.signals import ExtendedRecording, Recording, Role

RATE = 100.0


def recording_of(seconds: float, *, rate: float = RATE) -> Recording:
    """A recording whose every sample is its own time in seconds, so that a window shows where it was cut."""
    ramp = np.arange(round(seconds * rate), dtype=np.float32) / np.float32(rate)
    return Recording.from_arrays({"C4-M1": (ramp, rate)})


def noise(seconds: float, rate: float = 256.0) -> Recording:
    samples = np.random.default_rng(0).normal(0, 20, round(seconds * rate))
    return Recording.from_arrays({"C4-M1": (samples, rate), "EMG chin": (samples[::-1].copy(), rate)})


def extended(recording: Recording) -> ExtendedRecording:
    return ExtendedRecording.of(recording, 20.0)


def test_a_window_is_the_epoch_with_five_seconds_before_and_after():
    recording = extended(recording_of(100))
    channel = recording.channels[0]
    windows = recording.raw_epochs(channel)
    assert windows.shape == (5, 3000)
    assert [float(window[500]) for window in windows] == pytest.approx([0, 20, 40, 60, 80])
    assert [float(window[-1]) for window in windows[:4]] == pytest.approx([24.99, 44.99, 64.99, 84.99])
    assert recording.onsets_s.tolist() == [0, 20, 40, 60, 80]
    assert recording.margin_s == 5.0


def test_windows_that_reach_beyond_the_recording_are_not_complete():
    recording = extended(recording_of(100))
    assert recording.scorable.tolist() == [False, True, True, True, False]
    windows = recording.epochs(recording.channels[0], rate=RATE)
    assert np.isnan(windows).all(axis=1).tolist() == [True, False, False, False, True]


def test_a_part_is_read_with_the_signal_on_the_other_side_of_the_cut():
    part = extended(recording_of(200).crop(40.0, 100.0))
    windows = part.raw_epochs(part.channels[0])
    assert part.n_epochs == 3
    assert part.scorable.all()
    assert windows[0, 0] == pytest.approx(35.0)
    assert part.onsets_s.tolist() == [40, 60, 80]


@pytest.mark.parametrize("rate", [100.0, 64.0])
def test_filtered_windows_are_those_of_a_recording_cut_there(rate):
    whole = noise(400)
    recording = extended(whole.crop(7.0, 400.0))
    channel = recording.channels[0]
    windows = recording.epochs(channel, rate=rate, band=(0.3, 30.0))
    for epoch in range(1, recording.n_epochs - 2):
        begin = 7.0 + 20 * epoch - 5
        (alone,) = whole.crop(begin, begin + 30).epochs(channel, rate=rate, band=(0.3, 30.0))
        np.testing.assert_allclose(windows[epoch], alone, atol=1e-3)


@pytest.mark.parametrize(("first", "count"), [(0, 1), (1, 1), (2, 5), (3, 9), (5, None), (0, None), (4, 0)])
def test_windows_do_not_depend_on_how_they_are_asked_for(first, count):
    recording = extended(noise(310))
    channel = recording.channels[0]
    last = None if count is None else first + count
    for part, whole in (
        (recording.epochs(channel, rate=100, first=first, count=count), recording.epochs(channel, rate=100)),
        (recording.raw_epochs(channel, first, count), recording.raw_epochs(channel)),
    ):
        np.testing.assert_allclose(part, whole[first:last], atol=1e-3)
    with pytest.raises(ValueError, match="epochs 0 to 99"):
        recording.epochs(channel, rate=100, count=99)


def test_a_gap_takes_every_window_that_it_touches():
    samples = np.random.default_rng(1).normal(0, 20, 20000)
    samples[8600:8700] = np.nan  # 86 to 87 s: in the epoch from 80 s, and in what is added after the one from 60 s
    plain = extended(Recording.from_arrays({"C4-M1": (samples, 100.0)}))
    windows = plain.epochs(plain.channels[0], rate=100)
    assert np.isnan(windows).any(axis=1).nonzero()[0].tolist() == [0, 4, 9]
    assert 60 + 25 < 86


def test_the_last_epoch_may_be_incomplete():
    recording = extended(recording_of(109))
    assert (recording.n_epochs, recording.partial_last_s) == (6, 9.0)
    assert not recording.scorable[-1]


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match="cannot be extended"):
        ExtendedRecording.of(recording_of(100), 10.0)


def test_a_prepared_night_has_one_picture_for_each_epoch():
    recording = extended(noise(400))
    prepared = PreparedNight.read(replace(recording), load_layout("nano"))
    assert prepared.n_epochs == recording.n_epochs == 20
    assert prepared.scorable.tolist() == recording.scorable.tolist()
    assert recording.channel(Role.EEG_CENTRAL) is not None
