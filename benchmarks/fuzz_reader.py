"""What becomes of damaged recordings: thousands of seeded mutations of small files, read as staging reads them.

    python benchmarks/fuzz_reader.py [--first 0] [--count 10000] [--real FOLDER] [--out outcomes.jsonl]

Each damaged file is opened, described, its channels picked and all its epochs computed, in a process of limited
address space and time. Prints a table of the outcomes and the seeds of the findings; a campaign is resumed with
``--out``, which keeps the outcomes and is read again. The mutations and the classes are those of ``tests/signals``.
Needs Linux.

With ``--real`` the recordings below FOLDER (EDF, BDF, at most 2 MB, readable) are damaged as well.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "signals"))

from damage_outcomes import FINDINGS, Outcome, judge_damage, read_as_staging_does
from mutations import mutate
from small_recordings import SMALL_RECORDINGS

from eegvlm.errors import InputError

_LARGEST_REAL = 2_000_000
_MEMORY = 768 << 20
_TIME_S = 20.0
Case = dict[str, str | int]


def sound_files(real: Path | None) -> dict[str, bytes]:
    """Return the files to be damaged: name to content."""
    files = {name: make().to_bytes() for name, make in SMALL_RECORDINGS.items()}
    for path in sorted(real.rglob("*")) if real else ():
        if path.suffix.lower() in (".edf", ".bdf") and path.stat().st_size <= _LARGEST_REAL:
            try:
                read_as_staging_does(path)
            except InputError:
                continue
            files[str(path.relative_to(real))] = path.read_bytes()
    return files


def worker(files: dict[str, bytes], folder: str, cases: Connection) -> None:
    """Judge the seeds that arrive, each within the memory that is left to this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    path = Path(folder, f"{os.getpid()}.edf")
    before = {}
    for name, content in files.items():
        path.write_bytes(content)
        before[name] = read_as_staging_does(path)
    limit = pages * resource.getpagesize() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    cases.send("ready")
    while True:
        seed = cases.recv()
        name = list(files)[seed % len(files)]
        content, mutations = mutate(files[name], seed)
        path.write_bytes(content)
        outcome, detail = judge_damage(path, before[name])
        done = "; ".join(f"{mutation.kind}: {mutation.detail}" for mutation in mutations)
        kinds = " + ".join(mutation.kind for mutation in mutations)
        cases.send({"seed": seed, "file": name, "outcome": outcome, "detail": detail, "kind": kinds, "mutation": done})


class Campaign:
    """Hands seeds to a worker and starts another one where it hangs or dies."""

    def __init__(self, files: dict[str, bytes], folder: str) -> None:
        self.files, self.folder = files, folder
        self.process: multiprocessing.Process | None = None

    def _start(self) -> None:
        self.cases, end = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=worker, args=(self.files, self.folder, end), daemon=True)
        self.process.start()
        end.close()
        self.cases.recv()

    def judge(self, seed: int) -> Case:
        """Return the outcome of one seed."""
        if self.process is None:
            self._start()
        try:
            self.cases.send(seed)
            if self.cases.poll(_TIME_S):
                result: Case = self.cases.recv()
                return result
            outcome = Outcome.HANG
        except (EOFError, BrokenPipeError, ConnectionResetError):
            outcome = Outcome.MEMORY
        self.close()
        name = list(self.files)[seed % len(self.files)]
        mutations = mutate(self.files[name], seed)[1]
        done = "; ".join(f"{mutation.kind}: {mutation.detail}" for mutation in mutations)
        kinds = " + ".join(mutation.kind for mutation in mutations)
        return {"seed": seed, "file": name, "outcome": outcome, "detail": "", "kind": kinds, "mutation": done}

    def close(self) -> None:
        """End the worker."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def table(cases: list[Case]) -> str:
    """Format the outcomes by file, as Markdown."""
    names = list(dict.fromkeys(str(case["file"]) for case in cases))
    counts = Counter((case["outcome"], case["file"]) for case in cases)
    lines = [f"| outcome | {' | '.join(names)} | all |", f"|---|{'---:|' * (len(names) + 1)}"]
    for outcome in Outcome:
        row = [counts[outcome, name] for name in names]
        lines.append(f"| {outcome} | {' | '.join(map(str, row))} | {sum(row)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the campaign and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--real", type=Path, help="folder of recordings to be damaged as well")
    parser.add_argument("--out", type=Path, help="JSON lines, one a seed; seeds in it are not run again")
    arguments = parser.parse_args()
    files = sound_files(arguments.real)
    done = arguments.out.read_text().splitlines() if arguments.out and arguments.out.exists() else []
    known: dict[int, Case] = {case["seed"]: case for case in map(json.loads, done)}
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(files, folder)
        for seed in range(arguments.first, arguments.first + arguments.count):
            case = known.get(seed) or campaign.judge(seed)
            cases.append(case)
            if arguments.out and seed not in known:
                with arguments.out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(case, ensure_ascii=True) + "\n")
        campaign.close()
    print(f"Seeds {arguments.first} to {arguments.first + arguments.count - 1}, {len(files)} files\n")
    print(table(cases))
    findings = [case for case in cases if case["outcome"] in FINDINGS]
    if findings:
        groups = Counter((case["outcome"], case["detail"], case["kind"]) for case in findings)
        print("\n| finding | what differs | damage | times |\n|---|---|---|---:|")
        for (outcome, detail, kind), count in groups.most_common():
            print(f"| {outcome} | {detail} | {kind} | {count} |")
        print("\n| seed | file | finding | what differs | damage |\n|---:|---|---|---|---|")
        for case in findings:
            told = str(case["mutation"]).replace("|", "\\|")
            print(f"| {case['seed']} | {case['file']} | {case['outcome']} | {case['detail']} | {told} |")


if __name__ == "__main__":
    main()
