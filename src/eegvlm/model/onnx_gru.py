"""GRUs as one operator, so that a graph can read a night of any length: torch.export would unroll their steps."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

import torch
from torch import nn

from eegvlm.core.extras import import_extra

_Module = TypeVar("_Module", bound=nn.Module)


@torch.library.custom_op("eegvlm::gru", mutates_args=())
def gru(
    sequence: torch.Tensor, w_input: torch.Tensor, w_state: torch.Tensor, b_input: torch.Tensor, b_state: torch.Tensor
) -> torch.Tensor:
    """Return the states (batch, steps, hidden) of one layer that begins at zero and reads (batch, steps, width)."""
    start = sequence.new_zeros(1, len(sequence), w_state.shape[1])
    weights = [w_input, w_state, b_input, b_state]
    return torch.gru(sequence, start, weights, True, 1, 0.0, False, False, True)[0].clone()


@gru.register_fake
def _(
    sequence: torch.Tensor, w_input: torch.Tensor, w_state: torch.Tensor, b_input: torch.Tensor, b_state: torch.Tensor
) -> torch.Tensor:
    return sequence.new_empty(sequence.shape[0], sequence.shape[1], w_state.shape[1])


class _OneOperator(nn.Module):
    """A GRU of one layer and direction."""

    def __init__(self, layer: nn.GRU) -> None:
        super().__init__()
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        self.weights = nn.ParameterList(getattr(layer, name) for name in names)

    def forward(self, sequence: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gru(sequence, *self.weights), None


def with_one_operator(network: _Module) -> _Module:
    """Return a copy of a network whose GRUs are one operator each."""
    copied = copy.deepcopy(network)
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.GRU):
                setattr(parent, name, _OneOperator(child))
    return copied


def translations() -> dict[Any, Any]:
    """Return how the operator is written in ONNX, for ``torch.onnx.export``."""
    op = import_extra("onnxscript", "export", "eegvlm export").opset20

    def reordered(gates: Any) -> Any:
        """Order reset, update, new as ONNX does: update, reset, new."""
        reset, update, new = op.Split(gates, num_outputs=3, axis=0)
        return op.Concat(update, reset, new, axis=0)

    def translated(sequence: Any, w_input: Any, w_state: Any, b_input: Any, b_state: Any) -> Any:
        biases = op.Concat(reordered(b_input), reordered(b_state), axis=0)
        states, _ = op.GRU(
            op.Transpose(sequence, perm=[1, 0, 2]),
            op.Unsqueeze(reordered(w_input), op.Constant(value_ints=[0])),
            op.Unsqueeze(reordered(w_state), op.Constant(value_ints=[0])),
            op.Unsqueeze(biases, op.Constant(value_ints=[0])),
            hidden_size=w_state.shape[1],
            linear_before_reset=1,
        )
        return op.Transpose(op.Squeeze(states, op.Constant(value_ints=[1])), perm=[1, 0, 2])

    return {torch.ops.eegvlm.gru.default: translated}
