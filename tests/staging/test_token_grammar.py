"""The grammar in tokens: it writes what the tokenizer would have made of the text, and nothing else."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.evidence import FindingKind, measure_recording
from eegvlm.hypnogram import Stage
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training.tokenizer import STAGE_LABELS, train_tokenizer
from eegvlm.reasoning import acceptor, channel_words, compose, night_contexts, parse
from eegvlm.staging.token_grammar import TokenGrammar, TokenizedWords, text_of

ONE_EEG = ("EEG",)
MONTAGE = ("frontal EEG", "central EEG", "occipital EEG", "left EOG", "right EOG", "chin EMG")
OF_EYES_AND_CHIN = {
    FindingKind.RAPID_EYE_MOVEMENT,
    FindingKind.SLOW_EYE_MOVEMENT,
    FindingKind.BLINK,
    FindingKind.CHIN_TONE,
}


@cache
def tokenizer():
    return train_tokenizer()


@cache
def grammar(channels: tuple[str, ...]) -> TokenGrammar:
    tokenized_words = TokenizedWords(tokenizer(), tokenizer().convert_tokens_to_ids(list(STAGE_LABELS)))
    return TokenGrammar(acceptor(channels), tokenized_words)


def encoded(text: str) -> list[int]:
    prompt = len(tokenizer()("Reasons:")["input_ids"])
    return tokenizer()(f"Reasons: {text}")["input_ids"][prompt:]


def walk(machine: TokenGrammar, random: Random) -> tuple[list[int], str]:
    tokens, nodes = [], [machine.start]
    while after := machine.following(nodes[-1]):
        token = random.choice(list(after))
        tokens.append(token)
        nodes.append(after[token])
    return tokens, text_of(nodes[1:])


@settings(max_examples=200)
@given(st.randoms(use_true_random=False), st.sampled_from([ONE_EEG, MONTAGE, ("EEG", "chin EMG"), ()]))
def test_any_walk_is_the_tokenizers_own_cut_of_a_text_that_is_read_whole(random, channels):
    tokens, text = walk(grammar(channels), random)
    assert tokens == encoded(text)
    reading = parse(text)
    assert reading.unread == ()
    assert reading.stage is not None
    assert text.endswith(f" Stage: {reading.stage.label}.")


@settings(max_examples=200)
@given(st.randoms(use_true_random=False))
def test_with_one_eeg_nothing_is_claimed_of_eyes_and_chin(random):
    _, text = walk(grammar(ONE_EEG), random)
    assert not OF_EYES_AND_CHIN & {claim.kind for claim in parse(text).claims}, text


def test_what_compose_writes_can_be_written_token_by_token():
    simulated = simulate_night(hours=1, seed=4)
    recording = simulated.recording()
    evidence = measure_recording(recording)
    words = channel_words({channel.role: channel.name for channel in recording.channels})
    stages = simulated.hypnogram().stages
    contexts = night_contexts(evidence, words, stages)
    machine = grammar(contexts[0].words)
    for epoch, stage in enumerate(stages):
        text = compose(
            evidence.findings[epoch], contexts[epoch], Stage(int(stage)), rng=np.random.default_rng(epoch)
        ).text
        node = machine.start
        for token in encoded(text):
            node = machine.following(node)[token]
        assert not machine.following(node)


def test_a_run_stops_at_choices_and_before_the_label_of_the_stage():
    machine = grammar(ONE_EEG)
    random, labels = Random(3), set(tokenizer().convert_tokens_to_ids(list(STAGE_LABELS)))
    for _ in range(50):
        node = machine.start
        while not (run := machine.run(node)).is_label:
            after = machine.following(run.stop)
            assert len(after) > 1
            node = after[random.choice(list(after))]
        assert set(machine.following(run.stop)) <= labels
        assert tokenizer().decode(run.tokens).endswith(": ")


def test_the_rule_that_is_named_leaves_only_its_own_stage():
    machine = grammar(ONE_EEG)
    node = machine.start
    for token in encoded("Rule N3.1 applies: slow waves fill a fifth or more of the epoch. Stage: N3.")[:-2]:
        node = machine.following(node)[token]
    assert list(machine.following(node)) == [tokenizer().convert_tokens_to_ids("N3")]


def test_a_tokenizer_that_joins_labels_to_other_text_is_refused():
    with pytest.raises(InputError, match="add the label to the tokenizer"):
        TokenizedWords(tokenizer(), [tokenizer().convert_tokens_to_ids("ĠEEG")])
