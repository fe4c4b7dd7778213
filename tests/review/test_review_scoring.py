"""A scoring through the page's own requests: edits, undo, conflicts, statistics, progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from review_nights import Page

from eegvlm.hypnogram import read_hypnogram

N_EPOCHS = 60


def test_a_scoring_begins_with_the_models_stages(page: Page, night: Path) -> None:
    assert page.show()["stages"] == read_hypnogram(night / "hypnogram.json").labels


def test_a_block_of_epochs_is_scored_at_once(page: Page) -> None:
    assert page.score("N3", 3, 4, 5)["stages"][1:6].count("N3") >= 3


def test_an_edit_that_changes_nothing_is_no_revision(page: Page) -> None:
    stage = page.show()["stages"][0]
    assert page.score(stage, 1)["revision"] == page.show()["revision"] == 1


def test_undo_and_redo_walk_back_to_the_beginning_and_forth_again(page: Page) -> None:
    states = [page.show()["stages"]]
    for epoch in range(1, 31):
        states.append(page.score("R" if states[-1][epoch - 1] != "R" else "W", epoch)["stages"])
    for expected in reversed(states[:-1]):
        assert page.do("undo")["stages"] == expected
    assert page.do("undo")["stages"] == states[0]
    assert not page.show()["can_undo"]
    for expected in states[1:]:
        assert page.do("redo")["stages"] == expected
    assert not page.show()["can_redo"]


def test_an_edit_after_undo_forgets_what_was_undone(page: Page) -> None:
    page.score("R", 1)
    page.do("undo")
    page.score("N1", 2)
    assert not page.show()["can_redo"]


def test_marks_are_added_moved_and_removed_and_each_can_be_undone(page: Page) -> None:
    mark = {"kind": "arousal", "start_s": 31.5, "stop_s": 36.0, "channel": "C4-M1", "text": ""}
    (added,) = page.edit("mark", **mark)["marks"]
    (moved,) = page.edit("mark", **{**mark, "start_s": 32.0}, id=added["id"])["marks"]
    assert (moved["id"], moved["start_s"]) == (added["id"], 32.0)
    assert page.edit("unmark", id=added["id"])["marks"] == []
    assert page.do("undo")["marks"] == [moved]
    assert page.do("undo")["marks"] == [added]
    assert page.do("undo")["marks"] == []


def test_comments_and_lights_are_edits_like_any_other(page: Page) -> None:
    assert page.edit("comment", epoch=7, text="<b>snoring</b>")["comments"] == {"7": "<b>snoring</b>"}
    assert page.edit("lights", off_s=60, on_s=1700)["lights"] == {"off_s": 60.0, "on_s": 1700.0}
    assert page.do("undo")["lights"] is None
    assert page.edit("comment", epoch=7, text="")["comments"] == {}


def test_statistics_follow_every_edit(page: Page) -> None:
    page.score("W", *range(1, N_EPOCHS + 1))
    assert page.show()["statistics"]["statistics"]["tst_min"] == 0
    numbers = page.score("N2", *range(21, 41))["statistics"]
    assert (numbers["statistics"]["tst_min"], numbers["statistics"]["sol_min"]) == (10, 10)
    lit = page.edit("lights", off_s=300, on_s=1800)["statistics"]
    assert (lit["statistics"]["sol_min"], lit["statistics"]["tib_min"]) == (5, 25)
    assert lit["basis"] == "from lights off to lights on (set by the scorer)"


def test_seen_epochs_lower_the_expected_share_of_wrong_stages(page: Page, night: Path) -> None:
    confidence = read_hypnogram(night / "hypnogram.json").confidence
    assert confidence is not None
    before = page.show()["progress"]
    assert before["expected_wrong"] == pytest.approx(float((1 - confidence).mean()), abs=1e-4)
    first = json.loads((night / "staging.json").read_text())["review"]["order"][0]
    after = page.see(first)["progress"]
    assert (after["checked"], after["reviewed"]) == (1, 1)
    lower = before["expected_wrong"] - after["expected_wrong"]
    assert lower == pytest.approx(float(1 - confidence[first - 1]) / N_EPOCHS, abs=1e-4)
    assert page.see(*range(1, N_EPOCHS + 1))["progress"]["expected_wrong"] == 0


def test_two_windows_do_not_overwrite_each_other(page: Page, night: Path) -> None:
    other = Page.of([night])
    other.show()
    page.score("N3", 1)
    status, sentence = other.error("edits", edit={"what": "stage", "stage": "R", "epochs": [1]})
    assert (status, "another window changed it" in sentence) == (409, True)
    assert other.show()["stages"][0] == "N3"
    assert other.score("R", 1)["stages"][0] == page.show()["stages"][0] == "R"


def test_what_one_window_has_seen_is_no_conflict_for_the_other(page: Page, night: Path) -> None:
    other = Page.of([night])
    other.show()
    page.see(1, 2, 3)
    assert other.score("R", 1)["seen"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        ({"what": "stage", "stage": "N5", "epochs": [1]}, "expected W, N1, N2, N3, R or ?"),
        ({"what": "stage", "stage": "N2", "epochs": [0]}, "expected numbers from 1 to 60"),
        ({"what": "stage", "stage": "N2", "epochs": []}, "expected numbers from 1 to 60"),
        ({"what": "stage", "stage": "N2", "epochs": [True]}, "expected numbers from 1 to 60"),
        ({"what": "mark", "kind": "snore", "start_s": 1, "stop_s": 2}, "kind of mark: snore"),
        ({"what": "mark", "kind": "arousal", "start_s": 5, "stop_s": 2}, "must not end before it starts"),
        ({"what": "mark", "kind": "arousal", "start_s": 1, "stop_s": 1e9}, "the night runs from 0 to 1800 s"),
        ({"what": "mark", "kind": "text", "start_s": 1, "stop_s": 2, "text": "x" * 3000}, "at most 2000 characters"),
        ({"what": "unmark", "id": "m99"}, "not there any more"),
        ({"what": "lights", "off_s": 100, "on_s": 50}, "lights on must follow lights off"),
        ({"what": "comment", "epoch": 61, "text": "x"}, "expected numbers from 1 to 60"),
        ({"what": "erase"}, "expected one of stage, mark, unmark, lights, comment"),
    ],
)
def test_an_edit_that_makes_no_sense_is_one_sentence_and_changes_nothing(page: Page, edit: dict, word: str) -> None:
    before = page.show()
    status, sentence = page.error("edits", edit=edit)
    assert (status, word in sentence, "\n" in sentence) == (422, True, False), sentence
    assert page.show() == before


@pytest.mark.parametrize("who", ["", "  ", "x" * 101, "a\nb"])
def test_nobody_edits_without_a_name(page: Page, who: str) -> None:
    page.who = who
    assert page.error("edits", edit={"what": "stage", "stage": "R", "epochs": [1]})[0] == 422
