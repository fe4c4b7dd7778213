"""Prompts in any model's own cache, and texts that grow apart after them.

What transformers' models take together is a rectangle of tokens. Rows that go on by different numbers of tokens are
filled up on the left, and what fills them is masked wherever it lies: a slot of the cache is no position in the text
here. Each row's positions are stated, so that a text is read as if it stood alone.

Not covered: models whose layers keep a window of the text or a state of their own; they are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from eegvlm.errors import InputError
from eegvlm.model.transformers_compat import cache_in, last_positions, read_so_far
from eegvlm.staging.decoding import Decoder, TextsUnderWay
from eegvlm.staging.token_grammar import TokenizedWords


def check_cache(model: Any, name: str) -> None:
    """Refuse a model in whose cache texts cannot grow apart.

    Raises
    ------
    InputError
        Naming the checkpoint.
    """
    kinds = {type(layer).__name__ for layer in _cache(model).layers}
    if kinds - {DynamicLayer.__name__}:
        hint = "its layers do not keep all that was read, which reasons go on from: use --explain none"
        raise InputError(name, "layers", ", ".join(sorted(kinds)), hint)
    if "position_ids" not in signature(type(model).forward).parameters:
        hint = "it cannot be told where in a text a token stands: use --explain none"
        raise InputError(name, "model", type(model).__name__, hint)


@dataclass(frozen=True)
class PromptCache:
    """Keys and values of prompts but for their last tokens.

    Parameters
    ----------
    layers
        For each layer of the language model keys and values, (n, heads, slots, width).
    seen
        Bool (n, slots): False where a prompt was filled up.
    following
        Int (n,): the position of each prompt's last token.
    last
        Int (n,): that token.
    """

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    seen: torch.Tensor
    following: torch.Tensor
    last: torch.Tensor

    @classmethod
    def read(cls, model: Any, inputs: dict[str, torch.Tensor]) -> PromptCache:
        """Read prompts, pictures included, of the inputs that a model's processor made."""
        ids = inputs["input_ids"]
        shortened = {name: value[:, :-1] if value.shape == ids.shape else value for name, value in inputs.items()}
        mask = shortened.get("attention_mask", torch.ones_like(ids[:, :-1])).bool()
        places = (mask.cumsum(dim=1) - 1).clamp(min=0)
        numbers_pictures = _numbers_pictures(model)  # then it counts the positions of a prompt itself
        if not numbers_pictures:
            shortened["position_ids"] = places
        read = model(**shortened, use_cache=True, **last_positions(model, 1))
        following = mask.sum(dim=1)
        if numbers_pictures:
            following = following + _inner(model).rope_deltas.reshape(-1).to(following)
        layers = tuple((layer.keys, layer.values) for layer in cache_in(read).layers)
        return cls(layers, mask, following, ids[:, -1])

    @classmethod
    def join(cls, parts: Sequence[PromptCache]) -> PromptCache:
        """Return the prompts of several batches as one, filled up on the left to the longest."""
        if len(parts) == 1:
            return parts[0]
        slots = max(part.seen.shape[1] for part in parts)
        layers = zip(*(part._filled(slots) for part in parts), strict=True)
        return cls(
            tuple(tuple(map(torch.cat, zip(*layer, strict=True))) for layer in layers),  # type: ignore[misc]
            torch.cat([torch.nn.functional.pad(part.seen, (slots - part.seen.shape[1], 0)) for part in parts]),
            torch.cat([part.following for part in parts]),
            torch.cat([part.last for part in parts]),
        )

    def rows(self, rows: slice | npt.NDArray[np.intp]) -> PromptCache:
        """Return some of the prompts, copied where others may then be forgotten."""
        every = np.arange(len(self))
        if np.array_equal(every[rows], every):
            return self
        places = torch.from_numpy(every[rows]).to(self.seen.device)
        layers = tuple((keys[places], values[places]) for keys, values in self.layers)
        return PromptCache(layers, self.seen[places], self.following[places], self.last[places])

    def __len__(self) -> int:
        return len(self.seen)

    def _filled(self, slots: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        missing = (0, 0, slots - self.seen.shape[1], 0)
        return [tuple(torch.nn.functional.pad(tensor, missing) for tensor in layer) for layer in self.layers]  # type: ignore[misc]


class CachedTexts:
    """Texts that grow apart after prompts.

    Parameters
    ----------
    model
        Any image-text-to-text model.
    prompts
        What the rows begin with.
    """

    def __init__(self, model: Any, prompts: PromptCache) -> None:
        self._model, self._cache = model, _cache(model)
        for number, (keys, values) in enumerate(prompts.layers):
            self._cache.update(keys, values, number)
        self._seen, self._at = prompts.seen, prompts.following
        self._filler = int(prompts.last[0])  # masked, so that any token will do that is no picture
        self._numbers_pictures = _numbers_pictures(model)

    def read(self, pieces: Sequence[Sequence[int]], rows: Sequence[int]) -> torch.Tensor:
        """See :meth:`.decoding.TextsUnderWay.read`."""
        device, width = self._seen.device, max(map(len, pieces))
        lengths = torch.tensor([len(piece) for piece in pieces], device=device)
        ids = [[self._filler] * (width - len(piece)) + list(piece) for piece in pieces]
        column = torch.arange(width, device=device) - (width - lengths[:, None])  # (rows, width), below 0: filled up
        positions = self._at[:, None] + column.clamp(min=0)
        self._seen = torch.cat([self._seen, column >= 0], dim=1)
        self._at = self._at + lengths
        outputs = self._model(
            input_ids=torch.tensor(ids, device=device),
            attention_mask=self._seen.long(),
            position_ids=positions.expand(3, -1, -1) if self._numbers_pictures else positions,
            use_cache=True,
            **read_so_far(type(self._model), self._cache),
            **last_positions(self._model, 1),
        )
        logits: torch.Tensor = outputs.logits[torch.tensor(rows, device=device), -1].float()
        return logits

    def keep(self, rows: Sequence[int]) -> None:
        """See :meth:`.decoding.TextsUnderWay.keep`."""
        index = torch.tensor(rows, dtype=torch.long, device=self._seen.device)
        self._seen, self._at = self._seen[index], self._at[index]
        if len(rows):
            self._cache.batch_select_indices(index)


class CachedDecoder(Decoder):
    """Writes rationales with any image-text-to-text model.

    Parameters
    ----------
    model
        On its device, in its precision.
    tokenized_words
        Its tokens of words.
    """

    def __init__(self, model: Any, tokenized_words: TokenizedWords) -> None:
        self._model = model
        self._read_labels(tokenized_words.labels)

    def begin(self, prefix: PromptCache) -> tuple[TextsUnderWay, list[list[int]]]:
        """See :meth:`.Decoder.begin`."""
        return CachedTexts(self._model, prefix), [[token] for token in prefix.last.tolist()]


def _cache(model: Any) -> Any:
    return DynamicCache(config=model.config.get_text_config())


def _inner(model: Any) -> Any:
    return getattr(model, "model", model)


def _numbers_pictures(model: Any) -> bool:
    """Tell whether a model counts positions of pictures in three dimensions, as Qwen's do."""
    return hasattr(_inner(model), "rope_deltas")
