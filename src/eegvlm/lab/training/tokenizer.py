"""A small tokenizer for a small language model, trained on the rationales that it has to write.

Byte-level BPE: any text can be encoded, nothing is unknown. Digits are single tokens, so that a number is
read digit by digit. Each stage's label is one token wherever it stands as a word.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from eegvlm.reasoning import acceptor

PAD, BOS, EOS, IMAGE = "<pad>", "<s>", "</s>", "<image>"
STAGE_LABELS = ("W", "N1", "N2", "N3", "R")

_TEXTS = 2_000

_ONE_EEG = ("EEG",)
_MONTAGE = ("frontal EEG", "central EEG", "occipital EEG", "left EOG", "right EOG", "chin EMG")
_PROMPTS = ("Stage:", "Reasons:")


def domain_texts(*, n: int, seed: int) -> Iterator[str]:
    """Yield prompts, then ``n`` rationales with one EEG and with a whole montage in turn, drawn from the grammar."""
    rng = random.Random(seed)  # noqa: S311 (text, not secrets)
    yield from _PROMPTS
    grammars = [acceptor(_ONE_EEG), acceptor(_MONTAGE)]
    for k in range(n):
        grammar, text = grammars[k % 2], ""
        state = grammar.start
        while not grammar.finished(state):
            piece = rng.choice(grammar.choices(state))
            after = grammar.advance(state, piece)
            if after is None:
                raise RuntimeError(f"the grammar refuses its own {piece!r}")
            text, state = text + piece, after
        yield text


def train_tokenizer(*, vocab_size: int = 1024, seed: int = 0) -> Any:
    """Train the tokenizer.

    Parameters
    ----------
    vocab_size
        At most this many tokens, special ones included.
    seed
        Of the texts it is trained on.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        With ``<pad>``, ``<s>`` (put in front of every text), ``</s>``, ``<image>`` and one token a stage label.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(STAGE_LABELS),
        special_tokens=[PAD, BOS, EOS, IMAGE],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(domain_texts(n=_TEXTS, seed=seed), trainer=trainer)
    tokenizer.add_tokens([AddedToken(label, single_word=True, normalized=False) for label in STAGE_LABELS])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        extra_special_tokens={"image_token": IMAGE},
        padding_side="left",
        model_max_length=512,
    )
