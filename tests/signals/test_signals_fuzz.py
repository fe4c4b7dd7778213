"""Whatever the bytes are: a recording or an input error, never another exception."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.signals import read_recording

Maker = Callable[..., Any]
MANY = settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=["EDF", "EDF+C", "EDF+D", "BDF"])
def valid(request: pytest.FixtureRequest, edf: Maker, lead: Maker, tmp_path: Path) -> Path:
    kind, _, plus = request.param.partition("+")
    leads = [
        lead("EEG C4", seconds=40, rate=50),
        lead("M1", seconds=40, rate=50, seed=1),
        lead("SpO2", seconds=40, rate=10),
    ]
    onsets = [f"+{second}" for second in range(40)] if plus else None
    path = edf(leads, kind=kind, plus=plus, onsets=onsets).write(tmp_path / "valid.edf")
    assert isinstance(path, Path)
    return path


def try_to_read(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(content)
    refusal = _refusal(path)
    if refusal is not None:
        assert refusal.startswith(str(path))
        assert "\n" not in refusal


def _refusal(path: Path) -> str | None:
    try:
        recording = read_recording(path)
        recording.describe()
        for channel in recording.channels[:3]:
            if recording.n_epochs < 10_000:
                recording.epochs(channel, rate=20, band=(None, 5.0), count=min(2, recording.n_epochs))
    except InputError as error:
        return str(error)
    return None


def test_the_file_that_is_damaged_below_is_readable(valid: Path) -> None:
    assert read_recording(valid).problems == ()


@MANY
@given(content=st.binary(max_size=2000))
def test_random_bytes(content: bytes, tmp_path: Path) -> None:
    try_to_read(content, tmp_path)


@MANY
@given(content=st.binary(max_size=2000), magic=st.sampled_from([b"0       ", b"\xffBIOSEMI"]))
def test_random_bytes_behind_a_valid_beginning(content: bytes, magic: bytes, tmp_path: Path) -> None:
    try_to_read(magic + content, tmp_path)


@MANY
@given(length=st.integers(0, 20_000))
def test_truncation_anywhere(length: int, valid: Path, tmp_path: Path) -> None:
    try_to_read(valid.read_bytes()[:length], tmp_path)


BYTES = st.sampled_from(list(b"0123456789.-+eE nai,")) | st.integers(0, 255)


@pytest.mark.slow
@MANY
@given(changes=st.lists(st.tuples(st.integers(8, 1023), BYTES), min_size=1, max_size=4))
def test_bytes_of_the_header_replaced(changes: list[tuple[int, int]], valid: Path, tmp_path: Path) -> None:
    content = bytearray(valid.read_bytes())
    for at, value in changes:
        content[at] = value
    try_to_read(bytes(content), tmp_path)


FIELDS = [b"-1", b"0", b"1e300", b"nan", b"inf", b"9E99", b"99999999", b"1e-9", b"", b"-0.5", b"\xff\xff"]


@MANY
@given(place=st.integers(0, 1000), field=st.sampled_from(FIELDS))
def test_whole_fields_of_the_header_replaced(place: int, field: bytes, valid: Path, tmp_path: Path) -> None:
    content = bytearray(valid.read_bytes())
    count = int(content[252:256])
    # date, time, header length, records, duration; then the eight-byte fields of each signal
    starts = [168, 176, 184, 236, 244]
    starts += [256 + count * offset + 8 * i for offset in (96, 104, 112, 120, 128, 216) for i in range(count)]
    at = starts[place % len(starts)]
    content[at : at + 8] = field.ljust(8)
    try_to_read(bytes(content), tmp_path)


@MANY
@given(place=st.integers(0, 20_000), inserted=st.binary(max_size=50), skipped=st.integers(0, 50))
def test_bytes_of_the_data_replaced_or_inserted(
    place: int, inserted: bytes, skipped: int, valid: Path, tmp_path: Path
) -> None:
    content = valid.read_bytes()
    at = 256 * (1 + int(content[252:256])) + place
    try_to_read(content[:at] + inserted + content[at + skipped :], tmp_path)
