"""Nothing that only POSIX systems have is used without a guard: the package imports and runs on Windows, too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import eegvlm

_SOURCE = Path(eegvlm.__file__).parent
_MODULES = frozenset(
    {"crypt", "fcntl", "grp", "nis", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog", "termios", "tty"}
)
_CALLS = {
    "os": frozenset(
        {
            "fork",
            "forkpty",
            "geteuid",
            "getuid",
            "getgid",
            "getegid",
            "getpgid",
            "killpg",
            "setsid",
            "sched_getaffinity",
        }
        | {
            "sched_getaffinity",
            "sched_setaffinity",
            "O_DIRECTORY",
            "O_NOFOLLOW",
            "O_NONBLOCK",
            "O_SYNC",
            "posix_fadvise",
        }
        | {"pread", "pwrite", "preadv", "pwritev", "mkfifo", "mknod", "nice", "chown", "fchown", "lchown", "chroot"}
        | {
            "statvfs",
            "sysconf",
            "uname",
            "getloadavg",
            "wait4",
            "WNOHANG",
            "sendfile",
            "getrusage",
            "memfd_create",
            "copy_file_range",
        }
    ),
    "signal": frozenset({"SIGKILL", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGQUIT", "SIGUSR1", "SIGPIPE", "alarm"}),
    "time": frozenset({"tzset", "clock_gettime"}),
}


def _unguarded(source: str) -> list[str]:
    """Return what a file uses that Windows lacks: imports outside of a try, names without a ``hasattr`` around."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def around(node: ast.AST) -> list[ast.AST]:
        found = []
        while node in parents:
            node = parents[node]
            found.append(node)
        return found

    lacking = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            caught = any(isinstance(outer, ast.Try) and _catches_import(outer) for outer in around(node))
            lacking += [f"line {node.lineno}: import {name}" for name in names if name in _MODULES and not caught]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr not in _CALLS.get(node.value.id, frozenset()):
                continue
            # the innermost function asks for the name by hasattr before it is used
            scope = next((outer for outer in around(node) if isinstance(outer, ast.FunctionDef)), tree)
            if not any(_asks(one, node.value.id, node.attr) for one in ast.walk(scope)):
                lacking.append(f"line {node.lineno}: {node.value.id}.{node.attr}")
    return lacking


def _catches_import(block: ast.Try) -> bool:
    return any("ImportError" in ast.unparse(handler.type) for handler in block.handlers if handler.type is not None)


def _asks(node: ast.AST, module: str, name: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node) == f"hasattr({module}, {name!r})"


def test_nothing_of_posix_is_used_without_a_guard():
    lacking = {
        file.relative_to(_SOURCE).as_posix(): found
        for file in _SOURCE.rglob("*.py")
        if (found := _unguarded(file.read_text(encoding="utf-8")))
    }
    assert lacking == {}


@pytest.mark.parametrize(
    ("source", "lacking"),
    [
        ("import fcntl", ["line 1: import fcntl"]),
        ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", []),
        ("def f():\n    os.fork()", ["line 2: os.fork"]),
        ("def f():\n    return os.getuid() if hasattr(os, 'getuid') else 0", []),
        ("os.kill(1, signal.SIGKILL)", ["line 1: signal.SIGKILL"]),
    ],
)
def test_what_lacks_a_guard_is_noticed(source, lacking):
    assert _unguarded(source) == lacking
