"""Low-rank adapters on the language model, put in and merged by peft.

peft works inside the model, which keeps its class and the names of its parts. Between phases the weights are whole in
every process. Under ZeRO-3 peft would still gather them, and send rows of labels from the processor's memory of one
process to the GPU's of another; so it is told that nothing is divided. Accelerate says otherwise when a run begins.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import torch
from peft import LoraConfig
from peft.tuners.lora import LoraLayer, LoraModel
from transformers.integrations.deepspeed import unset_hf_deepspeed_config

from eegvlm.errors import InputError
from eegvlm.lab.training.phase_recipe import Lora
from eegvlm.model import EegVlmForConditionalGeneration

_ADAPTER = "default"


def put_in(model: EegVlmForConditionalGeneration, lora: Lora, rows: Sequence[int], *, seed: int = 0) -> LoraModel:
    """Give the language model adapters, in place; at first they change nothing.

    Parameters
    ----------
    model
        Without adapters.
    lora
        Their size, and the layers that get them.
    rows
        Tokens whose rows in the tables of embeddings move as well, if any: the labels, which a base has never read.
    seed
        Of the adapters' first weights, which must not depend on what this process did before: a run that was killed
        before their first checkpoint begins with the same ones.

    Returns
    -------
    peft.tuners.lora.LoraModel
        What :func:`merge` takes.

    Raises
    ------
    InputError
        If the language model has no layer of a name.
    """
    body = "model.language_model."
    for target in lora.targets:
        if not any(name.startswith(body) and name.endswith(f".{target}") for name, _ in model.named_modules()):
            raise InputError("recipe", "lora.targets", target, "the language model has no linear layer of this name")
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    tables = ("embed_tokens",) if tied else ("embed_tokens", "lm_head")
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=re.escape(body) + rf".*\.({'|'.join(map(re.escape, lora.targets))})",
        trainable_token_indices={table: list(rows) for table in tables} if rows else None,
    )
    unset_hf_deepspeed_config()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        adapted = LoraModel(model, config, _ADAPTER)
    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            layer.cast_input_dtype_enabled = False  # autocast chooses; a copy in float32 would cost memory
    return adapted


def merge(adapted: LoraModel) -> None:
    """Add the adapters to the weights they stand beside, and take them out, in place."""
    unset_hf_deepspeed_config()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        adapted.merge_and_unload()
