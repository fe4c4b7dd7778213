"""``python fsdp_on_cpu.py train ...`` is ``eegvlm train`` with FSDP2 on processors, which accelerate keeps for GPUs."""

from __future__ import annotations

from typing import Any

from accelerate import DistributedType, PartialState

from eegvlm.cli import main
from eegvlm.lab.training import parallel

create = parallel.accelerator_of


def as_if_on_gpus(*args: Any) -> Any:
    if PartialState().distributed_type != DistributedType.FSDP:  # as the first phase leaves it
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    accelerator = create(*args)
    assert parallel.sharding(accelerator) == "FSDP"
    return accelerator


if __name__ == "__main__":
    parallel.accelerator_of = as_if_on_gpus
    main()
