"""What an answer hangs on, laid over the traces of the epochs that were looked at, and no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from chromium import Chromium
from report_nights import Reported, unpacked

from eegvlm.errors import InputError
from eegvlm.report import Overlay, write_report

CAPTION = "Orange speaks for the stage"
WEIGHTS = {"eeg": np.array([0.0, 0.5, -0.25, 0.0]), "emg": np.zeros(4)}


@pytest.fixture(scope="module")
def overlaid(short_night: Reported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overlaid")
    return write_report(folder, short_night.night, overlay=Overlay(CAPTION, {3: WEIGHTS}))


def test_shades_are_relative_to_the_epoch_s_largest_weight(overlaid: Path) -> None:
    details = unpacked(overlaid, "details-0")
    assert details[3]["weights"] == [[0, 100, -50, 0], None, None, [0, 0, 0, 0]]
    assert not any("weights" in one for one in details[:3] + details[4:])
    assert unpacked(overlaid, "meta")["overlay"] == CAPTION


def test_a_page_without_an_overlay_says_nothing_of_one(short_page: Path) -> None:
    assert unpacked(short_page, "meta")["overlay"] is None


def test_an_epoch_that_is_not_there_is_refused(short_night: Reported, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="epochs 1 to 80"):
        write_report(tmp_path, short_night.night, overlay=Overlay(CAPTION, {80: WEIGHTS}))


def test_stretches_are_shaded_where_they_lie(browser: Chromium, overlaid: Path) -> None:
    browser.show(overlaid.as_uri() + "#epoch=4", width=1280)
    assert browser.value("document.querySelectorAll('#picture .weight.for').length") == 1
    assert browser.value("document.querySelectorAll('#picture .weight.against').length") == 1
    box = "document.querySelector('#picture .weight.for')"
    lane = "document.querySelector('#picture .weight.for').parentNode.getAttribute('width')"
    assert browser.value(f"Number({box}.getAttribute('x')) / Number({lane})") == pytest.approx(0.25, abs=0.01)
    assert browser.value("document.getElementById('overlaid').textContent").startswith(CAPTION)
    browser.show(overlaid.as_uri() + "#epoch=5", width=1280)
    assert browser.value("document.querySelectorAll('#picture .weight').length") == 0
    assert browser.value("document.getElementById('overlaid').textContent") == ""
    assert browser.errors == []
