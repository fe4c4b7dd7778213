"""A scorer's hour in small, in any browser."""

from __future__ import annotations

from pathlib import Path

from driven import DrivenBrowser
from review_page import EPOCH, IDLE, REVISION, Served, drag, open_page, press

from eegvlm.hypnogram import read_hypnogram

RULER = "document.getElementById('ruler').textContent"


def stages_of(night: Path) -> list[str]:
    """Return the stages that the journal amounts to."""
    from eegvlm.review.scoring_file import ReviewedScoringFile

    return ReviewedScoringFile(night / "review" / "main.jsonl").state.stages


def scorers_hour(browser: DrivenBrowser, served: Served, night: Path) -> None:
    """Open, page, correct, undo, mark, set lights, comment, sign, open again."""
    open_page(browser, served)
    press(browser, "Home")
    stages = read_hypnogram(night / "hypnogram.json").labels
    for epoch in range(10):
        label = "N3" if stages[epoch] != "N3" else "R"
        stages[epoch] = label
        press(browser, {"N3": "3", "R": "5"}[label], revisions=1)
    browser.wait(f"{EPOCH} === 11")
    assert stages_of(night) == stages
    press(browser, "z", revisions=1)
    press(browser, "y", revisions=1)
    assert stages_of(night) == stages

    browser.wait("document.documentElement.dataset.loaded === '270'")
    drag(browser, "#traces", 0.4, 0.5)
    browser.wait(f"{RULER}.includes('peak to peak')")
    press(browser, "a", revisions=1)
    assert browser.value("document.querySelector('#marks li').textContent").startswith("arousal")
    assert browser.value(RULER) == ""

    for key, seconds in (("]", 60), ("[", 30)):
        press(browser, key)
        browser.wait(f"document.getElementById('page-length').value === '{seconds}'")
    browser.value("document.getElementById('lights-off').click()")
    browser.wait(f"{REVISION} === 15")
    assert "lights off" in browser.value("document.getElementById('statistics').textContent")

    press(browser, "c")
    browser.press("X")
    browser.press("Enter")
    if not browser.value("document.hasFocus()"):  # headless Firefox has no active window, and tells of no change
        browser.value("document.getElementById('comment').dispatchEvent(new Event('change'))")
    browser.wait(f"{REVISION} === 16 && ({IDLE})")
    browser.press("n")
    browser.wait(f"{EPOCH} !== 11")

    browser.value("document.getElementById('sign').click()")
    browser.wait("document.getElementById('signing').textContent.includes('signed by AB')", seconds=60)
    assert read_hypnogram(night / "hypnogram.signed.csv").labels == stages
    browser.press("2")
    browser.wait("document.getElementById('message').textContent.includes('reopen it with a reason')")
    assert stages_of(night) == stages

    open_page(browser, served)
    assert "signed by AB" in browser.value("document.getElementById('signing').textContent")
    assert browser.errors == []
    assert {request.split("/")[2] for request in browser.requests if request.startswith("http")} == {
        served.address.split("/")[2]
    }
