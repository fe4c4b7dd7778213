"""What a scorer's hands do all night: keys that always arrive, and nothing that is scored or noted in a wrong place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chromium import Chromium
from review_page import EPOCH, IDLE, REVISION, Served, open_page, press, text_of

from eegvlm.review.scoring_file import ReviewedScoringFile

pytestmark = pytest.mark.slow

MESSAGE = "document.getElementById('message').textContent"
SHIFT = 8


def state_of(night: Path, name: str = "main") -> Any:
    """Return what the journal amounts to."""
    return ReviewedScoringFile(night / "review" / f"{name}.jsonl").state


def press_with(browser: Chromium, key: str, **fields: Any) -> None:
    """Press a key with modifiers, on another keyboard, or held down."""
    browser("Input.dispatchKeyEvent", type="keyDown", key=key, **fields)
    browser("Input.dispatchKeyEvent", type="keyUp", key=key, **{k: v for k, v in fields.items() if k != "autoRepeat"})


def click_on(browser: Chromium, selector: str, across: float = 0.5) -> None:
    x, y = browser.value(
        f"(({{left, top, width, height}}) => [left + width * {across}, top + height / 2])"
        f"(document.querySelector('{selector}').getBoundingClientRect())"
    )
    browser.click(x, y)


def other_than(stage: str) -> tuple[str, str]:
    """Return a key and the stage that it gives, which is not this one."""
    return ("3", "N3") if stage != "N3" else ("5", "R")


def test_a_key_that_is_held_down_scores_one_epoch(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    before = state_of(night).stages
    key, stage = other_than(before[0])
    browser("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
    for _ in range(5):
        browser("Input.dispatchKeyEvent", type="keyDown", key=key, text=key, autoRepeat=True)
    browser("Input.dispatchKeyEvent", type="keyUp", key=key)
    browser.wait(f"{EPOCH} === 2 && ({IDLE})")
    assert state_of(night).stages == [stage, *before[1:]]


def test_keys_arrive_with_capslock_and_on_other_keyboards(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    press_with(browser, "R")
    browser.wait(f"{EPOCH} === 2")
    press_with(browser, "é", code="Digit2")  # French: digits are on Shift
    browser.wait(f"{EPOCH} === 3")
    alt_graph = "{key: ']', ctrlKey: true, altKey: true, modifierAltGraph: true, bubbles: true}"
    browser.value(f"document.body.dispatchEvent(new KeyboardEvent('keydown', {alt_graph}))")
    browser.wait("document.getElementById('page-length').value === '60'")
    press_with(browser, "ArrowRight", modifiers=2)  # Ctrl and an arrow is the browser's
    assert browser.value(EPOCH) == 3


def test_a_control_that_was_used_with_the_pointer_gives_the_keys_back(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    choose = (
        "(length => {{ const field = document.getElementById('page-length'); field.focus(); field.value = length;"
        " field.dispatchEvent(new Event('change', {{bubbles: true}})); }})('{}')"
    )
    browser.value(f"document.dispatchEvent(new Event('pointerdown')); {choose.format(60)}")
    browser.press("ArrowRight")
    browser.wait(f"{EPOCH} === 2")
    assert browser.value("document.getElementById('page-length').value") == "60"
    press_with(browser, "Shift")  # by the keyboard it stays where it is
    browser.value(choose.format(120))
    assert browser.value("document.activeElement.id") == "page-length"


def test_a_comment_stays_with_its_epoch_and_enter_returns_to_the_signals(
    browser: Chromium, served: Served, night: Path
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    browser.press("c")
    browser("Input.insertText", text="talks")
    press_with(browser, "Enter", windowsVirtualKeyCode=13)
    browser.wait("document.getElementById('comments').textContent.includes('epoch 1,')")
    browser.press("ArrowRight")
    browser.wait(f"{EPOCH} === 2")
    browser.press("c")
    browser("Input.insertText", text="turns over")
    click_on(browser, "#navigator", 0.7)  # leaves the field by going elsewhere
    browser.wait(f"{EPOCH} > 20 && ({IDLE})")
    browser.wait("document.getElementById('comments').children.length === 2")
    browser.press("c")
    browser("Input.insertText", text="never mind")
    press_with(browser, "Escape", windowsVirtualKeyCode=27)
    browser.wait(f"document.activeElement === document.body && ({IDLE})")
    assert state_of(night).comments == {1: "talks", 2: "turns over"}
    click_on(browser, "#comments button")
    browser.wait(f"{EPOCH} === 1")


def test_several_epochs_are_selected_in_both_directions_and_scored_at_once(
    browser: Chromium, served: Served, night: Path
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    for _ in range(9):
        browser.press("ArrowRight")
    for _ in range(3):
        press_with(browser, "ArrowRight", modifiers=SHIFT)
    for _ in range(5):
        press_with(browser, "ArrowLeft", modifiers=SHIFT)
    browser.wait("document.getElementById('where').textContent.includes('epoch 8–10 ')")
    press(browser, "3", revisions=1)
    assert state_of(night).stages[7:10] == ["N3"] * 3
    browser.wait(f"{EPOCH} === 11")


def test_undo_goes_to_what_it_changed_and_says_it(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    before = state_of(night).stages[0]
    key, stage = other_than(before)
    press(browser, key, revisions=1)
    browser.press("End")
    browser.wait(f"{EPOCH} === 60")
    press(browser, "z", revisions=1)
    browser.wait(f"{EPOCH} === 1 && {MESSAGE} === 'Undone: epoch 1 is {before}, was {stage}.'")
    browser.press("ArrowRight")
    browser.wait(f"{MESSAGE} === ''")


def test_a_refused_stage_is_not_passed_over(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    other = ReviewedScoringFile(night / "review" / "main.jsonl")
    other.edit("CD", other.state.revision, {"what": "comment", "epoch": 5, "text": "from another window"})
    browser.press(other_than(other.state.stages[0])[0])
    browser.wait(f"{MESSAGE}.includes('another window changed it')")
    browser.wait(f"{EPOCH} === 1 && ({IDLE})")
    assert "another window" in text_of(browser, "message")  # going back does not take the reason away
    assert browser.value("document.getElementById('message').dataset.kind") == "error"


def test_paging_through_the_night_is_not_taken_for_reviewing_it(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    for _ in range(30):
        browser.press("ArrowRight")
    browser.wait(f"{EPOCH} === 31")
    seen_epochs = "fetch(location.origin + '/api/nights/0/scorings/main').then(a => a.json()).then(s => s.seen)"
    browser.wait(f"{seen_epochs}.then(all => all.includes(31))")
    reviewed = browser.value(seen_epochs)  # the first one too, where the machine was slow to turn from it
    assert not set(reviewed) & set(range(5, 28))
    for _ in range(3):
        browser.press("]")  # 300 s: no epoch can be judged there
    browser.wait("document.getElementById('page-length').value === '300'")
    browser.press("Home")
    browser.value("new Promise(done => setTimeout(done, 900))")
    assert browser.value(seen_epochs) == reviewed


def test_next_to_review_goes_round_and_says_when_all_were_seen(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    results = "fetch(location.origin + '/api/nights/0/scorings/main/results').then(a => a.json())"
    listed = browser.value(f"{results}.then(r => r.results.review.to_review)")
    assert len(listed) > 2
    assert browser.value(EPOCH) == min(listed)  # the page opens where n begins
    press(browser, "End")
    browser.press("n")
    browser.wait(f"{json.dumps(listed)}.includes({EPOCH}) && {EPOCH} !== 60")  # the first may have been seen by now
    assert text_of(browser, "message") == "Went on from the beginning of the night."
    ReviewedScoringFile(night / "review" / "main.jsonl").see("AB", listed)
    press(browser, "2", revisions=int(state_of(night).stages[browser.value(EPOCH) - 1] != "N2"))
    browser.press("n")
    browser.wait(f"{MESSAGE} === 'Every epoch that is listed for review was seen.'")


def test_an_epoch_is_found_by_number_clock_and_being_unscored(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    go = "document.getElementById('go-to-place').value = '{}'; document.querySelector('#go-to button').click()"
    for words, epoch in (("12", 12), ("22:40", 21), ("22:31:10", 3)):
        browser.press("g")
        browser.value(go.format(words))
        browser.wait(f"{EPOCH} === {epoch}")
    for words in ("0", "61", "03:00", "soon"):
        browser.press("g")
        browser.value(go.format(words))
        browser.wait(f"{MESSAGE}.startsWith('{words} is neither an epoch from 1 to 60')")
        assert browser.value(EPOCH) == 3
    press(browser, "u", revisions=1)
    press(browser, "End")
    browser.press("v")
    browser.wait(f"{EPOCH} === 3")
    before = browser.value(REVISION)
    press_with(browser, "s", modifiers=2)  # not the browser's dialog to save the page
    browser.wait(f"{MESSAGE}.includes('nothing to save')")
    assert browser.value(REVISION) == before
