"""A general-purpose model that answers in its own words, from the picture and from what was measured, as text.

Its answer is taken apart into sentences. One that the grammar of rationales can read is compared with the signal, claim
by claim; any other stands as it is and is marked as unverified. The model is given what is true of rules and neighbours
in the grammar's words, so that it can answer in words that can be verified.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from eegvlm.errors import InputError
from eegvlm.evidence import epoch_texts
from eegvlm.images import PreparedNight
from eegvlm.model import GeneralProcessor
from eegvlm.model.general_processing import for_model
from eegvlm.questions.answer import Answer, AnswerStatement, Basis
from eegvlm.questions.asked_night import AskedNight
from eegvlm.reasoning import true_sentences
from eegvlm.staging import Stager

MOST_TOKENS = 160
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_ASKED = (
    "Neighbours and rules: {facts}\n{stage}\nQuestion: {question}\n"
    "Answer in short sentences, where you can in the words above. Say what is not known."
)


def answer_freely(night: AskedNight, epoch: int, question: str, stager: Stager) -> Answer:
    """Let a general-purpose model answer, and verify what it says.

    Parameters
    ----------
    night
        The night.
    epoch
        From 1.
    question
        In any words.
    stager
        The model: one that was made a stager (:class:`~eegvlm.model.GeneralProcessor`).

    Returns
    -------
    Answer
        Its sentences, each verified or marked as unverified.

    Raises
    ------
    InputError
        If the epoch is not in the night, holds nothing usable, or the model is no general-purpose one.
    """
    place = night.place(epoch)
    name = str(stager.provenance.get("model", "model"))
    if not isinstance(stager.processor, GeneralProcessor):
        raise InputError(name, "--freely", "an EEG-VLM", "it answers the closed set of questions: leave --freely out")
    if not night.prepared.usable[place]:
        raise InputError("arguments", "EPOCH", epoch, "it holds no usable EEG: ask of another one")
    written = _write(night, place, question, stager.processor, stager.model)
    statements = tuple(
        night.said(sentence.strip(), place) for sentence in _SENTENCES.split(written) if sentence.strip()
    )
    nothing = (AnswerStatement("The model wrote nothing.", Basis.UNKNOWN),)
    return Answer(question, epoch, night.stage(place), statements or nothing, None, name)


@torch.inference_mode()
def _write(night: AskedNight, place: int, question: str, processor: GeneralProcessor, model: Any) -> str:
    facts = true_sentences(night.findings(place), night.contexts[place])
    nearby = [text for name, texts in facts.items() if name.startswith(("neighbour", "rule")) for text in texts]
    stage = night.stage(place)
    prompt = _ASKED.format(
        facts=" ".join(nearby) or "none.", stage=f"{night.model} says {stage.label}.", question=question.strip()
    )
    settings = replace(processor.settings, prompt=prompt, evidence="text", context_epochs=0)
    prompted = GeneralProcessor(processor.hugging_face, settings)
    prepared = night.prepared
    if prepared.layout != prompted.layout:  # the stages are another model's
        prepared = PreparedNight.read(night.recording, prompted.layout)
    pictures = prepared.pictures(np.array([place]))
    texts = epoch_texts(night.prepared, night.evidence, rows=[place])
    inputs = for_model(model, prompted(pictures, texts))
    tokenizer = prompted.tokenizer
    ends = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    written = model.generate(**inputs, max_new_tokens=MOST_TOKENS, do_sample=False, pad_token_id=ends)
    new = written[0, inputs["input_ids"].shape[1] :]
    return str(tokenizer.decode(new, skip_special_tokens=True))
