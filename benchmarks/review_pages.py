"""How long the review takes to open a night and to page through it, over the server's own requests.

    python benchmarks/review_pages.py [--hours 24] [--channels 40] [--rate 512] [--width 1600] [--pages 9]

Writes an EDF file of noise of that size (3.5 GB as it stands) into a temporary folder, prepares its review, and prints
the milliseconds that requests take through the application, without the network: what the page needs to open, then
pages of several lengths, with the samples as recorded and with a filter of 0.3 to 35 Hz and a notch on every row.
Pages lie far from each other. The file was just written, so that the system has as much of it in memory as fits. Last
stand the seconds until the overview of the whole night is complete, and the peak memory. Filtered pages of 300 s are
also asked for with the filter that staging runs on, in turn with the page's own; of these the time of the processor is
printed, all threads together, which does not depend on what else the machine does. Needs the extra ``review`` and
httpx.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
from starlette.testclient import TestClient

from eegvlm.review.app import make_app
from eegvlm.review.description import prepare
from eegvlm.review.page_filter import PageFilter, Samples
from eegvlm.review.work_list import ReviewList
from eegvlm.signals import read_recording
from eegvlm.signals.filters import convolve

LENGTHS_S = (10, 30, 60, 120, 300)
FILTERS = {"as recorded": {"low": None, "high": None}, "0.3-35 Hz, notch": {"low": 0.3, "high": 35.0, "notch": 50.0}}
LABELS = ("EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EOG E1-M2", "EOG E2-M2", "EMG chin", "ECG")
_MINUTE = 60


def write_noise(file: Path, *, hours: float, channels: int, rate: int) -> None:
    """Write an EDF file of records of a second; one minute of noise is repeated."""
    labels = [LABELS[k] if k < len(LABELS) else f"Signal {k}" for k in range(channels)]
    records = round(hours * 60) * _MINUTE
    head = "".join(
        [
            "0".ljust(8),
            "X X X X".ljust(80),
            "Startdate 02-MAR-2024 X X X".ljust(80),
            "02.03.2422.30.15",
            str(256 * (channels + 1)).ljust(8),
            "".ljust(44),
            str(records).ljust(8),
            "1".ljust(8),
            str(channels).ljust(4),
        ]
    )
    fields = (
        (None, 16),
        ("", 80),
        ("uV", 8),
        (-3276.8, 8),
        (3276.7, 8),
        (-32768, 8),
        (32767, 8),
        ("", 80),
        (rate, 8),
        ("", 32),
    )
    for value, width in fields:
        head += "".join(str(label if value is None else value).ljust(width) for label in labels)
    noise = np.random.default_rng(0).normal(0, 200, (_MINUTE, channels * rate)).astype("<i2").tobytes()
    with file.open("wb") as stream:
        stream.write(head.encode())
        for _ in range(records // _MINUTE):
            stream.write(noise)


def milliseconds(request: Callable[[], Any]) -> float:
    """Return how long a request takes."""
    begin = time.perf_counter()
    request().raise_for_status()
    return 1000 * (time.perf_counter() - begin)


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--channels", type=int, default=40)
    parser.add_argument("--rate", type=int, default=512)
    parser.add_argument("--width", type=int, default=1600)
    parser.add_argument("--pages", type=int, default=9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "night.edf"
        write_noise(file, hours=asked.hours, channels=asked.channels, rate=asked.rate)
        prepare(Path(folder) / "night", read_recording(file))
        nights = ReviewList([Path(folder) / "night"])
        client = TestClient(make_app(nights, lambda: None))
        print(f"open: {milliseconds(lambda: client.get('/api/nights/0')):.0f} ms")
        rows = client.get("/api/nights/0").json()["montage"]
        for name, filters in FILTERS.items():
            for length in LENGTHS_S:
                starts = np.linspace(0, asked.hours * 3600 - length, asked.pages + 2)[1:-1]
                times = [_page(client, rows, filters, float(start), length, asked.width) for start in starts]
                print(f"{name}, {length} s: median {median(times):.0f}, longest {max(times):.0f} ms")
        _compare_filters(client, rows, asked)
        _overview(client, rows, asked)
        nights.close()
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _page(
    client: TestClient, rows: list[dict[str, Any]], filters: dict[str, Any], start: float, length: int, width: int
) -> float:
    body = {"rows": [row | filters for row in rows], "start_s": start, "stop_s": start + length, "width": width}
    return milliseconds(lambda: client.post("/api/nights/0/page", json=body))


def _compare_filters(client: TestClient, rows: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    filters, length = FILTERS["0.3-35 Hz, notch"], LENGTHS_S[-1]
    times: dict[str, list[float]] = {"staging": [], "page": []}
    for start in np.linspace(0, arguments.hours * 3600 - length, arguments.pages + 2)[1:-1]:
        for name, taken in times.items():
            with mock.patch.object(PageFilter, "apply", _apply_as_staging) if name == "staging" else nullcontext():
                begin = time.process_time()
                _page(client, rows, filters, float(start), length, arguments.width)
                taken.append(1000 * (time.process_time() - begin))
    ratio = median(new / old for old, new in zip(times["staging"], times["page"], strict=True))
    medians = ", ".join(f"{name} {median(taken):.0f} ms" for name, taken in times.items())
    print(f"filtered pages of {length} s, time of the processor by the filter of: {medians}; ratio {ratio:.2f}")


def _apply_as_staging(self: PageFilter, samples: Samples) -> Samples:
    return convolve(samples, self.taps)


def _overview(client: TestClient, rows: list[dict[str, Any]], asked: argparse.Namespace) -> None:
    filters, begin = FILTERS["as recorded"], time.perf_counter()
    body = {"rows": [row | filters for row in rows], "start_s": 0, "stop_s": asked.hours * 3600, "width": asked.width}
    first = milliseconds(lambda: client.post("/api/nights/0/page", json=body))
    while b'"complete": 0' in client.post("/api/nights/0/page", json=body).content:
        time.sleep(0.2)
    print(f"whole night: first answer {first:.0f} ms, complete after {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
