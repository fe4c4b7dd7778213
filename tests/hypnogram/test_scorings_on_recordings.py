"""Tables of a wall clock laid on their recordings: clocks changed in the night, midnight, the date of the evening."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from eight_hours import LABELS

from eegvlm.hypnogram import Hypnogram, HypnogramError, agreement, align, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.stage import stage_of_spelling
from eegvlm.hypnogram.timing import Timing

STAGES = [stage_of_spelling(label) for label in LABELS]
# start of the night, when the clocks are changed, and by how many hours
NIGHTS = {
    "no change": (datetime(2024, 5, 2, 22, 41, 17), datetime(2025, 1, 1), 0),
    "back in Europe": (datetime(2024, 10, 26, 22, 41, 17), datetime(2024, 10, 27, 3), -1),
    "back in America": (datetime(2024, 11, 2, 23, 10), datetime(2024, 11, 3, 2), -1),
    "forward in Europe": (datetime(2024, 3, 30, 23), datetime(2024, 3, 31, 2), 1),
    "forward in America": (datetime(2024, 3, 9, 22, 41, 17), datetime(2024, 3, 10, 2), 1),
}
# header, and a row from its number, its time by the wall clock, the first row's time and its stage
FORMS = {
    "24 h": ("Time,Stage", lambda k, t, first, s: f"{t:%H:%M:%S},{s}"),
    "12 h": ("Time,Stage", lambda k, t, first, s: f"{t:%I:%M:%S %p},{s}"),
    "date and time": ("Time,Stage", lambda k, t, first, s: f"{t:%Y-%m-%d %H:%M:%S},{s}"),
    "date of the evening": ("Date,Time,Stage", lambda k, t, first, s: f"{first:%Y-%m-%d},{t:%H:%M:%S},{s}"),
    "epoch and 24 h": ("Epoch,Time,Stage", lambda k, t, first, s: f"{k},{t:%H:%M:%S},{s}"),
    "epoch and 12 h": ("No.,Start Time,Stage", lambda k, t, first, s: f"{k},{t:%I:%M:%S %p},{s}"),
}


def table(folder, form, night, *, lead=0, slip=timedelta(0)):
    """Write the epochs from ``lead`` on, by the clock on the wall; dates are moved by ``slip``."""
    start, change, hours = NIGHTS[night]
    header, row = FORMS[form]
    times = [start + timedelta(seconds=30 * k) for k in range(len(LABELS))]
    wall = [slip + (at if at < change else at + timedelta(hours=hours)) for at in times]
    rows = [row(k + 1, wall[k], wall[0], LABELS[k]) for k in range(lead, len(LABELS))]
    path = folder / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def recording(folder, start):
    write_hypnogram(Hypnogram(STAGES, start=start), folder / "recording.edf")
    return read_hypnogram(folder / "recording.edf")


@pytest.mark.parametrize("lead", [0, 20])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("night", NIGHTS)
def test_a_table_by_the_clock_on_the_wall_lies_on_its_recording(tmp_path, night, form, lead):
    path = table(tmp_path, form, night, lead=lead)
    if "forward" in night and form in ("24 h", "12 h"):  # nothing tells a hole of an hour from a change of the clocks
        with pytest.raises(HypnogramError, match="an hour is missing"):
            read_hypnogram(path)
        return
    figures = agreement(read_hypnogram(path), recording(tmp_path, NIGHTS[night][0]))
    assert (figures.kappa, figures.n_compared) == (1.0, len(LABELS) - lead)
    assert (figures.aligned_by, figures.shift) == (Timing.CLOCK, None)


@pytest.mark.parametrize("table_slip_days", [0, -1])
@pytest.mark.parametrize("header_slip_days", [0, -1])
@pytest.mark.parametrize("form", FORMS)
def test_a_night_after_midnight_may_have_the_date_of_the_evening_on_either_side(
    tmp_path, monkeypatch, form, header_slip_days, table_slip_days
):
    start = datetime(2024, 5, 14, 0, 20)
    monkeypatch.setitem(NIGHTS, "after midnight", (start, datetime(2025, 1, 1), 0))
    reference = recording(tmp_path, start + timedelta(days=header_slip_days))
    path = table(tmp_path, form, "after midnight", slip=timedelta(days=table_slip_days))
    figures = agreement(read_hypnogram(path), reference)
    assert (figures.kappa, figures.n_compared, figures.aligned_by) == (1.0, len(LABELS), Timing.CLOCK)


def test_a_table_of_changes_by_12_h_ends_with_the_recording(tmp_path):
    start = datetime(2024, 5, 2, 22, 41, 17)
    changes = [k for k in range(len(LABELS)) if k == 0 or LABELS[k] != LABELS[k - 1]]
    rows = [f"{start + timedelta(seconds=30 * k):%I:%M:%S %p},{LABELS[k]}" for k in changes]
    (tmp_path / "table.csv").write_text("\n".join(["Start Time,Stage", *rows]) + "\n")
    scoring = read_hypnogram(tmp_path / "table.csv", recording_s=28800)
    assert align(scoring, duration_s=28800, start=start).labels == LABELS
