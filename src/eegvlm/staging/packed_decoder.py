"""The language model over texts that grow apart: the next tokens of many rows, packed without padding.

Rows have different numbers of tokens to read. All but attention treats each token alone, so the tokens of all rows
stand behind one another there, and only queries are laid out row by row. Two more things are saved that change nothing
in the result:

- Keys and values that a group of query heads shares are never repeated in memory: the queries of a group stand side by
  side as if they were more tokens.
- The last layer computes keys and values of every token, and the rest for each row's last token only, the one whose
  state is asked for.

Covered are models whose layers are Llama's; others are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.models.llama.modeling_llama import rotate_half

from eegvlm.errors import InputError
from eegvlm.model.last_position import has_llama_layers
from eegvlm.staging.kv_cache import Prefix, RowCache


@dataclass(frozen=True)
class _Tokens:
    """Where n tokens stand.

    Attributes
    ----------
    rows, columns, positions
        Int (n,): the row, the place among the row's tokens of this pass, the position in the row's text.
    turn
        Cosine and sine of the rotary embedding, (n, 1, width of a head).
    mask
        (rows, 1, group, columns, slots): 0 where a token sees a slot, the smallest number where it does not.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    positions: torch.Tensor
    turn: tuple[torch.Tensor, torch.Tensor]
    mask: torch.Tensor

    def turned(self, heads: torch.Tensor) -> torch.Tensor:
        """Return queries or keys, (n, heads, width), with their positions in them."""
        cosine, sine = self.turn
        turned: torch.Tensor = heads * cosine + rotate_half(heads) * sine
        return turned

    def attend(self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Return what queries (n, heads, width) see of (rows, shared heads, slots, width): (n, heads * width)."""
        rows, _, group, columns, slots = self.mask.shape
        shared, width = keys.shape[1], keys.shape[3]
        laid_out = queries.new_zeros((rows, shared, group, columns, width))
        laid_out[self.rows, :, :, self.columns] = queries.reshape(-1, shared, group, width)
        attended = scaled_dot_product_attention(
            laid_out.flatten(2, 3), keys[:, :, :slots], values[:, :, :slots], attn_mask=self.mask.flatten(2, 3)
        )
        return attended.view_as(laid_out)[self.rows, :, :, self.columns].flatten(1)


def check_layers(language_model: Any, name: str = "model") -> None:
    """Refuse a language model that :class:`PackedReader` cannot read with.

    Raises
    ------
    InputError
        If its layers are not of Llama's structure, naming the checkpoint.
    """
    if not has_llama_layers(language_model):
        hint = "reasons are written by language models whose layers are Llama's: use --explain none"
        raise InputError(name, "text_config", language_model.config.model_type, hint)


class PackedReader:
    """Puts the next tokens of many rows through a language model.

    Parameters
    ----------
    language_model
        Without its head: ``LlamaModel``, or one of its structure.

    Raises
    ------
    InputError
        If its layers are of another structure.
    """

    def __init__(self, language_model: Any) -> None:
        check_layers(language_model)
        self._body, config = language_model, language_model.config
        self._width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self._group = config.num_attention_heads // (config.num_key_value_heads or config.num_attention_heads)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        device: torch.device = self._body.embed_tokens.weight.device
        return device

    def read(self, cache: RowCache, pieces: Sequence[Sequence[int]], begins: Sequence[int]) -> torch.Tensor:
        """Read the next tokens of every row.

        Parameters
        ----------
        cache
            What was read before. Keys and values of these tokens are added to it.
        pieces
            Token ids of each row; a row may have none.
        begins
            Position of each row's first token.

        Returns
        -------
        torch.Tensor
            The state after each row's last token, (rows, d). That of a row without tokens means nothing.
        """
        device = self.device
        counts = torch.tensor([len(piece) for piece in pieces])
        rows = torch.arange(len(pieces)).repeat_interleave(counts)
        columns = torch.arange(len(rows)) - (counts.cumsum(0) - counts)[rows]
        positions = torch.tensor(begins)[rows] + columns
        cache.reserve(int(positions.max()) + 1)
        last = counts.cumsum(0).sub(1).clamp(min=0)
        one_a_row = torch.arange(len(pieces)), torch.zeros_like(last), positions[last]
        ids = torch.tensor([token for piece in pieces for token in piece], device=device)
        states = self._body.embed_tokens(ids)
        every = self._tokens(states, len(pieces), rows, columns, positions)
        last_tokens = self._tokens(states, len(pieces), *one_a_row, slots=every.mask.shape[-1])
        last = last.to(device)
        *lower, top = self._body.layers
        for number, layer in enumerate(lower):
            normed = layer.input_layernorm(states)
            keys, values = self._remember(cache, number, layer.self_attn, normed, every)
            states = self._go_through(layer, states, normed, every, keys, values)
        normed = top.input_layernorm(states)
        keys, values = self._remember(cache, len(lower), top.self_attn, normed, every)
        states = self._go_through(top, states[last], normed[last], last_tokens, keys, values)
        result: torch.Tensor = self._body.norm(states)
        return result

    def _tokens(
        self,
        states: torch.Tensor,
        n_rows: int,
        rows: torch.Tensor,
        columns: torch.Tensor,
        positions: torch.Tensor,
        slots: int = 0,
    ) -> _Tokens:
        device, dtype = states.device, states.dtype
        slots = slots or int(positions.max()) + 1
        hidden = torch.ones((n_rows, int(columns.max()) + 1, slots), dtype=torch.bool)
        hidden[rows, columns] = torch.arange(slots) > positions[:, None]
        hidden[:, :, 0] = False  # padding sees something, or its softmax would be of nothing
        mask = torch.zeros(hidden.shape, dtype=dtype).masked_fill(hidden, torch.finfo(dtype).min).to(device)
        mask = mask[:, None, None].expand(-1, 1, self._group, -1, -1)
        rows, columns, positions = rows.to(device), columns.to(device), positions.to(device)
        cosine, sine = self._body.rotary_emb(states, position_ids=positions[None])
        return _Tokens(rows, columns, positions, (cosine[0][:, None], sine[0][:, None]), mask)

    def _remember(
        self, cache: RowCache, number: int, attention: Any, normed: torch.Tensor, tokens: _Tokens
    ) -> tuple[torch.Tensor, torch.Tensor]:
        keys = tokens.turned(attention.k_proj(normed).unflatten(-1, (-1, self._width)))
        values = attention.v_proj(normed).unflatten(-1, (-1, self._width))
        return cache.write(number, tokens.rows, tokens.positions, keys, values)

    def _go_through(
        self,
        layer: Any,
        states: torch.Tensor,
        normed: torch.Tensor,
        tokens: _Tokens,
        keys: torch.Tensor,
        values: torch.Tensor,
    ) -> torch.Tensor:
        queries = tokens.turned(layer.self_attn.q_proj(normed).unflatten(-1, (-1, self._width)))
        states = states + layer.self_attn.o_proj(tokens.attend(queries, keys, values))
        result: torch.Tensor = states + layer.mlp(layer.post_attention_layernorm(states))
        return result


class PackedTexts:
    """Texts that grow apart after a prefix.

    Parameters
    ----------
    reader
        Of the language model.
    head
        Its logits of a state.
    prefix
        What every row begins with.
    """

    def __init__(self, reader: PackedReader, head: Any, prefix: Prefix) -> None:
        self._reader, self._head, self._cache = reader, head, RowCache(prefix)
        self._at = [prefix.positions] * len(prefix)

    def read(self, pieces: Sequence[Sequence[int]], rows: Sequence[int]) -> torch.Tensor:
        """See :meth:`.decoding.TextsUnderWay.read`."""
        states = self._reader.read(self._cache, pieces, self._at)
        self._at = [at + len(piece) for at, piece in zip(self._at, pieces, strict=True)]
        logits: torch.Tensor = self._head(states[torch.tensor(rows, device=states.device)]).float()
        return logits

    def keep(self, rows: Sequence[int]) -> None:
        """See :meth:`.decoding.TextsUnderWay.keep`."""
        self._cache.keep(torch.tensor(rows, dtype=torch.long, device=self._reader.device))
        self._at = [self._at[row] for row in rows]
