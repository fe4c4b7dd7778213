"""What the page says first: problems, limits, what the statistics count, and what several derivations say."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest
from chromium import Chromium
from report_nights import Reported, eeg_like, staged, unpacked

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage, count_sleep
from eegvlm.report.numbers import all_numbers, headline, stage_rows
from eegvlm.signals import Lights, Problem, Recording
from eegvlm.staging.limits import Limit

DAY = Limit("day-in-recording", "the recording holds a day, on which the model was not validated", validated=False)
NO_CHIN = Limit("no-chin", "no chin EMG was read", validated=True)


def _day() -> Hypnogram:
    """Return seventeen hours: an hour of N1 after three hours, and seven and a half hours of N2 after five."""
    stages = np.zeros(17 * 120, np.int8)
    stages[360:390], stages[600:1500] = Stage.N1, Stage.N2
    return Hypnogram(stages)


def _text(page: Path) -> str:
    return html.unescape(page.read_text(encoding="utf-8"))


def test_ten_problems_stand_above_the_numbers_the_decisive_ones_first(short_night: Reported, tmp_path: Path) -> None:
    told = [Problem(f"kind-{k}", f"sentence {k}", severity="error" if k == 5 else "warning") for k in range(7)]
    told.append(Problem("no-usable-eeg", "no EEG"))
    text = _text(short_night.having(problems=tuple(told), limits=(NO_CHIN, DAY)).write(tmp_path))
    assert "Problems and limits: 10" in text
    said = re.findall(r"<li>(?:<strong>(\w+):</strong> )?(.*) <span class=\"code\">(.*)</span></li>", text)
    assert [code for _, _, code in said][:3] == ["kind-5", "day-in-recording", "no-usable-eeg"]
    assert len(said) == 10
    assert said[0][:2] == ("Error", "sentence 5")
    assert text.index("sentence 6") < text.index("Total sleep time")


def test_a_night_without_problems_has_no_box_for_them(short_page: Path) -> None:
    assert "Problems and limits" not in _text(short_page)


def test_where_a_limit_was_not_validated_no_figure_promises_anything(short_night: Reported, tmp_path: Path) -> None:
    text = _text(short_night.having(limits=(DAY,)).write(tmp_path))
    assert "how many epochs are right is not known: " + DAY.message in text
    body = text[text.index("<main>") : text.index("</main>")]
    assert not re.search(r"expected|name=\"share\"", body)
    assert unpacked(tmp_path / "report.html", "meta")["count"] == 8  # the list is as long as ever


def test_a_validated_limit_leaves_the_figures_and_is_said(short_night: Reported, tmp_path: Path) -> None:
    text = _text(short_night.having(limits=(NO_CHIN,)).write(tmp_path))
    assert NO_CHIN.message in text
    assert "rest expected right" in text


def test_numbers_of_a_part_stand_beside_those_of_the_whole() -> None:
    counted = count_sleep(_day())
    told = {one.name: (one.value, one.whole) for one in all_numbers(counted)}
    assert told["Total sleep time"] == ("7 h 30 min", "7 h 45 min")
    assert told["Sleep efficiency"] == ("not known", "45.6 %")
    assert told["Sleep onset latency"] == ("not known", "3 h 00 min")
    assert [row.minutes for row in stage_rows(_day(), counted.whole)] == ["555.0", "15.0", "450.0", "0.0", "0.0"]


def test_numbers_of_the_whole_stand_alone() -> None:
    night = _day().crop(0, 8 * 3600)
    assert {one.whole for one in all_numbers(count_sleep(night))} == {""}


def test_a_night_without_sleep_has_no_onset_latency() -> None:
    told = {one.name: one.value for one in headline(count_sleep(Hypnogram(np.zeros(40, np.int8))).statistics)}
    assert told["Sleep onset latency"] == "none"
    assert told["Sleep efficiency"] == "0.0 %"


def test_the_page_says_what_is_counted(short_night: Reported, short_page: Path, tmp_path: Path) -> None:
    assert _text(short_page).count("Counted: the whole scoring; lights off and on are not known.") == 2
    assert "of the whole scoring.</p>" not in _text(short_page)
    lights = Lights(300.0, 1800.0, "the technician's notes")
    text = _text(short_night.having(lights=lights).write(tmp_path))
    assert text.count("Counted: from lights off to lights on (the technician's notes).") == 2
    assert "the same of the whole scoring" in text
    assert re.search(r'Time in bed</th><td>25.0 min</td><td class="soft together">40.0 min</td>', text)


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three derivations vote on four epochs: one differs in the second, one has no signal in the third."""
    signals = {f"{site}-M1": (eeg_like(4 * 3000, seed), 100.0) for seed, site in enumerate(("C4", "F4", "O2"))}
    shares = np.eye(5)[[0, 1, 2, 2]] * 0.5 + 0.1
    night = staged(Recording.from_arrays(signals), shares)
    votes = {name: np.array(stages, np.int8) for name, stages in
             {"C4-M1": [0, 1, 2, 2], "F4-M1": [0, 2, 2, 2], "O2-M1": [0, 1, -1, 2]}.items()}  # fmt: skip
    told = {name: Hypnogram(stages, probabilities=_sure(stages)) for name, stages in votes.items()}
    return night.having(votes=told).write(tmp_path_factory.mktemp("voted"))


def _sure(stages: np.ndarray) -> np.ndarray:
    return np.where(stages[:, None] >= 0, np.eye(5)[np.maximum(stages, 0)] * 0.75 + 0.05, np.nan).astype(np.float32)


def test_the_viewer_shows_what_each_derivation_says(browser: Chromium, voted: Path) -> None:
    rows = "[...document.querySelectorAll('#votes tbody tr')].map(r => [...r.children].map(c => c.textContent))"
    for epoch, said in (
        (2, [["C4-M1", "N1", "0.80", ""], ["F4-M1", "N2", "0.80", "differs"], ["O2-M1", "N1", "0.80", ""]]),
        (3, [["C4-M1", "N2", "0.80", ""], ["F4-M1", "N2", "0.80", ""], ["O2-M1", "?", "–", ""]]),
    ):
        browser.show(voted.as_uri() + f"#epoch={epoch}", width=1280)
        assert browser.value(rows) == said
    assert browser.errors == []


def test_derivations_that_differ_are_flagged(voted: Path) -> None:
    reasons = {epoch: reasons for epoch, _, reasons, _ in unpacked(voted, "meta")["review"]}
    assert reasons[1] == ["derivations differ: C4-M1 N1, F4-M1 N2, O2-M1 N1"]


def test_without_a_vote_the_viewer_shows_none(browser: Chromium, short_page: Path) -> None:
    browser.show(short_page.as_uri(), width=1280)
    assert browser.value("document.getElementById('votes').childNodes.length") == 0


def test_a_vote_on_another_night_is_refused(short_night: Reported, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="vote of C4-M1: epochs: 79 instead of 80"):
        short_night.having(votes={"C4-M1": Hypnogram(np.zeros(79, np.int8))}).write(tmp_path)
