"""The clinical page of a signed night, and its PDF."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from chromium import PROGRAM
from review_nights import Page

from eegvlm.hypnogram import read_hypnogram
from eegvlm.review import printing
from eegvlm.review.changes import changed_epochs
from eegvlm.review.problems import ReviewError
from eegvlm.review.scoring_file import ReviewedScoringFile
from eegvlm.review.signing import PAGE, PDF

HOSTILE = "<img src=x onerror=alert(1)>"


def text_of(night: Path) -> str:
    page = (night / PAGE).read_text(encoding="utf-8").partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def other_than(label: str) -> str:
    return "R" if label != "R" else "N2"


def test_it_says_who_signed_what_lights_and_statistics(page: Page, night: Path) -> None:
    page.edit("lights", off_s=60, on_s=1700)
    signature = page.sign()["signature"]
    text = text_of(night)
    start = read_hypnogram(night / "hypnogram.json").start
    assert start is not None
    for words in ("AB", "I have reviewed this scoring.", signature["scoring_sha256"], "Total sleep time"):
        assert words in text
    assert f"Lights off {start.replace(minute=start.minute + 1):%H:%M:%S}" in text
    assert "from lights off to lights on" in text


def test_it_lists_what_was_changed_and_not_what_was_changed_back(page: Page, night: Path) -> None:
    stages = page.show()["stages"]
    page.score(other_than(stages[4]), 5)
    page.score(other_than(stages[7]), 8)
    page.score(stages[7], 8)
    page.sign()
    scoring = ReviewedScoringFile(night / "review" / "main.jsonl")
    (change,) = changed_epochs(scoring.refresh(), scoring.entries)
    assert (change.epoch, change.before, change.after) == (5, stages[4], other_than(stages[4]))
    assert (change.who, change.model) == ("AB", stages[4])
    text = text_of(night)
    assert "The stage of 1 epoch (1.7 %) was changed" in text
    assert f"{stages[4]} → {other_than(stages[4])} 1." in text


def test_a_blank_beginning_is_no_list_of_changes(night: Path) -> None:
    page = Page.of([night])
    page.begin("blank")
    page.score("N2", *range(1, 61))
    page.sign()
    assert "The scoring began with no stages." in text_of(night)
    assert "60 epochs were scored by hand." in text_of(night)
    assert "was changed:" not in text_of(night)


def test_a_night_without_lights_or_sleep_says_so(night: Path) -> None:
    page = Page.of([night])
    page.begin("blank")
    page.sign()
    assert "Lights off not known" in text_of(night)


def test_hostile_texts_stay_text(page: Page, night: Path) -> None:
    page.who = HOSTILE
    page.edit("comment", epoch=3, text=HOSTILE)
    page.sign(HOSTILE)
    source = (night / PAGE).read_text(encoding="utf-8")
    assert HOSTILE not in source
    assert source.count("&lt;img src=x") >= 3


def test_reopening_is_on_the_page(page: Page, night: Path) -> None:
    page.sign()
    page.do("reopen", reason="arousal overlooked")
    page.sign()
    assert "Version 2 was opened by AB" in text_of(night)
    assert "arousal overlooked" in text_of(night)


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
@pytest.mark.prints
def test_chromium_prints_one_or_two_sheets_whatever_was_changed(page: Page, night: Path) -> None:
    stages = page.show()["stages"]
    state = page.sign()
    assert (state["pdf"], state["not_printed"]) == (True, "")
    assert sheets(night) == 1
    page.do("reopen", reason="all of it was wrong")
    for epoch, label in enumerate(stages, 1):
        page.score(other_than(label), epoch)
        page.edit("comment", epoch=epoch, text="a comment of a scorer's usual length on what is seen there")
    page.sign()
    assert sheets(night) == 2


def test_weasyprint_prints_where_there_is_no_browser(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("weasyprint")
    monkeypatch.setattr(printing, "BROWSERS", ())
    assert page.sign()["pdf"]


def test_without_a_printer_the_signature_stands_and_the_remedy_is_said(
    page: Page, night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (night / PDF).write_bytes(b"of the version before")
    monkeypatch.setattr(printing, "BROWSERS", ())
    monkeypatch.setattr(printing, "find_spec", lambda name: None)
    state = page.sign()
    assert (state["outputs"], state["pdf"]) == (True, False)
    assert "neither Chromium nor WeasyPrint is there" in state["not_printed"]
    assert (night / PAGE).is_file()
    assert not (night / PDF).exists()


@pytest.mark.skipif(os.name != "posix", reason="a script stands for the browser")
def test_a_browser_that_fails_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "failing-browser"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(printing, "BROWSERS", (program.name,))
    with pytest.raises(ReviewError, match=r"printing failed: exit status 3; print report.signed.html"):
        printing.pdf_of("<p>")


def sheets(night: Path) -> int:
    """Count the sheets of the PDF by its page objects."""
    return len(re.findall(rb"/Type\s*/Page\b", (night / PDF).read_bytes()))
