"""Packed rows come to what the language model says of each text alone, however its heads share keys and values."""

from __future__ import annotations

import pytest
import torch
from staging_models import stager_of, untrained

from eegvlm.errors import InputError
from eegvlm.staging.kv_cache import Prefix, RowCache
from eegvlm.staging.packed_decoder import PackedReader

pytestmark = pytest.mark.slow

BEGUN = 5
TEXTS = [[7, 8, 9, 10, 11], [12], [13, 14, 15], [16, 17]]


def read_alone(model, tokens: torch.Tensor) -> torch.Tensor:
    return model.model.language_model(input_ids=tokens[None]).last_hidden_state[0, -1]


@pytest.mark.parametrize("key_value_heads", [4, 2, 1])
@torch.inference_mode()
def test_rows_of_different_lengths_are_read_as_each_would_be_alone(key_value_heads):
    model, _ = untrained(key_value_heads=key_value_heads)
    begun = torch.randint(20, 200, (len(TEXTS), BEGUN))
    read = model.model.language_model(input_ids=begun, use_cache=True)
    cache, reader = RowCache(Prefix.of(read.past_key_values, BEGUN)), PackedReader(model.model.language_model)
    first, second = [text[:2] for text in TEXTS], [text[2:] for text in TEXTS]
    begins = [BEGUN] * len(TEXTS)
    states = reader.read(cache, first, begins)
    for row, text in enumerate(first):
        alone = read_alone(model, torch.cat([begun[row], torch.tensor(text)]))
        torch.testing.assert_close(states[row], alone, atol=1e-4, rtol=1e-4)
    states = reader.read(cache, second, [BEGUN + len(text) for text in first])
    for row in (0, 2):
        alone = read_alone(model, torch.cat([begun[row], torch.tensor(TEXTS[row])]))
        torch.testing.assert_close(states[row], alone, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_rows_that_are_kept_go_on_where_they_were():
    model, _ = untrained(key_value_heads=2)
    begun = torch.randint(20, 200, (3, BEGUN))
    read = model.model.language_model(input_ids=begun, use_cache=True)
    cache, reader = RowCache(Prefix.of(read.past_key_values, BEGUN)), PackedReader(model.model.language_model)
    reader.read(cache, [[30], [31, 32], [33]], [BEGUN] * 3)
    cache.keep(torch.tensor([1, 2]))
    states = reader.read(cache, [[40], [41, 42]], [BEGUN + 2, BEGUN + 1])
    for state, row, text in zip(states, (1, 2), ([31, 32, 40], [33, 41, 42]), strict=True):
        alone = read_alone(model, torch.cat([begun[row], torch.tensor(text)]))
        torch.testing.assert_close(state, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("key_value_heads", [2, 1])
def test_a_model_whose_heads_share_keys_stages_and_explains_a_night(key_value_heads, night):
    stager = stager_of(*untrained(key_value_heads=key_value_heads))
    staged = stager.stage(night, explain="all")
    assert [one["epoch"] for one in staged.rationales] == list(range(1, night.n_epochs + 1))
    some = stager.stage(night, explain="uncertain")
    texts = {one["epoch"]: one["text"] for one in staged.rationales}
    assert all(texts[one["epoch"]] == one["text"] for one in some.rationales)


def test_layers_of_another_structure_are_refused():
    model, _ = untrained()
    model.model.language_model.layers[0].self_attn.q_norm = torch.nn.Identity()
    with pytest.raises(InputError, match="layers are Llama's"):
        PackedReader(model.model.language_model)
