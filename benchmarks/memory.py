"""Peak memory of staging a long recording: 24 h, 40 channels, 512 Hz (a file of 3.5 GB).

    python benchmarks/memory.py

Seven channels hold noise and are read: three EEG, two EOG, chin and ECG. The others hold zeros, for which a disk that
can leave out zeros needs no room. The aim is 0.6 GiB.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

READ = ("EEG C4-M1", "EEG F4-M1", "EEG O2-M1", "EOG E1-M2", "EOG E2-M2", "EMG chin", "ECG")


def write_long_edf(path: Path, *, hours: float, channels: int, rate: int) -> None:
    """Write an EDF whose first channels are noise with the slope of EEG and whose others are flat."""
    records, labels = round(hours * 3600), [*READ, *[f"X{i}" for i in range(len(READ), channels)]]
    fields = [
        ("0", 8), ("X X X X", 80), ("Startdate 01-JAN-2001 X X X", 80), ("01.01.01", 8), ("22.00.00", 8),
        (str(256 * (channels + 1)), 8), ("", 44), (str(records), 8), ("1", 8), (str(channels), 4),
    ]  # fmt: skip
    header = "".join(text.ljust(width) for text, width in fields)
    columns = [labels, [""] * channels, ["uV"] * channels, ["-500"] * channels, ["500"] * channels]
    columns += [["-32768"] * channels, ["32767"] * channels, [""] * channels, [str(rate)] * channels, [""] * channels]
    for values, width in zip(columns, (16, 80, 8, 8, 8, 8, 8, 80, 8, 32), strict=True):
        header += "".join(value.ljust(width) for value in values)
    rng = np.random.default_rng(0)
    walk = rng.standard_normal((len(READ), 600, rate))
    noise = (lfilter([1], [1, -0.99], walk.reshape(len(READ), -1)).reshape(walk.shape) * 200).astype("<i2")
    size = rate * channels * 2
    with path.open("wb") as stream:
        stream.write(header.encode("ascii"))
        start = stream.tell()
        stream.truncate(start + records * size)
        for record in range(records):
            stream.seek(start + record * size)
            stream.write(noise[:, record % 600].tobytes())


def main() -> None:
    """Print the peak resident memory of the whole process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--channels", type=int, default=40)
    parser.add_argument("--rate", type=int, default=512)
    parser.add_argument("--model", default="nano")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        night = Path(folder, "long.edf")
        write_long_edf(night, hours=arguments.hours, channels=arguments.channels, rate=arguments.rate)
        print(f"file: {night.stat().st_size / 2**30:.2f} GiB")
        command = [sys.executable, "-m", "eegvlm", "stage", str(night), "--out", str(Path(folder, "out")), "--quiet"]
        command += ["--model", arguments.model]
        subprocess.run(command, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"peak resident memory of the process: {peak:.2f} GiB (aim 0.6)")


if __name__ == "__main__":
    main()
