"""Learning to answer with a label's text: its tokens and the end, given the prompt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from eegvlm.lab.training.appended_texts import NO_TOKEN, logits_of, padded
from eegvlm.model.label_tokens import LabelTokens


@dataclass(frozen=True)
class LabelTexts:
    """What is to be answered.

    Parameters
    ----------
    labels
        The labels' tokens.
    end
        The token that ends an answer.
    """

    labels: LabelTokens
    end: int

    def answers(self, stages: Iterable[int]) -> torch.Tensor:
        """Return the tokens of each stage's label and the end, (n, longest + 1), padded with -100."""
        texts = [(*self.labels.tokens[int(stage)], self.end) for stage in stages]
        return padded(texts, self.labels.longest + 1)

    def refused(self, stages: npt.NDArray[np.int64], allowed: npt.NDArray[np.bool_]) -> torch.Tensor:
        """Return what an answer is not compared with: tokens that lead to stages that are not allowed alone.

        Parameters
        ----------
        stages
            (n,) the stages to answer.
        allowed
            bool (n, 5): the stages that are compared.

        Returns
        -------
        torch.Tensor
            int64 (m, 3): row, place in the answer, token.
        """
        places = []
        for row in np.flatnonzero(~allowed.all(axis=1)):
            label = self.labels.tokens[int(stages[row])]
            for depth in range(len(label)):
                alike = [k for k, other in enumerate(self.labels.tokens) if other[:depth] == label[:depth]]
                branches = self.labels.branches(alike, depth)
                for token, reached in branches.items():
                    if not allowed[row, reached].any():
                        places.append((row, depth, token))
        return torch.tensor(places, dtype=torch.int64).reshape(-1, 3)


def answer_text(model: Any, inputs: dict[str, Any]) -> torch.Tensor:
    """Return the loss of a label's text and of the end after it, each an epoch's negative log-likelihood.

    Parameters
    ----------
    model
        Any image-text-to-text model.
    inputs
        What :class:`.general_data.GeneralBatches` gives.
    """
    answer = inputs["answer"]
    logits = logits_of(model, inputs["asked"], answer)
    if len(inputs["refused"]):
        logits = logits.index_put(tuple(inputs["refused"].T), logits.new_tensor(-torch.inf))
    losses = functional.cross_entropy(logits.transpose(1, 2), answer, ignore_index=NO_TOKEN, reduction="none")
    return 0.5 * losses.sum(dim=1).mean()
