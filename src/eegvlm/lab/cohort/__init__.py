"""Many nights: a work list, a journal, engines that run it, and a summary.

The door of the room: :func:`find_nights` names the nights of an input, :func:`stage_cohort` stages those that are not
finished, on one of the engines :class:`InProcess`, :class:`LocalLocalProcesses` and :class:`RayCluster`, into an
:func:`open_output`. Not covered: a scheduler; Ray and Slurm are used as they are.
"""

from __future__ import annotations

from eegvlm.lab.cohort.engine import Engine, InProcess, Task, Worker
from eegvlm.lab.cohort.journal import CohortJournal
from eegvlm.lab.cohort.night import CohortNight, NightOutcome
from eegvlm.lab.cohort.output import LocalOutput, Output, open_output
from eegvlm.lab.cohort.processes import LocalProcesses
from eegvlm.lab.cohort.ray_cluster import RayCluster
from eegvlm.lab.cohort.remote_output import RemoteOutput
from eegvlm.lab.cohort.run import Standing, Tally, stage_cohort, standing
from eegvlm.lab.cohort.shards import Shard, parse_shard, slurm_recipe
from eegvlm.lab.cohort.task import StagingPlan, StagingTask
from eegvlm.lab.cohort.work_list import WorkList, find_nights

__all__ = [
    "CohortJournal",
    "CohortNight",
    "Engine",
    "InProcess",
    "LocalOutput",
    "LocalProcesses",
    "NightOutcome",
    "Output",
    "RayCluster",
    "RemoteOutput",
    "Shard",
    "StagingPlan",
    "StagingTask",
    "Standing",
    "Tally",
    "Task",
    "WorkList",
    "Worker",
    "find_nights",
    "open_output",
    "parse_shard",
    "slurm_recipe",
    "stage_cohort",
    "standing",
]
