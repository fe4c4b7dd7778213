"""Every command that writes refuses an output that it could not write, before it works and in one sentence.

What a command would read is absent, or is a model that does not exist: a command that looked at it first would name
that instead of the output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
import typer

from eegvlm.cli import main
from eegvlm.cli.app import app, imported_command

READ_ONLY = {"ask", "doctor", "inspect", "compare", "dataset list", "dataset check"}
IN_PLACE = {"record", "review"}  # write into the checkpoint, or the results, that they are given
OUT = "<out>"
BELOW_A_FILE = "a part of this path is a file, not a folder; choose another path"
RECIPE = """
name: never-run
model: {preset: nano, layout: nano, vocab_size: 400}
data:
  train: {simulated: [{nights: 1, hours: 0.1}]}
  validation: {simulated: [{nights: 1, hours: 0.1, first_seed: 900}]}
phases:
  - {name: enhance, objective: classify, trains: [enhancement], steps: 1, batch_size: 4, learning_rate: 1.0e-5}
"""


@dataclass(frozen=True)
class Writer:
    """A command that writes.

    Parameters
    ----------
    command
        As it is called.
    arguments
        ``OUT`` stands for the output.
    kind, name
        What the output is, and a name that it may have.
    inside
        A file that is written below the folder, or beside the file, of that name.
    """

    command: str
    arguments: tuple[str, ...]
    kind: Literal["file", "folder"]
    name: str
    inside: str


WRITERS = (
    Writer(
        "stage",
        ("absent.edf", "--out", OUT, "--model", "absent-model"),
        "folder",
        "staged",
        "absent/hypnogram.csv",
    ),
    Writer(
        "demo",
        ("--out", OUT, "--hours", "0.1"),
        "folder",
        "demo",
        "night/hypnogram.csv",
    ),
    Writer("render", ("absent.edf", "--epoch", "1", "--out", OUT), "file", "epoch.png", ""),
    Writer("simulate", ("--out", OUT, "--hours", "0.1"), "file", "night.edf", "night.events.tsv"),
    Writer("train", ("recipe.yaml", "--out", OUT), "folder", "run", "recipe.json"),
    Writer("crossval", ("recipe.yaml", "--out", OUT), "folder", "folds", "crossval.json"),
    Writer("ablate", ("recipe.yaml", "--out", OUT), "folder", "ablation", "ablation.json"),
    Writer("cohort", ("absent", "--out", OUT, "--model", "absent-model"), "folder", "cohort", "summary.csv"),
    Writer("index", ("absent", "--out", OUT), "folder", "index", "index.json"),
    Writer("merge", ("absent-run", "--out", OUT), "folder", "model", "config.json"),
    Writer(
        "evaluate",
        ("absent-model", "simulated:nights=1,hours=0.1", "--out", OUT),
        "folder",
        "evaluation",
        "evaluation.json",
    ),
    Writer(
        "attribute",
        ("absent-model", "simulated:nights=1,hours=0.1", "--out", OUT),
        "folder",
        "attribution",
        "attribution.json",
    ),
    Writer(
        "failing-channel",
        ("absent-model", "simulated:nights=1,hours=0.1", "--out", OUT),
        "folder",
        "failing",
        "channel-failure.json",
    ),
    Writer("export", ("absent-model", "--out", OUT), "folder", "graphs", "answer.onnx"),
    Writer("dataset build", ("folder", "absent", "--out", OUT), "folder", "store", "manifest.json"),
    Writer("dataset download", ("sleep-edf", "--url", "http://127.0.0.1:9/", "--out", OUT), "folder", "root", ""),
    Writer("convert", ("absent.txt", OUT, "--overwrite"), "file", "scoring.csv", ""),
)


def cases(writers: tuple[Writer, ...] = WRITERS) -> list[Any]:
    return [pytest.param(writer, id=writer.command.replace(" ", "-")) for writer in writers]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to work in, with what commands find there."""
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def refusal(
    writer: Writer, out: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """Run a command; return its one line on stderr once it is clear that it did nothing else."""
    before = contents(place)
    arguments = [str(out) if argument == OUT else argument for argument in writer.arguments]
    monkeypatch.setattr(sys, "argv", ["eegvlm", *writer.command.split(), *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert printed.out == ""
    assert contents(place) == before
    (line,) = printed.err.splitlines()
    return line


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(None):
        command = imported_command(name) if not before else group.get_command(None, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, command


def test_every_command_is_listed_as_one_that_writes_or_one_that_does_not():
    found = dict(commands(typer.main.get_command(app)))
    assert {writer.command for writer in WRITERS} | READ_ONLY | IN_PLACE == set(found)
    for name in READ_ONLY:
        assert not {"out", "target"} & {parameter.name for parameter in found[name].params}, name


@pytest.mark.parametrize("writer", cases())
def test_an_output_below_a_file_is_refused(writer, place, monkeypatch, capsys):
    out = place / "file" / writer.name
    said = refusal(writer, out, place, monkeypatch, capsys)
    assert said.startswith(f"eegvlm: {out}")
    assert said.endswith(f": output: {BELOW_A_FILE}")


@pytest.mark.parametrize("writer", cases())
def test_an_output_where_nobody_may_write_is_refused(writer, place, monkeypatch, capsys):
    if os.name != "posix" or os.geteuid() != 0:
        folder, reason = place / "locked", "permission denied"
        folder.mkdir(mode=0o500)
    elif Path("/proc/self").is_dir():
        folder, reason = Path("/proc"), "nothing can be created there"
    else:
        pytest.skip("permission bits do not bind root, and there is no /proc")
    said = refusal(writer, folder / writer.name, place, monkeypatch, capsys)
    assert said.startswith(f"eegvlm: {folder / writer.name}")
    assert f": output: {reason}; choose " in said


@pytest.mark.parametrize("writer", cases())
def test_an_output_of_the_wrong_kind_is_refused(writer, place, monkeypatch, capsys):
    out = place / writer.name
    if writer.kind == "file":
        out.mkdir()
        why = "there is a folder of this name; name a file"
    else:
        out.write_text("mine")
        why = "there is a file of this name; name a folder"
    said = refusal(writer, out, place, monkeypatch, capsys)
    named = said.split(": ")[1]
    assert Path(named).is_relative_to(out)
    assert said.endswith(why if named == str(out) else BELOW_A_FILE)


@pytest.mark.parametrize("writer", cases(tuple(writer for writer in WRITERS if writer.inside)))
def test_a_folder_in_the_place_of_a_file_that_will_be_written_is_refused(writer, place, monkeypatch, capsys):
    out = place / writer.name
    taken = out / writer.inside if writer.kind == "folder" else place / writer.inside
    taken.mkdir(parents=True)
    said = refusal(writer, out, place, monkeypatch, capsys)
    assert said.startswith(f"eegvlm: {taken}: output: there is a folder of this name") or "not empty" in said


def test_pictures_that_could_not_be_written_are_refused_before_the_store_is_built(place, monkeypatch, capsys):
    writer = Writer("dataset build", ("folder", "absent", "--export", "png", "--out", OUT), "folder", "store", "")
    (place / "store").mkdir()
    (place / "store" / "pictures-png").write_text("mine")
    said = refusal(writer, place / "store", place, monkeypatch, capsys)
    assert said.startswith(f"eegvlm: {place / 'store' / 'pictures-png'}: output: there is a file of this name")


def test_a_disk_without_room_for_a_simulated_night_is_refused(place, monkeypatch, capsys):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10_000_000))
    writer = Writer("simulate", ("--out", OUT, "--hours", "8"), "file", "night.edf", "")
    said = refusal(writer, place / "night.edf", place, monkeypatch, capsys)
    # 8 h of 7 channels at 128 Hz and 2 bytes a sample
    assert said.startswith(f"eegvlm: {place / 'night.edf'}: free space: 10 MB; 52 MB are needed")
