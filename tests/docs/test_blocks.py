"""Every block of code in the README and the docs runs as it stands, or the page says why not.

Python blocks of a page run from top to bottom, like a notebook's cells. Shell blocks: each ``eegvlm`` line is read by
the real command line; those of the tutorials run in the order of the page, elsewhere those that take a moment. Other
commands: the script, the extra or the file that they name exists.
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from blocks import NOT_CODE, ROOT, SHELL, Block, blocks_of, pages

from eegvlm.cli import app as command_line

_QUICK = frozenset({"inspect", "compare", "convert", "render", "ask", "doctor"})
_PAGES = {page: blocks_of(page) for page in pages()}
_PYTHON = [page for page, blocks in _PAGES.items() if any(block.language == "python" for block in blocks)]
_SHELL = [block for blocks in _PAGES.values() for block in blocks if block.language in SHELL]
_EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])


@pytest.fixture(scope="session")
def at_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages take for granted: a night, its staging, and an expert's scoring."""
    folder = tmp_path_factory.mktemp("at-hand")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _run(["simulate", "--out", "night.edf", "--hours", "0.55", "--seed", "7"])
        _run(["stage", "night.edf"])
        _run(["convert", "night.edf", "expert.xml", "--to", "nsrr"])
    return folder


@pytest.fixture(autouse=True)
def _matplotlib_without_a_window():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def _is_tutorial(page: str) -> bool:
    return page.startswith("docs/tutorials/")


def _is_quick(words: list[str]) -> bool:
    """Whether a command takes a moment and needs no model beside the packaged one."""
    return words[0] == "eegvlm" and words[1] in _QUICK and "--freely" not in words


def _run(words: list[str]) -> None:
    """Run a command in this process; a status other than 0 is an error."""
    try:
        command_line.app(words, prog_name="eegvlm", standalone_mode=False)
    except SystemExit as end:
        if end.code:
            pytest.fail(f"status {end.code}: eegvlm {' '.join(words)}")


def _read(words: list[str]) -> None:
    """Have the real command line read a command's arguments, without running it."""
    name, *rest = words
    if name.startswith("-"):
        assert name in ("--help", "--version", "--install-completion", "--show-completion"), words
        return
    assert name in command_line.COMMANDS, f"no command {name!r}"
    command = command_line.imported_command(name)
    while hasattr(command, "commands") and rest:
        assert rest[0] in command.commands, f"no command {rest[0]!r} in {words}"
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(name, list(rest))


def _needs(*packages: str) -> None:
    for package in packages:
        pytest.importorskip(package)


@pytest.mark.parametrize("page", [page for page in _PYTHON if not _is_tutorial(page)])
def test_python_of_a_page_runs(page, at_hand, tmp_path, monkeypatch):
    _needs("pandas", "mne")
    shutil.copytree(at_hand, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in _PAGES[page]:
        if block.language == "python" and block.not_run is None:
            _execute(block, names)


@pytest.mark.parametrize("page", [page for page in _PAGES if _is_tutorial(page)])
def test_a_tutorial_runs_from_an_empty_folder(page, tmp_path, monkeypatch):
    _needs("pandas")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "tutorial"}
    for block in _PAGES[page]:
        if block.not_run is None and block.language == "python":
            _execute(block, names)
        if block.not_run is None and block.language in SHELL:
            for words in block.commands:
                assert words[0] == "eegvlm", words
                _run(words[1:])


def _execute(block: Block, names: dict[str, object]) -> None:
    exec(compile("\n" * block.line + block.text, block.page, "exec"), names)


@pytest.mark.parametrize("block", _SHELL, ids=str)
def test_the_command_line_reads_every_command(block):
    for words in block.commands:
        while "&&" in words:
            _check(words[: words.index("&&")])
            words = words[words.index("&&") + 1 :]
        _check(words)


def _check(words: list[str]) -> None:
    program = Path(words[0]).name
    if program == "eegvlm":
        _read(words[1:])
    elif program in ("python", "python3") and words[1].endswith(".py"):
        source = (ROOT / words[1]).read_text(encoding="utf-8")
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert f'"{option}"' in source, f"{words[1]} has no {option}"
    elif program in ("python", "python3") and words[1] == "-m" and words[2].startswith("eegvlm."):
        assert (ROOT / "src" / Path(*words[2].split("."))).with_suffix(".py").is_file()
    for word in words:
        for extras in re.findall(r"(?:eeg-vlm|^\.|\.whl)\[([\w,-]+)\]", word):
            assert set(extras.split(",")) <= _EXTRAS, word


@pytest.mark.parametrize(
    "block",
    [
        block
        for block in _SHELL
        if block.not_run is None and not _is_tutorial(block.page) and any(_is_quick(words) for words in block.commands)
    ],
    ids=str,
)
def test_commands_of_a_moment_run(block, at_hand, tmp_path, monkeypatch):
    shutil.copytree(at_hand, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["eegvlm"])
    for words in block.commands:
        if _is_quick(words):
            _run(words[1:])


def test_every_fence_says_what_it_holds():
    for blocks in _PAGES.values():
        for block in blocks:
            assert block.language in {"python", *SHELL, *NOT_CODE}, f"{block}: {block.language}"


def test_a_reason_is_read_where_a_page_gives_one():
    page = (
        "<!-- not run: needs an account -->\n```python\nx = 1\n```\n\n"
        "text\n\n    eegvlm demo   # words\n\n"
        "```bash\na \\\n  b\n```\n"
    )
    first, second, third = blocks_of("page", page)
    assert (first.not_run, first.text) == ("needs an account", "x = 1\n")
    assert (second.not_run, second.commands) == (None, [["eegvlm", "demo"]])
    assert third.commands == [["a", "b"]]


def test_an_option_that_does_not_exist_is_noticed():
    with pytest.raises(Exception, match="No such option"):
        _read(["stage", "night.edf", "--explian", "all"])
    with pytest.raises(Exception, match="'perhaps' is not one of"):
        _read(["stage", "night.edf", "--explain", "perhaps"])
