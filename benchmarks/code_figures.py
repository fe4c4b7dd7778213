"""What the code looks like in figures, version beside version.

    python benchmarks/code_figures.py v0.1.0 main
    python benchmarks/code_figures.py HEAD --walk

Reads committed files alone: Python below ``src`` but for packaged data. A vague local name is one of those that say
nothing of what they hold (``VAGUE``, from a comparison with edfio, nanochat and YASA, which use none); its reach is
the lines from where it is bound to where it is last read in its function. "Files that name" counts the modules outside
the simulator in which a finding or a format is written out: what a detector or a format of that kind touches.
``--walk`` stages an hour of a simulated night for labels, by the code that is installed, and counts the functions and
files of this package that run.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import sys
import tarfile
import tempfile
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

VAGUE = {
    *("one", "own", "said", "found", "held", "told", "seen", "some", "here", "there", "given", "asked", "shown"),
    *("kept", "made", "wanted", "known", "drawn", "begun", "laid", "moved", "spent", "heard"),
}
REACH = 3
FINDINGS = ("sawtooth", "spindle", "k_complex", "vertex")
FORMATS = ("compumedics", "remlogic")


def sources(revision: str) -> dict[str, str]:
    """Read the modules of a revision, by their paths below ``src/eegvlm``."""
    archive = subprocess.run(["git", "archive", revision, "src/eegvlm"], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {
            member.name.removeprefix("src/eegvlm/"): tar.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in tar.getmembers()
            if member.name.endswith(".py")
        }


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions of a module, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, int]]:
    """Yield each local variable and argument with its reach in lines; those of nested functions are not counted."""
    bound: dict[str, int] = {}
    last: dict[str, int] = {}
    for argument in ast.walk(function.args):
        if isinstance(argument, ast.arg):
            bound[argument.arg] = argument.lineno
    nodes: list[ast.AST] = list(function.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                bound[node.id] = min(node.lineno, bound.get(node.id, node.lineno))
            last[node.id] = max(node.lineno, last.get(node.id, 0))
        nodes.extend(ast.iter_child_nodes(node))
    for name, line in bound.items():
        yield name, max(last.get(name, line), line) - line


def comments(text: str) -> int:
    """Count comments."""
    return sum(token.type == tokenize.COMMENT for token in tokenize.generate_tokens(io.StringIO(text).readline))


def rooms(modules: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Count files and lines by room; rooms of the laboratory are told by two folders."""
    files: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for path, text in modules.items():
        parts = path.split("/")[:-1]
        room = "/".join(parts[: 2 if parts[:1] == ["lab"] else 1]) or "(top)"
        files[room] += 1
        lines[room] += text.count("\n")
    return {room: (files[room], lines[room]) for room in sorted(files)}


def figures(revision: str) -> dict[str, str]:
    """Compute the rows of the table."""
    modules = sources(revision)
    trees = {path: ast.parse(text) for path, text in modules.items()}
    lines = sum(text.count("\n") for text in modules.values())
    classes = Counter(node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    names = [item for tree in trees.values() for function in functions(tree) for item in local_names(function)]
    vague = [reach for name, reach in names if name in VAGUE]
    written = sum(sum(bool(line.strip()) for line in text.splitlines()) for text in modules.values())

    def naming(word: str) -> int:
        return sum(word in text.lower() for path, text in modules.items() if "simulation/" not in path)

    return {
        "files": f"{len(modules):,}",
        "lines": f"{lines:,}",
        "longest file": f"{max(text.count(chr(10)) for text in modules.values()):,}",
        "class names defined more than once": str(sum(count > 1 for count in classes.values())),
        "vague local names": f"{100 * len(vague) / len(names):.1f} %",
        f"vague local names that reach over {REACH} lines": f"{100 * sum(r > REACH for r in vague) / len(names):.1f} %",
        "comments per 100 lines": f"{100 * sum(comments(text) for text in modules.values()) / written:.1f}",
        **{f"files that name {word}": str(naming(word)) for word in (*FINDINGS, *FORMATS)},
    }


def walk() -> tuple[int, int]:
    """Count the functions and files of the package that run when an hour is staged for labels."""
    from eegvlm.lab.simulation import simulate_night
    from eegvlm.staging import StageOptions, Stager, stage_file

    ran: set[tuple[str, str]] = set()

    def see(frame, event, _argument) -> None:
        file = frame.f_code.co_filename
        if event == "call" and "/eegvlm/" in file and not frame.f_code.co_name.startswith("<"):
            ran.add((file, frame.f_code.co_qualname))

    with tempfile.TemporaryDirectory() as folder:
        night = Path(folder, "night.edf")
        simulate_night(seed=1, hours=1).write(night)
        sys.setprofile(see)
        try:
            stage_file(
                night,
                Path(folder, "staged"),
                stager=Stager.from_pretrained("nano"),
                options=StageOptions(explain="none", formats=("csv",)),
            )
        finally:
            sys.setprofile(None)
    return len(ran), len({file for file, _ in ran})


def table(revisions: list[str], compute: Callable[[str], dict[str, str]]) -> str:
    """Write a Markdown table, a column a revision."""
    columns = [compute(revision) for revision in revisions]
    rows = dict.fromkeys(key for column in columns for key in column)
    head = f"| | {' | '.join(revisions)} |\n|---|{'---|' * len(revisions)}"
    return "\n".join([head, *(f"| {row} | {' | '.join(column.get(row, '-') for column in columns)} |" for row in rows)])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs="+", help="what git knows: a tag, a branch, a commit")
    parser.add_argument("--walk", action="store_true", help="also stage an hour by the installed code")
    arguments = parser.parse_args()
    print(table(arguments.revisions, figures))
    print()
    print(
        table(
            arguments.revisions,
            lambda revision: {
                room: f"{files} files, {lines:,} lines" for room, (files, lines) in rooms(sources(revision)).items()
            },
        )
    )
    if arguments.walk:
        functions_run, files_run = walk()
        print(f"\nStaging for labels runs {functions_run} functions in {files_run} files of the package.")


if __name__ == "__main__":
    main()
