"""What a scorer sees: every row legible, colours of the theme, the right scoring, and what a signature leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import Chromium
from review_nights import Page, write_night
from review_page import EPOCH, IDLE, Served, open_page, press, text_of

from eegvlm.review.scoring_file import ReviewedScoringFile

MESSAGE = "document.getElementById('message').textContent"
ESCAPE = {"key": "Escape", "windowsVirtualKeyCode": 27}


@pytest.mark.slow
def test_colours_follow_the_theme_while_the_page_is_open(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    browser.wait("document.documentElement.dataset.loaded === '0'")
    brightest = (
        "(canvas => { const d = canvas.getContext('2d').getImageData(0, 0, 120, canvas.height).data; let most = 0;"
        " for (let k = 0; k < d.length; k += 4) if (d[k + 3] === 255) most = Math.max(most, d[k]); return most; })"
        "(document.getElementById('traces'))"
    )
    assert browser.value(brightest) < 120  # names of rows, dark on white
    browser.resize(1280, scheme="dark")
    browser.wait(f"{brightest} > 200")


@pytest.mark.slow
def test_rows_that_do_not_fit_are_scrolled_and_the_night_stays_above_them(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    height = "document.getElementById('traces').clientHeight"
    browser.wait("!document.getElementById('spectrogram').hidden")  # it takes its place above the rows
    few = browser.value(height)
    browser.value("for (let k = 0; k < 33; k++) document.getElementById('derive').click()")
    browser.wait(f"{height} >= 40 * 24 && ({IDLE})")
    assert browser.value("document.getElementById('rows').clientHeight") == few
    right = "['navigator', 'epochs', 'traces'].map(id => document.getElementById(id).getBoundingClientRect().right)"
    browser.wait(f"new Set({right}).size === 1")  # a time lies below itself
    browser.value("document.getElementById('reset-montage').click()")
    browser.wait(f"{height} === {few}")


@pytest.mark.slow
def test_an_empty_dialog_changes_nothing_and_a_known_scoring_is_named(
    browser: Chromium, served: Served, night: Path
) -> None:
    open_page(browser, served)
    begin = "document.getElementById('begin').open"
    new = "document.getElementById('scorings').value = ''; document.getElementById('scorings').onchange()"
    browser.value(new)
    assert not browser.value("document.getElementById('begin-new').hidden")
    browser("Input.dispatchKeyEvent", type="keyDown", **ESCAPE)
    browser("Input.dispatchKeyEvent", type="keyUp", **ESCAPE)
    browser.wait(f"!{begin} && document.getElementById('scorings').value === 'main'")
    browser.value(new)
    browser.value("document.getElementById('name').value = 'main'; document.getElementById('name').oninput()")
    assert text_of(browser, "begin-known").startswith("Opens the scoring of AB, in work.")
    assert browser.value("document.getElementById('begin-new').hidden")  # neither blind nor blank can be chosen


@pytest.mark.slow
def test_the_list_of_nights_says_what_was_done_and_where_to_go_on(browser: Chromium, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_night(tmp_path / "nights", name=name, hours=0.1)
    Page.of([tmp_path / "nights" / "first"]).begin()
    server = Served(tmp_path / "nights")
    try:
        browser.resize(1280)
        browser.leave()
        browser.navigate(server.address)
        browser.wait("document.getElementById('work-list')?.open")
        lines = "[...document.querySelectorAll('#work-list tr')].map(row => row.textContent)"
        browser.wait(f"{lines}.length === 2")
        assert "in work" in browser.value(lines)[0]
        assert "main: AB" in browser.value(lines)[0]
        assert browser.value("document.activeElement.textContent") == "second"  # the next to do
        for _ in range(2):  # there is nothing behind the list yet
            browser("Input.dispatchKeyEvent", type="keyDown", **ESCAPE)
            browser("Input.dispatchKeyEvent", type="keyUp", **ESCAPE)
            browser.wait("document.getElementById('work-list').open")
        browser.value("document.activeElement.click()")
        browser.wait("document.getElementById('begin').open")
        browser("Input.dispatchKeyEvent", type="keyDown", **ESCAPE)
        browser("Input.dispatchKeyEvent", type="keyUp", **ESCAPE)
        browser.wait("document.getElementById('work-list').open && !document.getElementById('begin').open")
        assert browser.errors == []
    finally:
        server.kill()


@pytest.mark.slow
def test_an_incomplete_last_epoch_gets_no_stage(browser: Chromium, tmp_path: Path, cut_off: Path) -> None:
    server = Served(cut_off, "--scoring", scoring_of(tmp_path), "--out", tmp_path / "staged")
    try:
        open_page(browser, server)
        browser.press("End")
        browser.wait(f"{EPOCH} === 7 && document.getElementById('where').textContent.includes('incomplete')")
        assert text_of(browser, "stage") == "W"  # the technician's file has it: it can be corrected
        press(browser, "2", revisions=1)
        press(browser, "u", revisions=1)
        press(browser, "2")
        browser.wait("document.getElementById('message').textContent.includes('20 of 30 s: it gets no stage')")
        assert (text_of(browser, "stage"), "unscored" in text_of(browser, "signing")) == ("?", False)
        assert "the incomplete last epoch is left out" in text_of(browser, "statistics")
        assert (tmp_path / "staged" / "short" / "review" / "main.jsonl").is_file()
    finally:
        server.kill()


def scoring_of(folder: Path) -> Path:
    """Write a scorer's file of seven epochs."""
    file = folder / "technician.csv"
    file.write_text("epoch,stage\n" + "".join(f"{epoch},W\n" for epoch in range(1, 8)))
    return file


