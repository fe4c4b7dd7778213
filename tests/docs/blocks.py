"""The blocks of code in a page: fenced ones, and indented ones that begin with a command."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHELL = frozenset({"bash", "sh", "shell", "console"})
NOT_CODE = frozenset({"", "text", "json", "toml", "yaml", "dockerfile"})
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)\s*$")
_COMMAND = re.compile(r"^ {4,}(?:eegvlm|python3?|pip|pipx|uv|docker) ")
_NOT_RUN = re.compile(r"^\s*<!-- not run: (?P<reason>.+) -->\s*$")


@dataclass
class Block:
    """One block, where it begins, and why it is not run, if the page says so."""

    page: str
    line: int
    language: str
    lines: list[str] = field(default_factory=list)
    not_run: str | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command of a shell block; comments are left out, continued lines joined."""
        joined = re.sub(r"\\\n\s*", " ", self.text)
        return [words for line in joined.splitlines() if (words := shlex.split(line, comments=True))]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Name the pages whose blocks are promises to a reader."""
    docs = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return ["README.md", "CONTRIBUTING.md", *docs]


def blocks_of(page: str, text: str | None = None) -> list[Block]:
    """Return a page's blocks in the order in which they stand."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines() if text is None else text.splitlines()
    found: list[Block] = []
    reason: str | None = None
    place = 0
    while place < len(lines):
        line = lines[place]
        if fence := _FENCE.match(line):
            block = Block(page, place + 1, fence["language"], not_run=reason)
            place += 1
            while place < len(lines) and lines[place].strip() != "```":
                block.lines.append(lines[place].removeprefix(fence["indent"]))
                place += 1
            found.append(block)
            reason = None
        elif _COMMAND.match(line) and not (place and lines[place - 1].strip()):
            block = Block(page, place + 1, "bash", not_run=reason)
            while place < len(lines) and lines[place].startswith("    "):
                block.lines.append(lines[place].strip())
                place += 1
            found.append(block)
            reason = None
            continue
        elif mark := _NOT_RUN.match(line):
            reason = mark["reason"]
        elif line.strip():
            reason = None
        place += 1
    return found
