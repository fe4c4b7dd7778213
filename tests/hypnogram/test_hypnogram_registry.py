"""One list of formats and one of codings, for help, errors, documentation and data sets; formats of other packages."""

from __future__ import annotations

import csv
import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from eight_hours import START
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.cli.convert import convert
from eegvlm.core import scoring_names
from eegvlm.hypnogram import Hypnogram, HypnogramError, lost_in, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.codings import CODINGS, coding_of_name
from eegvlm.hypnogram.formats import registry
from eegvlm.hypnogram.formats.format import Format

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "formats.md"


@pytest.fixture
def plugged(monkeypatch):
    """Give a function that pretends that a package with these entry points is installed."""

    def plug(**objects):
        entries = [EntryPoint(name, "a_package.module:FORMAT", registry.ENTRY_POINTS) for name in objects]
        monkeypatch.setattr(registry, "entry_points", lambda group: entries if group == registry.ENTRY_POINTS else [])
        monkeypatch.setattr(EntryPoint, "load", lambda self: objects[self.name])
        registry.plugged_in.cache_clear()

    yield plug
    monkeypatch.undo()
    registry.plugged_in.cache_clear()


def stars(name="stars"):
    return Format(
        name,
        "one star for each epoch of wake",
        (".stars",),
        lambda source: source.head.startswith(b"***"),
        lambda source: Hypnogram([0] * source.text().count("*")),
        lambda hypnogram, path, coding: {path: b"*" * len(hypnogram)},
    )


def test_formats_of_other_packages_are_read_and_written(plugged, tmp_path):
    plugged(stars=stars())
    write_hypnogram(Hypnogram([0] * 5), tmp_path / "night.stars")
    assert read_hypnogram(tmp_path / "night.stars").labels == ["W"] * 5
    assert (tmp_path / "night.stars").rename(tmp_path / "night.txt")
    assert read_hypnogram(tmp_path / "night.txt").labels == ["W"] * 5
    assert read_hypnogram(tmp_path / "night.txt", format="stars").labels == ["W"] * 5
    assert ".stars" in registry.readable_suffixes()


@pytest.mark.parametrize(
    ("name", "what", "words"),
    [
        ("edf", stars("edf"), "the name of its format is taken"),
        ("stars", "no format", "it is no Format of this name"),
        ("stars", stars("other"), "it is no Format of this name"),
    ],
)
def test_packages_whose_format_cannot_be_used_are_named(plugged, tmp_path, name, what, words):
    plugged(**{name: what})
    (tmp_path / "night.txt").write_text("W\n")
    with pytest.raises(HypnogramError, match=words) as caught:
        read_hypnogram(tmp_path / "night.txt")
    assert "a_package" in str(caught.value)


def test_packages_whose_module_fails_are_named(plugged, monkeypatch):
    plugged(stars=stars())
    monkeypatch.setattr(EntryPoint, "load", lambda self: 1 / 0)
    with pytest.raises(HypnogramError, match=r"a_package.*ZeroDivisionError"):
        registry.plugged_in()


def test_errors_list_every_format_and_every_coding(tmp_path):
    with pytest.raises(HypnogramError) as caught:
        registry.format_of_name("nonsense")
    assert all(name in str(caught.value) for name in registry.FORMATS)
    with pytest.raises(HypnogramError) as caught:
        coding_of_name("nonsense")
    assert all(name in str(caught.value) for name in CODINGS)


def test_the_names_in_help_are_those_of_the_tables():
    assert tuple(registry.FORMATS) == scoring_names.READABLE
    assert scoring_names.WRITABLE == registry.WRITABLE
    assert tuple(CODINGS) == scoring_names.CODINGS


@pytest.mark.parametrize("command", [["convert"], ["compare"], ["dataset", "check"]])
def test_help_lists_every_coding(command):
    printed = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).output
    assert all(name in printed for name in CODINGS)


