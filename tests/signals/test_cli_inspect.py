"""What ``eegvlm inspect`` prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eegvlm.cli import main

Maker = Callable[..., Any]


def run(*arguments: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["eegvlm", "inspect", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    code = caught.value.code
    return int(code) if code is not None else 0


@pytest.fixture
def night(edf: Maker, lead: Maker, tmp_path: Path) -> Path:
    leads = [
        lead("EEG C4", seconds=100),
        lead("M1", seconds=100, seed=1),
        lead("SpO2 [red]", seconds=100, rate=1, unit="%"),
        lead("EMG chin", seconds=100, counts=np.zeros(10_000, int)),
    ]
    onsets = [f"+{second + 60 * (second >= 50)}" for second in range(100)]
    path = edf(leads, plus="D", onsets=onsets).write(tmp_path / "night.edf")
    assert isinstance(path, Path)
    return path


def test_tables_show_all_a_scorer_must_know(
    night: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(night, monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    for expected in (
        "night.edf",
        "start 2024-03-02 22:30:15",
        "length 0 h 2 min 40 s",
        "6 epochs of 30 s, 2 scorable",
        "the last one has 10 s",
        "gaps: 50 to 110 s",
        "SpO2 [red]",
        "eeg_central",
        "EEG C4 - M1",
        "error flat-channel: EMG chin is flat",
    ):
        assert expected in shown
    assert "Haagse" not in shown


def test_markers_of_lights_are_shown_by_clock_time_and_seconds(
    edf: Maker, lead: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    onsets = [f"+{second}" for second in range(60)]
    onsets[10] += "\x14\x14\0+10\x14Licht aus"
    path = edf([lead("C4-M1")], plus="C", onsets=onsets).write(tmp_path / "lights.edf")
    assert run(path, monkeypatch=monkeypatch) == 0
    line = "lights off 2024-03-02 22:30:25 (10 s), lights on unknown: the recording's own marker 'Licht aus'"
    assert line in capsys.readouterr().out
    path.write_bytes(path.read_bytes().replace(b"02.03.24", b"xx.xx.xx"))
    assert run(path, monkeypatch=monkeypatch) == 0
    assert "lights off at 10 s, lights on unknown" in capsys.readouterr().out
    assert run(path, "--json", monkeypatch=monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["lights"]["off_s"] == 10


def test_json_is_json_with_every_signal(
    night: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(night, "--json", monkeypatch=monkeypatch) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["file"] == "night.edf"
    assert described["gaps"] == [{"start_s": 50.0, "stop_s": 110.0}]
    assert [channel["role"] for channel in described["channels"]] == ["eeg_central"]
    assert described["channels"][0]["derivation"] == "EEG C4 - M1"
    assert [signal["label"] for signal in described["signals"]] == ["EEG C4", "M1", "SpO2 [red]", "EMG chin"]
    assert described["signals"][3]["robust_amplitude"] is None
    assert described["signals"][0]["robust_amplitude"] == pytest.approx(20, rel=0.5)
    assert [problem["code"] for problem in described["problems"]] == ["flat-channel"]


def with_dead_minutes(edf: Maker, lead: Maker, path: Path, dead: list[int]) -> Path:
    counts = [lead("C4-M1", seconds=3600, seed=seed).counts for seed in (0, 1)]
    for epoch in dead:
        for samples in counts:
            samples[3000 * epoch : 3000 * (epoch + 1)] = 5
    leads = [lead(label, counts=samples) for label, samples in zip(("C4-M1", "O2-M1"), counts, strict=True)]
    written = edf(leads).write(path)
    assert isinstance(written, Path)
    return written


def test_bad_stretches_are_listed_with_their_clock_times(
    edf: Maker, lead: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_dead_minutes(edf, lead, tmp_path / "night.edf", [40, 41, 42, 43])
    assert run(path, monkeypatch=monkeypatch) == 0
    assert "unusable flat: C4-M1, O2-M1, 22:50:15 to 22:52:15 (epochs 41 to 44)" in capsys.readouterr().out
    assert run(path, "--json", monkeypatch=monkeypatch) == 0
    quality = json.loads(capsys.readouterr().out)["quality"]
    assert quality["channels"]["O2-M1"] == {"doubtful_epochs": 0, "unusable_epochs": 4}
    assert quality["stretches"][0]["start"] == "2024-03-02T22:50:15"


def test_many_bad_stretches_are_cut_short(
    edf: Maker, lead: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_dead_minutes(edf, lead, tmp_path / "night.edf", list(range(1, 40, 2)))
    assert run(path, monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert shown.count("unusable flat") == 12
    assert "and 8 more" in shown


def test_users_channels_are_taken(
    night: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(night, "--channels", "eeg=EEG C4", "--json", monkeypatch=monkeypatch) == 0
    (channel,) = json.loads(capsys.readouterr().out)["channels"]
    assert (channel["derivation"], channel["note"]) == ("as recorded", "chosen by the user")


@pytest.mark.parametrize(
    "arguments", [("nowhere.edf",), ("NIGHT", "--channels", "eeg=Fpz-Cz"), ("NIGHT", "--channels", "Fpz")]
)
def test_wrong_input_is_one_line_on_stderr_and_status_2(
    arguments: tuple[str, ...],
    night: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(*(night if a == "NIGHT" else a for a in arguments), monkeypatch=monkeypatch) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_unusable_eeg_is_shown_and_then_refused(
    edf: Maker,
    lead: Maker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = edf([lead("C4-M1", unit="V")]).write(tmp_path / "night.edf")
    assert run(path, monkeypatch=monkeypatch) == 2
    captured = capsys.readouterr()
    assert "C4-M1" in captured.out
    assert "10^6 times too large" in captured.err


def test_recording_without_eeg_says_how_to_name_one(
    edf: Maker,
    lead: Maker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = edf([lead("channel 7")]).write(tmp_path / "night.edf")
    assert run(path, monkeypatch=monkeypatch) == 0
    assert "--channels eeg=LABEL" in capsys.readouterr().out
