"""A small tokenizer for a small language model, trained on this field's own sentences.

Byte-level BPE: any text can be encoded, nothing is unknown. Digits are single tokens, so that a number is
read digit by digit. Each stage's label is one token wherever it stands as a word.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

PAD, BOS, EOS, IMAGE = "<pad>", "<s>", "</s>", "<image>"
STAGE_LABELS = ("W", "N1", "N2", "N3", "R")

_RHYTHMS = ("delta", "theta", "alpha", "sigma", "beta", "low-amplitude mixed-frequency", "slow-wave")
_EVENTS = (
    "sleep spindle", "K-complex", "vertex sharp wave", "slow wave", "sawtooth wave", "alpha train", "eye blink",
    "rapid eye movement", "slow eye movement", "arousal", "body movement", "electrode artefact", "muscle artefact",
)  # fmt: skip
_CHANNELS = (
    "frontal EEG",
    "central EEG",
    "occipital EEG",
    "left EOG",
    "right EOG",
    "chin EMG",
    "C4-M1",
    "Fpz-Cz",
)
_SENTENCES = (
    "The background is {rhythm} activity at {number} Hz, {number} µV peak to peak, in {number} % of the epoch.",
    "A {event} of {number} µV stands out in the {channel} from {number} s to {number} s.",
    "{number} {event}s are measurable; the first begins at {number} s in the {channel}.",
    "No {event} is measurable in this epoch.",
    "Slow waves above 75 µV fill {number} % of the epoch, so rule N3.1 holds.",
    "Chin tone is {number} % of the night's median: low, as in R.",
    "The epoch before is {stage}, the epoch after is {stage}; rule {rule} applies.",
    "This is not {stage}, because {rhythm} activity fills less than half of the epoch.",
    "Alpha is attenuated and replaced by {rhythm} activity; rule {rule} applies.",
    "The expert scored {stage}; no {event} was measurable: continuation rule {rule}.",
    "Classify the sleep stage of this epoch. Choose from W, N1, N2, N3, R. Stage: {stage}",
    "Stage: {stage}",
    "Decision: {stage}",
)
_RULES = ("W.1", "W.2", "W.3", "N1.1", "N1.2", "N2.1", "N2.2", "N2.3", "N3.1", "R.1", "R.2", "X.1")


def domain_sentences(*, n: int, seed: int) -> Iterator[str]:
    """Yield ``n`` sentences as a sleep technologist would write them, numbers and events at random."""
    rng = random.Random(seed)  # noqa: S311 (text, not secrets)
    for sentence in itertools.islice(itertools.cycle(_SENTENCES), n):
        while "{" in sentence:
            name = sentence[sentence.index("{") + 1 : sentence.index("}")]
            choices = {
                "rhythm": _RHYTHMS,
                "event": _EVENTS,
                "channel": _CHANNELS,
                "rule": _RULES,
                "stage": STAGE_LABELS,
            }
            word = rng.choice(choices[name]) if name in choices else f"{rng.uniform(0, 120):.{rng.choice((0, 1))}f}"
            sentence = sentence.replace("{" + name + "}", word, 1)
        yield sentence


def train_tokenizer(*, vocab_size: int = 1024, seed: int = 0) -> Any:
    """Train the tokenizer.

    Parameters
    ----------
    vocab_size
        At most this many tokens, special ones included.
    seed
        Of the sentences it is trained on.

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
    tokenizer.train_from_iterator(domain_sentences(n=20_000, seed=seed), trainer=trainer)
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
