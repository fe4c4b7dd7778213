"""Cross-entropy of soft stages, some of which are compared with a small weight or not at all."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from eegvlm.lab.training.cross_process import share_of_items


def stage_loss(
    log_probabilities: torch.Tensor,
    targets: torch.Tensor,
    class_weights: torch.Tensor,
    smoothing: float,
    counts: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the mean cross-entropy of soft targets, spread a little over the stages that are compared in full.

    Parameters
    ----------
    log_probabilities
        (n, 5), of the stages, by :func:`weighed`.
    targets
        (n, 5); zero where a stage is not compared in full.
    class_weights
        (n, 5): the weights of :func:`weighed`.
    smoothing
        Share of each target that is spread evenly.
    counts
        (n,): by how much each counts in the mean; all alike where not given.
    """
    full = class_weights >= 1
    smoothed = (1 - smoothing) * targets + smoothing * full / full.sum(dim=1, keepdim=True)
    losses = -(smoothed * log_probabilities.masked_fill(~full, 0.0)).sum(dim=1)
    return losses.mean() if counts is None else (losses * counts).sum() / counts.sum()


def weighed(logits: torch.Tensor, class_weights: torch.Tensor) -> torch.Tensor:
    """Return logits (n, 5) of stages that are compared with weights (n, 5) from 0, not at all, to 1, in full.

    A source whose epochs are of some stages only says nothing of how likely the others are. A small weight is a small
    chance of the other stage: it costs nothing while the model is in doubt, and more the surer it is of that stage.
    """
    return logits + class_weights.log()


def mean_over_readers(
    logits: Iterable[torch.Tensor], inputs: dict[str, torch.Tensor], smoothing: float, *, share: bool
) -> torch.Tensor:
    """Return the mean loss of readers of the same windows, each of which learns by itself.

    Parameters
    ----------
    logits
        Of each reader, the stage logits (n, epochs, 5) of every place of every window.
    inputs
        ``targets`` and ``class_weights`` (n, epochs, 5), ``counts`` (n, epochs): 0 where nothing is learnt.
    smoothing
        See :func:`stage_loss`.
    share
        Whether the loss counts by the share of what is learnt here among all processes, as it does in training.
    """
    learnt = inputs["counts"] > 0
    class_weights, targets, counts = (inputs[key][learnt] for key in ("class_weights", "targets", "counts"))
    losses = [
        stage_loss(
            weighed(of_reader[learnt], class_weights).log_softmax(dim=1), targets, class_weights, smoothing, counts
        )
        for of_reader in logits
    ]
    loss = torch.stack(losses).mean()
    return loss * share_of_items(counts.sum()) if share else loss
