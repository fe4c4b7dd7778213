"""A stock LLaVA as the hub has it, in small: checkpoint, normalisation, and a tokenizer of Llama's kind."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPVisionConfig, LlamaConfig, LlamaTokenizer, LlavaConfig, LlavaForConditionalGeneration

from eegvlm.lab.training.tokenizer import domain_texts

IMAGE_TOKEN = "<image>"
BACKBONE = (
    "{model_type: resnet, embedding_size: 8, hidden_sizes: [8, 16], depths: [1, 1], layer_type: basic,"
    " out_features: [stage2]}"
)


def llama_tokenizer() -> LlamaTokenizer:
    """Return one that cuts as Llama's does: space in front of words, digits alone, bytes where a letter is missing."""
    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(prepend_scheme="first"), pre_tokenizers.Digits(individual_digits=True)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=400, show_progress=False, initial_alphabet=[chr(c) for c in range(33, 127)]
    )
    learnt.train_from_iterator(domain_texts(n=60, seed=0), trainer=trainer)
    fields = json.loads(learnt.to_str())["model"]
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    names += sorted(fields["vocab"], key=fields["vocab"].get)
    merges = [tuple(pair) for pair in fields["merges"]]
    vocab = {name: place for place, name in enumerate(names)}
    return LlamaTokenizer(
        vocab=vocab, merges=merges, pad_token="<pad>", extra_special_tokens={"image_token": IMAGE_TOKEN}
    )


def write_stock_llava(folder: Path) -> LlavaForConditionalGeneration:
    """Write a checkpoint, and return its model."""
    torch.manual_seed(7)
    tokenizer = llama_tokenizer()
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            image_size=336,
            patch_size=84,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=24,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=1024,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE_TOKEN),
    )
    model = LlavaForConditionalGeneration(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    figures = {
        "image_processor_type": "CLIPImageProcessor",
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.2, 0.2, 0.1],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(figures))
    return model
