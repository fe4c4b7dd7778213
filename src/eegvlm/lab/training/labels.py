"""The stages' labels as tokens of a language model that has its own tokenizer.

A stage is read from one token. Llama's tokenizer writes W and R as one token and N1, N2 and N3 as two, and the one of
W is another behind a space than elsewhere. So all five become added tokens that stand for the word alone, wherever it
stands: W and R then keep the number that the bare letter has, and N1, N2 and N3 are new. Where the table of embeddings
has no row for these it grows. Each label's rows, in and out, begin as the mean of the tokens that wrote it before.

The grammar of rationales rests on this (:mod:`eegvlm.staging.token_grammar`): the five must stand at one place.
"""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import AddedToken

from eegvlm.lab.training.tokenizer import STAGE_LABELS

_ROWS = 64  # embeddings grow to a multiple of this, as matrix units like it


def add_labels(tokenizer: Any, model: Any) -> None:
    """Make every stage's label one token, in place, with rows in both tables of embeddings.

    Parameters
    ----------
    tokenizer
        The base's. One that already has all labels as added tokens is left alone, as is its model.
    model
        The base.
    """
    if set(STAGE_LABELS) <= set(tokenizer.get_added_vocab()):
        return
    pieces = [tokenizer.encode(label, add_special_tokens=False) for label in STAGE_LABELS]
    tokenizer.add_tokens([AddedToken(label, single_word=True, normalized=False) for label in STAGE_LABELS])
    rows = tokenizer.convert_tokens_to_ids(list(STAGE_LABELS))
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=_ROWS, mean_resizing=False)
    tables = {id(table.weight): table.weight for table in (model.get_input_embeddings(), model.get_output_embeddings())}
    with torch.no_grad():
        for weight in tables.values():
            initial = torch.stack([weight[token_ids].float().mean(dim=0) for token_ids in pieces])
            weight[rows] = initial.to(weight.dtype)
