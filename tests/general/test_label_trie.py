"""Label texts of several tokens get the probability that scoring each whole text would give them."""

from __future__ import annotations

import dataclasses
import warnings

import pytest
import torch
from general_bases import BASES, LAYOUT, SETTINGS, llava_next

from eegvlm.errors import InputError
from eegvlm.model import GeneralProcessor
from eegvlm.model.general import load_general_model
from eegvlm.model.label_tokens import LabelTokens
from eegvlm.model.label_trie import label_log_probabilities

LABELS = [
    ("W", "N1", "N2", "N3", "REM"),  # one branch that goes on, and one of three tokens beside it
    ("wake", "N1", "N2 sleep", "N3 sleep", "rem"),  # branches within branches
    ("a", "b", "c", "d", "e"),  # no step after the prompt
]


def brute_force(model, processor, pictures: torch.Tensor) -> torch.Tensor:
    """Score the five texts one by one, each in a forward pass of its own without a cache."""
    scores = []
    for tokens in processor.labels.tokens:
        inputs = processor(pictures)
        said = torch.tensor([tokens]).expand(len(pictures), -1)
        asked = inputs["input_ids"].shape[1]
        inputs["input_ids"] = torch.cat([inputs["input_ids"], said], dim=1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        if "mm_token_type_ids" in inputs:
            inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(said)], dim=1)
        logits = model(**inputs, use_cache=False).logits[:, asked - 1 : -1].float().log_softmax(dim=2)
        scores.append(logits.gather(2, said[..., None])[..., 0].sum(dim=1))
    return torch.stack(scores, dim=1).softmax(dim=1)


@pytest.mark.parametrize("family", BASES)
@pytest.mark.parametrize("labels", LABELS, ids=" ".join)
@torch.inference_mode()
def test_it_equals_scoring_every_whole_text(family, labels, tmp_path):
    folder = BASES[family](tmp_path)
    processor = GeneralProcessor.from_pretrained(folder, dataclasses.replace(SETTINGS, stage_labels=labels))
    model = load_general_model(folder, torch.float32).eval()
    pictures = torch.randint(0, 256, (3, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    found = label_log_probabilities(model, processor(pictures), processor.labels).exp()
    expected = brute_force(model, processor, pictures)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(3))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    assert (found[0] - found[1]).abs().max() > 1e-4, "a model that answers alike to everything proves nothing"


@pytest.mark.parametrize("family", BASES)
@pytest.mark.parametrize("labels", LABELS, ids=" ".join)
@torch.inference_mode()
def test_prompts_of_different_length_are_scored_as_each_alone(family, labels, tmp_path):
    folder = BASES[family](tmp_path)
    settings = dataclasses.replace(SETTINGS, stage_labels=labels, evidence="text")
    processor = GeneralProcessor.from_pretrained(folder, settings)
    model = load_general_model(folder, torch.float32).eval()
    pictures = torch.randint(0, 256, (3, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    texts = ["Measured: delta 21 \u00b5V.", "Measured: nothing.", "Measured: " + 9 * "alpha 12 \u00b5V; "]
    inputs = processor(pictures, texts)
    assert sorted(set(inputs["attention_mask"].sum(dim=1).tolist())) != [inputs["input_ids"].shape[1]]
    found = label_log_probabilities(model, inputs, processor.labels, padded=True).exp()
    for place, text in enumerate(texts):
        alone = processor(pictures[place, None], [text])
        assert alone["attention_mask"].all()
        expected = label_log_probabilities(model, alone, processor.labels).exp()
        torch.testing.assert_close(found[place, None], expected, rtol=1e-4, atol=1e-6)
    assert (found[0] - found[1]).abs().max() > 1e-4, "a model that answers alike to everything proves nothing"


@torch.inference_mode()
def test_going_on_from_what_was_read_warns_of_nothing(tmp_path, caplog):
    folder = llava_next(tmp_path)
    processor = GeneralProcessor.from_pretrained(folder, dataclasses.replace(SETTINGS, stage_labels=LABELS[0]))
    model = load_general_model(folder, torch.float32).eval()
    pictures = torch.zeros((2, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    inputs = processor(pictures)
    caplog.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        label_log_probabilities(model, inputs, processor.labels)
    assert not caplog.records


def test_a_label_that_begins_another_is_refused(tmp_path):
    settings = dataclasses.replace(SETTINGS, stage_labels=("W", "N1", "N2", "N3", "N"))
    with pytest.raises(InputError, match="beginning of another's"):
        GeneralProcessor.from_pretrained(llava_next(tmp_path), settings)


def test_paths_lead_to_the_last_branching_points():
    assert LabelTokens(((9,), (7, 1), (7, 2), (7, 3), (8, 4, 5))).paths == [(7,), (8, 4)]
    assert LabelTokens(((1,), (2,), (3,), (4,), (5,))).paths == [()]


def test_branches_are_the_tokens_that_may_follow():
    labels = LabelTokens(((9,), (7, 1), (7, 2), (7, 3), (8, 4, 5)))
    assert labels.branches(range(5), 0) == {9: [0], 7: [1, 2, 3], 8: [4]}
    assert labels.branches([1, 2, 3], 1) == {1: [1], 2: [2], 3: [3]}
    assert labels.branches([4], 3) == {}
