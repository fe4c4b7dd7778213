"""Measured events as DataFrames and as annotations."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.evidence import EventTable, Evidence, FindingKind

pytest.importorskip("pandas")


def evidence() -> Evidence:
    spindles = EventTable.of([31.0, 5.0], [32.0, 6.5], [40.0, 30.0], [13.0, 12.5])
    waves = EventTable.of([7.0], [8.0], [120.0])
    events = {FindingKind.SPINDLE: {"C4-M1": spindles}, FindingKind.SLOW_WAVE: {"F4-M1": waves}}
    return Evidence(2, events, {}, {}, None)


def test_events_are_rows_in_order_of_onset():
    table = evidence().to_dataframe()
    assert table["kind"].tolist() == ["spindle", "slow_wave", "spindle"]
    assert table["onset_s"].tolist() == [5.0, 7.0, 31.0]
    assert table["epoch"].tolist() == [1, 1, 2]
    assert table["channel"].tolist() == ["C4-M1", "F4-M1", "C4-M1"]
    assert np.isnan(table["frequency_hz"].iloc[1])


def test_one_kind_can_be_asked_for_by_its_name():
    assert evidence().to_dataframe(["slow_wave"])["amplitude_uv"].tolist() == [120.0]
    assert evidence().spindles["duration_s"].tolist() == [1.5, 1.0]


def test_what_was_measured_and_not_found_is_an_empty_table():
    none = Evidence(2, {FindingKind.SPINDLE: {"C4-M1": EventTable.of([], [], [])}}, {}, {}, None)
    assert len(none.spindles) == 0
    assert "frequency_hz" in none.spindles.columns
    assert len(Evidence(2, {}, {}, {}, None).to_dataframe()) == 0


def test_what_could_not_be_measured_is_not_called_absent():
    with pytest.raises(InputError, match=r"k complex: not measurable.*measured were slow_wave, spindle"):
        _ = evidence().k_complexes


def test_annotations_carry_channel_frequency_and_amplitude():
    pytest.importorskip("mne")
    notes = evidence().to_annotations(datetime(2024, 5, 31, 22, 30), [FindingKind.SPINDLE])
    assert notes.description.tolist() == ["spindle", "spindle"]
    assert notes.orig_time == datetime(2024, 5, 31, 22, 30, tzinfo=UTC)
    assert dict(notes.extras[0]) == {"channel": "C4-M1", "amplitude_uv": 30.0, "frequency_hz": 12.5}
