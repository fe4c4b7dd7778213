"""What an environment weighs, by package: run it with the Python of the environment.

    .venv/bin/python benchmarks/environment_size.py

Files are those that pip's records name, in MB of 1,000,000 bytes; what was compiled ahead (``*.pyc``) stands apart,
since an installer may leave it away. ``needed by`` are the packages that require a package without an extra.
"""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.metadata import distributions

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Print a row a package, the largest first, down to 1 MB."""
    sizes: dict[str, int] = {}
    compiled: dict[str, int] = {}
    needed_by: dict[str, set[str]] = defaultdict(set)
    for distribution in distributions():
        name = _normal(distribution.name)
        files = [(file.suffix == ".pyc", file.locate()) for file in distribution.files or ()]
        present = [(is_compiled, path.stat().st_size) for is_compiled, path in files if path.is_file()]
        sizes[name] = sum(size for is_compiled, size in present if not is_compiled)
        compiled[name] = sum(size for is_compiled, size in present if is_compiled)
        for requirement in distribution.requires or ():
            if "extra ==" not in requirement and (match := _NAME.match(requirement)):
                needed_by[_normal(match.group())].add(name)
    print(f"{'package':24} {'MB':>6} {'compiled':>8}  needed by")
    for name in sorted(sizes, key=lambda name: -sizes[name] - compiled[name]):
        if sizes[name] + compiled[name] >= 1e6:
            by = ", ".join(sorted(needed_by[name] & sizes.keys())) or "-"
            print(f"{name:24} {sizes[name] / 1e6:6.0f} {compiled[name] / 1e6:8.0f}  {by}")
    print(f"{'all':24} {sum(sizes.values()) / 1e6:6.0f} {sum(compiled.values()) / 1e6:8.0f}")


if __name__ == "__main__":
    main()
