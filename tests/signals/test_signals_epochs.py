"""Epochs begin where they should, at any rate, and do not depend on how they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import signal

from eegvlm.signals import Channel, Recording, RecordingError, Role, read_recording

Maker = Callable[..., Any]
BAND = (0.3, 35.0)


def noise(seconds: float, rate: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 20, round(seconds * rate))


def recorded(samples: np.ndarray, rate: float) -> tuple[Recording, Channel]:
    recording = Recording.from_arrays({"C4-M1": (samples, rate)})
    return recording, recording.channels[0]


@pytest.mark.parametrize("rate", [100.0, 256.0, 199.9, 64.0, 512.0])
@pytest.mark.parametrize("band", [BAND, (None, None), (10.0, None), (None, 20.0)])
def test_numbers_do_not_depend_on_how_the_night_is_cut(rate: float, band: tuple[float | None, float | None]) -> None:
    recording, channel = recorded(noise(80 * 30, rate), rate)
    whole = recording.epochs(channel, rate=100, band=band)
    assert whole.shape == (80, 3000)
    assert np.isfinite(whole).all()
    for first, count in ((0, 1), (79, 1), (31, 2), (5, 64)):
        part = recording.epochs(channel, rate=100, band=band, first=first, count=count)
        np.testing.assert_array_equal(part, whole[first : first + count])


def test_numbers_beside_a_gap_do_not_depend_on_how_the_night_is_cut() -> None:
    samples = noise(80 * 30, 256) + 3000
    samples[256 * 1000 : 256 * 1003] = np.nan
    recording, channel = recorded(samples, 256)
    whole = recording.epochs(channel, rate=100, band=(None, 35.0))
    for first, count in ((32, 1), (34, 1), (30, 4), (40, 40)):
        part = recording.epochs(channel, rate=100, band=(None, 35.0), first=first, count=count)
        np.testing.assert_array_equal(part, whole[first : first + count])


def test_crop_holds_the_same_numbers_as_the_whole() -> None:
    recording, channel = recorded(noise(80 * 30, 256), 256)
    whole = recording.epochs(channel, rate=100, band=BAND)
    part = recording.crop(600, 1500)
    assert (part.n_epochs, part.duration_s) == (30, 900)
    np.testing.assert_array_equal(part.epochs(channel, rate=100, band=BAND), whole[20:50])
    again = part.crop(30, 90)
    np.testing.assert_array_equal(again.epochs(channel, rate=100, band=BAND), whole[21:23])


def test_crop_at_any_second_shifts_the_epochs() -> None:
    recording, channel = recorded(noise(300, 100), 100)
    part = recording.crop(13, 113)
    assert (part.n_epochs, part.partial_last_s) == (4, 10)
    expected = recording.samples(channel, 13, 43)
    np.testing.assert_allclose(part.epochs(channel, rate=100, count=1)[0], expected, atol=1e-4)
    assert part.scorable.tolist() == [True, True, True, False]
    assert np.isnan(part.epochs(channel, rate=100)[3]).all()


@pytest.mark.parametrize(
    "rate",
    [Fraction(256), Fraction(1999, 10), Fraction(1000, 3), Fraction(500, 7), Fraction(256_000_000, 999_847)],
)
def test_clock_does_not_drift_over_a_day(rate: Fraction) -> None:
    """A sine keeps its phase in every epoch of 24 hours, read an epoch at a time."""
    hours, frequency = 24, 9.7

    class Sine:
        name, start, problems = "<sine>", None, ()

        def __init__(self) -> None:
            from eegvlm.signals.source import Segment, Signal

            n = int(hours * 3600 * rate)
            self.duration_s = n / rate
            self.signals = (Signal("C4-M1", "C4-M1", rate, "uV", 1.0, n),)
            self.segments = (Segment(Fraction(0), self.duration_s, Fraction(0)),)

        def read(self, index: int, start: int, stop: int) -> np.ndarray:
            cycles = (np.arange(start, stop) * Fraction(97, 10).numerator * rate.denominator) % (10 * rate.numerator)
            return (50 * np.sin(2 * np.pi * cycles / (10 * rate.numerator))).astype(np.float32)

    recording = Recording.from_source(Sine())  # type: ignore[arg-type]
    channel = recording.channels[0]
    time = np.arange(3000) / 100
    for epoch in (0, 1, 1439, 2878):
        result = recording.epochs(channel, rate=100, first=epoch, count=1)[0]
        expected = 50 * np.sin(2 * np.pi * frequency * (time + 30 * epoch))
        inside = slice(200, -200)
        np.testing.assert_allclose(result[inside], expected[inside], atol=0.15)


@pytest.mark.parametrize(("rate", "expected"), [(100, 3000), (128, 3840), (33.3333, 1000), (99.99, 3000)])
def test_epoch_has_a_whole_number_of_samples(rate: float, expected: int) -> None:
    recording, channel = recorded(noise(90, 256), 256)
    assert recording.epochs(channel, rate=rate).shape == (3, expected)


def test_band_filter_agrees_with_scipy_in_the_middle_of_a_night() -> None:
    samples = noise(600, 100)
    recording, channel = recorded(samples, 100)
    sos = signal.butter(6, BAND, btype="band", fs=100.0, output="sos")
    reference = signal.sosfiltfilt(sos, samples).reshape(20, 3000)[10]
    result = recording.epochs(channel, rate=100, band=BAND, first=10, count=1)[0]
    assert np.corrcoef(result, reference)[0, 1] > 0.99


def test_unfiltered_epochs_at_the_files_own_rate_are_the_samples() -> None:
    samples = noise(120, 100)
    recording, channel = recorded(samples, 100)
    np.testing.assert_allclose(recording.epochs(channel, rate=100).ravel(), samples, atol=1e-4)


def test_large_offset_leaves_no_trace() -> None:
    samples = noise(120, 256)
    plain, channel = recorded(samples, 256)
    shifted, _ = recorded(samples + 187_000, 256)
    expected = plain.epochs(channel, rate=100, band=BAND)
    np.testing.assert_allclose(shifted.epochs(channel, rate=100, band=BAND), expected, atol=0.05)


def test_first_and_last_epoch_have_no_step_at_the_edge() -> None:
    samples = noise(120, 256) + 4000
    recording, channel = recorded(samples, 256)
    epochs = recording.epochs(channel, rate=100, band=BAND)
    assert np.abs(epochs[0, :300]).max() < 4 * epochs[1].std()
    assert np.abs(epochs[-1, -300:]).max() < 4 * epochs[1].std()


def test_nan_is_a_gap_and_spoils_only_its_own_epochs() -> None:
    samples = noise(300, 256)
    samples[256 * 100 : 256 * 130] = np.nan
    recording, channel = recorded(samples, 256)
    assert recording.gaps == ((100.0, 130.0),)
    epochs = recording.epochs(channel, rate=100, band=BAND)
    assert np.isnan(epochs).all(axis=1).tolist() == [e in (3, 4) for e in range(10)]
    assert np.isfinite(epochs).all(axis=1).tolist() == recording.scorable.tolist()


def test_gap_of_one_channel_is_no_gap_of_the_recording() -> None:
    broken = noise(120, 100)
    broken[3100:3200] = np.nan
    recording = Recording.from_arrays({"C4-M1": (broken, 100.0), "F4-M1": (noise(120, 100, 1), 100.0)})
    assert recording.gaps == ()
    channel = recording.channel(Role.EEG_CENTRAL)
    assert channel is not None
    assert np.isnan(recording.epochs(channel, rate=100)).any(axis=1).tolist() == [False, True, False, False]


def test_epoch_is_nan_where_one_lead_of_a_derivation_is_missing() -> None:
    ear = noise(120, 100, 1)
    ear[100] = np.nan
    recording = Recording.from_arrays({"C4": (noise(120, 100), 100.0), "M1": (ear, 100.0)})
    channel = recording.channel(Role.EEG_CENTRAL)
    assert channel is not None
    assert np.isnan(recording.epochs(channel, rate=100)).all(axis=1).tolist() == [True, False, False, False]


def test_signal_that_ends_early_is_said_and_nan_from_there_on() -> None:
    recording = Recording.from_arrays({"C4-M1": (noise(60, 100), 100.0), "ECG": (noise(120, 100, 1), 100.0)})
    assert {p.code for p in recording.problems} == {"short-signal"}
    assert np.isnan(recording.epochs(recording.channels[0], rate=100)).all(axis=1).tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_band_that_the_file_cannot_hold_is_refused() -> None:
    recording = Recording.from_arrays({"C4-M1": (noise(60, 64), 64.0)})
    with pytest.raises(ValueError, match="holds nothing above 32 Hz"):
        recording.epochs(recording.channels[0], rate=200, band=(40.0, None))


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 5), (4, 1)])
def test_epochs_that_do_not_exist_are_refused(first: int, count: int) -> None:
    recording, channel = recorded(noise(120, 100), 100)
    with pytest.raises(ValueError, match="of 4"):
        recording.epochs(channel, rate=100, first=first, count=count)


@pytest.mark.parametrize(
    ("samples", "rate"),
    [(np.zeros((2, 100)), 100), (np.zeros(0), 100), (np.zeros(100), 0), (np.full(100, np.inf), 100)],
)
def test_arrays_that_are_no_signal_are_refused(samples: np.ndarray, rate: float) -> None:
    with pytest.raises(RecordingError):
        Recording.from_arrays({"C4-M1": (samples, rate)})


def test_recording_can_be_sent_to_another_process(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    import pickle

    recording = read_recording(edf([lead("C4-M1")]).write(tmp_path / "a.edf"))
    copy = pickle.loads(pickle.dumps(recording))
    channel = copy.channels[0]
    np.testing.assert_array_equal(copy.epochs(channel, rate=100), recording.epochs(channel, rate=100))
