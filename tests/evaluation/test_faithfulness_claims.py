"""Verdicts, flaws and swaps of texts that were made by hand: what is counted, and of how many."""

from __future__ import annotations

import numpy as np
import pytest
from reasoned_epochs import epoch, judged, words

from eegvlm.hypnogram import Stage
from eegvlm.lab.evaluation import ConfusionBootstrap
from eegvlm.lab.evaluation.claim_verdicts import text_flaws, verdicts_by_kind, verdicts_by_stage
from eegvlm.lab.evaluation.swap import Swap, draw_partners, swap_figures
from eegvlm.reasoning import Outcome

DRAWS = ConfusionBootstrap(resamples=200)
EARLY, LATE = epoch(3.0), epoch(25.0)


def rows(*subjects):
    return {row.name: row for row in verdicts_by_kind(subjects, DRAWS)}


def test_a_model_that_tells_the_truth_is_never_contradicted():
    found = rows(judged(words(EARLY), words(EARLY, seed=1), findings=EARLY))
    assert found["spindle"].claims == 2
    assert all(row.shares[Outcome.CONTRADICTED].value == 0 for row in found.values())
    assert found["spindle"].shares[Outcome.CONFIRMED].value == 1


def test_a_model_that_lies_on_purpose_is_counted_as_contradicted():
    (text,) = judged(words(LATE), findings=EARLY)
    found = rows([text])
    assert found["spindle"].shares[Outcome.CONTRADICTED].value == 1
    assert found["all"].claims == len(text.verdicts)
    contradicted = found["all"].shares[Outcome.CONTRADICTED].value
    assert contradicted == pytest.approx(text.count(Outcome.CONTRADICTED) / len(text.verdicts))


def test_what_no_channel_could_show_is_not_measurable():
    found = rows(judged("A rapid eye movement is seen at 3 s.", findings=EARLY))
    assert found["rapid_eye_movement"].shares[Outcome.NOT_MEASURABLE].value == 1


def test_the_kinds_add_up_to_all_and_so_do_the_stages():
    texts = judged(words(EARLY), words(LATE), words(EARLY, Stage.N1), findings=EARLY)
    (whole, *kinds) = verdicts_by_kind([texts], DRAWS)
    stages = verdicts_by_stage([texts], DRAWS)
    assert [row.name for row in stages] == ["N1", "N2"]
    for some in (kinds, stages):
        assert sum(row.claims for row in some) == whole.claims
        for outcome in Outcome:
            told = sum(row.shares[outcome].value * row.claims for row in some)
            assert told == pytest.approx(whole.shares[outcome].value * whole.claims)


def test_intervals_are_over_subjects_and_one_subject_has_none():
    true, false = judged(words(EARLY), words(LATE), findings=EARLY)
    assert rows([true, false])["spindle"].shares[Outcome.CONFIRMED].interval is None
    interval = rows([true], [false])["spindle"].shares[Outcome.CONFIRMED].interval
    assert (interval.low, interval.high) == (0, 1)


def test_a_kind_that_most_subjects_never_name_has_no_interval():
    (text,) = judged(words(EARLY), findings=EARLY)
    (other,) = judged("No spindle or K-complex is seen. Stage: N1.", findings=EARLY)
    row = rows([text], [other], [other])["slow_wave_share"]
    assert row.shares[Outcome.CONFIRMED].value == 1
    assert row.shares[Outcome.CONFIRMED].interval is None


def test_a_text_whose_rule_is_another_stages_contradicts_itself():
    honest = words(EARLY)
    assert "N2.1" in honest
    turned = honest.replace("Stage: N2.", "Stage: N3.")
    none_met = "No W rule is met by what was measured; W is only the likeliest. Stage: {}."
    texts = judged(honest, turned, none_met.format("W"), none_met.format("R"), findings=EARLY)
    assert [text.contradicts_its_stage for text in texts] == [False, True, False, True]
    assert all(text.is_whole for text in texts)


def test_a_rule_of_another_stage_that_is_met_too_is_no_contradiction():
    text = words(EARLY, Stage.W)
    assert "Rule N2.1 is met" in text
    (one,) = judged(text, findings=EARLY)
    assert (one.stage, one.contradicts_its_stage) == (Stage.W, False)


def test_texts_that_cannot_be_read_whole_and_repeated_ones_are_counted():
    said = words(EARLY)
    texts = judged(said, said, f"I think so. {said}", said.replace(" Stage: N2.", ""), findings=EARLY)
    flaws = text_flaws([texts], DRAWS)
    assert (flaws.texts, flaws.not_whole, flaws.contradictory, flaws.repeated.value) == (4, 2, 0, 0.5)


def test_a_text_that_the_swap_leaves_as_it_is_is_counted():
    own, other = judged(words(EARLY), words(LATE), findings=EARLY)
    found = swap_figures([[Swap(own, own), Swap(own, own), Swap(own, own), Swap(own, other)]], DRAWS)
    assert (found.pairs, found.changed.value) == (4, 0.25)
    assert 0 < found.drop.value == pytest.approx(found.confirmed.value - found.confirmed_after.value)
    assert swap_figures([[Swap(own, own)]], DRAWS).drop.value == 0


def test_nothing_to_swap_has_no_figures():
    found = swap_figures([[]], DRAWS)
    assert (found.pairs, found.changed.value, found.drop.value) == (0, None, None)


def test_a_partner_is_an_epoch_that_is_scored_and_of_another_stage():
    truth = np.array([0, 0, 2, 2, 3, -1], np.int8)
    epochs, scored = np.array([0, 2, 4]), np.arange(5)
    drawn = np.array([draw_partners(truth, epochs, scored, np.random.default_rng(seed)) for seed in range(50)])
    assert [set(column) for column in drawn.T] == [{2, 3, 4}, {0, 1, 4}, {0, 1, 2, 3}]
    assert draw_partners(truth, np.array([0]), np.array([0, 1]), np.random.default_rng(0)).tolist() == [-1]
