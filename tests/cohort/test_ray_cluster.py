"""A Ray cluster of three nodes on this machine, one of which is killed in the middle; where ray is installed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from cohort_tasks import FakeTask, made_up_nights, stagings

from eegvlm.errors import InputError
from eegvlm.lab.cohort import InProcess, LocalOutput, RayCluster, stage_cohort

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch):
    """Return a cluster whose head runs no workers, and its three nodes."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    places = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "src"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    yield started, [started.add_node(num_cpus=1) for _ in range(3)]
    started.shutdown()


def test_a_node_that_is_killed_loses_no_night_and_results_equal_those_of_one_process(cluster, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    nights = made_up_nights(40)
    started, nodes = cluster
    output = LocalOutput(tmp_path / "out")
    task = FakeTask(output, tmp_path / "log", seconds=0.3)

    def kill_one(done: int, failed: int, total: int) -> None:
        if done == 10:
            started.remove_node(nodes.pop(), allow_graceful=False)

    tally = stage_cohort(nights, task, output, engine=RayCluster(started.address), progress=kill_one)
    assert (tally.staged, tally.failed) == (40, 0)
    assert stagings(task.log) == {night.name: 1 for night in nights}
    alone = LocalOutput(tmp_path / "alone")
    stage_cohort(nights, replace(task, output=alone, seconds=0), alone, engine=InProcess())
    for night in nights:
        for file in (alone.root / night.name).iterdir():
            assert (output.root / night.name / file.name).read_bytes() == file.read_bytes()


def test_a_cluster_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    output = LocalOutput(tmp_path / "out")
    with pytest.raises(InputError, match="Ray cluster"):
        stage_cohort(made_up_nights(1), FakeTask(output, tmp_path), output, engine=RayCluster("127.0.0.1:1"))
