"""A wrong argument is one sentence that names the command, the option and where help is; exit status 2."""

from __future__ import annotations

import pytest

from eegvlm.cli import main


def _status(arguments, monkeypatch):
    monkeypatch.setattr("sys.argv", ["eegvlm", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("stage", "night.edf", "--explain", "some"),
            "'some' is not one of 'all', 'uncertain', 'none'; see eegvlm stage",
        ),
        (("stage", "night.edf", "--out"), "eegvlm: Option '--out' requires an argument; see eegvlm --help"),
        (("stage",), "eegvlm stage: Missing argument 'RECORDING...'; see eegvlm stage --help"),
        (("stag", "night.edf"), "No such command 'stag'. Did you mean 'stage'? see eegvlm --help"),
        (("demo", "--foo"), "eegvlm demo: No such option: --foo"),
        (("dataset", "chek"), "eegvlm dataset: No such command 'chek'"),
        (("crossval", "sleep-edf-20", "--folds", "1"), "'--folds'"),
    ],
)
def test_a_wrong_argument_is_one_sentence(arguments, sentence, monkeypatch, capsys):
    assert _status(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.err.startswith("eegvlm")
    assert "Value error" not in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("arguments", [(), ("dataset",)])
def test_without_a_command_there_is_help(arguments, monkeypatch, capsys):
    assert _status(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert "Usage: eegvlm" in printed.out + printed.err


def test_help_and_version_are_no_errors(monkeypatch, capsys):
    assert _status(("--version",), monkeypatch) == 0
    assert _status(("stage", "--help"), monkeypatch) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_of_ours_is_not_hidden(monkeypatch):
    monkeypatch.setattr("eegvlm.cli.app.app", lambda **options: 1 / 0)
    monkeypatch.setattr("sys.argv", ["eegvlm"])
    with pytest.raises(ZeroDivisionError):
        main()


def test_a_file_that_exists_is_refused_with_the_option_that_replaces_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.csv").write_text("kept")
    assert _status(("convert", str(tmp_path / "scoring.xml"), str(tmp_path / "mine.csv")), monkeypatch) == 2
    assert "exists already; choose another name, or replace it with --overwrite" in capsys.readouterr().err
    assert (tmp_path / "mine.csv").read_text() == "kept"
