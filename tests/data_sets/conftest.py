"""A data set on a local server."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from dataset_server import HYPNOGRAM, NIGHT, PSG, SCORING, Server, handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a small Sleep-EDF with its list of checksums."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    one = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(one)) as http:
        http.daemon_threads = True
        one.url = f"http://127.0.0.1:{http.server_address[1]}/"
        one.files = {
            "RECORDS": b"sleep-cassette/SC4001E0-PSG.edf\n",
            "SC-subjects.xls": b"table",
            PSG: NIGHT,
            SCORING: HYPNOGRAM,
            "sleep-cassette/SC4001E0-PSG.edf.hyp": b"old form",
        }
        one.list()
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield one
        http.shutdown()
        thread.join()


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Give a set of files and folders that may not be read, also where an administrator runs the tests."""
    paths: set[Path] = set()

    def checked(plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *arguments: Any, **options: Any) -> Any:
            if Path(path) in paths:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
            return plain(path, *arguments, **options)

        return call

    monkeypatch.setattr(Path, "open", checked(Path.open))
    monkeypatch.setattr(os, "scandir", checked(os.scandir))
    return paths
