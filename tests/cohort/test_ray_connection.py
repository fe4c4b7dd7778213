"""What is said where a Ray cluster cannot be reached; Ray itself is stood in for."""

from __future__ import annotations

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
    with pytest.raises(InputError, match=f"Ray cluster: Failed to connect.*{remedy}"):
        list(RayCluster("127.0.0.1:6379").run(task, made_up_nights(1)))
