"""Several processes that train one model: who writes, who waits, and which part of a batch is whose.

Started by ``accelerate launch`` or ``torchrun``. The main process alone makes nights, writes files and calibrates; the
others wait and then read what it wrote, so all of them have to see the folder of the run. Every process assembles
the same batches, as one process alone does, and computes its share of the rows: what is drawn, and how it is
augmented, cannot depend on how many there are.
"""

from __future__ import annotations

import atexit
import copy
import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import torch
from torch import distributed

from eegvlm.errors import InputError
from eegvlm.lab.training.recipe import Phase

T = TypeVar("T")
M = TypeVar("M", bound=torch.nn.Module)

# Making the nights of a large data set takes hours, for which collectives of the training itself must not wait.
_PATIENCE = timedelta(days=14)


@cache
def _patient() -> Any:
    return distributed.new_group(backend="gloo", timeout=_PATIENCE)


def _leave() -> None:
    """Close the connections to the other processes; their threads are gone after it.

    A thread of gloo that puts down its last tensor while the interpreter ends kills the process, whose work is done.
    """
    _patient.cache_clear()
    if distributed.is_initialized():
        distributed.destroy_process_group()
    gc.collect()  # a trainer, which holds groups too, is in cycles


@dataclass(frozen=True)
class Processes:
    """The processes of a run.

    Parameters
    ----------
    count, index
        How many there are, and which one this is; 0 is the main one.
    """

    count: int = 1
    index: int = 0

    @classmethod
    def join(cls) -> Processes:
        """Meet the other processes that the launcher started, until this one ends, or be the only one."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        from accelerate import PartialState  # type: ignore[import-untyped]

        state = PartialState(cpu=not torch.cuda.is_available())
        atexit.unregister(_leave)
        atexit.register(_leave)
        return cls(state.num_processes, state.process_index)

    @property
    def main(self) -> bool:
        """Whether this is the process that writes."""
        return self.index == 0

    @property
    def divides(self) -> bool:
        """Whether the launcher asks for weights to be divided among the processes (FSDP, DeepSpeed)."""
        kinds = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
        return self.count > 1 and any(os.environ.get(kind, "").lower() == "true" for kind in kinds)

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        if not torch.cuda.is_available():
            return torch.device("cpu")
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

    def on_main(self, work: Callable[[], T]) -> T | None:
        """Do something in the main process while the others wait; its error is raised in all of them.

        Returns
        -------
        object
            What ``work`` returned; ``None`` in the other processes.
        """
        if self.count == 1:
            return work()
        result, failure = None, None
        if self.main:
            try:
                result = work()
            except InputError as error:
                failure = InputError(error.path, error.field, str(error.value), error.hint)
        failures = [failure]
        distributed.broadcast_object_list(failures, src=0, group=_patient())
        if failures[0] is not None:
            raise failures[0]
        return result

    def main_first(self, work: Callable[[], T]) -> T:
        """Do something in the main process, then in the others, which find the files that it wrote."""
        result = self.on_main(work)
        return work() if not self.main else result  # type: ignore[return-value]

    def wait(self) -> None:
        """Go on when all processes are here."""
        self.gather([])

    def rows_of(self, phase: Phase) -> int:
        """Return how many epochs each process computes at a time.

        Raises
        ------
        InputError
            If the phase's batch cannot be divided evenly.
        """
        at_once = phase.batch_size // phase.accumulate
        if at_once % self.count:
            hint = f"make batch_size / accumulate a multiple of the {self.count} processes"
            raise InputError("recipe", f"phase {phase.name}", f"{at_once} epochs at once", hint)
        return at_once // self.count

    def to_train(self, model: M) -> M:
        """Return the model to train: a copy, where training divides its weights and leaves it unfit for other use."""
        if not self.divides:
            return model
        trained = copy.deepcopy(model)
        for parameter in trained.parameters():
            # FSDP and DeepSpeed take no other order in memory, also of sides of length 1, which are contiguous in any.
            parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)
        return trained

    def gather(self, items: list[T]) -> list[T]:
        """Return the lists of all processes, joined in their order."""
        if self.count == 1:
            return items
        gathered: list[Any] = [None] * self.count
        distributed.all_gather_object(gathered, items, group=_patient())
        return [item for part in gathered for item in part]


@dataclass(frozen=True)
class Share:
    """A collator that assembles a whole batch and keeps the rows of one process.

    Parameters
    ----------
    whole
        The collator of one process alone.
    processes
        Their number divides the batch.
    """

    whole: Any
    processes: Processes

    def __call__(self, indices: list[int]) -> dict[str, Any]:
        """Return this process's rows."""
        rows = len(indices) // self.processes.count
        part = slice(self.processes.index * rows, (self.processes.index + 1) * rows)
        if hasattr(self.whole, "part"):  # a collator whose tensors are not one row an epoch cuts itself
            return dict(self.whole.part(indices, part))
        return {name: tensor[part] for name, tensor in self.whole(indices).items()}
