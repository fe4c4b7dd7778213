"""The page in a real browser: it draws, it is walked by keys and clicks, and it stays within its window."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from chromium import Chromium
from report_nights import Reported, random_probabilities, staged
from scipy.fft import dct, idct
from test_report_page import write_hostile

from eegvlm.signals import Recording

pytestmark = pytest.mark.slow

WIDTHS, SCHEMES = (390, 1280, 1920), ("light", "dark")
DRAWN = (
    "[...document.querySelectorAll('#picture canvas')].reduce((sum, canvas) => sum + new Uint32Array(canvas"
    ".getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer).filter(pixel => pixel).length, 0)"
)
EPOCH = "Number(document.documentElement.dataset.epoch)"


@pytest.mark.parametrize(("width", "scheme"), list(product(WIDTHS, SCHEMES)))
def test_it_fits_the_window_and_says_no_error(browser: Chromium, short_page: Path, width: int, scheme: str) -> None:
    browser.show(short_page.as_uri(), width=width, scheme=scheme)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("Night.current.rows.filter(row => row.trace).length") >= 4
    assert browser.value(DRAWN) > 3000
    assert browser.errors == []


def test_it_asks_for_nothing_but_itself(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri(), width=1280)
    assert {request.partition("#")[0] for request in browser.requests if not request.startswith("data:")} <= {
        short_page.as_uri(),
        "about:blank",
    }


def test_keys_walk_the_night(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=40", width=1280)
    review = browser.value("Night.meta.review.filter(r => r[1] < Night.meta.count || r[2].length).map(r => r[0] + 1)")
    following = min(epoch for epoch in review if epoch > 41)
    preceding = max(epoch for epoch in review if epoch < following)
    for key, expected in [
        *[("ArrowRight", 41), ("ArrowRight", 42), ("ArrowLeft", 41)],
        *[("n", following), ("p", preceding), ("Home", 1), ("ArrowLeft", 1), ("End", 80), ("ArrowRight", 80)],
    ]:
        browser.press(key)
        browser.wait(f"{EPOCH} === {expected}")
    browser.wait("location.hash === '#epoch=80'")
    assert browser.errors == []


def test_keys_can_be_switched_off_and_do_not_act_while_a_number_is_typed(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=5", width=1280)
    browser.value("document.getElementById('go-to').focus()")
    browser.press("Home")
    browser.value("document.getElementById('keys').click(); document.activeElement.blur()")
    browser.press("ArrowRight")
    assert browser.value(f"new Promise(done => setTimeout(() => done({EPOCH}), 200))") == 5


def test_a_link_opens_its_epoch_and_a_bad_one_the_nearest(browser: Chromium, short_page: Path) -> None:
    for address, epoch in (("#epoch=17", 17), ("#epoch=9999", 80), ("#epoch=0", 1)):
        browser.show(short_page.as_uri() + address, width=1280)
        assert browser.value(EPOCH) == epoch


def test_without_a_link_the_least_certain_epoch_is_shown(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri(), width=1280)
    assert browser.value(EPOCH) == browser.value("Night.meta.review[0][0] + 1")


def test_a_click_on_the_hypnogram_goes_to_the_epoch(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri(), width=1280)
    box = browser.value(
        "(({left, top, width}) => ({left, top, width}))(document.getElementById('overlay').getBoundingClientRect())"
    )
    browser.click(box["left"] + box["width"] * 19.5 / 80, box["top"] + 40)
    browser.wait(f"{EPOCH} === 20")


def test_a_row_of_the_list_goes_to_its_epoch(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri(), width=1280)
    epoch = browser.value(
        "(a => { a.click(); return Number(a.textContent); })(document.querySelectorAll('#review-list a')[3])"
    )
    browser.wait(f"{EPOCH} === {epoch}")
    assert browser.value("document.querySelector('#review-list tr[aria-current] a').textContent") == str(epoch)
    browser.value("document.querySelectorAll('#review-list a')[3].focus()")
    browser.press("ArrowLeft")
    browser.wait(f"{EPOCH} === {epoch - 1}")


def test_a_larger_share_lists_more_epochs(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri(), width=1280)
    shown = "[...document.querySelectorAll('#review-list tbody tr')].filter(row => !row.hidden).length"
    before = browser.value(shown)
    browser.value("document.querySelectorAll('input[name=share]')[3].click()")
    assert browser.value(shown) > before


def test_the_drawn_traces_are_as_true_as_the_page_says(
    browser: Chromium, short_page: Path, short_night: Reported
) -> None:
    browser.show(short_page.as_uri(), width=1280)
    signals = short_night.night.prepared.signals(slice(70, 71))
    code = "Night.chunk(70).then(chunk => Night.traces(chunk, 70).map(t => [...(t.points || t.low)]))"
    for panel, trace in zip(browser.value("Night.meta.panels"), browser.value(code), strict=True):
        if panel.get("lead"):
            continue
        signal = signals[panel["name"].lower().replace(" ", "_")][0]
        if panel["kind"] == "envelope":
            lowest = signal.reshape(-1, 10).min(axis=1)
            assert np.all(np.abs(trace - lowest) <= 1.01 * np.sqrt(0.25 * np.abs(lowest)) + 0.1)
            continue
        # the page draws 80 points a second of what was sampled 100 times: the same cosines on another grid
        expected = idct(dct(signal, norm="ortho")[:2400], norm="ortho") * np.sqrt(2400 / 3000)
        assert np.sqrt(np.mean((trace - expected) ** 2)) < 1.5 * panel["error"]
        assert np.corrcoef(trace, expected)[0, 1] > 0.9


def test_every_eeg_lead_is_shown_as_true_as_the_page_says(
    browser: Chromium, short_page: Path, short_night: Reported
) -> None:
    browser.show(short_page.as_uri() + "#epoch=71", width=1280)
    recording = short_night.recording
    eeg = {channel.name: channel for channel in recording.channels if channel.role.modality == "eeg"}
    names = browser.value("Night.current.rows.filter(row => row.modality === 'eeg').map(row => row.name)")
    assert set(names) == set(eeg)
    assert len(names) >= 3
    for row in browser.value("Night.current.rows.map(r => [r.name, r.note, [...r.trace?.values ?? []]])"):
        name, note, values = row
        if name in eeg and note:
            signal = recording.epochs(eeg[name], rate=80, band=(0.3, 35.0), first=70, count=1)[0]
            assert np.corrcoef(values, signal)[0, 1] > 0.9
    assert browser.value("Night.current.rows.filter(row => row.note === 'not read by the model').length") >= 2


def test_gain_polarity_and_time_are_changed_and_said(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    state = "document.getElementById('zoom-state').textContent"
    assert browser.value(f"[{state}, Night.zoom.negative_up]") == ["30 s, gain × 1", True]
    before = browser.value(DRAWN)
    for key in "++[[}":
        browser.press(key)
    assert browser.value(state) == "10–20 s, gain × 1.6"
    browser.press("i")
    assert browser.value("Night.zoom.negative_up") is False
    assert browser.value(DRAWN) != before
    browser.press("]")
    browser.press("]")
    assert browser.value(state) == "30 s, gain × 1.6"
    assert browser.errors == []


def test_every_claim_has_its_mark_its_word_and_what_was_measured(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    rows = browser.value(
        "[...document.querySelectorAll('#why tbody tr')].map(r => [...r.children].map(c => c.textContent))"
    )
    assert [row[3] for row in rows][:3] == ["✓ confirmed", "✗ contradicted", "? not measurable"]
    assert all(row[2] for row in rows)
    boxes = browser.value("Night.current.events.map(event => [event.row, event.verdict])")
    names = browser.value("Night.current.rows.map(row => row.name)")
    assert boxes
    assert {verdict for _, verdict in boxes} <= {"confirmed", "contradicted", "not_measurable"}
    assert {row for row, _ in boxes} <= set(names)


def test_a_claim_that_says_only_an_onset_is_boxed_where_its_event_was_measured(
    browser: Chromium, short_page: Path, short_night: Reported
) -> None:
    browser.show(short_page.as_uri() + "#epoch=30", width=1280)
    claim = {"kind": "spindle", "channel": "central EEG", "start": 5.0, "end": None, "verdict": "confirmed"}
    events = [["spindle", "C4-M1", 5.3, 6.2, "13 Hz"], ["spindle", "C4-M1", 9.0, 10.0, "13 Hz"]]
    told = json.dumps({"why": {"claims": [claim]}, "found": {"events": events}})
    boxes = browser.value(f"Night.events(29, {told}).map(e => [e.panel, e.start, e.end, e.elsewhere])")
    assert boxes == [[0, 5.3, 6.2, None]]
    alone = json.dumps({"why": {"claims": [claim | {"channel": "frontal EEG"}]}})
    boxes = browser.value(f"Night.events(29, {alone}).map(e => [e.start, e.end, e.elsewhere])")
    assert boxes == [[5, 5, "frontal EEG"]]


def test_hostile_texts_run_nothing_and_break_nothing(browser: Chromium, tmp_path: Path) -> None:
    browser.show(write_hostile(tmp_path).as_uri() + "#epoch=2", width=390)
    assert browser.value("document.querySelectorAll('img[onerror], #why img').length") == 0
    assert "<img" in browser.value("document.querySelector('#why').textContent")
    assert browser.value("document.documentElement.scrollWidth") <= 390
    assert browser.errors == []


def test_an_epoch_without_signal_says_so(browser: Chromium, tmp_path: Path, eeg: np.ndarray) -> None:
    eeg[3000:6000] = np.nan
    reported = staged(Recording.from_arrays({"C4-M1": (eeg[:9000], 100.0)}), random_probabilities(3))
    browser.show(reported.write(tmp_path).as_uri() + "#epoch=2", width=1280)
    assert browser.value("Night.current.rows[0].missing") == "no complete signal in this epoch"
    assert browser.errors == []


def test_a_browser_that_cannot_unpack_is_told_what_to_do(browser: Chromium, short_page: Path) -> None:
    told = browser("Page.addScriptToEvaluateOnNewDocument", source="delete window.DecompressionStream")
    try:
        browser("Page.navigate", url="about:blank")
        browser("Page.navigate", url=short_page.as_uri())
        browser.wait("document.getElementById('fallback')?.textContent.includes('Chrome')")
        assert browser.value("document.querySelector('.hypnogram').clientHeight") > 50
    finally:
        browser("Page.removeScriptToEvaluateOnNewDocument", identifier=told["identifier"])


def test_paper_gets_the_night_the_tables_and_the_first_epochs_to_review(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri(), width=1280)
    browser.wait("document.querySelectorAll('#printed article').length === Night.meta.printed")
    browser("Emulation.setEmulatedMedia", media="print")
    displayed = "s => getComputedStyle(document.querySelector(s)).display !== 'none'"
    sections = [".night", ".tables", ".review", ".printed", ".epoch"]
    shown = [browser.value(f"({displayed})('{section}')") for section in sections]
    browser("Emulation.setEmulatedMedia", media="")
    assert shown == [True, True, True, True, False]
