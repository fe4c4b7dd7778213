"""Rationales are written as they were learnt and alike in any company; the model is asked only where it can choose."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from staging_models import learn_by_heart, untrained

from eegvlm.errors import InputError
from eegvlm.model.night_inputs import EpochInputs
from eegvlm.reasoning import acceptor, parse
from eegvlm.staging.decoding import Decoder
from eegvlm.staging.reading import Reader
from eegvlm.staging.token_grammar import TokenGrammar, TokenizedWords

pytestmark = pytest.mark.slow

WORDS = ("EEG", "left EOG", "right EOG", "chin EMG")
TEXTS = [
    "Delta at 1.5 Hz dominates the EEG, 110 µV peak to peak. "
    "Rule N3.1 applies: slow waves fill a fifth or more of the epoch. Stage: N3.",
    "The eyes blink 3 times, first at 4 s. This meets rule W.1: alpha fills more than half of the epoch. Stage: W.",
    "There are 4 spindles of about 13.5 Hz on the EEG, the first at 2 s. Chin tone is low, 55 % of the night's median. "
    "It fits rule N2.1: a spindle or K-complex comes in time. Stage: N2.",
    "Rule X.1 applies: more than half of the epoch is hidden. Stage: R.",
]


def pictures(n: int) -> torch.Tensor:
    """Return pictures that no model can take for one another: bars at different places."""
    drawn = torch.zeros(n, 1, 256, 256, dtype=torch.uint8)
    for k in range(n):
        drawn[k, :, (17 * k) % 230 : (17 * k) % 230 + 24, :: 1 + k % 5] = 255
    return drawn


class Setting:
    def __init__(self, model, processor):
        self.model, self.processor = model, processor
        self.reader = Reader(model, processor)
        self.grammar = TokenGrammar(acceptor(WORDS), TokenizedWords(processor.tokenizer, self.reader.stage_ids))

    def write(self, drawn):
        decoder = Decoder(self.model, self.reader.reasoned, self.reader.stage_ids)
        prefix = self.reader.read_on(EpochInputs(drawn))[1]
        return decoder.write(prefix, [self.grammar] * len(prefix))


@pytest.fixture(scope="module")
def setting():
    return Setting(*untrained())


def test_texts_do_not_depend_on_their_company(setting):
    drawn = pictures(16)
    together = setting.write(drawn)
    assert len({one.text for one in together}) > 3, "texts that are all alike prove nothing"
    alone = [setting.write(drawn[k : k + 1])[0] for k in range(16)]
    assert [one.text for one in alone] == [one.text for one in together]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=2e-3)


def test_every_text_is_read_whole_and_ends_in_the_stage(setting):
    for one in setting.write(pictures(24)):
        reading = parse(one.text)
        assert reading.unread == ()
        assert reading.stage is one.stage


def test_the_tokens_written_are_those_that_training_would_have_taught(setting):
    for one in setting.write(pictures(12)):
        _, answer = setting.processor.encode_rationale(one.text)
        assert [*one.tokens, setting.processor.tokenizer.eos_token_id] == answer


def test_a_prompt_that_a_checkpoint_lacks_is_said_with_those_it_has(setting):
    with pytest.raises(InputError, match="no such prompt; it has direct, reasoned"):
        setting.processor.encode_prompt("poetic")


def test_only_choices_are_put_to_the_model(setting):
    for one in setting.write(pictures(12)):
        node, choices = setting.grammar.start, 0
        for token in one.tokens:
            after = setting.grammar.following(node)
            choices += len(after) > 1
            node = after[token]
        assert (one.chosen, one.forced) == (choices, len(one.tokens) - choices)


def test_the_shared_prefix_gives_the_logits_of_a_whole_pass(setting):
    drawn = pictures(6)
    for k, one in enumerate(setting.write(drawn)):
        asked, answer = setting.processor.encode_rationale(one.text)
        label = max(place for place, token in enumerate(answer) if token in setting.reader.stage_ids)
        with torch.inference_mode():
            whole = setting.model(
                input_ids=torch.tensor([asked + answer[:label]]),
                pixel_values=setting.processor.normalise(drawn[k : k + 1]),
                use_cache=False,
            ).logits[0, -1]
        np.testing.assert_allclose(one.logits, whole[setting.reader.stage_ids].numpy(), atol=2e-3)


def test_reading_on_answers_the_direct_prompt_as_reading_does(setting):
    drawn = pictures(20)
    logits, prefix = setting.reader.read_on(EpochInputs(drawn))
    np.testing.assert_allclose(logits, setting.reader.read(EpochInputs(drawn)), atol=1e-5)
    assert (len(prefix), prefix.positions) == (20, setting.reader.shared)
    assert setting.reader.shared >= 64, "the visual tokens are what is worth sharing"


def test_what_was_learnt_is_written_word_by_word():
    model, processor = untrained(lively=False)
    drawn = pictures(len(TEXTS))
    learn_by_heart(model, processor, drawn, TEXTS)
    written = Setting(model, processor).write(drawn)
    assert [one.text for one in written] == TEXTS
    # the text alone decides for R: rule X.1 leaves every stage open
    assert [one.logits.argmax() for one in written] == [3, 0, 2, 4]
