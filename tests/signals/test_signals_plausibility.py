"""What cannot be what its label says is refused, what may be odd is said; nothing is staged in silence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eegvlm.signals import Recording, RecordingError, Role, read_recording
from eegvlm.signals.roles import EEG_ROLES

Maker = Callable[..., Any]


def codes(recording: Recording, severity: str | None = None) -> set[str]:
    return {p.code for p in recording.problems if severity in (None, p.severity)}


@pytest.mark.parametrize(
    ("written", "right"), [("uV", 1.0), ("mV", 1e-3), ("V", 1e-6), ("nV", 1e3), (b"\xb5V", 1.0), ("µV", 1.0)]
)
def test_same_eeg_in_any_unit_is_the_same_microvolt(
    written: str, right: float, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    calibration = (-3276.8 * right, 3276.7 * right)
    text = tuple(f"{value:.8f}"[:8] for value in calibration)
    recording = read_recording(edf([lead("C4-M1", unit=written, physical=text)]).write(tmp_path / "a.edf"))
    channel = recording.channel(Role.EEG_CENTRAL)
    assert channel is not None
    assert recording.problems == ()
    assert recording.samples(channel).std() == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize(
    ("unit", "power"),
    [("mV", "10\\^3 times too large"), ("V", "10\\^6 times too large"), ("nV", "10\\^3 times too small")],
)
def test_eeg_in_the_wrong_unit_is_refused_with_the_factor(
    unit: str, power: str, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    recording = read_recording(edf([lead("C4-M1", unit=unit)]).write(tmp_path / "a.edf"))
    assert codes(recording, "error") == {"implausible-amplitude"}
    with pytest.raises(RecordingError, match=power) as caught:
        recording.pick(EEG_ROLES)
    assert "--channels" in str(caught.value)


@pytest.mark.parametrize("unit", ["", "xyz"])
def test_missing_or_unknown_unit_is_said(unit: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    recording = read_recording(edf([lead("C4-M1", unit=unit)]).write(tmp_path / "a.edf"))
    assert recording.channel(Role.EEG_CENTRAL) is not None
    assert codes(recording) == {"unit-assumed"}


@pytest.mark.parametrize(
    ("physical", "digital"),
    [
        (("nan", 100), (-32768, 32767)),
        (("-----", 100), (-32768, 32767)),
        ((0, 0), (-32768, 32767)),
        ((-100, 100), (0, 0)),
        ((-100, 100), ("", "")),
        (("9E99", 100), (-32768, 32767)),
    ],
)
def test_raw_counts_without_a_calibration_are_refused(
    physical: Any, digital: Any, edf: Maker, lead: Maker, tmp_path: Path
) -> None:
    path = edf([lead("C4-M1", physical=physical, digital=digital)]).write(tmp_path / "a.edf")
    recording = read_recording(path)
    assert codes(recording, "error") == {"no-calibration"}
    with pytest.raises(RecordingError, match="raw counts"):
        recording.channel(Role.EEG_CENTRAL)


def test_one_microvolt_a_count_is_said_to_look_uncalibrated(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    path = edf([lead("C4-M1", physical=(-32768, 32767))]).write(tmp_path / "a.edf")
    assert codes(read_recording(path)) == {"unit-calibration"}


def test_inverted_calibration_turns_the_polarity(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    upright = read_recording(edf([lead("C4-M1")]).write(tmp_path / "a.edf"))
    inverted = read_recording(edf([lead("C4-M1", physical=(3276.7, -3276.8))]).write(tmp_path / "b.edf"))
    first = upright.samples(upright.channels[0])
    np.testing.assert_allclose(inverted.samples(inverted.channels[0]), -first - 0.1, atol=1e-3)


def test_flat_channel_gives_way_to_another_and_this_is_said() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 6000)
    signals = {"C4-M1": (np.full(6000, 7.0), 100.0), "C3-M2": (noise, 100.0)}
    recording = Recording.from_arrays(signals)
    channel = recording.channel(Role.EEG_CENTRAL)
    assert channel is not None
    assert channel.name == "C3-M2"
    assert channel.note == "serves because C4-M1 cannot be used"
    assert codes(recording, "error") == {"flat-channel"}


def test_flat_mastoid_is_not_subtracted() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 6000)
    signals = {"C4": (noise, 100.0), "M1": (np.zeros(6000), 100.0), "M2": (noise[::-1], 100.0)}
    channel = Recording.from_arrays(signals).channel(Role.EEG_CENTRAL)
    assert channel is not None
    assert channel.name == "C4-M2"


def test_all_eeg_unusable_is_an_error_only_when_eeg_is_asked_for() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 6000)
    recording = Recording.from_arrays({"C4-M1": (np.zeros(6000), 100.0), "E1-M2": (noise, 100.0)})
    assert recording.channel(Role.EOG_LEFT) is not None
    for role in EEG_ROLES:
        with pytest.raises(RecordingError, match="C4-M1 is flat"):
            recording.channel(role)


def test_recording_without_eeg_has_none() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 6000)
    recording = Recording.from_arrays({"E1-M2": (noise, 100.0)})
    assert recording.pick(EEG_ROLES) is None


def test_channel_that_dies_after_an_hour_is_said() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 4 * 360_000)
    noise[400_000:] = 0.0
    recording = Recording.from_arrays({"C4-M1": (noise, 100.0)})
    assert codes(recording) == {"partly-flat"}
    assert recording.channel(Role.EEG_CENTRAL) is not None


@pytest.mark.parametrize(("gain", "severity"), [(3, "warning"), (1000, "error")])
def test_clipped_channel_is_said_or_refused(gain: int, severity: str, edf: Maker, lead: Maker, tmp_path: Path) -> None:
    counts = lead("", seconds=60).counts * gain
    clipped = np.clip(counts, -1000, 1000)
    clipped_lead = lead("C4-M1", counts=clipped, physical=(-100, 100), digital=(-1000, 1000))
    recording = read_recording(edf([clipped_lead]).write(tmp_path / "a.edf"))
    assert [(p.code, p.severity) for p in recording.problems] == [("clipped-channel", severity)]


def test_envelope_of_one_sample_a_second_is_no_emg() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 6000)
    recording = Recording.from_arrays({"C4-M1": (noise, 100.0), "EMG submental": (np.arange(60.0), 1.0)})
    assert recording.channel(Role.EMG_CHIN) is None
    assert codes(recording, "error") == {"low-rate"}


def test_unusual_amplitude_is_said() -> None:
    noise = np.random.default_rng(0).normal(0, 500, 6000)
    assert codes(Recording.from_arrays({"C4-M1": (noise, 100.0)})) == {"unusual-amplitude"}


def test_a_few_seconds_of_artefact_do_not_make_eeg_implausible() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 60_000)
    noise[1000:6000] *= 1e4
    assert codes(Recording.from_arrays({"C4-M1": (noise, 100.0)})) == set()


def test_a_large_constant_offset_does_not_hide_that_a_channel_is_flat() -> None:
    recording = Recording.from_arrays({"C4-M1": (np.full(6000, 187_000.0), 100.0)})
    assert codes(recording, "error") == {"flat-channel"}


def test_a_large_constant_offset_does_not_make_eeg_implausible() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 6000)
    assert codes(Recording.from_arrays({"C4-M1": (noise + 187_000.0, 100.0)})) == set()


def test_every_code_of_a_problem_is_in_the_troubleshooting_guide() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = "".join(path.read_text() for path in (root / "src" / "eegvlm" / "signals").glob("*.py"))
    found = set(re.findall(r'Problem\(\s*"([a-z-]+)"', sources))
    assert len(found) > 20
    guide = (root / "docs" / "troubleshooting.md").read_text()
    assert {code for code in found if f"`{code}`" not in guide} == set()
