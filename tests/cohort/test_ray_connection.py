"""What is said where a Ray cluster cannot be reached; Ray itself is stood in for."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from cohort_tasks import FakeTask, made_up_nights

from eegvlm.errors import InputError
from eegvlm.lab.cohort import LocalOutput, RayCluster, ray_cluster


def _ray_that_fails(cause: str) -> SimpleNamespace:
    def init(**_: object) -> None:
        raise ConnectionError("Failed to connect to Ray cluster at 127.0.0.1:6379") from RuntimeError(cause)

    return SimpleNamespace(init=init)


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        ("provide it as the `RAY_AUTH_TOKEN` environment variable", "asks for a token: set RAY_AUTH_MODE=token"),
        ("connection refused", "check that the cluster runs there"),
    ],
)
def test_a_cluster_that_refuses_says_whether_it_wants_a_token(cause, remedy, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ray_cluster, "_ray", lambda: _ray_that_fails(cause))
    task = FakeTask(LocalOutput(tmp_path), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(InputError, match=f"Ray cluster: Failed to connect.*{remedy}"):
            list(RayCluster(address).run(task, made_up_nights(1)))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "[::1]:1", "127.0.0.1:99999"])
def test_an_address_where_nothing_listens_is_refused_before_ray_tries(address, monkeypatch, tmp_path: Path) -> None:
    def init(**_: object) -> None:
        raise AssertionError("Ray was asked")

    monkeypatch.setattr(ray_cluster, "_ray", lambda: SimpleNamespace(init=init))
    task = FakeTask(LocalOutput(tmp_path), tmp_path)
    with pytest.raises(InputError, match=r"Ray cluster: .*check that the cluster runs there"):
        list(RayCluster(address).run(task, made_up_nights(1)))
