"""Review: the least certain first, and what the model's own confidence expects of the rest."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.review import contradicted_epochs, count_of, differing_epochs, review, review_flags


def night(confidence: list[float]) -> Hypnogram:
    probabilities = np.full((len(confidence), 5), 0.0, np.float32)
    probabilities[:, 2] = confidence
    probabilities[:, 1] = 1 - np.array(confidence)
    return Hypnogram(np.full(len(confidence), 2, np.int8), probabilities=probabilities)


def test_the_sentence_says_how_many_and_what_is_left():
    said = review(night([0.5] * 48 + [0.9] * 912)).sentence()
    assert said == (
        "review the 48 least certain epochs (5 %): by the model's own confidence, the rest is expected to be right "
        "in 90 %"
    )


def test_a_night_without_probabilities_promises_nothing():
    plain = review(Hypnogram(np.array([0, 2, -1], np.int8)))
    assert plain.sentence() == ""
    assert plain.to_dict()["shares"] == []
    assert plain.order == (0, 1)


def test_epochs_on_which_a_second_reader_differs_come_first_and_the_least_certain_of_them_before():
    told = review(night([0.9, 0.5, 0.8, 0.6, 0.7]), first=[0, 2])
    assert told.order == (2, 0, 1, 3, 4)
    assert told.to_dict()["n_differing"] == 2
    assert "n_differing" not in review(night([0.9])).to_dict()


@given(st.lists(st.floats(0.2, 1), min_size=1, max_size=60), st.sets(st.integers(0, 59)))
def test_whichever_come_first_every_scored_epoch_is_reviewed_once(confidence, first):
    assert sorted(review(night(confidence), first=first).order) == list(range(len(confidence)))


def test_the_rest_is_what_the_new_order_leaves():
    told = review(night([0.9] * 10 + [0.5] * 10), first=range(10))
    assert told.shares[4].epochs == 6
    assert told.shares[4].up_to == pytest.approx(0.9)
    assert told.shares[4].rest == pytest.approx((4 * 0.9 + 10 * 0.5) / 14)


@pytest.mark.parametrize(
    ("n_differing", "said"),
    [
        (8, "the 5 least certain of the 8 epochs on which the second reader differs"),
        (5, "the 5 epochs on which the second reader differs (5 %)"),
        (1, "the 1 epoch on which the second reader differs and the 4 least certain of the others (5 %)"),
        (0, "the 5 least certain epochs (5 %)"),
    ],
)
def test_the_sentence_names_the_epochs_that_come_first(n_differing, said):
    sentence = review(night([0.9] * 100), first=range(n_differing)).sentence()
    assert sentence.startswith(f"review {said}")
    assert sentence.endswith("the rest is expected to be right in 90 %")


def test_a_differing_epoch_that_is_unscored_is_not_in_the_order():
    told = review(Hypnogram(np.array([0, -1, 2], np.int8)), first=[1, 2])
    assert (told.order, told.n_differing) == ((2, 0), 1)


def test_what_is_written_counts_epochs_from_one_and_is_plain_json():
    hypnogram = night([0.9, 0.6, 0.8, 0.7] * 10)
    told = json.loads(json.dumps(review(hypnogram, review_flags(hypnogram, {3}, {3, 5})).to_dict()))
    assert [row["share"] for row in told["shares"]] == [0, 0.05, 0.1, 0.2, 0.3]
    assert told["shares"][1] == {"share": 0.05, "epochs": 2, "up_to": 0.6, "rest": pytest.approx(0.7579, abs=1e-4)}
    assert told["order"] == [*range(2, 40, 4), 4, 8]
    assert told["flags"] == [
        {
            "epoch": 4,
            "reasons": [
                "a claim is contradicted by the signal",
                "the direct answer was another stage",
            ],
        },
        {"epoch": 6, "reasons": ["the direct answer was another stage"]},
    ]


def test_lines_say_which_epochs_are_contradicted_and_which_differ():
    lines = [
        {"epoch": 1, "claims": [{"verdict": "confirmed"}], "differs": True},
        {"epoch": 2, "claims": [{"verdict": "confirmed"}, {"verdict": "contradicted"}], "differs": False},
        {"epoch": 3},
    ]
    assert contradicted_epochs(lines) == {1}
    assert differing_epochs(lines) == {0}
    assert contradicted_epochs(None) == differing_epochs(None) == set()


@pytest.mark.parametrize(
    ("share", "n", "count"), [(0.05, 960, 48), (0.05, 961, 49), (0.1, 10, 1), (0, 10, 0), (1, 7, 7)]
)
def test_a_share_is_rounded_up(share, n, count):
    assert count_of(share, n) == count


def test_more_is_listed_of_a_night_on_which_the_probabilities_promise_nothing():
    confidence = np.linspace(0.3, 0.9, 100).tolist()
    plain, limited = review(night(confidence)), review(night(confidence), limit="unlike any recorder in training")
    assert [row["share"] for row in plain.to_dict()["shares"]] == [0.0, 0.05, 0.1, 0.2, 0.3]
    assert [row["share"] for row in limited.to_dict()["shares"]] == [0.0, 0.05, 0.1, 0.2, 0.3, 0.5]
    assert limited.to_dict()["shares"][-1]["epochs"] == 50
    assert all(row["rest"] is None for row in limited.to_dict()["shares"])
