"""The night as the model sees it: read once, dead epochs shown nowhere or from another derivation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from eegvlm.images import Correction, PreparedNight, load_layout, panel_signals, render, signal_corrections
from eegvlm.images.epoch_file import EpochFile
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording

NANO = load_layout("nano")
EPOCHS, RATE = 24, 128
DEAD = slice(8, 14)


@dataclass
class CountingSource:
    """A source that counts the samples that are read of each signal."""

    source: Any
    read_samples: dict[int, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        self.read_samples[index] = self.read_samples.get(index, 0) + stop - start
        return self.source.read(index, start, stop)


@pytest.fixture(scope="module")
def signals() -> dict[str, np.ndarray]:
    return simulate_night(hours=EPOCHS / 120, seed=11, rate=RATE).signals


def recording(
    signals: dict[str, np.ndarray], dead: dict[str, float | np.ndarray] | None = None, **more: Any
) -> Recording:
    """Return the night, with some channels' samples replaced in the dead epochs."""
    stretch = slice(DEAD.start * 30 * RATE, DEAD.stop * 30 * RATE)
    held = {label: samples.copy() for label, samples in signals.items()}
    for label, value in (dead or {}).items():
        held[label][stretch] = value
    return Recording.from_arrays({label: (samples, float(RATE)) for label, samples in held.items()}, **more)


def test_a_clean_night_is_what_its_panels_channels_hold(signals):
    night = PreparedNight.read(recording(signals), NANO)
    expected = panel_signals(NANO, recording(signals))
    assert set(night.panels) == {"eeg", "eog_left", "eog_right", "emg"}
    assert night.usable.all()
    for panel, values in night.signals(slice(None)).items():
        np.testing.assert_array_equal(values, expected[panel])
    assert night.corrections == signal_corrections(NANO, expected)


def test_every_signal_is_read_once_whatever_shares_it(signals):
    leads = {"C4": signals["EEG C4-M1"], "F4": signals["EEG F4-M1"], "M1": np.zeros(EPOCHS * 30 * RATE, np.float32)}
    leads["M1"] += np.random.default_rng(0).normal(0, 3, len(leads["M1"])).cumsum() / 50
    opened = Recording.from_arrays({label: (samples, float(RATE)) for label, samples in leads.items()})
    counting = CountingSource(opened.source)
    night = PreparedNight.read(replace(opened, source=counting), NANO)
    assert night.panels["eeg"][0].name == "C4-M1"
    assert counting.read_samples == dict.fromkeys(range(3), EPOCHS * 30 * RATE)


def test_where_the_preferred_lead_is_dead_another_derivation_is_read_and_named(signals):
    clean = PreparedNight.read(recording(signals), NANO)
    night = PreparedNight.read(recording(signals, {"EEG C4-M1": 7.0}), NANO)
    assert night.usable.all()
    assert set(night.names("eeg")[DEAD]) == {"F4-M1"}
    assert set(np.delete(night.names("eeg"), np.r_[DEAD])) == {"C4-M1"}
    frontal = recording(signals).epochs(night.panels["eeg"][1].channel, rate=NANO.rate, band=NANO.panel("eeg").band)
    np.testing.assert_allclose(night.signals(np.r_[DEAD])["eeg"], frontal[DEAD], atol=1e-3)
    others = np.delete(np.arange(EPOCHS), np.r_[DEAD.start - 1 : DEAD.stop + 1])  # filters reach across the edge
    np.testing.assert_allclose(night.signals(others)["eeg"], clean.signals(others)["eeg"], atol=1e-2)


def test_each_derivation_is_drawn_at_its_own_level(signals):
    loud = {label: 4 * one if "F4" in label else one for label, one in signals.items()}
    night = PreparedNight.read(recording(loud, {"EEG C4-M1": 0.0}), NANO)
    plain = PreparedNight.read(recording(signals, {"EEG C4-M1": 0.0}), NANO)
    gains = [one.panels["eeg"][1].correction.gain for one in (plain, night)]
    assert 3 < gains[0] / gains[1] < 4  # of so few epochs the level counts for less
    drawn = [one.drawn_signals(np.r_[DEAD])["eeg"] for one in (plain, night)]
    assert np.corrcoef(drawn[0].ravel(), drawn[1].ravel())[0, 1] > 0.97
    assert drawn[1].std() == pytest.approx(drawn[0].std() * 4 * gains[1] / gains[0], rel=0.1)


def test_without_any_live_eeg_an_epoch_is_not_usable_and_its_panel_is_empty(signals):
    night = PreparedNight.read(recording(signals, dict.fromkeys([k for k in signals if "EEG" in k], 0.0)), NANO)
    assert np.flatnonzero(~night.usable).tolist() == list(range(DEAD.start, DEAD.stop))
    assert (night.shown["eeg"][DEAD] == -1).all()
    assert np.isnan(night.signals(np.r_[DEAD])["eeg"]).all()
    empty = render(NANO, {"eeg": np.full((1, 3000), np.nan)})[0, :, :160]
    assert (night.pictures(np.array([DEAD.start]))[0, :, :160] == empty).all()


