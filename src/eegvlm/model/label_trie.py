"""Probabilities of label texts: five short token sequences that may begin alike, scored along their trie.

A label's probability is the product of its tokens' probabilities, each given the prompt and the tokens before it. What
labels share is computed once: the prompt with its pictures in one forward pass, and then one more token for each branch
of the trie, of all epochs of the batch at once, on the keys and values of that pass. W, N1, N2, N3 and R need one such
step in a tokenizer that writes N1 as "N", "1", and none in one that has all five as tokens.

Padded prompts are read anew for each path through the trie ("N"; "R", "E"), with its tokens behind them: families count
the positions of a token that follows padded ones by rules of their own, but agree where all is read at once.
"""

from __future__ import annotations

import copy
from typing import Any

import torch

from eegvlm.model.label_tokens import LabelTokens
from eegvlm.model.transformers_compat import cache_in, last_positions, read_so_far


def label_log_probabilities(
    model: Any, inputs: dict[str, torch.Tensor], labels: LabelTokens, *, padded: bool = False
) -> torch.Tensor:
    """Return how probable each label is after the prompts, among the five.

    Parameters
    ----------
    model
        Any image-text-to-text model.
    inputs
        Its inputs for n prompts.
    labels
        The labels' tokens.
    padded
        Whether prompts of any batch may be padded (on the left). Processes that share a model must call it equally
        often, so that the batch at hand does not decide.

    Returns
    -------
    torch.Tensor
        float32 (n, 5): logarithms; their exponentials sum to 1.
    """
    if padded:
        return _path_by_path(model, inputs, labels).log_softmax(dim=1)
    outputs = model(**inputs, use_cache=labels.longest > 1, **last_positions(model, 1))
    scores = torch.zeros((len(inputs["input_ids"]), len(labels.tokens)), device=outputs.logits.device)
    _descend(model, outputs, labels, list(range(len(labels.tokens))), 0, scores)
    return scores.log_softmax(dim=1)


def with_said(inputs: dict[str, torch.Tensor], tokens: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return a model's inputs with the same number of tokens behind each prompt: ``tokens`` (n, tokens)."""
    shape = inputs["input_ids"].shape
    more = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    return {
        name: torch.cat([value, more.get(name, torch.zeros_like(tokens)).to(value)], dim=1)
        if value.shape == shape  # whatever else goes along with the tokens: text, no picture
        else value
        for name, value in inputs.items()
    }


def _path_by_path(model: Any, inputs: dict[str, torch.Tensor], labels: LabelTokens) -> torch.Tensor:
    """Return the sums of the logarithms of each label's tokens, (n, 5), without keys and values of a pass before."""
    prompts = inputs["input_ids"]
    following: dict[tuple[int, ...], torch.Tensor] = {}
    for path in labels.paths:
        path_tokens = torch.tensor(path, dtype=prompts.dtype, device=prompts.device).expand(len(prompts), -1)
        count = len(path) + 1
        read = model(**with_said(inputs, path_tokens), use_cache=False, **last_positions(model, count))
        logits = read.logits[:, -count:].float().log_softmax(dim=-1)  # (n, tokens said + 1, vocabulary)
        following |= {path[:depth]: logits[:, depth] for depth in range(count)}
    scores = [
        torch.stack([following[tokens[:depth]][:, token] for depth, token in enumerate(tokens)]).sum(dim=0)
        for tokens in labels.tokens
    ]
    return torch.stack(scores, dim=1)


def _descend(
    model: Any, outputs: Any, labels: LabelTokens, stages: list[int], depth: int, scores: torch.Tensor
) -> None:
    """Add, in place, the logarithms of the tokens that follow at a place of the trie, and go on into its branches."""
    following = outputs.logits[:, -1].float().log_softmax(dim=-1)
    branches = labels.branches(stages, depth)
    for token, reached in branches.items():
        scores[:, reached] += following[:, token, None]
    unfinished = {
        token: reached for token, reached in branches.items() if any(len(labels.tokens[k]) > depth + 1 for k in reached)
    }
    cache = cache_in(outputs) if unfinished else None
    for place, (token, reached) in enumerate(unfinished.items(), start=1):
        # The step writes into the cache, so that every branch but the last needs its own.
        last = place == len(unfinished)
        token_ids = torch.full((len(scores), 1), token, device=scores.device)
        so_far = read_so_far(type(model), cache if last else copy.deepcopy(cache))
        step = model(input_ids=token_ids, use_cache=True, **so_far)
        _descend(model, step, labels, reached, depth + 1, scores)
