"""Results and recordings behind URLs: an S3-compatible store on this machine, where s3fs and moto are installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from cohort_tasks import FakeTask, made_up_nights, stagings

from eegvlm.errors import InputError
from eegvlm.lab.cohort import LocalOutput, RemoteOutput, Shard, find_nights, open_output, stage_cohort
from eegvlm.lab.cohort.remote_inputs import local_copy


@pytest.fixture(params=["memory", "s3"])
def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return an empty folder behind a URL."""
    if request.param == "memory":
        from fsspec.implementations.memory import MemoryFileSystem

        MemoryFileSystem.store.clear()
        yield "memory://bucket/study"
        return
    pytest.importorskip("s3fs")
    server_module = pytest.importorskip("moto.server")
    import s3fs

    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"bucket-{uuid4().hex}"  # the servers of one process share what they hold
    s3fs.S3FileSystem().mkdir(bucket)
    yield f"s3://{bucket}/study"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def read(url: str, name: str) -> bytes:
    import fsspec

    with fsspec.open(f"{url}/{name}", "rb") as stream:
        return bytes(stream.read())


def test_a_cohort_behind_a_url_has_the_files_of_one_in_a_folder(url: str, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    nights = made_up_nights(6)
    remote, local = open_output(url), LocalOutput(tmp_path / "out")
    for output in (remote, local):
        stage_cohort(nights, FakeTask(output, tmp_path / "log"), output)
    for file in sorted(file for file in local.root.rglob("*") if file.is_file() and "journal" not in file.name):
        assert read(url, file.relative_to(local.root).as_posix()) == file.read_bytes()


def test_nights_behind_a_url_are_staged_once_and_shards_share_them(url: str, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    nights = made_up_nights(8)
    output = open_output(url)
    task = FakeTask(output, tmp_path / "log")
    assert sum(stage_cohort(nights, task, output, shard=Shard(k, 2)).staged for k in (1, 2)) == 8
    assert stage_cohort(nights, task, output).finished_before == 8
    changed = [replace(nights[0], stamp="changed"), *nights[1:]]
    assert stage_cohort(changed, task, output).staged == 1
    assert stage_cohort(changed, task, output).staged == 0
    assert stagings(task.log) == {night.name: 1 + (night is nights[0]) for night in nights}


def test_a_run_that_was_killed_before_its_journal_was_packed_goes_on(url: str, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    first, second = made_up_nights(2)
    output = open_output(url)
    assert isinstance(output, RemoteOutput)
    task = FakeTask(output, tmp_path / "log")
    import fsspec

    entry = task.start()(first).to_entry()
    fsspec.open(f"{url}/journal/journal.{1:020d}-abc.jsonl", "wb").open().close()
    with fsspec.open(f"{url}/journal/journal.{2:020d}-abc.jsonl", "wb") as stream:
        stream.write(json.dumps(entry).encode() + b"\n")
    tally = stage_cohort([first, second], task, output)
    assert (tally.finished_before, tally.staged) == (1, 1)


def test_recordings_behind_a_url_are_named_by_their_path_and_copied_to_be_staged(url: str) -> None:
    import fsspec

    for name in ("a/night.edf", "b/night.edf", "b/night-Hypnogram.edf", "b/notes.txt"):
        with fsspec.open(f"{url}/in/{name}", "wb") as stream:
            stream.write(name.encode())
    nights = find_nights([f"{url}/in"]).nights
    assert [night.name for night in nights] == ["a/night", "b/night"]
    with local_copy(nights[1].recording) as path:
        assert path.name == "night.edf"
        assert path.read_bytes() == b"b/night.edf"
    assert not path.exists()
    assert [night.name for night in find_nights([f"{url}/in/*/night.edf"]).nights] == ["a/night", "b/night"]


def test_a_url_of_an_unknown_scheme_is_refused_before_the_work() -> None:
    with pytest.raises(InputError, match="gopher"):
        open_output("gopher://bucket/out")
