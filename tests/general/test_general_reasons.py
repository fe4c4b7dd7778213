"""A general-purpose model gives reasons by the grammar and the measurements that ours has, in its own tokens."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from general_bases import BASES, LAYOUT, SETTINGS, llava_next, qwen3_vl, text_model, tokenizer
from test_general_training import small_recipe

from eegvlm.errors import InputError
from eegvlm.images import panel_signals
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.evaluation.faithfulness import faithfulness
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import train
from eegvlm.lab.training.checkpoints import read_log
from eegvlm.lab.training.estimate import estimate
from eegvlm.lab.training.general_base import build_general
from eegvlm.lab.training.night_inputs import TrainingNightInputs
from eegvlm.lab.training.objectives import GENERAL_OBJECTIVES
from eegvlm.lab.training.reason_texts import reasons_loss
from eegvlm.lab.training.sources import prepare
from eegvlm.model import GeneralProcessor, StagerSettings
from eegvlm.model.general import PROMPTS, load_general_model
from eegvlm.model.general_processing import Examples
from eegvlm.model.label_trie import with_said
from eegvlm.model.night_inputs import EpochInputs
from eegvlm.reasoning import acceptor, parse
from eegvlm.signals import Recording
from eegvlm.staging import Stager, stage_file
from eegvlm.staging.prompt_cache import CachedTexts, PromptCache, check_cache
from eegvlm.staging.token_grammar import TokenGrammar, TokenizedWords, text_of

REASONED = dataclasses.replace(SETTINGS, reasoned_prompt=PROMPTS["reasons"])
WORDS = ("EEG", "left EOG")


@pytest.fixture(scope="module")
def night() -> Recording:
    return simulate_night(hours=0.1, seed=5, channels=["EEG C4-M1", "EOG E1-M2"]).recording()


FAMILIES = {**BASES, "qwen3-vl": qwen3_vl}


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory) -> Path:
    folder = FAMILIES[request.param](tmp_path_factory.mktemp("bases") / request.param)
    REASONED.write(folder)
    return folder


@pytest.fixture(scope="module")
def drawn(night) -> torch.Tensor:
    return GeneralProcessor.draw(_Layout, panel_signals(LAYOUT, night))


class _Layout:
    layout = LAYOUT


def changed(folder: Path, copy: Path, **fields) -> Path:
    """Return the same checkpoint with other settings."""
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).symlink_to(file)
    (copy / "eegvlm.json").unlink()
    dataclasses.replace(REASONED, **fields).write(copy)
    return copy


def stager(folder: Path) -> Stager:
    return Stager.from_pretrained(folder, smooth="none", dtype="float32")


def test_labels_are_told_apart_from_where_they_part_to_where_they_are_unique():
    words = tokenizer([], "</s>")
    labels = [words.convert_ids_to_tokens(list(tokens)) for tokens in TokenizedWords(words).labels.tokens]
    assert labels == [["W"], ["N", "1"], ["N", "2"], ["N", "3"], ["R"]]


def test_any_walk_is_a_text_cut_word_by_word_that_is_read_whole():
    tokenized_words, random = TokenizedWords(tokenizer([], "</s>")), Random(3)
    machine = TokenGrammar(acceptor(WORDS), tokenized_words)
    for _ in range(25):
        tokens, nodes = [], [machine.start]
        while after := machine.following(nodes[-1]):
            tokens.append(random.choice(list(after)))
            nodes.append(after[tokens[-1]])
        text = text_of(nodes[1:])
        assert tuple(tokens) == tokenized_words.of(text)
        assert parse(text).unread == ()
        assert parse(text).stage is not None


@torch.inference_mode()
@pytest.mark.parametrize("family", ["llava-next", "qwen2.5-vl", "qwen3-vl"])
def test_texts_that_grow_apart_are_read_as_each_alone(family):
    """Prompts of different length, pieces of different length, none for a row, and a row that is left behind."""
    model, prompts = text_model(family)
    numbers, random = (3, 9, 6), np.random.default_rng(0)
    prefix = PromptCache.join([PromptCache.read(model, prompts(part)) for part in (numbers[:2], numbers[2:])])
    texts = CachedTexts(model, prefix)
    unread, text_tokens, alive = prefix.last[:, None].tolist(), [[], [], []], [0, 1, 2]
    for lengths in ((2, 5, 0), (1, 0, 3), (4, 2)):
        pieces = [random.integers(1, 50, size=length).tolist() for length in lengths]
        for row, piece in zip(alive, pieces, strict=True):
            text_tokens[row] += piece
        new_tokens = [unread[row] + piece for row, piece in zip(alive, pieces, strict=True)]
        unread = [[], [], []]
        rows_read = [k for k, piece in enumerate(new_tokens) if piece]
        logits = texts.read(new_tokens, rows_read)
        for place, k in enumerate(rows_read):
            row = alive[k]
            expected = model(**prompts(numbers[row : row + 1], text_tokens[row]), use_cache=False).logits[0, -1]
            np.testing.assert_allclose(logits[place], expected, atol=2e-4)
        if lengths == (1, 0, 3):
            texts.keep([0, 2])
            alive = [0, 2]


def test_reasons_are_written_alike_in_any_company_and_move_no_stage(folder, night):
    plain = stager(folder).stage(night).hypnogram
    staged = [stager(folder).stage(night, explain="all", batch_size=size) for size in (12, 5)]
    assert stager(folder).can_explain
    for explained in staged:
        np.testing.assert_allclose(explained.hypnogram.probabilities, plain.probabilities, atol=1e-5)
    texts = [[line["text"] for line in explained.rationales] for explained in staged]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 3, "texts that are all alike prove nothing"


def test_grounded_reasons_come_to_the_nights_stage_and_hold(folder, night):
    staged = stager(folder).stage(night, explain="all")
    for line in staged.rationales:
        assert line["reasoned_stage"] == line["stage"]
        assert line["unread"] == []
        assert {claim["verdict"] for claim in line["claims"]} <= {"confirmed", "not_measurable"}
        assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert {claim["kind"] for line in staged.rationales for claim in line["claims"]} >= {"stage"}


def test_free_reasons_state_what_the_model_believes_and_verdicts_say_what_holds(folder, night):
    staged = stager(folder).stage(night, explain="all", reasons="free")
    verdicts = [claim["verdict"] for line in staged.rationales for claim in line["claims"]]
    assert "contradicted" in verdicts, "random weights see nothing"
    assert all(line["unread"] == [] for line in staged.rationales)


def test_reasons_are_tested_for_faithfulness_as_ours(tmp_path):
    REASONED.write(llava_next(tmp_path))
    nights = open_dataset("simulated", "nights=1,seed=3000000,hours=0.05").nights
    tested = faithfulness(stager(tmp_path), nights, epochs_a_night=3)
    assert (tested.flaws.texts, tested.scored, dict(tested.errors)) == (3, 6, {})
    assert set(tested.answers) == {"direct", "reasoned"}


@torch.inference_mode()
def test_the_probabilities_at_the_end_are_those_of_the_labels_texts_there(folder, night, drawn):
    """Of five whole texts that differ in the label alone, each label by the tokens that tell it from the others."""
    reader = stager(folder)._reader
    staged = stager(folder).stage(night, explain="all")
    tokenized_words = reader.tokenized_words
    for epoch in (0, 7):
        line = staged.rationales[epoch]
        space, *label = tokenized_words.of(f"{line['reasoned_stage']}.")  # in a tokenizer of bytes
        before = [*tokenized_words.of(line["text"])[: -len(label) - 1], space]
        prompt = reader.asked(EpochInputs(drawn[epoch : epoch + 1]), reasoned=True)
        scores = []
        for label_tokens in tokenized_words.labels.tokens:
            text_tokens = torch.tensor([[*before, *label_tokens]])
            outputs = reader.model(**with_said(prompt, text_tokens), use_cache=False)
            logits = outputs.logits[0, -len(label_tokens) - 1 : -1]
            scores.append(float(logits.log_softmax(dim=1)[range(len(label_tokens)), list(label_tokens)].sum()))
        expected = torch.tensor(scores).softmax(dim=0).numpy()
        np.testing.assert_allclose(list(line["probabilities"].values()), expected, atol=2e-3)


@pytest.mark.parametrize("fields", [{"context_epochs": 1}, {"evidence": "text"}])
def test_three_pictures_and_measured_texts_go_before_reasons_too(folder, night, tmp_path, fields):
    copy = changed(folder, tmp_path / "copy", **fields)
    staged = [stager(copy).stage(night, explain="all", batch_size=size) for size in (12, 5)]
    texts = [[line["text"] for line in explained.rationales] for explained in staged]
    assert texts[0] == texts[1]
    assert all(line["faithfulness"] in (None, 1.0) for line in staged[0].rationales)


def test_a_model_whose_layers_keep_a_window_is_refused(tmp_path):
    model = load_general_model(llava_next(tmp_path), torch.float32)
    check_cache(model, "base")
    config = model.config.get_text_config()
    config.layer_types = ["sliding_attention"] * config.num_hidden_layers
    config.sliding_window = 8
    with pytest.raises(InputError, match=r"base: layers: DynamicSlidingWindowLayer; .*--explain none"):
        check_cache(model, "base")


def test_an_older_file_without_a_reasoned_prompt_is_of_a_model_that_gives_no_reasons(tmp_path):
    REASONED.write(tmp_path)
    assert StagerSettings.read(tmp_path) == REASONED
    file = tmp_path / "eegvlm.json"
    fields = json.loads(file.read_text())
    fields.pop("reasoned_prompt")
    file.write_text(json.dumps(fields))
    assert StagerSettings.read(tmp_path).reasoned_prompt == ""


def test_examples_stand_before_the_question_for_reasons_with_their_stages(tmp_path):
    processor = GeneralProcessor.from_pretrained(llava_next(tmp_path), REASONED)
    shape = (3, LAYOUT.height, LAYOUT.width)
    examples = Examples(torch.zeros((1, 2, *shape), dtype=torch.uint8), np.array([[0, 4]], np.int8))
    inputs = processor(torch.zeros((1, *shape), dtype=torch.uint8), None, examples, reasoned=True)
    text = processor.tokenizer.decode(inputs["input_ids"][0].tolist())
    assert text.count(REASONED.prompt) == 2
    assert text.split(REASONED.prompt)[-1].count(REASONED.reasoned_prompt) == 1


REASON = (
    "{name: reason, objective: reason, trains: [language], steps: 6, batch_size: 4, learning_rate: 0.01, reasoned: 1, "
    "lora: {rank: 4, alpha: 8, dropout: 0}}"
)


@pytest.mark.parametrize(("family", "context"), [("llava-next", 0), ("llava-next", 1), ("qwen2.5-vl", 0)])
def test_a_recipe_with_reasons_runs_to_a_checkpoint_that_explains(family, context, tmp_path):
    base = BASES[family](tmp_path / "base")
    answer = "{name: answer, objective: answer, trains: [language], steps: 2, batch_size: 4, lora: {rank: 4, alpha: 8}}"
    recipe = small_recipe(
        family, base, f"phases=[{answer}, {REASON}]", f"model.context_epochs={context}", "model.reasoned_prompt=Why?"
    )
    folder = train(recipe, tmp_path / "run")
    learnt = [entry["loss"] for entry in read_log(tmp_path / "run" / "reason") if "loss" in entry]
    assert learnt, "the phase was run"
    settings = StagerSettings.read(folder)
    assert settings.reasoned_prompt == "Why?"
    assert settings.stage_temperature != 1

    simulate_night(hours=0.05, seed=3, channels=["EEG C4-M1", "EOG E1-M2"]).write(tmp_path / "night.edf")
    trained = Stager.from_pretrained(folder, dtype="float32")
    stage_file(tmp_path / "night.edf", tmp_path / "out", stager=trained, explain="all")
    lines = [json.loads(line) for line in (tmp_path / "out/night/rationales.jsonl").read_text().splitlines()]
    assert len(lines) == 6
    for line in lines:
        assert line["text"].endswith(f"Stage: {line['stage']}.")
        assert line["claims"]
        assert all(claim["verdict"] != "contradicted" for claim in line["claims"])


def test_reasons_are_learnt_as_they_are_written(tmp_path):
    """Texts of the grammar, cut as they are written, and the mean over their tokens as its loss."""
    recipe = small_recipe("llava-next", llava_next(tmp_path / "base"), f"phases=[{REASON}]")
    model, processor = build_general(recipe)
    nights, checks = prepare(recipe.data, processor.layout, tmp_path / "nights", {})
    inputs = TrainingNightInputs(recipe, tmp_path, model, processor, nights, checks, lambda items, what: items)
    objective = GENERAL_OBJECTIVES["reason"](recipe.phases[0], processor, False)
    train_batches, validation = objective.batches(inputs)
    assert validation.reasons is None
    batch = train_batches([3, 1, 4])
    tokenized_words, end = TokenizedWords(processor.tokenizer), processor.tokenizer.eos_token_id
    for tokens in batch["reasons"].tolist():
        written = [token for token in tokens if token >= 0]
        assert written[-1] == end
        text = processor.tokenizer.decode(written[:-1]).strip()
        assert tuple(written[:-1]) == tokenized_words.of(text)
        assert parse(text).unread == ()
    prompts, expected, count = batch["asked"], 0.0, 0
    with torch.no_grad():
        loss = reasons_loss(model, batch).item()
        for row, tokens in enumerate(batch["reasons"].tolist()):
            written = [token for token in tokens if token >= 0]
            prompt = {name: value[row : row + 1] for name, value in prompts.items()}
            outputs = model(**with_said(prompt, torch.tensor([written])))
            logits = outputs.logits[0, -len(written) - 1 : -1].log_softmax(dim=1)
            expected -= logits[range(len(written)), written].sum().item()
            count += len(written)
    assert loss == pytest.approx(expected / count, rel=1e-4)


def test_what_a_run_will_cost_counts_the_reasons(tmp_path):
    base = llava_next(tmp_path / "base")
    answers, reasons = (
        estimate(small_recipe("llava-next", base, f"phases=[{one}]"))[0].activations
        for one in (REASON.replace("objective: reason", "objective: answer").replace("reasoned: 1, ", ""), REASON)
    )
    assert reasons > 1.5 * answers  # the tests' tokens are single bytes
