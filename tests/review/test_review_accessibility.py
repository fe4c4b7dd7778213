"""WCAG 2 AA by axe-core, in light and dark, at 1280 to 3840 px, dialogs included; the page by the keyboard alone."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from chromium import Chromium
from review_page import IDLE, Served, open_page, press

pytestmark = pytest.mark.slow

AXE = (Path(__file__).parents[1] / "browser" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(browser: Chromium) -> list[str]:
    """Return what axe finds: rule, weight and the first element."""
    if not browser.value("typeof window.axe === 'object'"):
        browser.value(AXE + "; undefined")
    run = f"axe.run(document, {{runOnly: {json.dumps(TAGS)}, resultTypes: ['violations']}})"
    found = "r.violations.map(v => `${v.id} (${v.impact}): ${v.nodes.map(n => n.html).slice(0, 3).join(' ')}`)"
    return list(browser.value(f"{run}.then(r => {found})"))


@pytest.mark.parametrize(("width", "scheme"), list(product((1280, 1920, 3840), ("light", "dark"))))
def test_axe_finds_nothing_on_the_page(browser: Chromium, served: Served, width: int, scheme: str) -> None:
    open_page(browser, served, width=width, scheme=scheme)
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert violations(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_dialogs_and_on_a_signed_night(browser: Chromium, served: Served, scheme: str) -> None:
    open_page(browser, served, scheme=scheme)
    for dialog in ("begin", "lost", "work-list", "keys", "stretch"):
        browser.value(f"document.getElementById('{dialog}').showModal()")
        assert violations(browser) == [], dialog
        browser.value(f"document.getElementById('{dialog}').close()")
    browser.value("document.getElementById('sign').click()")
    browser.wait("document.getElementById('signing').textContent.includes('signed by AB')", seconds=60)
    browser.wait(IDLE)
    assert violations(browser) == []


def test_tab_reaches_every_control_and_is_never_caught(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    visited: list[str] = []
    for _ in range(60):
        browser("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9)
        browser("Input.dispatchKeyEvent", type="keyUp", key="Tab", windowsVirtualKeyCode=9)
        visited.append(browser.value("document.activeElement.id || document.activeElement.tagName"))
    expected = ["scorings", "page-length", "nights", "close", "navigator", "traces", "comment", "lights-off", "sign"]
    places = [visited.index(name) for name in expected]
    assert places == sorted(places)
