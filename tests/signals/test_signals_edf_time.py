"""Times in EDF files: starts, records of any length, gaps, overlaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eegvlm.signals import Recording, RecordingError, read_recording

Maker = Callable[..., Any]


def onsets(*values: float) -> list[str]:
    return [f"{value:+g}" for value in values]


def only(recording: Recording) -> str:
    (problem,) = recording.problems
    return problem.code


@pytest.mark.parametrize(
    ("day", "identification", "expected"),
    [
        ("02.03.24", "Startdate 02-MAR-2024 X X X", datetime(2024, 3, 2, 22, 30, 15)),
        ("02.03.84", "", datetime(2084, 3, 2, 22, 30, 15)),
        ("02.03.85", "", datetime(1985, 3, 2, 22, 30, 15)),
        ("02.03.yy", "Startdate 02-MAR-2091 X X X", None),
        ("02.03.91", "Startdate 02-MAR-2091 X X X", datetime(2091, 3, 2, 22, 30, 15)),
        ("02/03/24", "Startdate X X X X", datetime(2024, 3, 2, 22, 30, 15)),
        ("31.02.24", "", None),
        ("00.00.00", "", None),
        ("        ", "", None),
    ],
)
def test_start_is_naive_local_time_or_unknown(
    day: str, identification: str, expected: datetime | None, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    path = edf([lead("C4-M1")], start=(day, "22.30.15"), identification=identification).write(tmp_path / "a.edf")
    recording = read_recording(path)
    assert recording.start == expected
    if expected is None:
        assert only(recording) == "start-unknown"
    else:
        assert expected.tzinfo is None


def test_time_of_day_that_does_not_exist_leaves_the_start_unknown(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1")], start=("02.03.24", "25.61.00")).write(tmp_path / "a.edf")
    assert only(read_recording(path)) == "start-unknown"


def test_fraction_of_a_second_in_the_first_onset_belongs_to_the_start(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    times = [f"+{second}.394531" for second in range(60)]
    path = edf([lead("C4-M1")], plus="C", onsets=times).write(tmp_path / "a.edf")
    recording = read_recording(path)
    assert recording.start == datetime(2024, 3, 2, 22, 30, 15, 394531)
    assert recording.gaps == ()


@pytest.mark.parametrize(
    ("record_s", "rate", "exact"),
    [
        ("0.5", 256, Fraction(256)),
        ("2", 100, Fraction(100)),
        ("30", 100, Fraction(100)),
        ("0.1", 200, Fraction(200)),
        ("9.59375", 128, Fraction(128)),
        ("3.333333", 300, Fraction(300)),
        ("0.333333", 300, Fraction(300)),
        ("0.999847", 256 / 0.999847, Fraction(256_000_000, 999_847)),
    ],
)
def test_record_of_any_length_gives_the_exact_rate(
    record_s: str, rate: float, exact: Fraction, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    path = edf([lead("C4-M1", rate=rate, seconds=120, record_s=float(record_s))], record_s=record_s).write(
        tmp_path / "a.edf"
    )
    assert read_recording(path).source.signals[0].rate == exact


def test_mixed_rates_share_one_clock(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    leads = [lead("C4-M1", rate=256), lead("EMG chin", rate=512), lead("SpO2", rate=1, unit="%")]
    recording = read_recording(edf(leads).write(tmp_path / "a.edf"))
    assert [channel.rate for channel in recording.channels] == [256, 512, 1]
    assert [recording.samples(c, 10, 20).size for c in recording.channels] == [2560, 5120, 10]


@pytest.mark.parametrize("plus", ["C", "D"])
def test_gap_is_honoured_whatever_the_file_calls_itself(plus: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    signal = lead("C4-M1", seconds=120)
    times = onsets(*range(40), *range(100, 180))
    recording = read_recording(edf([signal], plus=plus, onsets=times).write(tmp_path / "a.edf"))
    assert recording.duration_s == 180
    assert recording.gaps == ((40.0, 100.0),)
    assert recording.scorable.tolist() == [True, False, False, False, True, True]
    samples = recording.samples(recording.channels[0])
    assert np.isnan(samples[4000:10_000]).all()
    np.testing.assert_allclose(samples[:4000], signal.counts[:4000] / 10, atol=1e-3)
    np.testing.assert_allclose(samples[10_000:], signal.counts[4000:] / 10, atol=1e-3)
    epochs = recording.epochs(recording.channels[0], rate=100, band=(0.3, 35.0))
    assert np.isfinite(epochs).all(axis=1).tolist() == recording.scorable.tolist()
    assert ("undeclared-gaps" in {p.code for p in recording.problems}) == (plus == "C")


def test_many_gaps_are_all_found(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    times = [second + 5 * (second // 10) for second in range(100)]
    path = edf([lead("C4-M1", seconds=100)], plus="D", onsets=onsets(*times)).write(tmp_path / "a.edf")
    recording = read_recording(path)
    assert recording.gaps == tuple((15.0 * k + 10, 15.0 * k + 15) for k in range(9))


def test_jitter_of_a_few_milliseconds_is_no_gap(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    times = np.arange(120) + np.random.default_rng(0).uniform(0, 0.05, 120)
    path = edf([lead("C4-M1", seconds=120)], plus="D", onsets=onsets(*times)).write(tmp_path / "a.edf")
    recording = read_recording(path)
    assert (recording.gaps, recording.problems) == ((), ())


def test_slow_clock_is_followed(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    times = np.arange(1000) * 1.001
    path = edf([lead("C4-M1", seconds=1000)], plus="D", onsets=onsets(*times)).write(tmp_path / "a.edf")
    recording = read_recording(path)
    assert recording.duration_s == pytest.approx(999 * 1.001 + 1, abs=0.11)


def test_short_overlap_is_said_and_the_later_record_counts(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    signal = lead("C4-M1", seconds=60)
    times = onsets(*range(30), *(second - 0.2 for second in range(30, 60)))
    recording = read_recording(edf([signal], plus="D", onsets=times).write(tmp_path / "a.edf"))
    assert only(recording) == "overlapping-records"
    samples = recording.samples(recording.channels[0])
    np.testing.assert_allclose(samples[2980:3080], signal.counts[3000:3100] / 10, atol=1e-3)


@pytest.mark.parametrize("wrong", [10.0, 29.0, -5.0])
def test_onset_that_runs_backwards_is_refused(wrong: float, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    times = onsets(*range(30), wrong, *range(31, 60))
    path = edf([lead("C4-M1", seconds=60)], plus="D", onsets=times).write(tmp_path / "a.edf")
    with pytest.raises(RecordingError, match="onset of data record 31"):
        read_recording(path)


def test_a_few_unreadable_onsets_are_bridged_and_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    times = onsets(*range(60))
    times[7] = times[20] = "oops"
    recording = read_recording(edf([lead("C4-M1")], plus="C", onsets=times).write(tmp_path / "a.edf"))
    assert recording.gaps == ()
    assert only(recording) == "unreadable-onsets"


def test_onset_that_runs_backwards_in_a_continuous_file_is_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    times = onsets(*range(30), 3, *range(31, 60))
    recording = read_recording(edf([lead("C4-M1")], plus="C", onsets=times).write(tmp_path / "a.edf"))
    assert (recording.gaps, recording.duration_s) == ((), 60.0)
    assert only(recording) == "contradictory-onsets"


def test_discontinuous_file_without_onsets_is_refused(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    without = edf([lead("C4-M1")], plus="D").write(tmp_path / "a.edf")
    unreadable = edf([lead("C4-M1")], plus="D", onsets=["oops"] * 60).write(tmp_path / "b.edf")
    for path in (without, unreadable):
        with pytest.raises(RecordingError, match="time-keeping annotations"):
            read_recording(path)


def test_continuous_file_without_onsets_is_read_and_said(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    for text in ("oops", "+0"):
        path = edf([lead("C4-M1")], plus="C", onsets=[text] * 60).write(tmp_path / "a.edf")
        recording = read_recording(path)
        assert recording.duration_s == 60
        assert only(recording) == "no-time-keeping"


def test_incomplete_last_epoch_is_counted_and_not_scorable(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    recording = read_recording(edf([lead("C4-M1", seconds=100)]).write(tmp_path / "a.edf"))
    assert (recording.n_epochs, recording.partial_last_s) == (4, 10.0)
    assert recording.scorable.tolist() == [True, True, True, False]


def test_epochs_of_an_exact_eight_hour_file_are_960(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    recording = read_recording(
        edf([lead("C4-M1", rate=64, seconds=8 * 3600, record_s=30)], record_s="30").write(tmp_path / "a.edf")
    )
    assert (recording.n_epochs, recording.partial_last_s) == (960, 0.0)
    assert recording.scorable.all()
