"""A second reader on the page: its row under ours, the differences marked, and first in the list to review."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from chromium import Chromium
from report_nights import Reported, unpacked

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.second_opinion import SecondOpinion
from eegvlm.report.second_row import second_row

DIFFERING = (3, 4, 50)


def second_opinion(ours: Hypnogram, *, reader: str = "clinic") -> SecondOpinion:
    """Return an opinion that differs in three epochs and leaves the last unscored."""
    stages = ours.stages.copy()
    for epoch in DIFFERING:
        stages[epoch] = (stages[epoch] + 1) % 5
    stages[-1] = -1
    second = Hypnogram(stages, start=ours.start, notes=("read C4-M1 as EEG",))
    return SecondOpinion.of(ours, second, reader=reader, version="3.1")


def write(path: Path, one: Reported, **options: str) -> Path:
    return one.having(second=second_opinion(one.night.hypnogram, **options)).write(path)


@pytest.fixture(scope="session")
def page(short_night: Reported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("second"), short_night)


def test_the_page_says_agreement_and_origin(page: Path, short_night: Reported) -> None:
    text = page.read_text(encoding="utf-8")
    told = second_opinion(short_night.night.hypnogram)
    assert told.agreement is not None
    assert f"clinic 3.1 agrees on 96.2 % of 79 epochs, kappa {told.agreement.kappa:.2f}" in text
    assert "differs: 3" in text
    assert "clinic 3.1; read C4-M1 as EEG" in text


def test_differences_are_marked_where_they_lie(short_night: Reported) -> None:
    ours = short_night.night.hypnogram
    row = second_row(ours, second_opinion(ours))
    assert [(span.left, span.width) for span in row.differing] == [(3.75, 2.5), (62.5, 1.25)]
    assert [(span.left, span.width) for span in row.unscored] == [(98.75, 1.25)]


def test_epochs_on_which_the_readers_differ_head_the_list(page: Path, short_night: Reported) -> None:
    confidence = short_night.night.hypnogram.confidence
    assert confidence is not None
    review = unpacked(page, "meta")["review"]
    assert [epoch for epoch, _, _, _ in review[:3]] == sorted(DIFFERING, key=lambda epoch: confidence[epoch])
    others = [confidence[epoch] for epoch, rank, _, _ in review[3:] if rank < 24]
    assert others == sorted(others)
    assert [rank for _, rank, _, _ in review[:3]] == [0, 1, 2]


def test_without_a_second_reader_the_page_speaks_of_none(short_page: Path) -> None:
    text = short_page.read_text(encoding="utf-8")
    body = text[text.index("<main>") : text.index("</main>")]
    assert "econd reader" not in body
    assert "differs" not in body
    assert unpacked(short_page, "meta")["second"] is None


def test_a_second_opinion_of_another_night_is_refused(short_night: Reported, tmp_path: Path) -> None:
    other = Hypnogram(np.zeros(79, np.int8))
    told = SecondOpinion.of(other, other, reader="clinic", version="3.1")
    with pytest.raises(InputError, match="second reader clinic: epochs: 79 instead of 80"):
        short_night.having(second=told).write(tmp_path)


def test_a_reader_s_name_is_text_and_never_markup(short_night: Reported, tmp_path: Path) -> None:
    text = write(tmp_path, short_night, reader="<script>alert(1)</script>").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_browser_tells_what_the_second_reader_says_of_an_epoch(
    browser: Chromium, page: Path, short_night: Reported
) -> None:
    told = second_opinion(short_night.night.hypnogram)
    labels = told.hypnogram.labels
    for epoch, said in ((4, f"clinic {labels[3]}, differs"), (6, f"clinic {labels[5]}"), (80, "clinic ?")):
        browser.show(page.as_uri() + f"#epoch={epoch}", width=1280)
        assert browser.value("document.getElementById('second').textContent") == f"Second reader: {said}"
    assert browser.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_the_second_row_lies_under_ours_and_fits_the_window(browser: Chromium, page: Path, width: int) -> None:
    browser.show(page.as_uri(), width=width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    code = """[...document.querySelectorAll('.plot.hypnogram, .plot.density')].map(e => e.getBoundingClientRect())
              .map(({left, width, top, bottom}) => [left, width, top, bottom])"""
    ours, second, density = browser.value(code)
    assert ours[:2] == second[:2] == density[:2]
    assert ours[3] < second[2] < second[3] < density[2]
    shaded = browser.value("[...document.querySelectorAll('.differs')].map(e => e.getBBox().x / e.getBBox().width)")
    assert shaded == pytest.approx([3 / 2, 50 / 1], rel=0.01)


def test_the_list_shows_the_second_reader_s_stage(page: Path, short_night: Reported) -> None:
    text = page.read_text(encoding="utf-8")
    table = text[text.index('id="review-list"') :]
    first = table[table.index("<tbody>") : table.index("</tr>", table.index("<tbody>"))]
    epoch = int(re.search(r"#epoch=(\d+)", first)[1]) - 1  # type: ignore[index]
    assert second_opinion(short_night.night.hypnogram).hypnogram.labels[epoch] in re.findall(r"back-(\w+)", first)[1:]
