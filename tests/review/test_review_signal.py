"""Pages of signal: the file's own samples, their extremes, differences, filters, and the overview of a night."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_nights import Page

from eegvlm.review.montage import MontageRow, default_montage
from eegvlm.review.overview import Overview
from eegvlm.review.page_filter import page_filter
from eegvlm.review.traces import extremes, pack, read_trace
from eegvlm.signals import Recording, RecordingError, Role, read_recording
from eegvlm.signals.filters import convolve, notch_taps

RATE = 128.0


def read(page: Page, rows: list[dict[str, Any]], start_s: float, stop_s: float, width: int = 800) -> list[Any]:
    body = {"rows": rows, "start_s": start_s, "stop_s": stop_s, "width": width}
    answer = page.client.post("/api/nights/0/page", json=body)
    assert answer.status_code == 200, answer.text
    data = answer.content
    (length,) = struct.unpack_from("<I", data, 4)
    assert data[:4] == b"EPG1"
    offset = 8 + length
    traces = []
    for row in json.loads(data[8:offset]):
        count = row["count"] * row["columns"]
        traces.append((row, np.frombuffer(data, "<f4", count, offset).reshape(row["count"], row["columns"])))
        offset += 4 * count
    assert offset == len(data)
    return traces


def label_of(page: Page, start: str) -> str:
    return next(one["label"] for one in page.get("")["signals"] if one["label"].startswith(start))


def test_all_channels_of_the_file_are_offered(page: Page, night: Path) -> None:
    recording = read_recording(night.parent / "night.edf")
    labels = [signal.label for signal in recording.source.signals]
    assert [one["label"] for one in page.get("")["signals"]] == labels
    assert {row["plus"] for row in page.get("")["montage"]} == set(labels)


def test_a_short_page_holds_the_files_own_samples(page: Page, night: Path) -> None:
    recording = read_recording(night.parent / "night.edf")
    channel = recording.channel(Role.EEG_CENTRAL)
    assert channel is not None
    row = {"name": "C4", "plus": channel.sources[0]}
    ((header, values),) = read(page, [row], 60, 65)
    assert (header["unit"], header["first_s"], header["step_s"]) == ("µV", 60.0, 1 / RATE)
    assert np.array_equal(values[:, 0], recording.samples(channel, 60, 65))


def test_a_long_page_holds_the_extremes_of_every_column(page: Page) -> None:
    row = {"name": "C4", "plus": label_of(page, "EEG C4")}
    ((_, samples),) = read(page, [row], 0, 30, width=4000)
    ((header, columns),) = read(page, [row], 0, 30, width=240)
    assert (header["count"], header["columns"]) == (240, 2)
    assert np.array_equal(columns[:, 0], samples.reshape(240, 16).min(axis=1))
    assert np.array_equal(columns[:, 1], samples.reshape(240, 16).max(axis=1))


def test_a_row_can_be_one_signal_against_another(page: Page) -> None:
    one, other = label_of(page, "EEG C4"), label_of(page, "EEG O2")
    rows = [{"name": "a", "plus": one}, {"name": "b", "plus": other}, {"name": "a-b", "plus": one, "minus": [other]}]
    (_, a), (_, b), (_, difference) = read(page, rows, 0, 5)
    assert np.allclose(difference, a - b, atol=1e-4)


def test_a_filter_shows_a_moment_alike_on_whatever_page_it_is_seen(page: Page) -> None:
    row = {"name": "C4", "plus": label_of(page, "EEG C4"), "low": 0.3, "high": 35.0, "notch": 50.0}
    ((_, short),) = read(page, [row], 100, 105)
    ((_, longer),) = read(page, [row], 95, 110, width=2000)
    assert np.allclose(longer[round(5 * RATE) : round(10 * RATE)], short, atol=1e-3)


def test_filters_keep_the_band_and_take_out_the_mains() -> None:
    time = np.arange(60 * 256) / 256
    wave, mains = 20 * np.sin(2 * np.pi * 10 * time), 30 * np.sin(2 * np.pi * 50 * time)
    recording = Recording.from_arrays({"C4-M1": ((wave + mains + 500).astype(np.float32), 256.0)})
    trace = read_trace(recording, MontageRow("C4", "C4-M1", low=0.3, notch=50.0), 20, 30, 4000)
    expected = wave[20 * 256 : 30 * 256]
    assert np.abs(trace.values[:, 0] - expected).max() < 0.2


@pytest.mark.parametrize("seconds", [1, 30, 300])
@pytest.mark.parametrize("low", [0.1, 0.3, None])
def test_a_page_is_filtered_as_the_projects_own_filter_does(seconds: int, low: float | None) -> None:
    own = page_filter(low, 35.0, 50.0, 512.0, "C4")
    samples = np.random.default_rng(0).normal(0, 200, seconds * 512 + 2 * own.margin).astype(np.float32)
    filtered = own.apply(samples)
    assert filtered.shape == (seconds * 512,)
    assert filtered.dtype == np.float32
    assert np.abs(filtered - convolve(samples, own.taps)).max() < 1e-3  # microvolt of waves of 200


def test_a_notch_that_the_rate_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        notch_taps(60.0, 100.0)


def test_gaps_and_the_time_beyond_the_end_stay_empty() -> None:
    samples = np.sin(np.arange(100 * 60) / 5).astype(np.float32) * 40
    samples[2000:3000] = np.nan
    recording = Recording.from_arrays({"C4-M1": (samples, 100.0)})
    for row in (MontageRow("C4", "C4-M1"), MontageRow("C4", "C4-M1", low=0.3, high=35.0)):
        values = read_trace(recording, row, 0, 70, 10_000).values[:, 0]
        assert np.flatnonzero(np.isnan(values)).tolist() == [*range(2000, 3000), *range(6000, 7000)]


def test_the_overview_of_a_night_is_the_extremes_of_its_seconds() -> None:
    samples = np.random.default_rng(0).normal(0, 30, 100 * 1200).astype(np.float32)
    recording = Recording.from_arrays({"C4-M1": (samples, 100.0)})
    overview = Overview(recording)
    row = MontageRow("C4", "C4-M1")
    first = overview.trace(row, 0, 1200, 1200)
    overview._worker.shutdown(wait=True)
    whole = overview.trace(row, 0, 1200, 1200)
    overview.close()
    assert 0 <= first.complete <= whole.complete == 1
    assert np.array_equal(whole.values, extremes(samples, 1200))
    assert np.array_equal(overview.trace(row, 600, 1200, 60).values, extremes(samples[60_000:], 60))


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"plus": "no such"}, "the file has none of it"),
        ({"plus": 3}, "expected the label of a signal"),
        ({"plus": "EEG", "colour": "red"}, "expected #rrggbb"),
        ({"plus": "EEG", "width": 3}, "there are no such fields"),
        ({"plus": "EEG", "low": -1}, "expected a number above zero"),
        ({"plus": "EEG", "minus": "M1"}, "expected a list of labels"),
    ],
)
def test_a_row_that_makes_no_sense_is_one_sentence(page: Page, row: dict[str, Any], word: str) -> None:
    body = {"rows": [row], "start_s": 0, "stop_s": 30, "width": 100}
    answer = page.client.post("/api/nights/0/page", json=body)
    assert (answer.status_code, word in answer.json()["error"]) == (422, True), answer.text


def test_a_filter_that_the_rate_cannot_hold_names_its_row(page: Page) -> None:
    row = {"name": "C4", "plus": label_of(page, "EEG C4"), "low": 100.0}
    body = {"rows": [row], "start_s": 0, "stop_s": 30, "width": 100}
    sentence = page.client.post("/api/nights/0/page", json=body).json()["error"]
    assert sentence.startswith("C4: filter: at 128 Hz")


def test_a_montage_is_kept_with_the_night(page: Page, night: Path) -> None:
    rows = page.get("")["montage"][:2]
    rows[0] |= {"sensitivity": 14.0, "negative_up": False, "colour": "#1133aa", "low": None}
    assert page.client.put("/api/nights/0/montage", json={"rows": rows}).status_code == 200
    assert Page.of([night]).get("")["montage"] == rows


def test_the_spectrogram_is_a_picture(page: Page) -> None:
    drawn = page.get("/spectrogram", plus=label_of(page, "EEG C4"))
    assert drawn["image"].startswith("iVBOR")
    assert drawn["highest_hz"] == 30


def test_findings_are_measured_in_the_background(page: Page) -> None:
    answer = page.get("/scorings/main/details")
    while not answer["ready"]:
        answer = page.get("/scorings/main/details")
    assert len(answer["epochs"]) == 60
    assert any(epoch.get("found", {}).get("events") for epoch in answer["epochs"])


@pytest.mark.real_data
def test_every_real_recording_that_can_be_read_opens_with_all_its_rows(real_data: Path) -> None:
    files = [one for one in sorted(real_data.rglob("*")) if one.suffix.lower() in (".edf", ".bdf")]
    opened = 0
    for file in files:
        try:
            recording = read_recording(file)
        except RecordingError:
            continue
        rows = default_montage(recording)
        stop = min(30.0, recording.duration_s)
        traces = [read_trace(recording, row, 0, stop, 500) for row in rows]
        assert len(pack(rows, traces, ["µV"] * len(rows))) % 4 == 0
        shown = {label for row in rows for label in (row.plus, *row.minus)}
        assert shown == {signal.label for signal in recording.source.signals}
        opened += 1
    assert opened >= 10


@pytest.mark.real_data
def test_a_row_of_one_sample_a_second_is_shown_as_it_is(real_data: Path) -> None:
    recording = read_recording(real_data / "sleep_edf" / "SC4001E0-PSG_first300s.edf")
    slow = next(row for row in default_montage(recording) if "temp" in row.name.lower())
    assert read_trace(recording, slow, 0, 30, 500).values.shape == (30, 1)
