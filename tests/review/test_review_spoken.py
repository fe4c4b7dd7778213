"""What a screen reader is told of the signals: complete, after each page, and no more than once while paging on."""

from __future__ import annotations

import json
from pathlib import Path

from chromium import Chromium
from review_page import EPOCH, Served, open_page, press, select_stretch

SPOKEN = "document.getElementById('spoken').textContent"
ROWS = "document.getElementById('spoken-rows').textContent"
COUNT_SPOKEN = """
window.spoken = [];
new MutationObserver(() => window.spoken.push(document.getElementById('spoken').textContent))
  .observe(document.getElementById('spoken'), { childList: true });
undefined
"""


def test_the_epoch_its_stage_probability_marks_and_rows_are_said(
    browser: Chromium, served: Served, night: Path
) -> None:
    summary = json.loads((night / "staging.json").read_text())
    open_page(browser, served)
    press(browser, "Home")
    browser.wait(f"{SPOKEN}.startsWith('Epoch 1 of 60, ')")
    assert "model: " in browser.value(SPOKEN)
    assert " %" in browser.value(SPOKEN)
    for name in summary["panels"].values():
        assert name in browser.value(ROWS)
    assert "20 µV per 10 pixels, negative up" in browser.value(ROWS)
    assert browser.value(ROWS).startswith("Page of 30 s. ")
    select_stretch(browser, 12.5, 4)
    press(browser, "a", revisions=1)
    browser.wait(f"{SPOKEN}.includes('marked: arousal')")
    for key, words in (("5", "REM sleep"), ("3", "N3")):
        before = browser.value(SPOKEN)
        browser.press(key)
        browser.press("Home")
        browser.wait(f"{SPOKEN}.includes(': {words}')")
        assert browser.value(SPOKEN) != before
    assert browser.value("document.getElementById('spoken').getAttribute('aria-live')") == "polite"
    assert browser.errors == []


def test_events_that_were_measured_are_counted_by_kind(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    for _ in range(60):
        if browser.value("document.getElementById('why').textContent.includes('Rules met')"):
            break
        browser.press("ArrowRight")
    browser.wait(f"{SPOKEN}.includes('measured: ')", seconds=60)


def test_paging_on_quickly_says_the_last_epoch_alone(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    browser.wait(f"{SPOKEN}.startsWith('Epoch 1 of')")
    browser.value(COUNT_SPOKEN)
    move = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))"
    browser.value(f"for (let k = 0; k < 8; k++) document.body.{move.removeprefix('document.')}; undefined")
    browser.wait(f"{EPOCH} === 9")
    browser.wait("window.spoken.length > 0")
    assert len(browser.value("window.spoken")) == 1
    assert browser.value("window.spoken")[0].startswith("Epoch 9 of")


def test_rows_are_said_again_when_their_gain_has_changed_and_not_with_every_epoch(
    browser: Chromium, served: Served
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    browser.wait(f"{SPOKEN}.startsWith('Epoch 1 of')")
    browser.press("ArrowRight")
    browser.wait(f"{SPOKEN}.startsWith('Epoch 2 of')")
    assert "per 10 pixels" not in browser.value(SPOKEN)
    browser.press("+")
    browser.wait(f"{SPOKEN}.includes('16 µV per 10 pixels')")
