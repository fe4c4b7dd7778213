"""The evidence vector: entries have names and units, what cannot be measured is absent, medians are of the night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.evidence import (
    BANDS,
    EventTable,
    Evidence,
    FindingKind,
    beside_median,
    entries,
    evidence_vectors,
    measure_night,
)
from eegvlm.evidence.vector import FEW_EPOCHS
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation import simulate_night

NANO = load_layout("nano")
PLACES = {entry.name: place for place, entry in enumerate(entries())}
LABORATORY = ("EEG C4-M1", "EOG E1-M2", "EOG E2-M2", "EMG chin")


def column(vectors: np.ndarray, name: str) -> np.ndarray:
    return vectors[:, PLACES[name]]


def of_group(group: str) -> np.ndarray:
    return np.array([entry.group == group for entry in entries()])


def sine_night(hz: float, amplitude: np.ndarray, **others: np.ndarray) -> PreparedNight:
    """A night whose EEG is a sine, of an amplitude of its own in every epoch."""
    t = np.arange(3000) / 100
    eeg = (np.asarray(amplitude)[:, None] * np.sin(2 * np.pi * hz * t)).astype(np.float32)
    return PreparedNight.of_signals(NANO, {"eeg": eeg, **others})


def vectors_of(night: PreparedNight) -> np.ndarray:
    return evidence_vectors(night, measure_night(night))


@pytest.fixture(scope="module")
def laboratory() -> PreparedNight:
    night = simulate_night(hours=0.5, seed=21, channels=LABORATORY)
    return PreparedNight.read(night.recording(), NANO)


@pytest.fixture(scope="module")
def measured(laboratory: PreparedNight) -> tuple[Evidence, np.ndarray]:
    evidence = measure_night(laboratory)
    return evidence, evidence_vectors(laboratory, evidence)


def test_every_entry_has_a_name_of_its_own_a_meaning_and_a_group():
    names = [entry.name for entry in entries()]
    assert len(set(names)) == len(names)
    assert {entry.group for entry in entries()} == {"eeg", "eog", "chin"}
    assert all(entry.meaning for entry in entries())


def test_a_relative_entry_stands_beside_the_absolute_one_of_its_name_and_group():
    known = {entry.name: entry for entry in entries()}
    relative = [entry for entry in entries() if entry.relative]
    assert relative
    for entry in relative:
        absolute = known[entry.name.removesuffix("_relative")]
        assert (absolute.group, absolute.relative) == (entry.group, False)
        assert entry.meaning.startswith(absolute.meaning)


def test_a_complete_montage_has_every_entry(measured):
    _, vectors = measured
    assert vectors.shape == (60, len(entries()))
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_a_sine_of_20_microvolt_at_10_hz_is_14_microvolt_rms_of_alpha_and_little_else():
    vectors = vectors_of(sine_night(10.0, np.full(4, 20.0)))
    assert np.exp(column(vectors, "eeg_rms_alpha")) == pytest.approx(np.full(4, 20 / np.sqrt(2)), rel=0.05)
    assert np.exp(column(vectors, "eeg_share_alpha")) == pytest.approx(np.ones(4), abs=0.05)
    assert (np.exp(column(vectors, "eeg_rms_delta")) < 1).all()
    assert np.exp(column(vectors, "eeg_dominant_hz")) == pytest.approx(np.full(4, 10.0), rel=0.05)
    assert np.exp(column(vectors, "eeg_peak_to_peak")) == pytest.approx(np.full(4, 40.0), rel=0.05)
    assert np.exp(column(vectors, "eeg_mobility")) == pytest.approx(np.full(4, 10.0), rel=0.02)
    assert np.exp(column(vectors, "eeg_complexity")) == pytest.approx(np.ones(4), abs=0.02)


def test_the_slope_of_noise_whose_power_falls_with_the_square_of_frequency_is_minus_2():
    rng, n = np.random.default_rng(0), 3000
    hz = np.fft.rfftfreq(n, 0.01)
    spectrum = rng.normal(size=(40, len(hz))) + 1j * rng.normal(size=(40, len(hz)))
    brown = np.fft.irfft(spectrum / np.maximum(hz, 0.3), n).astype(np.float32)
    night = PreparedNight.of_signals(NANO, {"eeg": 20 * brown / brown.std()})
    assert np.nanmedian(column(vectors_of(night), "eeg_slope")) == pytest.approx(-2, abs=0.1)


def test_a_gain_moves_amplitudes_and_leaves_shares_shape_and_relative_entries():
    rng = np.random.default_rng(1)
    eeg = rng.normal(0, 10, (80, 3000)).cumsum(axis=1).astype(np.float32) / 30
    eeg *= rng.uniform(0.5, 2, (80, 1)).astype(np.float32)
    plain, loud = (vectors_of(PreparedNight.of_signals(NANO, {"eeg": gain * eeg})) for gain in (1.0, 2.0))
    for band in BANDS:
        moved = column(loud, f"eeg_rms_{band}") - column(plain, f"eeg_rms_{band}")
        np.testing.assert_allclose(moved, np.log(2), atol=1e-3)
        for name in (f"eeg_share_{band}", f"eeg_rms_{band}_relative"):
            np.testing.assert_allclose(column(loud, name), column(plain, name), atol=1e-3)
    for name in ("eeg_slope", "eeg_mobility", "eeg_complexity"):
        np.testing.assert_allclose(column(loud, name), column(plain, name), atol=1e-3)


def test_with_one_eeg_alone_everything_of_eyes_and_chin_is_absent():
    vectors = vectors_of(sine_night(10.0, np.full(4, 20.0)))
    assert np.isfinite(vectors[:, of_group("eeg")]).any(axis=0).mean() > 0.9
    assert np.isnan(vectors[:, of_group("eog") | of_group("chin")]).all()


def test_with_one_eye_only_what_needs_both_is_absent():
    eye = np.random.default_rng(2).normal(0, 20, (4, 3000)).astype(np.float32)
    vectors = vectors_of(sine_night(10.0, np.full(4, 20.0), eog_left=eye))
    needs_both = np.isin([entry.name for entry in entries()], ["eog_opposition", "eog_opposition_relative"])
    assert np.isnan(vectors[:, needs_both]).all()
    assert np.isfinite(vectors[:, of_group("eog") & ~needs_both]).all()


@pytest.mark.parametrize(("sign", "opposition"), [(1.0, 1.0), (-1.0, -1.0)])
def test_eyes_that_move_together_in_the_recording_have_a_correlation_of_plus_or_minus_1(sign, opposition):
    slow = 80 * np.sin(2 * np.pi * 0.7 * np.arange(3000) / 100)
    eyes = {"eog_left": np.tile(slow, (4, 1)), "eog_right": sign * np.tile(slow, (4, 1))}
    eyes = {name: signal.astype(np.float32) for name, signal in eyes.items()}
    vectors = vectors_of(sine_night(10.0, np.full(4, 20.0), **eyes))
    np.testing.assert_allclose(column(vectors, "eog_opposition"), opposition, atol=0.01)


def test_an_epoch_without_usable_eeg_has_no_entry_and_no_say_in_the_medians():
    amplitude = np.array([10.0, 20, 40, 30, 25])
    night = sine_night(10.0, amplitude)
    dead = {"eeg": night.panels["eeg"][0].signals.copy()}
    dead["eeg"][2] = np.nan
    vectors = vectors_of(PreparedNight.of_signals(NANO, dead))
    assert np.isnan(vectors[2]).all()
    rms = column(vectors, "eeg_rms_alpha")
    expected = (rms - np.median(rms[[0, 1, 3, 4]])) * (4 / (4 + FEW_EPOCHS))
    np.testing.assert_allclose(column(vectors, "eeg_rms_alpha_relative"), expected, atol=1e-6)


def test_a_dead_eye_or_chin_leaves_only_its_own_entries_absent_in_these_epochs(laboratory):
    signals = {name: channels[0].signals.copy() for name, channels in laboratory.panels.items()}
    signals["eog_left"][10:20] = signals["eog_right"][10:20] = np.nan
    signals["emg"][30:35] = np.nan
    vectors = vectors_of(PreparedNight.of_signals(NANO, signals))
    for group, dead in (("eog", slice(10, 20)), ("chin", slice(30, 35)), ("eeg", slice(0, 0))):
        expected = np.zeros(60, bool)
        expected[dead] = True
        absent = np.isnan(vectors[:, of_group(group)])
        assert (absent == expected[:, None]).all(), group


def test_an_event_counts_in_the_epoch_in_which_it_begins_and_fills_those_that_it_reaches():
    night = sine_night(10.0, np.full(4, 20.0))
    evidence = measure_night(night)
    (name,) = evidence.rhythms
    spindles = EventTable.of([29.0, 40.0], [31.0, 41.5], [40.0, 60.0], [13.0, 13.0])
    events = {**evidence.events, FindingKind.SPINDLE: {name: spindles}}
    vectors = evidence_vectors(night, replace(evidence, events=events))
    np.testing.assert_allclose(np.expm1(column(vectors, "spindle_count")), [1, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(30 * column(vectors, "spindle_seconds"), [1, 2.5, 0, 0], atol=0.05)
    np.testing.assert_allclose(np.expm1(column(vectors, "spindle_largest")), [40, 60, 0, 0], rtol=1e-5)


def test_a_kind_that_could_not_be_measured_is_absent_and_one_never_found_is_0():
    night = sine_night(10.0, np.full(4, 20.0))
    evidence = measure_night(night)
    (name,) = evidence.rhythms
    events = dict(evidence.events)
    del events[FindingKind.SPINDLE]
    events[FindingKind.K_COMPLEX] = {name: EventTable.of((), (), ())}
    vectors = evidence_vectors(night, replace(evidence, events=events))
    assert np.isnan(column(vectors, "spindle_count")).all()
    assert (column(vectors, "k_complex_count") == 0).all()


def test_relative_entries_of_a_piece_are_beside_the_medians_of_the_piece(measured):
    _, vectors = measured
    piece = beside_median(vectors[10:40])
    for entry in entries():
        held = column(piece, entry.name)
        if entry.relative:
            absolute = column(vectors, entry.name.removesuffix("_relative"))[10:40]
            shrunk = 30 / (30 + FEW_EPOCHS)
            np.testing.assert_allclose(held, (absolute - np.median(absolute)) * shrunk, atol=1e-5)
        else:
            np.testing.assert_array_equal(held, column(vectors, entry.name)[10:40])


def test_where_absolute_entries_are_absent_relative_ones_are_found_from_relative_ones(measured):
    _, vectors = measured
    relative = np.array([entry.relative for entry in entries()])
    alone = vectors.copy()
    alone[:, relative] = vectors[:, [PLACES[e.name.removesuffix("_relative")] for e in entries() if e.relative]] + 3
    alone[:, ~relative] = np.nan
    np.testing.assert_allclose(beside_median(alone)[:, relative], vectors[:, relative], atol=1e-5)


def test_the_medians_may_be_those_of_other_epochs(measured):
    _, vectors = measured
    changed = vectors.copy()
    changed[:, PLACES["eeg_rms_delta"]] += 1
    found = column(beside_median(changed, of=vectors), "eeg_rms_delta_relative")
    expected = column(vectors, "eeg_rms_delta_relative") + 60 / (60 + FEW_EPOCHS)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_where_nothing_was_measured_relative_entries_are_absent_and_the_vectors_given_stay():
    nothing = np.full((5, len(entries())), np.nan, np.float32)
    assert np.isnan(beside_median(nothing)).all()
    given = vectors_of(sine_night(10.0, np.arange(1, 6) * 10.0))
    before = given.copy()
    beside_median(given[:3])
    np.testing.assert_array_equal(given, before)


def test_a_stretch_that_is_read_from_another_derivation_is_measured_there():
    night = simulate_night(hours=0.25, seed=4, channels=["EEG C4-M1", "EEG C3-M2"])
    signals = {label: (samples.copy(), float(night.rate)) for label, samples in night.signals.items()}
    signals["EEG C4-M1"][0][: round(300 * night.rate)] = 0.0  # a lead that is off
    recording = type(night.recording()).from_arrays(signals)
    prepared = PreparedNight.read(recording, NANO)
    assert set(prepared.names("eeg")) == {"C4-M1", "C3-M2"}
    vectors = vectors_of(prepared)
    for name in ("eeg_rms_delta", "eeg_slope", "spindle_count"):
        assert np.isfinite(column(vectors, name)).all(), name


def test_epochs_whose_eeg_an_artefact_fills_have_no_evidence():
    eeg = np.tile(8 * np.sqrt(2) * np.sin(2 * np.pi * 6 * np.arange(3000) / 100), (400, 1)).astype(np.float32)
    eeg[:200] += (15 * np.sqrt(2) * np.sin(2 * np.pi * 25 * np.arange(3000) / 100)).astype(np.float32)
    chin = np.random.default_rng(0).normal(0, 5, eeg.shape).astype(np.float32)
    night = PreparedNight.of_signals(NANO, {"eeg": eeg, "emg": chin})
    measured = np.isfinite(vectors_of(night))
    filled = night.narrowed("eeg")
    assert filled.sum() == 200
    assert not measured[filled].any()
    assert measured[~filled][:, PLACES["chin_rms"]].all()
    assert measured[~filled][:, PLACES["eeg_rms_alpha"]].all()
