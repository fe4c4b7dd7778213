"""Texts behind prompts, as a model learns them: tokens padded to one length, and the logits at their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from eegvlm.model.label_trie import with_said
from eegvlm.model.transformers_compat import last_positions

NO_TOKEN = -100
"""Where a text has ended; the loss leaves such places out."""


def padded(texts: Sequence[Sequence[int]], length: int | None = None) -> torch.Tensor:
    """Return the tokens of texts, int64 (n, length), filled up with :data:`NO_TOKEN`; None: as long as the longest."""
    width = max(map(len, texts)) if length is None else length
    return torch.tensor([[*tokens, *[NO_TOKEN] * (width - len(tokens))] for tokens in texts])


def logits_of(model: Any, prompts: dict[str, torch.Tensor], texts: torch.Tensor) -> torch.Tensor:
    """Return the logits of texts' tokens, each given its prompt and the tokens before it.

    Parameters
    ----------
    model
        Any image-text-to-text model.
    prompts
        Its inputs for n prompts.
    texts
        (n, length) from :func:`padded`.

    Returns
    -------
    torch.Tensor
        float32 (n, length, vocabulary).
    """
    length = texts.shape[1]
    inputs = with_said(prompts, texts.clamp(min=0))
    outputs = model(**inputs, use_cache=False, **last_positions(model, length + 1))
    logits: torch.Tensor = outputs.logits[:, -length - 1 : -1].float()
    return logits
