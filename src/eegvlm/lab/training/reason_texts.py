"""Learning to write reasons in any tokenizer's tokens: the text, cut word by word as in decoding, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from eegvlm.lab.training.appended_texts import NO_TOKEN, logits_of, padded
from eegvlm.lab.training.rationales import Rationales
from eegvlm.lab.training.store import TrainingStore
from eegvlm.staging.token_grammar import TokenizedWords


@dataclass(frozen=True)
class ReasonTexts:
    """What is to be written.

    Parameters
    ----------
    texts
        By night, version and epoch.
    tokenized_words
        The model's tokens of words.
    end
        The token that ends a text.
    """

    texts: Rationales
    tokenized_words: TokenizedWords
    end: int

    @property
    def versions(self) -> int:
        """Versions of each night."""
        return len(self.texts[0])

    def of(self, store: TrainingStore, rows: npt.NDArray[np.int64], versions: npt.NDArray[np.int64]) -> torch.Tensor:
        """Return the tokens of each row's text and the end, (n, longest), padded with -100."""
        places = zip(store.night[rows], versions, store.position[rows], strict=True)
        rationales = [
            (*self.tokenized_words.of(self.texts[night][version][at]), self.end) for night, version, at in places
        ]
        return padded(rationales)


def reasons_loss(model: Any, inputs: dict[str, Any]) -> torch.Tensor:
    """Return the mean negative log-likelihood of the tokens of reasons.

    Parameters
    ----------
    model
        Any image-text-to-text model.
    inputs
        What :class:`.general_data.GeneralBatches` gives of a batch that asks for reasons.
    """
    reasons = inputs["reasons"]
    logits = logits_of(model, inputs["asked"], reasons)
    return functional.cross_entropy(logits.flatten(0, 1), reasons.flatten(), ignore_index=NO_TOKEN)
