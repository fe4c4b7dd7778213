"""The meter gives the same whatever the blocks, and takes channels of every rate."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegvlm.signals import (
    Channel,
    Quality,
    QualityKind,
    QualityLevel,
    QualityMeter,
    Recording,
    Role,
    measure_quality,
)

RATE = 64
N_EPOCHS = 12


def signals() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    n = N_EPOCHS * 30 * RATE
    eeg = np.cumsum(rng.normal(0, 3, n))
    eeg -= np.convolve(eeg, np.ones(RATE) / RATE, mode="same")
    bad = eeg.copy()
    bad[2 * 30 * RATE : 4 * 30 * RATE] = 0
    bad[6 * 30 * RATE : 8 * 30 * RATE] = rng.normal(0, 30, 2 * 30 * RATE)
    bad[9 * 30 * RATE + 700] = np.nan
    ecg = rng.normal(0, 10, n)
    ecg[:: round(0.9 * RATE)] += 900
    return {"C4-M1": bad, "O2-M1": eeg + 0.1 * ecg, "ECG": ecg}


def same(left: Quality, right: Quality) -> bool:
    return left.channels.keys() == right.channels.keys() and all(
        np.array_equal(level, right.channels[name].levels[kind])
        for name, channel in left.channels.items()
        for kind, level in channel.levels.items()
    )


@given(cuts=st.lists(st.integers(1, N_EPOCHS - 1), max_size=5, unique=True))
@settings(max_examples=20)
def test_any_split_into_blocks_gives_the_same(cuts: list[int]) -> None:
    samples = signals()
    recording = Recording.from_arrays({label: (values, RATE) for label, values in samples.items()})
    whole = measure_quality(recording)
    meter = QualityMeter(recording.channels, recording.source, N_EPOCHS)
    edges = [0, *sorted(cuts), N_EPOCHS]
    for first, stop in pairwise(edges):
        blocks = {
            label: values.astype(np.float32).reshape(N_EPOCHS, -1)[first:stop] for label, values in samples.items()
        }
        meter.add(first, blocks)
    finished = meter.finish()
    assert same(finished, whole)
    assert finished.channels["C4-M1"].level[2:4].tolist() == [QualityLevel.UNUSABLE] * 2
    assert finished.channels["O2-M1"].levels[QualityKind.ECG_LEAK].any()


def test_epochs_beyond_the_recording_are_refused() -> None:
    recording = Recording.from_arrays({"C4-M1": (signals()["C4-M1"], RATE)})
    meter = QualityMeter(recording.channels, recording.source, N_EPOCHS)
    with pytest.raises(ValueError, match="epochs 11 to 13 of 12"):
        meter.add(11, {"C4-M1": np.zeros((2, 30 * RATE), np.float32)})


def test_other_channels_are_not_judged() -> None:
    recording = Recording.from_arrays({"C4-M1": (signals()["C4-M1"], RATE), "Snore": (signals()["ECG"], RATE)})
    assert list(measure_quality(recording).channels) == ["C4-M1"]


def test_only_chosen_channels_are_judged() -> None:
    samples = signals()
    recording = Recording.from_arrays({label: (values, RATE) for label, values in samples.items()})
    chosen = [channel for channel in recording.channels if channel.name == "O2-M1"]
    assert list(measure_quality(recording, chosen).channels) == ["O2-M1"]
    assert not measure_quality(recording, []).channels


def envelope(rate: float) -> Channel:
    recording = Recording.from_arrays({"C4-M1": (signals()["C4-M1"], RATE)})
    return replace(recording.channels[0], name="EMG envelope", role=Role.EMG_CHIN, rate=rate, exact_rate=Fraction(rate))


@pytest.mark.parametrize("rate", [1, 10, 25])
def test_an_envelope_that_moves_is_good_and_one_that_stands_still_is_flat(rate: int) -> None:
    channel = envelope(rate)
    recording = Recording.from_arrays({"C4-M1": (signals()["C4-M1"], RATE)})
    meter = QualityMeter([channel], recording.source, 4)
    moving = np.abs(np.random.default_rng(0).normal(0, 3, (2, 30 * rate))).astype(np.float32)
    meter.add(0, {channel.name: moving})
    meter.add(2, {channel.name: np.full((2, 30 * rate), 4.0, np.float32)})
    assert meter.finish().channels[channel.name].level.tolist() == [0, 0, 2, 2]


def test_epochs_that_were_never_added_count_as_gaps() -> None:
    recording = Recording.from_arrays({"C4-M1": (signals()["C4-M1"], RATE)})
    meter = QualityMeter(recording.channels, recording.source, 3)
    meter.add(1, {"C4-M1": np.zeros((1, 30 * RATE), np.float32)})
    assert meter.finish().channels["C4-M1"].level.tolist() == [0, 2, 0]
