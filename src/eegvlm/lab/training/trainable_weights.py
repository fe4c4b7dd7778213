"""What a phase moves: which weights, how they are kept on disk, and how they come back.

Checkpoints and the result of a phase hold these weights alone, adapters included, so that a phase of a 13B model writes
its adapters instead of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from eegvlm.core.files import make_folder
from eegvlm.errors import InputError
from eegvlm.lab.training.cross_process import divided_like
from eegvlm.lab.training.phase_recipe import Phase
from eegvlm.lab.training.tensor_files import write_tensors
from eegvlm.model import EegVlmConfig

WEIGHTS = "moved.safetensors"
PARTS = {
    "enhancement": ("model.enhancement",),
    "night": ("model.night",),
    "evidence": ("model.evidence.",),
    "tower": ("model.vision_tower",),
    "projector": (
        "model.multi_modal_projector",
        "model.absent_neighbour",
        "model.evidence_projector",
        "model.absent_evidence",
    ),
    "language": ("model.language_model", "lm_head"),
}

_MEMBERS = "model.enhancement.members"


def release(model: nn.Module, phase: Phase, *, frozen_in: torch.dtype) -> None:
    """Let the phase's parts move and freeze the others.

    Parameters
    ----------
    model
        With its adapters, where the phase has any.
    phase
        Its ``trains``; where it has adapters, these stand for the language model.
    frozen_in
        Precision of weights that do not move. Those that do, the enhancement network and the two encoders of the night
        are in float32.
    """
    precise = (*PARTS["enhancement"], *PARTS["night"], *PARTS["evidence"])
    for name, parameter in model.named_parameters():
        adapted = phase.lora is not None and name.startswith(PARTS["language"])
        moves = is_adapter(name) if adapted else name.startswith(prefixes_of(phase))
        parameter.requires_grad_(moves)
        in_float32 = moves or name.startswith(precise)
        parameter.data = parameter.data.to(torch.float32 if in_float32 else frozen_in)


def is_adapter(name: str) -> bool:
    """Say whether a parameter of the language model is an adapter's: low-rank, or the rows of labels."""
    return ".lora_" in name or "trainable_tokens_delta" in name


def check_members(phases: Iterable[Phase], config: EegVlmConfig) -> None:
    """Refuse phases of a member that the enhancement network does not have.

    Raises
    ------
    InputError
        Naming the phase.
    """
    for phase in phases:
        if phase.member > config.enhancement_members:
            hint = f"the model has {config.enhancement_members}: set model.enhancement_members, or leave this phase out"
            raise InputError("recipe", f"phase {phase.name}", f"member {phase.member}", hint)


def prefixes_of(phase: Phase) -> tuple[str, ...]:
    """Return how the names of the weights that a phase moves begin, adapters aside."""
    if phase.member:
        return (f"{_MEMBERS}.{phase.member - 1}.",)
    return tuple(prefix for part in phase.trains for prefix in PARTS[part])


def save_trainable(model: nn.Module, folder: Path, state: Mapping[str, torch.Tensor] | None = None) -> None:
    """Write the weights that move, and the running statistics beside them.

    Parameters
    ----------
    model
        As :func:`release` left it.
    folder
        Gets one file.
    state
        The state of the whole model, where it had to be gathered from several processes.
    """
    names = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    learnt = tuple({_member(name) for name in names if name.startswith(_MEMBERS)})
    if any(name.startswith(PARTS["evidence"]) for name in names):
        learnt = (*learnt, *PARTS["evidence"])
    names |= {name for name, _ in model.named_buffers() if learnt and name.startswith(learnt)}
    weights = model.state_dict() if state is None else state
    make_folder(folder)
    write_tensors(folder / WEIGHTS, {name: value for name, value in weights.items() if name in names})


def _member(name: str) -> str:
    """Return how the names of all that belongs to a weight's member of the enhancement network begin."""
    return f"{_MEMBERS}.{name.removeprefix(_MEMBERS).split('.')[1]}."


def load_trainable(model: nn.Module, folder: Path) -> None:
    """Put back what :func:`save_trainable` wrote, in the precision in which it moved.

    Raises
    ------
    InputError
        If the file is missing, or holds what the model has no place for.
    """
    file = folder / WEIGHTS
    if not file.is_file():
        raise InputError(file, "weights", "missing", "delete this phase's folder: it is run again")
    weights = load_file(file)
    places = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    strange = sorted(name for name in weights if name not in places or places[name].shape != weights[name].shape)
    if strange:
        raise InputError(file, "weights", f"{len(strange)} have no place ({strange[0]} ...)", "is it of this recipe?")
    with torch.no_grad():
        for name, value in weights.items():
            place = places[name]
            if place.dtype != value.dtype:
                place.data = place.data.to(value.dtype)
            place.copy_(divided_like(value, place))