def test_a_dead_eye_leaves_its_panel_empty_and_the_epoch_usable(signals):
    night = PreparedNight.read(recording(signals, {"EOG E1-M2": 0.0}), NANO)
    assert night.usable.all()
    assert (night.shown["eog_left"][DEAD] == -1).all()
    assert (night.shown["eog_right"] == 0).all()


def test_a_dead_stretch_changes_neither_level_nor_sampled_epochs_of_the_rest(signals):
    clean = PreparedNight.read(recording(signals), NANO)
    rail = PreparedNight.read(recording({"EEG C4-M1": signals["EEG C4-M1"]}, {"EEG C4-M1": 3000.0}), NANO)
    assert rail.corrections["eeg"].gain == pytest.approx(clean.corrections["eeg"].gain, rel=0.1)
    assert not set(rail.sampled()) & set(range(DEAD.start, DEAD.stop))


def test_a_users_own_choice_is_never_replaced(signals):
    chosen = recording(signals, {"EEG C4-M1": 0.0}, channels={"eeg": "EEG C4-M1"})
    night = PreparedNight.read(chosen, NANO)
    assert [one.name for one in night.panels["eeg"]] == ["EEG C4-M1"]
    assert np.flatnonzero(~night.usable).tolist() == list(range(DEAD.start, DEAD.stop))


def test_a_voter_sees_one_derivation_alone(signals):
    night = PreparedNight.read(recording(signals, {"EEG F4-M1": 0.0}), NANO, every_derivation=True)
    names = [one.name for one in night.panels["eeg"]]
    through = night.through("eeg", names.index("F4-M1"))
    assert np.flatnonzero(~through.usable).tolist() == list(range(DEAD.start, DEAD.stop))
    assert set(through.names("eeg")) == {"F4-M1", ""}


def test_other_signals_are_corrected_as_the_epochs_in_whose_place_they_stand(signals):
    night = PreparedNight.read(recording(signals, {"EEG C4-M1": 0.0}), NANO)
    rows = np.array([2, DEAD.start])
    same = night.with_signals(rows, night.signals(rows))
    assert (same.pictures(slice(None)) == night.pictures(rows)).all()


def test_a_night_of_signals_alone_finds_its_own_corrections():
    eeg = np.random.default_rng(0).normal(0, 20, (30, 3000)).astype(np.float32)
    night = PreparedNight.of_signals(NANO, {"eeg": eeg})
    assert night.corrections == signal_corrections(NANO, {"eeg": eeg})
    assert PreparedNight.of_signals(NANO, {"eeg": eeg}, {"eeg": Correction(2.0)}).drawn_signals(slice(0, 3))[
        "eeg"
    ] == pytest.approx(2 * eeg[:3])


@pytest.mark.parametrize("dead", [{}, {"EEG C4-M1": 7.0, "EOG E1-M2": 0.0}], ids=["clean", "a dead stretch"])
def test_a_night_whose_signals_lie_in_files_is_the_same_to_the_bit(signals, dead, monkeypatch):
    held = PreparedNight.read(recording(signals, dead), NANO)
    monkeypatch.setattr("eegvlm.images.night._MOST_BYTES", 0)
    filed = PreparedNight.read(recording(signals, dead), NANO)
    assert all(isinstance(one.signals, EpochFile) for channels in filed.panels.values() for one in channels)
    assert filed.corrections == held.corrections
    np.testing.assert_array_equal(filed.usable, held.usable)
    for panel, shown in held.shown.items():
        np.testing.assert_array_equal(filed.shown[panel], shown)
        assert filed.names(panel).tolist() == held.names(panel).tolist()
    for rows in (slice(None), slice(5, 20), np.array([21, 3, 4, DEAD.start])):
        for panel, values in held.signals(rows).items():
            np.testing.assert_array_equal(filed.signals(rows)[panel], values)
            np.testing.assert_array_equal(filed.drawn_signals(rows)[panel], held.drawn_signals(rows)[panel])
        assert (filed.pictures(rows) == held.pictures(rows)).all()


def test_what_is_read_of_a_night_in_files_is_nobody_elses(signals, monkeypatch):
    monkeypatch.setattr("eegvlm.images.night._MOST_BYTES", 0)
    night = PreparedNight.read(recording(signals), NANO)
    before = night.signals(slice(None))["eeg"]
    night.signals(slice(None))["eeg"][:] = 0
    np.testing.assert_array_equal(night.signals(slice(None))["eeg"], before)
