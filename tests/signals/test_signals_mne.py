"""Recordings that come through MNE."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eegvlm.signals import Recording, RecordingError, Role, read_recording

mne = pytest.importorskip("mne")


@pytest.fixture
def raw() -> Any:
    volts = np.random.default_rng(0).normal(0, 20e-6, (3, 12_000))
    info = mne.create_info(["C4", "M1", "E1"], 100.0, ["eeg", "eeg", "eog"])
    raw = mne.io.RawArray(volts, info, verbose="error")
    raw.set_meas_date(datetime(2024, 3, 2, 22, 30, 15, 250_000, tzinfo=UTC))
    return raw


def test_raw_object_is_a_recording_in_microvolt(raw: Any) -> None:
    recording = Recording.from_mne(raw)
    central = recording.channel(Role.EEG_CENTRAL)
    assert central is not None
    assert (central.name, central.rate) == ("C4-M1", 100)
    expected = (raw.get_data("C4") - raw.get_data("M1"))[0] * 1e6
    np.testing.assert_allclose(recording.samples(central), expected, atol=1e-4)
    assert recording.start == datetime(2024, 3, 2, 22, 30, 15, 250_000)
    assert recording.problems == ()


def test_skipped_acquisition_is_a_gap(raw: Any) -> None:
    raw.set_annotations(mne.Annotations([40.0], [20.0], ["BAD_ACQ_SKIP"], orig_time=raw.info["meas_date"]))
    recording = Recording.from_mne(raw)
    assert recording.gaps == ((40.0, 60.0),)
    assert recording.scorable.tolist() == [True, False, True, True]


def test_cropped_raw_starts_later_and_keeps_its_gaps(raw: Any) -> None:
    raw.set_annotations(mne.Annotations([40.0], [20.0], ["BAD_ACQ_SKIP"], orig_time=raw.info["meas_date"]))
    recording = Recording.from_mne(raw.crop(30.0, None))
    assert recording.start == datetime(2024, 3, 2, 22, 30, 45, 250_000)
    assert recording.gaps == ((10.0, 30.0),)


def test_overlapping_skips_are_one_gap(raw: Any) -> None:
    spans = mne.Annotations([40.0, 45.0, 0.0], [20.0, 5.0, 3.0], ["BAD_ACQ_SKIP"] * 3, orig_time=raw.info["meas_date"])
    raw.set_annotations(spans)
    assert Recording.from_mne(raw).gaps == ((0.0, 3.0), (40.0, 60.0))


def test_a_raw_object_of_years_is_refused_before_it_is_read() -> None:
    raw = mne.io.RawArray(np.zeros((1, 2_000)), mne.create_info(["C4"], 0.001, ["eeg"]), verbose="error")
    with pytest.raises(RecordingError, match=r"number of samples.*23.1 days.*at most 14 days"):
        Recording.from_mne(raw)


def test_data_that_mne_cannot_give_are_named(raw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording.from_mne(raw)

    def cut_off(*_: object, **__: object) -> None:
        raise OSError("3 bytes of 4 samples")

    monkeypatch.setattr(raw, "get_data", cut_off)
    with pytest.raises(RecordingError, match=r"MNE cannot read it: 3 bytes.*complete"):
        recording.samples(recording.channels[0])


def test_stimulus_channel_is_no_voltage() -> None:
    info = mne.create_info(["C4", "STI"], 100.0, ["eeg", "stim"])
    values = np.vstack([np.random.default_rng(0).normal(0, 20e-6, 6000), np.ones(6000)])
    recording = Recording.from_mne(mne.io.RawArray(values, info, verbose="error"), {"eeg": "C4"})
    np.testing.assert_array_equal(recording.samples(recording.channels[1]), 1.0)
    with pytest.raises(RecordingError, match="no voltage"):
        Recording.from_mne(mne.io.RawArray(values, info, verbose="error"), {"eeg": "STI"})


def test_fif_file_is_read_lazily(raw: Any, tmp_path: Path) -> None:
    path = tmp_path / "night_raw.fif"
    raw.save(path, verbose="error")
    recording = read_recording(path)
    assert not recording.source.raw.preload  # type: ignore[attr-defined]
    assert recording.n_epochs == 4
    np.testing.assert_allclose(
        recording.epochs(recording.channels[0], rate=100),
        Recording.from_mne(raw).epochs(recording.channels[0], rate=100),
        atol=1e-3,
    )


def test_damaged_file_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "night_raw.fif"
    path.write_bytes(b"not a fif file at all" * 10)
    with pytest.raises(RecordingError, match="MNE cannot read it"):
        read_recording(path)


def test_missing_mne_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "night.vhdr"
    path.write_text("Brain Vision Data Exchange Header File Version 1.0")
    genuine: Callable[..., Any] = builtins.__import__

    def without_mne(name: str, *args: Any, **more: Any) -> Any:
        if name == "mne":
            raise ImportError(name)
        return genuine(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without_mne)
    with pytest.raises(RecordingError, match=r"not installed; install the extra with pip install 'eeg-vlm\[mne\]'"):
        read_recording(path)


def test_reading_edf_does_not_import_mne_or_scipy(
    tmp_path: Path, edf: Callable[..., Any], lead: Callable[..., Any]
) -> None:
    import subprocess
    import sys

    path = edf([lead("C4-M1")]).write(tmp_path / "a.edf")
    code = (
        "import sys; from eegvlm.signals import read_recording; r = read_recording(sys.argv[1]);"
        "r.epochs(r.channels[0], rate=64, band=(0.3, 30.0));"
        "assert not {'mne', 'scipy', 'torch', 'edfio'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
