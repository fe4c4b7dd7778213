"""The last state of a language model, without what its last layer would make of all other positions."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.models.llama.modeling_llama import rotate_half

_LAYER = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
_ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}


def has_llama_layers(language_model: Any) -> bool:
    """Say whether every layer is of Llama's structure."""
    return all(
        dict(layer.named_children()).keys() == _LAYER and dict(layer.self_attn.named_children()).keys() == _ATTENTION
        for layer in language_model.layers
    )


def last_state(language_model: Any, embedded: torch.Tensor) -> torch.Tensor:
    """Return the normalised state after the last token, (n, d).

    What follows from it is computed at the last position alone in the last layer, where all others only give keys and
    values: of a few layers that is a good part of the work. Layers of another structure than Llama's are computed
    whole.

    Parameters
    ----------
    language_model
        Without its head.
    embedded
        Embedded tokens, (n, tokens, d), none of them padding.
    """
    if not has_llama_layers(language_model):
        whole: torch.Tensor = language_model(inputs_embeds=embedded, use_cache=False).last_hidden_state[:, -1]
        return whole
    config, (n, length) = language_model.config, embedded.shape[:2]
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    positions = torch.arange(length, device=embedded.device)[None]
    cosine, sine = language_model.rotary_emb(embedded, position_ids=positions)
    states = embedded
    for layer in language_model.layers[:-1]:
        states = layer(states, position_ids=positions, position_embeddings=(cosine, sine))
    last = language_model.layers[-1]
    normed = last.input_layernorm(states)

    def heads(projected: torch.Tensor) -> torch.Tensor:
        return projected.view(n, -1, projected.shape[2] // width, width).transpose(1, 2)

    keys, values = heads(last.self_attn.k_proj(normed)), heads(last.self_attn.v_proj(normed))
    queries = heads(last.self_attn.q_proj(normed[:, -1:]))
    keys = keys * cosine[:, None] + rotate_half(keys) * sine[:, None]
    queries = queries * cosine[:, None, -1:] + rotate_half(queries) * sine[:, None, -1:]
    shared = queries.shape[1] // keys.shape[1]
    keys, values = (tensor.repeat_interleave(shared, dim=1) for tensor in (keys, values))
    attended = scaled_dot_product_attention(queries, keys, values, scale=last.self_attn.scaling)
    state = states[:, -1:] + last.self_attn.o_proj(attended.transpose(1, 2).reshape(n, 1, -1))
    state = state + last.mlp(last.post_attention_layernorm(state))
    last_normed: torch.Tensor = language_model.norm(state)[:, 0]
    return last_normed
