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
# Orange pixels between two parts of the first row's width.
ORANGE = """((canvas, from, to) => {{
  const x = (part) => LEFT + part * (canvas.clientWidth - LEFT - RIGHT);
  const data = canvas.getContext('2d').getImageData(x(from), 0, x(to) - x(from), 70).data;
  let found = 0;
  for (let k = 0; k < data.length; k += 4) found += data[k] > 150 && data[k + 2] < 80 && data[k + 3] > 100;
  return found;
}})(document.querySelector('#picture canvas'), {begin}, {end})"""
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
    shaded = "Night.current.rows.filter(row => row.weights.some(Boolean)).map(row => row.weights)"
    (weights,) = browser.value(shaded)
    assert [weight > 0 for weight in weights if weight] == [weight > 0 for weight in WEIGHTS["eeg"] if weight]
    assert browser.value(ORANGE.format(begin=0.26, end=0.49)) > 5000
    assert browser.value(ORANGE.format(begin=0.51, end=0.74)) == 0
    assert browser.value("document.getElementById('overlaid').textContent").startswith(CAPTION)
    browser.show(overlaid.as_uri() + "#epoch=5", width=1280)
    assert browser.value(shaded) == []
    assert browser.value("document.getElementById('overlaid').textContent") == ""
    assert browser.errors == []
