"""``python fsdp_on_cpu.py train ...`` is ``eegvlm train`` with FSDP2 on processors, which accelerate keeps for GPUs."""

from __future__ import annotations

from typing import Any

from accelerate import DistributedType, PartialState

from eegvlm.cli import main
from eegvlm.training.parallel import ParallelTrainer

create = ParallelTrainer.create_accelerator_and_postprocess


def as_if_on_gpus(trainer: Any) -> None:
    PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    create(trainer)
    assert trainer.is_fsdp_enabled


if __name__ == "__main__":
    ParallelTrainer.create_accelerator_and_postprocess = as_if_on_gpus
    main()
