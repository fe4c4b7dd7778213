"""Marks under the pointer: chosen, lengthened, moved, renamed, taken away; the amplitude of one row; zoom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chromium import Chromium
from review_page import EPOCH, IDLE, REVISION, Served, open_page, press, select_stretch, text_of, time_place

from eegvlm.review.scoring_file import ReviewedScoringFile

pytestmark = pytest.mark.slow

RULER = "document.getElementById('ruler').textContent"


def marks_of(night: Path) -> list[Any]:
    return list(ReviewedScoringFile(night / "review" / "main.jsonl").state.marks.values())


def dragged(browser: Chromium, begin: float, end: float) -> None:
    """Drag from one second of the first page to another, and wait until it is kept."""
    before = browser.value(REVISION)
    browser.drag(time_place(browser, begin, 0, 30), time_place(browser, end, 0, 30))
    browser.wait(f"{REVISION} === {before + 1} && ({IDLE})")


def test_a_mark_is_chosen_lengthened_moved_renamed_and_deleted(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    select_stretch(browser, 10, 4)
    press(browser, "a", revisions=1)
    browser.click(*time_place(browser, 12, 0, 30))
    browser.wait(f"{RULER}.startsWith('arousal: 4.0 s')")

    dragged(browser, 14, 18)
    (mark,) = marks_of(night)
    assert (mark["start_s"], mark["stop_s"]) == (pytest.approx(10), pytest.approx(18, abs=0.1))
    dragged(browser, 10, 8)
    (mark,) = marks_of(night)
    assert (mark["start_s"], mark["stop_s"]) == (pytest.approx(8, abs=0.1), pytest.approx(18, abs=0.1))
    dragged(browser, 12, 15)
    (shifted,) = marks_of(night)
    assert shifted["start_s"] - mark["start_s"] == pytest.approx(3, abs=0.1)
    assert shifted["stop_s"] - shifted["start_s"] == pytest.approx(mark["stop_s"] - mark["start_s"], abs=0.001)

    press(browser, "s", revisions=1)
    assert marks_of(night)[0]["kind"] == "spindle"
    press(browser, "Delete", revisions=1)
    assert marks_of(night) == []
    press(browser, "z", revisions=1)
    assert marks_of(night)[0]["kind"] == "spindle"
    assert browser.errors == []


def test_a_text_that_is_not_given_puts_no_mark(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    select_stretch(browser, 10, 4)
    browser.press("t")
    browser.wait("document.getElementById('mark-text').open")
    browser.value("document.getElementById('mark-text').close()")
    assert marks_of(night) == []
    browser.press("t")
    browser.value("document.querySelector('#mark-text input').value = 'cough'")
    browser.value("document.querySelector('#mark-text button').click()")
    browser.wait(f"{REVISION} === 2 && ({IDLE})")
    assert [mark["text"] for mark in marks_of(night)] == ["cough"]


def test_marks_of_other_pages_are_counted_and_lead_there(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    for start in (10, 400):
        select_stretch(browser, start, 4)
        press(browser, "a", revisions=1)
    assert browser.value(EPOCH) == 14  # a stretch elsewhere is shown before it is marked
    assert browser.value("document.querySelectorAll('#marks > div > ul > li').length") == 1
    assert browser.value("document.querySelector('#marks summary').textContent") == "On other pages: 1 arousal"
    browser.value("document.querySelector('#marks details button').click()")
    browser.wait(f"{EPOCH} === 1 && {RULER}.startsWith('arousal: 4.0 s')")


def test_a_click_on_a_long_page_goes_to_the_epoch_and_the_strip_above_shows_it(
    browser: Chromium, served: Served
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    for _ in range(2):
        browser.press("]")
    browser.wait("document.documentElement.dataset.loaded === '0'")
    browser.click(*time_place(browser, 75, 0, 120))
    browser.wait(f"{EPOCH} === 3")
    shade = (
        "(x => [...document.getElementById('epochs').getContext('2d').getImageData(x, 3, 1, 1).data].join())"
        "(Math.round(124 + {} / 120 * (document.getElementById('epochs').clientWidth - 182)) - 4)"
    )
    browser.wait(f"{shade.format(60)} !== {shade.format(90)} && {shade.format(60)} === {shade.format(120)}")


def test_one_row_is_made_larger_and_all_rows_when_none_is_chosen(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    gains = "[...document.querySelectorAll('#montage input[aria-label^=\"per 10 px\"]')].map(one => Number(one.value))"
    first = browser.value(gains)
    browser.press("ArrowDown")
    browser.press("ArrowDown")
    browser.press("+")
    browser.wait(f"{gains}[1] === {first[1] / 1.25}")
    assert browser.value(gains) == [first[0], first[1] / 1.25, *first[2:]]
    browser.press("Escape")
    browser.press("+")
    browser.wait(f"document.getElementById('spoken').textContent.includes('{first[0] / 1.25:g} µV per 10 pixels')")
    assert browser.value(gains) == [first[0], first[1] / 1.25, *first[2:]]


def test_what_is_selected_is_zoomed_into_and_the_page_comes_back(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    select_stretch(browser, 70, 4)
    browser.press("e")
    browser.wait("document.documentElement.dataset.loaded === '70'")
    assert browser.value("document.getElementById('page-length').value") == "zoomed"
    assert browser.value(EPOCH) == 3  # the next key scores what is seen
    browser.press("e")
    browser.wait("document.documentElement.dataset.loaded === '60'")
    assert browser.value("document.getElementById('page-length').value") == "30"
    assert "zoomed" not in text_of(browser, "page-length")
