"""A long recording of many channels is read a stretch of one channel at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WALK = """
import sys
from pathlib import Path
from eegvlm.signals import read_recording
from eegvlm.signals.channel import as_recorded
from eegvlm.signals import Role
recording = read_recording(sys.argv[1])
channel = as_recorded(recording.source, 7, Role.OTHER)
assert recording.n_epochs == 2880
for first in range(0, 2880, 96):
    recording.epochs(channel, rate=100, band=(0.3, 35.0), first=first, count=96)
status = Path("/proc/self/status").read_text()  # the peak since exec; ru_maxrss would hold the parent's too
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_day_of_forty_channels_at_512_hz_is_walked_in_little_memory(
    edf: Callable[..., Any], lead: Callable[..., Any], tmp_path: Path
) -> None:
    leads = [lead(f"x{number}", seconds=1, rate=512) for number in range(40)]
    path = edf(leads, n_records=86_400).write(tmp_path / "day.edf")
    with path.open("r+b") as file:
        file.truncate(256 * 41 + 86_400 * 40 * 512 * 2)
    result = subprocess.run([sys.executable, "-c", WALK, str(path)], check=True, capture_output=True, text=True)
    assert int(result.stdout) < 300
