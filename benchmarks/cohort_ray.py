"""``eegvlm cohort --ray`` with the packaged model on a cluster of three nodes, of which some are killed meanwhile.

    unshare -rn sh -c 'ip link set lo up; python benchmarks/cohort_ray.py --kills 1 --restart'

Every node is a ``ray start`` of its own on this machine, with one CPU. Ray takes 127.0.0.1 for the machine's address in
its network; ``unshare`` leaves it the loopback alone. Only who has the token of the run may use the cluster. Nights are
simulated, with one to seven channels. They are staged by one process first; each run on the cluster is then held
against that: how often the journal says that a night is done, and whether its files are the same to the byte
(``cohort.json`` and ``staging.json`` without their times). A node is killed with all its processes (SIGKILL) when a
third of the nights, or two thirds, are done. ``--kill-head`` kills the whole cluster in the middle instead, starts a
new one, and gives the same command again.

Linux alone: which processes are workers, and their memory, is read from ``/proc``. Not covered: machines with a network
between them, and GPUs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from eegvlm.lab.simulation import DEFAULT_CHANNELS, draw_subject, simulate_night

# the EEG first: without it nothing is staged
CHANNELS = ("EEG C4-M1", *(channel for channel in DEFAULT_CHANNELS if channel != "EEG C4-M1"))
TIMES = ("seconds", "timing", "read_s", "draw_s", "model_s", "measure_s")
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}


@dataclass
class Cluster:
    """A head and two more nodes, each a process group of one ``ray start --block``."""

    folder: Path
    port: int = 0
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    head: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self.port}"

    def start(self, nodes: int) -> None:
        """Start the head, and as many nodes beside it."""
        self.port = _free_port()
        self.head = self._start("--head", f"--port={self.port}", "--include-dashboard=false")
        for _ in range(nodes):
            self.add_node()

    def add_node(self) -> None:
        """Start another node."""
        self.nodes.append(self._start(f"--address={self.address}"))

    def kill_node(self) -> None:
        """Kill the oldest node that is not the head."""
        _kill_session(self.nodes.pop(0))

    def stop(self) -> None:
        """Kill every node and the head."""
        while self.nodes:
            self.kill_node()
        if self.head is not None:
            _kill_session(self.head)
            self.head = None

    def workers_mib(self) -> dict[int, tuple[float, float]]:
        """Return the peak and the present memory of each worker that holds a model, MiB by process."""
        leaders = {node.pid for node in (self.head, *self.nodes) if node is not None}
        return {
            pid: memory
            for pid in _processes()
            if _session(pid) in leaders and _title(pid).startswith("ray::_Actor") and (memory := _memory_mib(pid))
        }

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        command = [Path(sys.executable).with_name("ray"), "start", "--block", "--num-cpus=1", "--num-gpus=0"]
        command += ["--node-ip-address=127.0.0.1", "--object-store-memory=80000000", "--disable-usage-stats"]
        temporary = [f"--temp-dir={self.folder}/ray"] if "--head" in options else []
        path = self.folder / f"ray-{time.time_ns()}.log"
        with path.open("wb") as log:
            node = subprocess.Popen(
                [*command, *options, *temporary], env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True
            )
        _wait_for_start(node, path)
        return node


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_start(node: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        if "Ray runtime started" in log.read_text(errors="replace"):
            return
        if node.poll() is not None:
            break
        time.sleep(0.25)
    _kill_session(node)
    raise SystemExit(f"{log}: a node did not start\n{log.read_text(errors='replace')[-2000:]}")


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _memory_mib(pid: int) -> tuple[float, float] | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "Vm" in name}
    return (kib["VmHWM"] / 1024, kib["VmRSS"] / 1024) if "VmHWM" in kib else None


def _kill_session(leader: subprocess.Popen[bytes]) -> None:
    """Kill all processes of a node at once, as a machine that loses its power."""
    for pid in [pid for pid in _processes() if _session(pid) == leader.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    leader.wait()


def _write_nights(folder: Path, count: int, minutes: float) -> None:
    for number in range(count):
        channels = CHANNELS[: 1 + number % len(CHANNELS)]
        night = simulate_night(hours=minutes / 60, seed=number, channels=channels, subject=draw_subject(number))
        path = folder / f"ward-{number % 3}" / f"night-{number:03d}.edf"
        path.parent.mkdir(parents=True, exist_ok=True)
        night.write(path)
        path.with_suffix(".events.tsv").unlink()


def _cohort(nights: Path, out: Path, engine: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "eegvlm", "cohort", str(nights), "--out", str(out), "--explain", "none"]
    command += ["--formats", "csv", "--engine", engine, *options]
    with (out.parent / f"{out.name}.log").open("ab") as log:
        return subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log)


def _done(out: Path) -> Counter[str]:
    journal = out / "journal.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    return Counter(entry["night"] for entry in map(json.loads, lines) if entry.get("state") == "done")


def _without_times(path: Path) -> bytes:
    if path.suffix != ".json":
        return path.read_bytes()

    def stripped(value: object) -> object:
        if isinstance(value, dict):
            return {name: stripped(inner) for name, inner in value.items() if name not in TIMES}
        return value

    return json.dumps(stripped(json.loads(path.read_text()))).encode()


def _night_files(out: Path) -> dict[str, bytes]:
    """Return what every file of every night holds, by its path."""
    return {str(path.relative_to(out)): _without_times(path) for path in out.glob("ward-*/**/*") if path.is_file()}


def _compare(out: Path, alone: Path, count: int) -> str:
    done, files, expected = _done(out), _night_files(out), _night_files(alone)
    once = sum(times == 1 for times in done.values())
    same = sum(files.get(name) == content for name, content in expected.items())
    extra = len(files.keys() - expected.keys())
    left = sum(1 for path in out.rglob("*partial*"))
    return (
        f"{once} of {count} nights once, {sum(done.values())} in the journal; "
        f"{same} of {len(expected)} files equal, {extra} others, {left} unfinished"
    )


def _run_on(cluster: Cluster, nights: Path, out: Path, options: argparse.Namespace) -> None:
    """Stage on the cluster, kill nodes meanwhile, and print what came of it."""
    at = [options.nights * (k + 1) // (options.kills + 1) for k in range(options.kills)]
    start = time.perf_counter()
    process = _cohort(nights, out, options.engine, "--ray", cluster.address)
    peaks: dict[int, float] = {}
    first: dict[int, float] = {}
    first_done = 0.0
    while process.poll() is None:
        done = len(_done(out))
        first_done = first_done or (time.perf_counter() - start if done else 0.0)
        for pid, (peak, present) in cluster.workers_mib().items():
            peaks[pid] = peak
            if done:
                first.setdefault(pid, present)
        if at and done >= at[0]:
            at.pop(0)
            if options.kill_head:
                cluster.stop()
                continue
            cluster.kill_node()
            print(f"  a node killed after {done} nights, {time.perf_counter() - start:.1f} s", flush=True)
            if options.restart:
                cluster.add_node()
        time.sleep(0.2)
    wall = time.perf_counter() - start
    peaks_mib = ", ".join(f"{peak:.0f}" for peak in peaks.values())
    print(
        f"  status {process.returncode}, {wall:.1f} s, first night after {first_done:.1f} s, then "
        f"{(wall - first_done) / max(1, len(_done(out)) - 1):.2f} s a night; peak MiB of workers: {peaks_mib}",
        flush=True,
    )


def main() -> None:
    """Print seconds a night, the workers' memory, and what became of every night."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nights", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--kills", type=int, default=1, help="nodes killed in a run")
    parser.add_argument("--restart", action="store_true", help="start a new node for each that was killed")
    parser.add_argument("--kill-head", action="store_true", help="kill the whole cluster, and go on with a new one")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--engine", default="onnx", choices=("onnx", "torch"))
    parser.add_argument("--folder", type=Path, help="keeps nights and results between calls; a temporary one if absent")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ray-")))
        folder.mkdir(exist_ok=True)
        nights, alone = folder / "nights", folder / f"alone-{options.engine}"
        if not nights.exists():
            _write_nights(nights, options.nights, options.minutes)
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, engine {options.engine}")
        if not (alone / "summary.csv").exists():
            start = time.perf_counter()
            if _cohort(nights, alone, options.engine).wait():
                raise SystemExit((folder / f"{alone.name}.log").read_text())
            wall = time.perf_counter() - start
            print(f"one process: {wall:.1f} s, {wall / options.nights:.2f} s a night")
        for run in range(options.runs):
            out = folder / f"out-{run}"
            shutil.rmtree(out, ignore_errors=True)
            out.with_suffix(".log").unlink(missing_ok=True)
            cluster = Cluster(folder)
            stack.callback(cluster.stop)
            print(f"run {run + 1}: {options.kills} kills, restart {options.restart}, head {options.kill_head}")
            cluster.start(2)
            _run_on(cluster, nights, out, options)
            if options.kill_head:
                cluster.stop()
                cluster.start(2)
                _run_on(cluster, nights, out, argparse.Namespace(**{**vars(options), "kills": 0}))
            print(f"  {_compare(out, alone, options.nights)}", flush=True)
            cluster.stop()
            for log in folder.glob("ray-*.log"):
                log.unlink()
            shutil.rmtree(folder / "ray", ignore_errors=True)


if __name__ == "__main__":
    main()
