"""Stages and their spellings."""

from __future__ import annotations

import pytest

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage
from eegvlm.hypnogram.stage import is_rechtschaffen_kales, says_sleep_stage, stage_of_spelling


def test_stages_are_the_integers_of_the_columns_and_unscored_is_minus_one():
    assert [int(stage) for stage in Stage] == [0, 1, 2, 3, 4, -1]
    assert [stage.label for stage in Stage] == ["W", "N1", "N2", "N3", "R", "?"]


@pytest.mark.parametrize("stage", list(Stage))
def test_a_label_reads_back_as_its_stage(stage):
    assert Stage.from_label(stage.label) is stage


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        # Sleep-EDF and MASS
        ("Sleep stage W", Stage.W),
        ("Sleep stage 1", Stage.N1),
        ("Sleep stage 2", Stage.N2),
        ("Sleep stage 3", Stage.N3),
        ("Sleep stage 4", Stage.N3),
        ("Sleep stage R", Stage.R),
        ("Sleep stage ?", Stage.UNSCORED),
        ("Movement time", Stage.UNSCORED),
        # HMC
        ("Sleep stage N1", Stage.N1),
        ("Sleep stage N3", Stage.N3),
        # NSRR
        ("Wake", Stage.W),
        ("Stage 1 sleep", Stage.N1),
        ("Stage 4 sleep", Stage.N3),
        ("REM sleep", Stage.R),
        ("Unscored", Stage.UNSCORED),
        ("Movement", Stage.UNSCORED),
        # CAP, YASA, Noxturnal in French, letter case, space
        ("SLEEP-S2", Stage.N2),
        ("SLEEP-REM", Stage.R),
        ("SLEEP-MT", Stage.UNSCORED),
        ("WAKE", Stage.W),
        ("ART", Stage.UNSCORED),
        ("Éveil", Stage.W),
        ("  nrem2 ", Stage.N2),
        ("S4", Stage.N3),
        ("sleep_stage_n2", Stage.N2),
    ],
)
def test_spellings_of_the_public_data_sets_are_known(text, stage):
    assert stage_of_spelling(text) is stage


@pytest.mark.parametrize("text", ["", "0", "1", "4", "5", "N5", "Micro-éveil", "Lights off", "wakefulnes", "Sleep"])
def test_a_bare_digit_and_an_unknown_word_are_no_stage(text):
    assert stage_of_spelling(text) is None
    with pytest.raises(HypnogramError, match="W, N1, N2, N3, R"):
        Stage.from_label(text)


def test_what_calls_itself_a_sleep_stage_is_told_from_other_texts():
    assert says_sleep_stage("Sleep stage X")
    assert says_sleep_stage("SLEEP_STAGE_W")
    assert not says_sleep_stage("Stage 2 sleep")


def test_labels_of_the_rules_of_1968_are_told_from_those_of_the_aasm():
    assert all(is_rechtschaffen_kales(text) for text in ("Sleep stage 4", "S3", "Movement time", "Stage 2 sleep"))
    assert not any(is_rechtschaffen_kales(text) for text in ("N3", "Sleep stage N3", "W", "R", "REM", "?"))


def test_indexing_a_hypnogram_gives_stages():
    hypnogram = Hypnogram([Stage.W, Stage.N2, Stage.UNSCORED])
    assert hypnogram[1] is Stage.N2
    assert list(hypnogram) == [Stage.W, Stage.N2, Stage.UNSCORED]
