"""Familiarity: recordings like those that were learnt from are near, others are named with what sets them apart."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.evidence import entries
from eegvlm.model.familiarity import LEAST_EPOCHS, WIDEST, Familiarity, Unfamiliar

NAMES = [entry.name for entry in entries()]
ALPHA = NAMES.index("eeg_rms_alpha")


def recording_of(rng: np.random.Generator, epochs: int = 120) -> np.ndarray:
    """Entries of a recording: one level for all bands, and a little of its own in each."""
    levels = rng.normal(2, 0.4) + rng.normal(0, 0.1, len(NAMES))
    return (levels + rng.normal(0, 0.5, (epochs, len(NAMES)))).astype(np.float32)


@pytest.fixture(scope="module")
def fitted() -> Familiarity:
    rng, familiarity = np.random.default_rng(0), Familiarity(NAMES)
    described = np.stack([familiarity.medians(recording_of(rng)) for _ in range(400)])
    familiarity.fit(described, np.arange(400))
    return familiarity


def test_before_it_has_learnt_no_recording_is_judged():
    familiarity = Familiarity(NAMES)
    assert not familiarity.is_fitted
    assert familiarity.of(recording_of(np.random.default_rng(1))) is None


def test_of_recordings_like_those_that_were_learnt_from_99_in_100_are_within_the_limit(fitted):
    rng = np.random.default_rng(2)
    ratios = np.array([fitted.of(recording_of(rng)).ratio for _ in range(1000)])
    assert 0.97 < (ratios <= 1).mean() < 1


def test_a_recording_far_out_is_unfamiliar_and_its_furthest_entries_are_named_in_their_units(fitted):
    recording = recording_of(np.random.default_rng(3))
    recording[:, ALPHA] = np.log(200.0)
    found = fitted.of(recording)
    assert found.is_unfamiliar
    assert found.furthest[0].startswith("rms of alpha 200 µV (in training ")
    low, high = (float(part) for part in found.furthest[0].partition("(in training ")[2].rstrip(")").split(" to "))
    centre, spread = 2.0, np.hypot(0.4, 0.1)
    assert np.log([low, high]) == pytest.approx([centre - 2.33 * spread, centre + 2.33 * spread], abs=0.15)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("eeg_share_theta", "share of theta in the power of 0.5-30 Hz"),
        ("eeg_peak_to_peak", "median peak-to-peak amplitude of 1 s"),
        ("eeg_mobility", "Hjorth's mobility: the mean frequency"),
        ("eeg_complexity", "Hjorth's complexity: the bandwidth beside a sine's"),
        ("eeg_slope", "slope of the log-log spectrum from 2 to 30 Hz"),
    ],
)
def test_every_kind_of_entry_is_told_in_words(fitted, name, words):
    recording = recording_of(np.random.default_rng(4))
    recording[:, NAMES.index(name)] = 6.0
    value = "6" if name == "eeg_slope" else f"{np.exp(6.0):.3g}"
    assert fitted.of(recording).furthest[0].startswith(f"{words} {value}")


def test_at_most_three_entries_are_named_the_furthest_first(fitted):
    recording = recording_of(np.random.default_rng(5)) + 10
    named = fitted.of(recording).furthest
    assert len(named) == 3
    assert all("in training" in one for one in named)


def test_entries_that_each_are_usual_can_be_unusual_together(fitted):
    recording = recording_of(np.random.default_rng(6))
    columns = fitted.columns
    recording[:, columns] += (2.0 + 0.7 * np.resize([1, -1], len(columns))) - np.median(recording[:, columns], axis=0)
    found = fitted.of(recording)
    assert found.is_unfamiliar
    assert found.furthest == ()


def test_too_few_epochs_have_no_median_to_speak_of(fitted):
    recording = recording_of(np.random.default_rng(7))
    assert fitted.of(recording[: LEAST_EPOCHS - 1]) is None
    assert fitted.of(recording[:LEAST_EPOCHS]) is not None
    recording[LEAST_EPOCHS - 1 :, ALPHA] = np.nan
    assert fitted.of(recording) is None


def test_epochs_with_an_absent_entry_do_not_count(fitted):
    recording = recording_of(np.random.default_rng(8))
    part = recording.copy()
    part[60:, ALPHA] = np.nan
    assert fitted.of(part).ratio == pytest.approx(fitted.of(recording[:60]).ratio)


def test_relative_entries_and_events_do_not_describe_a_recorder(fitted):
    recording = recording_of(np.random.default_rng(9))
    changed = recording.copy()
    for name in NAMES:
        if name.endswith("_relative") or name.startswith(("spindle", "chin", "eog")):
            changed[:, NAMES.index(name)] = 100.0
    assert fitted.of(changed) == fitted.of(recording)


def test_the_limit_is_found_on_persons_to_whom_nobody_was_fitted():
    rng = np.random.default_rng(10)
    apart = Familiarity(NAMES)
    # 20 persons whose pieces are all alike: to their own pieces the distance is small, to those of others it is not
    described = np.repeat(np.stack([apart.medians(recording_of(rng)) for _ in range(20)]), 8, axis=0)
    described += rng.normal(0, 0.01, described.shape)
    apart.fit(described, np.repeat(np.arange(20), 8))
    mixed = Familiarity(NAMES)
    mixed.fit(described, np.arange(len(described)))
    assert float(apart.limit) > 1.2 * float(mixed.limit)


def test_of_one_person_the_limit_is_found_on_the_person():
    rng, familiarity = np.random.default_rng(11), Familiarity(NAMES)
    described = np.stack([familiarity.medians(recording_of(rng)) for _ in range(30)])
    familiarity.fit(described, np.zeros(30, np.int64))
    assert familiarity.is_fitted


@pytest.mark.parametrize(
    ("ratio", "slope", "temperature"),
    [(0.5, 1.0, 1.0), (1.0, 1.0, 1.0), (1.5, 1.0, 1.5), (1.5, 2.0, 2.0), (50.0, 1.0, WIDEST), (50.0, 0.0, 1.0)],
)
def test_probabilities_are_widened_by_the_distance_beyond_the_limit(ratio, slope, temperature):
    assert Unfamiliar(ratio).widening(slope) == temperature
    assert Unfamiliar(ratio).is_unfamiliar == (ratio > 1)


def test_a_model_of_fewer_entries_compares_those_that_it_knows():
    chosen = ["chin_rms", "eeg_rms_alpha", "eeg_slope", "eeg_rms_delta_relative"]
    familiarity = Familiarity(chosen)
    assert familiarity.names == ["eeg_rms_alpha", "eeg_slope"]
    assert familiarity.columns == [1, 2]
