"""A recording of 200 s: six epochs, and 20 s that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_nights import Page

from eegvlm.hypnogram import read_hypnogram
from eegvlm.review.description import prepare
from eegvlm.review.incomplete_epoch import incomplete_epoch
from eegvlm.signals import read_recording


@pytest.fixture
def short(tmp_path: Path, cut_off: Path) -> Path:
    """A folder for the review of a recording of 200 s that was not staged."""
    prepare(tmp_path / "short", read_recording(cut_off))
    return tmp_path / "short"


@pytest.fixture
def blank(short: Path) -> Page:
    """A page on it whose scoring begins without stages."""
    page = Page.of([short])
    page.begin("blank")
    return page


def test_an_exact_night_has_no_incomplete_epoch() -> None:
    assert incomplete_epoch({"duration_s": 28800.0, "n_epochs": 960}) is None
    assert incomplete_epoch({"duration_s": 28800.5, "n_epochs": 961}) == 961


def test_it_gets_no_stage(blank: Page) -> None:
    status, sentence = blank.error("edits", edit={"what": "stage", "stage": "W", "epochs": [7]})
    assert (status, "7 is incomplete" in sentence) == (422, True)
    assert blank.score("N2", 5, 6, 7)["stages"] == ["?", "?", "?", "?", "N2", "N2", "?"]
    assert blank.score("?", 7)["revision"] == blank.revision


def test_it_counts_in_no_statistic_and_leaves_nothing_open(blank: Page, short: Path) -> None:
    state = blank.score("N2", *range(1, 7))
    counted = state["statistics"]
    assert counted["statistics"]["tib_min"] == counted["statistics"]["tst_min"] == 3.0
    assert counted["statistics"]["unscored_min"] == 0.0
    assert counted["basis"].endswith("; the incomplete last epoch is left out")
    blank.sign()
    assert read_hypnogram(short / "hypnogram.signed.csv").labels == ["N2"] * 6 + ["?"]
    assert "the incomplete last epoch is left out" in (short / "report.signed.html").read_text(encoding="utf-8")


def test_lights_on_within_it_are_as_they_were_set(blank: Page) -> None:
    blank.score("N2", *range(1, 7))
    counted = blank.edit("lights", off_s=30.0, on_s=195.0)["statistics"]
    assert (counted["statistics"]["tst_min"], counted["lights_on_s"]) == (2.5, 195.0)


def test_what_a_file_gives_it_is_kept_counted_and_can_be_corrected(short: Path) -> None:
    file = short.parent / "technician.csv"
    file.write_text("epoch,stage\n" + "".join(f"{epoch},N2\n" for epoch in range(1, 8)))
    page = Page.of([short], file)
    state = page.begin("file")
    assert (state["stages"][6], state["statistics"]["statistics"]["tst_min"]) == ("N2", 3.5)
    assert page.score("W", 7)["stages"][6] == "W"
    assert page.score("?", 7)["stages"][6] == "?"
    assert page.error("edits", edit={"what": "stage", "stage": "W", "epochs": [7]})[0] == 422
    assert page.do("undo")["stages"][6] == "W"
