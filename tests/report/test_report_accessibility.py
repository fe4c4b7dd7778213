"""What anyone must be able to use: structure, names, contrast, the keyboard."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import pytest
from chromium import Chromium

pytestmark = pytest.mark.slow

SCHEMES = ("light", "dark")

# Relative luminance and contrast after WCAG 2.2 of every text against the nearest opaque background behind it.
FAINT_TEXTS = """(() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const linear = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement, style = getComputedStyle(e), said = node.textContent.trim();
    if (!said || e.closest('script, [hidden], .printed, .skip, :disabled') || !e.getClientRects().length) continue;
    const text = e.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const [a, b] = [light(parse(text)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push([said.slice(0, 20), ((a + 0.05) / (b + 0.05)).toFixed(2)]);
  }
  return found;
})()"""


@pytest.mark.parametrize(("width", "scheme"), list(product((390, 1280), SCHEMES)))
def test_every_text_stands_out_from_its_background(
    browser: Chromium, short_page: Path, width: int, scheme: str
) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=width, scheme=scheme)
    assert browser.value(FAINT_TEXTS) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_stages_colours_stand_out_from_the_chart(browser: Chromium, short_page: Path, scheme: str) -> None:
    browser.show(short_page.as_uri(), width=1280, scheme=scheme)
    code = """['W','R','N1','N2','N3'].map(s => [getComputedStyle(document.querySelector('.stroke-' + s)).stroke,
              getComputedStyle(document.querySelector('.hypnogram')).backgroundColor])"""
    for stroke, back in browser.value(code):
        first, second = sorted((_luminance(stroke), _luminance(back)))
        assert (second + 0.05) / (first + 0.05) >= 3


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_headings_go_down_by_one_level_and_landmarks_are_there(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    headings = "[...document.querySelectorAll('h1, h2, h3, h4')].filter(h => !h.closest('.printed'))"
    levels = browser.value(f"{headings}.map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.value("document.documentElement.lang") == "en"
    counts = "['main', 'body > header', 'body > footer'].map(s => document.querySelectorAll(s).length)"
    assert browser.value(counts) == [1, 1, 1]
    labelled = """[...document.querySelectorAll('section[aria-labelledby]')]
                  .every(s => document.getElementById(s.getAttribute('aria-labelledby')))"""
    assert browser.value(labelled)


def test_everything_one_can_operate_or_see_has_a_name(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    nodes = browser("Accessibility.getFullAXTree")["nodes"]
    named = ("button", "link", "slider", "radio", "checkbox", "spinbutton", "image", "region")
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in named and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    roles = {node["role"]["value"] for node in nodes if not node["ignored"]}
    assert {"button", "link", "slider", "radio", "checkbox", "spinbutton", "image", "main"} <= roles


def test_every_table_has_headers_with_a_scope(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    bad = """[...document.querySelectorAll('table')].filter(t => !t.querySelector('thead th[scope=col]') ||
             [...t.querySelectorAll('th')].some(h => !h.hasAttribute('scope'))).length"""
    assert browser.value(bad) == 0


def test_tab_visits_the_controls_in_the_order_of_the_page_and_is_never_caught(
    browser: Chromium, short_page: Path
) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    visited: list[str] = []
    for _ in range(40):
        browser("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9)
        browser("Input.dispatchKeyEvent", type="keyUp", key="Tab", windowsVirtualKeyCode=9)
        visited.append(
            browser.value(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )
    firsts = [name for name in visited if name in ("skip", "overlay", "go-back", "go-to", "go-on", "review-on", "keys")]
    assert firsts[:7] == ["skip", "overlay", "go-back", "go-to", "go-on", "review-on", "keys"]
    assert "scroll" in visited


def test_the_slider_over_the_night_tells_epoch_time_and_stage(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    overlay = "document.getElementById('overlay')"
    said = browser.value(f"['now', 'min', 'max'].map(k => {overlay}.getAttribute('aria-value' + k))")
    assert said == ["30", "1", "80"]
    assert browser.value(f"{overlay}.getAttribute('aria-valuetext')").startswith("epoch 30, ")
