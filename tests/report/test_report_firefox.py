"""The report in Firefox: it draws, and is walked by keys, as in Chromium."""

from __future__ import annotations

from pathlib import Path

from firefox import Firefox

EPOCH = "Number(document.documentElement.dataset.epoch)"
DRAWN = (
    "[...document.querySelectorAll('#picture canvas')].reduce((sum, canvas) => sum + new Uint32Array(canvas"
    ".getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer).filter(pixel => pixel).length, 0)"
)


def test_it_draws_every_row_and_is_walked_by_keys_in_firefox(firefox: Firefox, short_page: Path) -> None:
    firefox.show(short_page.as_uri() + "#epoch=40", width=1280)
    assert firefox.value("document.documentElement.scrollWidth") <= 1280
    assert firefox.value("Night.current.rows.filter(row => row.trace).length") >= 4
    assert firefox.value(DRAWN) > 3000
    for key, expected in [("ArrowRight", 41), ("ArrowLeft", 40), ("Home", 1), ("End", 80)]:
        firefox.press(key)
        firefox.wait(f"{EPOCH} === {expected}")
    assert firefox.errors == []
