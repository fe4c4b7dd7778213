"""The tokenizer spells anything, and keeps stages and digits whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.lab.training.tokenizer import STAGE_LABELS, train_tokenizer

TOKENIZER = train_tokenizer()


@pytest.mark.parametrize("label", STAGE_LABELS)
def test_a_stage_label_is_one_token_wherever_it_stands(label):
    alone = TOKENIZER.encode(label, add_special_tokens=False)
    assert len(alone) == 1
    assert TOKENIZER.encode(f"Stage:{label}", add_special_tokens=False)[-1:] == alone
    assert TOKENIZER.encode(f"Stage: {label}", add_special_tokens=False)[-1:] == alone


def test_numbers_are_read_digit_by_digit():
    tokens = TOKENIZER.convert_ids_to_tokens(TOKENIZER.encode("120.5", add_special_tokens=False))
    assert tokens == ["1", "2", "0", ".", "5"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_survives(text):
    ids = TOKENIZER.encode(text, add_special_tokens=False)
    assert TOKENIZER.decode(ids, clean_up_tokenization_spaces=False) == text


def test_training_is_deterministic_and_small():
    assert train_tokenizer().get_vocab() == TOKENIZER.get_vocab()
    assert len(TOKENIZER) <= 1024
