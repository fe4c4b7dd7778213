"""Microvolt to counts: rounding is bounded, saturation is counted, a missing sample stays missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eegvlm.images import layout_names, load_layout
from eegvlm.lab.epochs.counts import LARGEST, MISSING, microvolt_per_count, to_counts, to_microvolt

epochs = hnp.arrays(np.float32, (2, 7), elements=st.one_of(st.floats(-5000, 5000, width=32), st.just(float("nan"))))


@given(epochs, st.sampled_from([1 / 16, 1 / 8, 1 / 2, 4.0]))
def test_a_sample_comes_back_within_half_a_count_or_missing_or_counted_as_saturated(microvolt, count):
    counts, saturated = to_counts(microvolt, count)
    back = to_microvolt(counts, count)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(back), np.isnan(microvolt))
    beyond = np.abs(microvolt) > (LARGEST + 0.5) * count
    np.testing.assert_array_equal(saturated, beyond.sum(axis=1))
    kept = ~np.isnan(microvolt) & ~beyond
    assert (np.abs(back - microvolt)[kept] <= count / 2).all()
    np.testing.assert_array_equal(back[beyond], np.sign(microvolt[beyond]) * np.float32(LARGEST * count))


def test_the_mark_of_a_missing_sample_is_no_count():
    counts, saturated = to_counts(np.array([[np.nan, -1e9, 1e9]], np.float32), 1 / 16)
    assert counts.tolist() == [[int(MISSING), -LARGEST, LARGEST]]
    assert saturated.tolist() == [2]


@pytest.mark.parametrize("name", layout_names())
def test_what_saturates_lies_far_outside_of_every_row(name):
    for panel in load_layout(name).panels:
        count = microvolt_per_count(panel)
        assert LARGEST * count >= 4 * panel.row_height / 2 * panel.microvolt_per_pixel
        assert count <= panel.microvolt_per_pixel / 8  # an eighth of a pixel at most


def test_eeg_is_kept_to_a_sixteenth_of_a_microvolt():
    assert microvolt_per_count(load_layout("nano").panel("eeg")) == 1 / 16
    assert microvolt_per_count(load_layout("psg-448x224").panel("ecg")) == 1 / 4
