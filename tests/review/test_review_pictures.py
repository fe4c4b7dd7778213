"""The pictures of docs/review.md; EEGVLM_WRITE_PICTURES=1 writes them anew."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from chromium import Chromium
from PIL import Image
from review_page import IDLE, Served, drag, open_page, press

DOCS = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 150_000


def picture(browser: Chromium, name: str) -> None:
    """Take a picture of the window, in as few colours as it needs, and check its size."""
    shot = Image.open(io.BytesIO(browser.screenshot()))
    small = io.BytesIO()
    shot.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    assert 5_000 < len(small.getvalue()) < MOST_BYTES
    if os.environ.get("EEGVLM_WRITE_PICTURES"):
        (DOCS / name).write_bytes(small.getvalue())
    assert (DOCS / name).stat().st_size < MOST_BYTES


@pytest.mark.slow
@pytest.mark.prints
def test_the_pictures_of_the_guide_are_small(browser: Chromium, served: Served, night: Path) -> None:
    open_page(browser, served)
    browser.wait("!document.getElementById('spectrogram').hidden")
    press(browser, "n")
    browser.wait("document.documentElement.dataset.loaded !== undefined")
    drag(browser, "#traces", 0.4, 0.5)
    press(browser, "a", revisions=1)
    picture(browser, "review-page.png")
    browser.value("document.getElementById('change-keys').click()")
    picture(browser, "review-keys.png")
    browser.value("document.getElementById('keys').close(); document.getElementById('sign').click()")
    browser.wait("document.getElementById('signing').textContent.includes('report.signed')", seconds=60)
    browser.wait(IDLE)
    browser.resize(760)
    browser.navigate((night / "report.signed.html").as_uri())
    browser.wait("document.title.startsWith('Signed sleep scoring') && document.readyState === 'complete'")
    picture(browser, "review-signed.png")
    browser.errors.clear()
