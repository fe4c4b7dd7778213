"""Nights that were signed: used where signature, audit and recording are whole; refused by name otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import read_recording
from eegvlm.signals.fingerprint import fingerprint


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recordings") / "a.edf"
    simulate_night(hours=0.1, seed=3).write(file)
    return file


@pytest.fixture
def signed(tmp_path: Path, recording: Path) -> Callable[[str], Path]:
    """Return what writes a signed night as ``eegvlm review`` does."""

    def write(name: str) -> Path:
        folder = tmp_path / "staged" / name
        (folder / "review").mkdir(parents=True)
        stages = ["W"] * 4 + ["N1"] * 4 + ["N2"] * 4
        begin = {"n": 0, "action": "begin", "who": "AB", "name": "main", "stages": stages}
        change = {"n": 1, "action": "edit", "who": "AB", "of": "stage", "epoch": 3, "from": "W", "to": "N1"}
        held = {"file": recording.name, "fingerprint": fingerprint(read_recording(recording).source)}
        sign = {"n": 2, "action": "sign", "who": "AB", "recording": held}
        write_lines(folder / "audit.jsonl", begin, change, sign)
        write_lines(folder / "review" / "main.jsonl", begin, {"n": 1, "action": "edit"}, sign)
        (folder / "review" / "recording.json").write_text(json.dumps({"path": str(recording)}))
        stages[2] = "N1"
        write_scoring(folder, stages)
        return folder

    return write


def write_lines(file: Path, *lines: dict[str, object]) -> None:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def write_scoring(folder: Path, stages: list[str]) -> None:
    import numpy as np

    from eegvlm.hypnogram import Hypnogram, write_hypnogram
    from eegvlm.hypnogram.stage import stage_of_spelling

    codes = np.array([stage_of_spelling(label) for label in stages], np.int8)
    write_hypnogram(Hypnogram(codes), folder / "hypnogram.signed.json")


def test_a_signed_night_gives_the_signed_stages(signed: Callable[[str], Path]) -> None:
    folder = signed("one")
    for name, root in (("signed", folder.parent), ("folder", folder.parent), ("signed", folder)):
        (night,) = open_dataset(name, root).nights
        assert night.hypnogram().labels == ["W", "W", "N1", "W"] + ["N1"] * 4 + ["N2"] * 4
        assert (night.name, night.scorers) == ("one", ("AB",))


def test_unsigned_reopened_and_altered_nights_are_refused_by_name(signed: Callable[[str], Path]) -> None:
    signed("good")
    unsigned, reopened, altered, lost = (signed(name) for name in ("unsigned", "reopened", "altered", "moved"))
    (unsigned / "audit.jsonl").unlink()
    (unsigned / "staging.json").write_text("{}")
    with (reopened / "review" / "main.jsonl").open("a") as stream:
        stream.write(json.dumps({"n": 3, "action": "reopen"}) + "\n")
    write_scoring(altered, ["R"] * 12)
    (lost / "review" / "recording.json").unlink()
    dataset = open_dataset("signed", unsigned.parent)
    assert [night.name for night in dataset.nights] == ["good"]
    refused = {problem.night: problem.code for problem in dataset.problems if problem.night}
    assert refused == {
        "unsigned": "unsigned-night",
        "reopened": "unsigned-night",
        "altered": "altered-after-signing",
        "moved": "missing-recording",
    }
    assert all(problem.night in problem.message for problem in dataset.problems if problem.night)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    from eegvlm.lab.datasets import DatasetError

    with pytest.raises(DatasetError, match="give a folder of nights that were signed"):
        open_dataset("signed", tmp_path / "none")