@pytest.mark.slow
def test_another_reading_is_shown_epoch_by_epoch_and_follows_edits(
    browser: Chromium, served: Served, night: Path
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    stage = ReviewedScoringFile(night / "review" / "main.jsonl").state.stages[0]
    browser.value("document.getElementById('readings').value = 'model'; document.getElementById('readings').onchange()")
    browser.wait(f"document.querySelector('#compare > div').textContent.includes('Epoch 1, model: {stage}')")
    press(browser, "3" if stage != "N3" else "5", revisions=1)
    browser.wait("document.querySelector('#compare > div').textContent.includes('1 differ')")
    browser.wait("document.querySelector('#compare > div').textContent.includes('98.3 % of 60')")
    press(browser, "End")
    browser.press("d")
    browser.wait(f"{EPOCH} === 1")
    press(browser, {"W": "0", "N1": "1", "N2": "2", "N3": "3", "R": "5"}[stage], revisions=1)
    browser.wait("document.querySelector('#compare > div').textContent.includes('0 differ')")


@pytest.mark.slow
def test_what_is_left_open_is_said_before_a_signature_and_lights_can_be_taken_away(
    browser: Chromium, served: Served
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    signing = "document.querySelector('#signing > div').textContent"
    press(browser, "u", revisions=1)
    browser.wait(f"{signing}.includes('1 epoch unscored (key v)')")
    assert "listed for review not seen (key n)" in browser.value(signing)
    assert "lights off and on are not set" in browser.value(signing)
    browser.value("document.getElementById('lights-off').click()")
    browser.wait(f"!{signing}.includes('lights')")
    browser.value("document.querySelector('#lights button').click()")
    browser.wait(f"{signing}.includes('lights') && document.getElementById('lights').textContent.includes('off not')")


def test_the_signed_report_is_saved_from_the_page(page: Page, night: Path) -> None:
    answer = page.client.get("/api/nights/0/report")
    assert (answer.status_code, "sign a scoring" in answer.json()["error"]) == (404, True)
    page.sign()
    answer = page.client.get("/api/nights/0/report")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{night.name}.report.signed.html"'
    assert answer.content == (night / "report.signed.html").read_bytes()
