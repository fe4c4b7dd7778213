"""What the page says of epochs without EEG, of doubtful ones, and of those that were read from another derivation."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from chromium import Chromium
from report_nights import Reported, eeg_like, random_probabilities, staged
from test_report_accessibility import FAINT_TEXTS

from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.review import review
from eegvlm.images import PreparedNight
from eegvlm.report.gathering import panels_in_order
from eegvlm.report.review import review_list
from eegvlm.report.signal_quality import epoch_notes, quality_rows, read_from
from eegvlm.signals import Recording

EPOCH = 3000
DEAD = slice(10 * EPOCH, 20 * EPOCH)
LISTED = "[...document.querySelectorAll('#review-list tbody tr')].filter(row => !row.hidden)"
SIGNAL = "document.getElementById('signal').textContent"
TRACES = "Night.current.rows.filter(row => row.trace).length"


def _night(**channels: np.ndarray) -> Reported:
    """Return forty epochs of derivations to M1, named by their sites."""
    signals = {f"{site}-M1": (signal, 100.0) for site, signal in channels.items()}
    return staged(Recording.from_arrays(signals, start=datetime(2020, 1, 1, 23)), random_probabilities(40))


@pytest.fixture(scope="module")
def dead_lead() -> Reported:
    """C4 is flat in epochs 11 to 20, in which F4 is read, and for five seconds of epoch 31."""
    c4, f4 = eeg_like(40 * EPOCH, 1), eeg_like(40 * EPOCH, 2)
    c4[DEAD] = 0
    c4[30 * EPOCH : 30 * EPOCH + 500] = 0
    return _night(C4=c4, F4=f4)


@pytest.fixture(scope="module")
def dead_head_box() -> Reported:
    """All EEG is flat in epochs 11 to 20, and epoch 26 lies in a gap."""
    c4, f4 = eeg_like(40 * EPOCH, 1), eeg_like(40 * EPOCH, 2)
    for signal in (c4, f4):
        signal[DEAD] = 7
        signal[25 * EPOCH : 26 * EPOCH] = np.nan
    return _night(C4=c4, F4=f4)


@pytest.fixture(scope="module")
def lead_page(dead_lead: Reported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dead_lead.write(tmp_path_factory.mktemp("lead"), measured=True)


@pytest.fixture(scope="module")
def box_page(dead_head_box: Reported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dead_head_box.write(tmp_path_factory.mktemp("box"), measured=True)


def test_every_eeg_channel_that_is_read_has_a_row_of_quality(dead_lead: Reported) -> None:
    rows = {row.channel: row for row in quality_rows(dead_lead.night.prepared)}
    assert list(rows) == ["C4-M1", "F4-M1"]
    assert [(span.left, span.width) for span in rows["C4-M1"].unusable] == [(25, 25)]
    assert [(span.left, span.width) for span in rows["C4-M1"].doubtful] == [(75, 2.5)]
    assert [(span.left, span.width) for span in rows["F4-M1"].good] == [(0, 100)]
    assert rows["C4-M1"].sentence == "C4-M1: 1 epochs doubtful, 10 unusable"


def test_a_gap_is_blank_in_the_row_of_quality(dead_head_box: Reported) -> None:
    row = quality_rows(dead_head_box.night.prepared)[0]
    assert [(span.left, span.width) for span in row.good] == [(0, 25), (50, 12.5), (65, 35)]


def test_a_channel_that_was_never_read_has_no_row_unless_it_voted() -> None:
    c4, f4 = eeg_like(4 * EPOCH, 1), eeg_like(4 * EPOCH, 2)
    recording = Recording.from_arrays({"C4-M1": (c4, 100.0), "F4-M1": (f4, 100.0)})
    night = staged(recording, random_probabilities(4)).night.prepared
    every = PreparedNight.read(recording, night.layout, every_derivation=True)
    assert [row.channel for row in quality_rows(every)] == ["C4-M1"]
    assert [row.channel for row in quality_rows(every, voters=("C4-M1", "F4-M1"))] == ["C4-M1", "F4-M1"]


def test_a_night_of_signals_alone_was_not_judged_and_has_no_row(dead_lead: Reported) -> None:
    layout = dead_lead.night.prepared.layout
    signals = np.full((3, EPOCH), np.nan, np.float32)
    signals[0] = 1
    eye = np.ones((3, EPOCH), np.float32)
    night = PreparedNight.of_signals(layout, {"eeg": signals, "eog_left": eye})
    assert quality_rows(night) == []
    assert epoch_notes(night, panels_in_order(layout)) == [{}, *[{"0": {"missing": "no usable signal"}}] * 2]


def test_each_epoch_says_where_it_was_read_and_why(dead_lead: Reported) -> None:
    night = dead_lead.night.prepared
    notes = epoch_notes(night, panels_in_order(night.layout))
    assert notes[9] == notes[20] == {}
    assert notes[10] == notes[19] == {"0": {"instead": ["C4-M1", "flat"]}}
    assert notes[30] == {"0": {"doubtful": "flat"}}
    assert read_from(night)["eeg"] == [("F4-M1", 10)]


def test_an_epoch_without_eeg_says_what_is_wrong_and_one_in_a_gap_that_it_is_incomplete(
    dead_head_box: Reported,
) -> None:
    night = dead_head_box.night.prepared
    notes = epoch_notes(night, panels_in_order(night.layout))
    assert notes[10] == {"0": {"missing": "no usable signal: flat"}}
    assert notes[25] == {"0": {"missing": "no complete signal in this epoch"}}


def test_channels_that_fail_for_different_reasons_are_named() -> None:
    c4, f4 = eeg_like(40 * EPOCH, 1), eeg_like(40 * EPOCH, 2)
    c4[DEAD] = 0
    f4[DEAD] = np.random.default_rng(0).normal(0, 0.4, 10 * EPOCH)
    night = _night(C4=c4, F4=f4).night.prepared
    said = epoch_notes(night, panels_in_order(night.layout))[14]["0"]["missing"]
    assert said == "no usable signal: C4-M1 flat; F4-M1 nothing but amplifier noise"


def test_unscored_epochs_are_hatched_in_hypnogram_and_probabilities(box_page: Path) -> None:
    text = box_page.read_text(encoding="utf-8")
    assert text.count('<rect class="unscored" x="25.0%" width="25.0%"') == 2
    assert "without usable EEG: 10" in text


def test_a_stretch_without_eeg_heads_the_list_as_one_entry() -> None:
    shares = np.tile([0.6, 0.1, 0.1, 0.1, 0.1], (40, 1)).astype(np.float32)
    stages = np.zeros(40, np.int8)
    silent = (3, 10, 11, 12)
    stages[list(silent)], shares[list(silent)] = -1, np.nan
    night = Hypnogram(stages, probabilities=shares)
    listed = review_list(night, review(night, {}, unstaged=silent))
    assert [(one.epoch, one.last, one.rank) for one in listed[:3]] == [(3, 3, 0), (10, 12, 1), (0, 0, 4)]
    assert listed[0].reasons == ("holds no usable EEG",)
    assert listed[1].reasons == ("3 epochs hold no usable EEG",)
    assert len(listed) == 2 + 11  # 30 % of the 36 others


def test_the_list_names_the_stretch_and_counts_shares_after_it(browser: Chromium, box_page: Path) -> None:
    browser.show(box_page.as_uri(), width=1280)
    assert browser.value(f"{LISTED}[0].querySelector('a').textContent") == "11–20"
    assert browser.value("document.documentElement.dataset.epoch") == "11"
    for place, count in enumerate((2, 3, 6, 9)):  # 5, 10, 20 and 30 % of the 29 epochs with a stage
        browser.value(f"document.querySelectorAll('input[name=share]')[{place}].click()")
        assert browser.value("document.getElementById('n-least').textContent") == str(count)
        unflagged = f"{LISTED}.filter(row => Night.meta.review[row.sectionRowIndex][1] < Night.meta.unstaged + {count})"
        assert browser.value(f"{unflagged}.length") == 1 + count


def test_every_epoch_of_the_stretch_marks_its_entry(browser: Chromium, box_page: Path) -> None:
    browser.show(box_page.as_uri() + "#epoch=17", width=1280)
    assert browser.value("document.querySelector('#review-list tr[aria-current] a').textContent") == "11–20"
    assert "10 epochs hold no usable EEG" in browser.value("document.getElementById('flags').textContent")


def test_the_viewer_says_why_there_is_no_trace(browser: Chromium, box_page: Path) -> None:
    for epoch, said in ((15, "no usable signal: flat"), (26, "no complete signal in this epoch")):
        browser.show(box_page.as_uri() + f"#epoch={epoch}", width=1280)
        assert browser.value("Night.current.rows[0].missing") == said
        assert browser.value(SIGNAL) == f"EEG: {said}"
        assert browser.value(TRACES) == 0
    assert browser.errors == []


def test_the_viewer_says_which_channel_was_read_and_boxes_events_in_it(browser: Chromium, lead_page: Path) -> None:
    names = "Night.current.rows.map(row => row.name)"
    for epoch, channel, said in (
        (15, "F4-M1", "EEG: F4-M1 is read, as C4-M1 is not usable here (flat)"),
        (31, "C4-M1", "EEG: C4-M1 is doubtful here (flat), and read all the same"),
        (5, "C4-M1", ""),
    ):
        browser.show(lead_page.as_uri() + f"#epoch={epoch}", width=1280)
        assert browser.value(names)[0] == channel
        assert browser.value(SIGNAL) == said
        assert browser.value(TRACES) == 1
    event = '{found: {events: [["spindle", "F4-M1", 5, 6, ""]]}}'
    where = "map(e => [e.panel, e.elsewhere])"
    assert browser.value(f"[14, 4].map(epoch => Night.events(epoch, {event}).{where})") == [[[0, None]], [[0, "F4-M1"]]]


def test_the_trace_of_a_stand_in_is_its_own(browser: Chromium, lead_page: Path, dead_lead: Reported) -> None:
    browser.show(lead_page.as_uri() + "#epoch=15", width=1280)
    drawn = browser.value("Night.chunk(14).then(chunk => [...Night.traces(chunk, 14)[0].points])")
    signal = dead_lead.night.prepared.signals(slice(14, 15))["eeg"][0]
    at = (np.arange(2400) + 0.5) / 80
    expected = np.interp(at, (np.arange(EPOCH) + 0.5) / 100, signal)
    assert np.corrcoef(drawn, expected)[0, 1] > 0.95


def test_the_page_says_how_many_epochs_come_from_a_stand_in(lead_page: Path) -> None:
    text = lead_page.read_text(encoding="utf-8")
    assert "Spectrogram of C4-M1; F4-M1 in 10 epochs" in text
    assert '<span class="soft">F4-M1 in 10 epochs</span>' in text


def test_paper_shows_pictures_of_staged_epochs_alone(browser: Chromium, box_page: Path) -> None:
    browser.show(box_page.as_uri(), width=1280)
    browser.wait("document.querySelectorAll('#printed article').length === Night.meta.printed")
    assert "?" not in browser.value("[...document.querySelectorAll('#printed h3 .stage')].map(b => b.textContent)")


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), list(product((390, 1280), ("light", "dark"))))
def test_words_on_quality_fit_the_window_and_stand_out(
    browser: Chromium, box_page: Path, lead_page: Path, width: int, scheme: str
) -> None:
    for page in (box_page, lead_page):
        browser.show(page.as_uri() + "#epoch=15", width=width, scheme=scheme)
        assert browser.value("document.documentElement.scrollWidth") <= width
        assert browser.value(FAINT_TEXTS) == []
        assert browser.errors == []
