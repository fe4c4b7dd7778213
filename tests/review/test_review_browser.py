"""A scorer's hour in small, in a real browser: open, page, correct, undo, mark, lights, sign, reload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chromium import Chromium
from review_nights import write_night
from review_page import Served, open_page, press, select_stretch
from scorers_hour import scorers_hour, stages_of

pytestmark = pytest.mark.slow

RULER = "document.getElementById('ruler').textContent"
HOSTILE = b"<img src=x onerror='window.hurt=1'>"

# From now on pages of signals are asked for only after letSignalsCome().
HOLD_SIGNALS = """
const held = new Promise((resolve) => { window.letSignalsCome = resolve; });
const ask = window.fetch;
window.fetch = async (path, ...rest) => { if (path.endsWith('/page')) await held; return ask(path, ...rest); };
undefined
"""


def test_a_scorers_hour_in_small(browser: Chromium, served: Served, night: Path) -> None:
    scorers_hour(browser, served, night)


def test_a_killed_server_is_said_and_loses_nothing_that_was_confirmed(
    browser: Chromium, served: Served, night: Path
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    press(browser, "3" if stages_of(night)[0] != "N3" else "5", revisions=1)
    kept = stages_of(night)
    served.kill()
    browser.press("0")
    browser.wait("document.getElementById('connection').textContent.includes('eegvlm review command again')")
    served.start()
    open_page(browser, served)
    assert stages_of(night) == kept


def test_two_windows_say_so_and_do_not_overwrite_each_other(browser: Chromium, served: Served, night: Path) -> None:
    from eegvlm.review.scoring_file import ReviewedScoringFile

    open_page(browser, served)
    press(browser, "Home")
    other = ReviewedScoringFile(night / "review" / "main.jsonl")
    to = "N3" if other.state.stages[0] != "N3" else "R"
    other.edit("CD", other.state.revision, {"what": "stage", "stage": to, "epochs": [1]})
    browser.press("0")
    browser.wait("document.getElementById('message').textContent.includes('another window changed it')")
    assert stages_of(night)[0] == to


def test_a_consensus_of_two_scorers_is_begun_on_the_page(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    browser.value("document.getElementById('scorings').value = ''; document.getElementById('scorings').onchange()")
    browser.value("document.getElementById('basis').value = 'blank'; document.getElementById('start').click()")
    browser.wait("document.getElementById('stage').textContent === '?' && !document.getElementById('begin').open")
    press(browser, "Home")
    press(browser, "1", revisions=1)
    browser.value("document.getElementById('consensus').click()")
    browser.wait("document.getElementById('scorings').value === 'consensus'")
    first = json.loads((night / "review" / "consensus.jsonl").read_text().splitlines()[0])
    assert (first["of"], first["stages"][1:]) == (["main", "second"], stages_of(night)[1:])
    assert first["stages"][0] == ("N1" if stages_of(night)[0] == "N1" else "?")


def test_keys_are_changed_on_the_page_and_kept_as_json(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    browser.value("document.getElementById('change-keys').click()")
    field = (
        "[...document.querySelectorAll('#keys label')].find(l => l.textContent === 'score N3').querySelector('input')"
    )
    assert browser.value(f"{field}.value") == "3  4"
    browser.value(f"{field}.focus()")
    browser.press("q")
    browser.wait(f"{field}.value === '3  4  q'")
    browser.value("document.querySelector('#keys [value=save]').click()")
    browser.wait("!document.getElementById('keys').open")
    assert json.loads((served.settings / "eegvlm" / "review-keys.json").read_text()) == {"q": "N3"}
    open_page(browser, served)
    browser.wait("[...document.querySelectorAll('#help dt')].some(key => key.textContent === 'q')")
    press(browser, "Home")
    press(browser, "0", revisions=int(stages_of(night)[0] != "W"))
    press(browser, "Home")
    press(browser, "q", revisions=1)
    assert stages_of(night)[0] == "N3"


def test_an_arousal_is_marked_by_the_keyboard_alone(browser: Chromium, served: Served, night: Path) -> None:
    from eegvlm.review.scoring_file import ReviewedScoringFile

    open_page(browser, served)
    press(browser, "Home")
    select_stretch(browser, 12.5, 4)
    browser.wait(f"{RULER}.includes('4.00 s')")
    press(browser, "a", revisions=1)
    (mark,) = ReviewedScoringFile(night / "review" / "main.jsonl").state.marks.values()
    assert (mark["kind"], mark["start_s"], mark["stop_s"]) == ("arousal", 12.5, 16.5)


def test_a_selection_is_measured_when_its_signals_come_and_no_longer_than_it_is_drawn(
    browser: Chromium, served: Served
) -> None:
    open_page(browser, served)
    press(browser, "Home")
    browser.wait("document.documentElement.dataset.loaded === '0'")
    browser.value(HOLD_SIGNALS)
    press(browser, "]")
    press(browser, "End")  # a page of 60 s: it was not read ahead
    select_stretch(browser, 1775, 4)
    assert browser.value(RULER) == ""
    browser.value("letSignalsCome()")
    browser.wait(f"{RULER}.includes('4.00 s') && {RULER}.includes('peak to peak')")
    browser.press("Escape")
    browser.wait(f"{RULER} === ''")
    assert browser.errors == []


def test_progress_of_the_review_stands_in_the_header(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    words = "document.getElementById('review-progress').textContent"
    press(browser, "Home")
    first = browser.value(words)
    assert "to review seen" in first
    assert first.endswith("% expected wrong")
    browser.press("n")
    browser.wait(f"{words} !== {json.dumps(first)}")


def test_the_close_button_ends_the_server(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    browser.value("document.getElementById('close').click()")
    browser.wait("document.body.textContent.startsWith('Closed')")
    assert served.process.wait(120) == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1920, "dark"), (3840, "light")])
def test_it_fits_its_window_and_draws_every_row(browser: Chromium, served: Served, width: int, scheme: str) -> None:
    open_page(browser, served, width=width, scheme=scheme)
    drawn = (
        "(canvas => new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
        ".data.buffer).filter(pixel => pixel).length)(document.getElementById('traces'))"
    )
    browser.wait(f"{drawn} > 5000")  # drawn again for each part of the night that was read
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.errors == []


def test_hostile_labels_are_shown_as_text(browser: Chromium, tmp_path: Path) -> None:
    folder = write_night(tmp_path / "hostile", hours=0.1)
    summary = json.loads((folder / "staging.json").read_text())
    summary["review"]["flags"] = [{"epoch": 1, "reasons": [HOSTILE.decode()]}]
    (folder / "staging.json").write_text(json.dumps(summary))
    file = folder.parent / "night.edf"
    data = bytearray(file.read_bytes())
    count = int(data[252:256])
    for field, width in ((256, 16), (256 + 16 * count, 80), (256 + 216 * count + 8 * count, 32)):
        data[field : field + min(width, len(HOSTILE))] = HOSTILE[:width]
    file.write_bytes(data)
    server = Served(folder)
    try:
        open_page(browser, server, who=HOSTILE.decode())
        press(browser, "Home")
        assert "onerror" in browser.value("document.getElementById('why').textContent")
        assert browser.value("window.hurt") is None
        assert browser.value("document.querySelectorAll('img:not(#spectrogram)').length") == 0
        assert HOSTILE[:16].decode() in browser.value("document.getElementById('montage').textContent")
    finally:
        server.kill()
