"""Second scorers: blind until they have finished, compared, and brought to a consensus."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_nights import Page

from eegvlm.hypnogram import Hypnogram, read_hypnogram, write_hypnogram
from eegvlm.review.problems import ReviewError
from eegvlm.review.readers import consensus


def second_page(night: Path, *, blind: bool, basis: str = "blank") -> Page:
    page = Page.of([night], name="second", who="CD")
    page.begin(basis, blind=blind)
    return page


def test_a_blind_scorer_sees_nothing_of_the_others_until_the_scoring_is_finished(page: Page, night: Path) -> None:
    blind = second_page(night, blind=True)
    state = blind.score("N2", *range(1, 61))
    assert (state["hidden"], state["readings"], state["progress"]["to_review"]) == (True, [], 0)
    for path in ("/results", "/compare/main", "/compare/model", "/details"):
        answer = blind.client.get(f"/api/nights/0/scorings/second{path}")
        assert (answer.status_code, "finish" in answer.json()["error"]) == (422, True), path
    assert blind.do("finish")["readings"] == ["model", "main"]
    assert blind.get("/scorings/second/results")["results"]["stages"]


def test_an_unfinished_blind_scoring_is_hidden_from_the_others_too(page: Page, night: Path) -> None:
    second_page(night, blind=True)
    assert page.show()["readings"] == ["model"]


def test_two_scorings_are_compared_epoch_by_epoch(page: Page, night: Path) -> None:
    second = second_page(night, blind=False, basis="model")
    stages = page.show()["stages"]
    changed = [epoch for epoch in range(1, 61) if stages[epoch - 1] != "R"][:6]
    second.score("R", *changed)
    compared = page.get("/scorings/main/compare/second")
    assert compared["differing"] == changed
    assert compared["agreement"]["accuracy"] == pytest.approx(54 / 60)
    assert compared["stages"] == second.show()["stages"]


def test_a_scorers_file_is_a_reading_of_the_night(night: Path, tmp_path: Path) -> None:
    model = read_hypnogram(night / "hypnogram.json")
    file = tmp_path / "technician.csv"
    write_hypnogram(Hypnogram(model.stages, start=model.start), file)
    page = Page.of([night], file)
    page.begin()
    assert page.get("/scorings/main/compare/technician.csv")["agreement"]["accuracy"] == 1


def test_a_scorers_file_of_another_length_is_laid_by_time_and_the_rest_is_unscored(night: Path, tmp_path: Path) -> None:
    model = read_hypnogram(night / "hypnogram.json")
    file = tmp_path / "technician.csv"
    write_hypnogram(Hypnogram(model.stages[:50], start=model.start), file)
    page = Page.of([night], file)
    assert page.begin("file")["stages"] == [*model.labels[:50], *["?"] * 10]


def test_a_consensus_begins_with_what_most_scorers_said(page: Page, night: Path) -> None:
    second = second_page(night, blind=False, basis="model")
    model = page.show()["stages"]
    to = "R" if model[0] != "R" else "W"
    page.score(to, 1)
    second.score(to, 1)
    second.score(to, 2)
    joined = Page.of([night], name="consensus")
    stages = joined.begin("consensus", of=("model", "main", "second"))["stages"]
    assert stages[:2] == [to, model[1]]


def test_a_tie_is_left_for_the_scorers_to_decide() -> None:
    readings = {"a": ["W", "N2", "?"], "b": ["R", "N2", "?"], "c": ["?", "N3", "?"]}
    assert consensus(readings) == ["?", "N2", "?"]


def test_a_consensus_needs_two_readings() -> None:
    with pytest.raises(ReviewError, match="name at least two"):
        consensus({"a": ["W"]})


def test_a_scoring_begins_once(page: Page, night: Path) -> None:
    body = {"name": "main", "who": "CD", "basis": "blank"}
    answer = page.client.post("/api/nights/0/scorings", json=body)
    assert (answer.status_code, answer.json()["error"].endswith("it has begun already; open it")) == (409, True)