def test_the_help_of_convert_lists_every_format():
    printed = CliRunner().invoke(app, ["convert", "--help"], env={"COLUMNS": "900", "TERMINAL_WIDTH": "900"}).output
    assert all(name in printed for name in registry.FORMATS)


def test_the_table_of_the_documentation_lists_every_format_and_its_file_names():
    rows = {}
    for line in DOCUMENTED.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 7:
            rows[cells[0].strip("`")] = cells
    assert set(rows) == set(registry.FORMATS)
    for name, one in registry.FORMATS.items():
        assert set(rows[name][2].strip("`").split()) == set(one.extensions), name
        assert (rows[name][4] != "no") == (one.write is not None), name


def test_the_codings_of_the_documentation_are_those_of_the_table():
    text = DOCUMENTED.read_text()
    assert all(f"| `{name}` |" in text for name in CODINGS)


def test_plain_csv_needs_no_option_of_other_readers(tmp_path, capsys):
    hypnogram = Hypnogram([0, 1], start=START, notes=("a note",))
    write_hypnogram(hypnogram, tmp_path / "night.json")
    convert(tmp_path / "night.json", tmp_path / "plain.csv", plain=True)
    with (tmp_path / "plain.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["stage"] for row in rows] == ["W", "N1"]
    assert "does not keep: start time" in capsys.readouterr().out
    with pytest.raises(HypnogramError, match="leave --plain out"):
        convert(tmp_path / "night.json", tmp_path / "plain.edf", plain=True)


@pytest.mark.parametrize("name", ["plain.txt", "plain.dat"])
def test_a_plain_table_may_have_any_name_where_its_format_is_named(tmp_path, name):
    write_hypnogram(Hypnogram([0, 1], start=START), tmp_path / "night.json")
    convert(tmp_path / "night.json", tmp_path / name, to_format="csv", plain=True)
    assert (tmp_path / name).read_text().startswith("epoch,onset_s,")


def test_pandas_reads_plain_csv_without_an_option(tmp_path):
    pandas = pytest.importorskip("pandas")
    write_hypnogram(Hypnogram([0, 1], start=START), tmp_path / "night.json")
    convert(tmp_path / "night.json", tmp_path / "plain.csv", plain=True)
    assert pandas.read_csv(tmp_path / "plain.csv")["stage"].tolist() == ["W", "N1"]


def test_what_a_format_does_not_keep_is_said():
    hypnogram = Hypnogram([0, 1], start=START, quality=("good", ""))
    assert lost_in(hypnogram, "night.txt") == ["start time", "quality of the signal"]
    assert lost_in(hypnogram, "night.json") == []
    assert lost_in(hypnogram, "night_events.tsv") == []


def test_bids_sidecars_describe_their_columns_without_hed_tags(tmp_path):
    write_hypnogram(Hypnogram([0, 1]), tmp_path / "sub-01_events.tsv")
    described = json.loads((tmp_path / "sub-01_events.json").read_text())
    assert set(described["trial_type"]) == {"LongName", "Description", "Levels"}
    assert "HED" not in (tmp_path / "sub-01_events.json").read_text()


@pytest.mark.parametrize("name", ["night.edf", "night-nsrr.xml", "night.json", "night.csv"])
def test_a_scorer_whom_a_format_cannot_name_is_refused_and_a_unit_is_said_to_be_needless(tmp_path, name):
    write_hypnogram(Hypnogram([0, 1], start=START), tmp_path / name)
    with pytest.raises(HypnogramError, match=r"--scorer: anna; .* leave it out"):
        read_hypnogram(tmp_path / name, scorer="anna")
    assert any("the unit ms was not needed" in note for note in read_hypnogram(tmp_path / name, onset_unit="ms").notes)


def test_a_scorer_whom_a_list_of_stages_does_not_name_is_refused(tmp_path):
    (tmp_path / "night.txt").write_text("W\nN1\nN2\n")
    with pytest.raises(HypnogramError, match="no column says who scored"):
        read_hypnogram(tmp_path / "night.txt", scorer="anna")
