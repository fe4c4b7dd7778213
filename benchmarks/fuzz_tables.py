"""What becomes of scorings written as tables in many dialects: read back to the epoch, refused, or read wrongly.

    python benchmarks/fuzz_tables.py [--first 0] [--count 20000] [--verbose]

The dialects and what counts as different are those of ``tests/hypnogram/table_dialects.py``. Prints the outcomes of
each dialect, the seeds of what was read wrongly, and with ``--verbose`` why tables were refused. One process, no model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "hypnogram"))

from table_dialects import difference, random_table

from eegvlm.errors import InputError
from eegvlm.hypnogram import read_hypnogram


def outcome_of(seed: int, path: Path) -> tuple[str, str, str]:
    """Return the dialect of a table, its outcome, and the sentence that explains it."""
    table = random_table(seed)
    path.write_bytes(table.text.encode())
    try:
        read = read_hypnogram(path, **table.options)
    except InputError as error:
        return table.dialect, "refused", str(error).removeprefix(f"{path}: ")
    # Whatever else is raised is a finding, and the campaign goes on.
    except Exception as error:
        return table.dialect, "failed", f"{type(error).__name__}: {error}"
    different = difference(table, read)
    return table.dialect, "different" if different else "read", different or ""


def main() -> None:
    """Read the tables and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--count", type=int, default=20_000, help="number of tables")
    parser.add_argument("--verbose", action="store_true", help="print why tables were refused")
    arguments = parser.parse_args()
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reasons: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.first, arguments.first + arguments.count):
            dialect, outcome, why = outcome_of(seed, Path(folder) / "table.csv")
            outcomes[dialect][outcome] += 1
            reasons[dialect, outcome].append(f"seed {seed}: {why}")
    kinds = ("read", "refused", "different", "failed")
    print(f"{'dialect':34s}" + "".join(f"{kind:>11s}" for kind in kinds))
    for dialect, counts in sorted(outcomes.items()):
        print(f"{dialect:34s}" + "".join(f"{counts[kind]:11d}" for kind in kinds))
        for kind in ("different", "failed", *(["refused"] if arguments.verbose else [])):
            for reason in reasons[dialect, kind][:3]:
                print(f"    {kind}, {reason}")
    total = sum(outcomes.values(), Counter())
    print(f"{'all':34s}" + "".join(f"{total[kind]:11d}" for kind in kinds))


if __name__ == "__main__":
    main()
