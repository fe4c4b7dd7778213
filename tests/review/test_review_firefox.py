"""A scorer's hour in small in Firefox: open, page, score, undo, mark, sign."""

from __future__ import annotations

from pathlib import Path

from firefox import Firefox
from review_page import EPOCH, REVISION, Served, drag, open_page, press

from eegvlm.hypnogram import read_hypnogram

RULER = "document.getElementById('ruler').textContent"


def test_a_night_is_corrected_and_signed_in_firefox(firefox: Firefox, served: Served, night: Path) -> None:
    open_page(firefox, served)
    press(firefox, "Home")
    stages = read_hypnogram(night / "hypnogram.json").labels
    for epoch in range(3):
        stages[epoch] = "N3" if stages[epoch] != "N3" else "R"
        press(firefox, {"N3": "3", "R": "5"}[stages[epoch]], revisions=1)
    firefox.wait(f"{EPOCH} === 4")
    press(firefox, "z", revisions=1)
    press(firefox, "y", revisions=1)

    firefox.wait("document.documentElement.dataset.loaded === '60'")
    drag(firefox, "#traces", 0.4, 0.5)
    firefox.wait(f"{RULER}.includes('peak to peak')")
    press(firefox, "a", revisions=1)
    assert firefox.value("document.querySelector('#marks li').textContent").startswith("arousal")
    firefox.press("PageDown")
    firefox.wait(f"{EPOCH} === 4")
    firefox.press("]")
    firefox.wait("document.getElementById('page-length').value === '60'")
    firefox.value("document.getElementById('sign').click()")
    firefox.wait("document.getElementById('signing').textContent.includes('signed by AB')", seconds=60)
    assert firefox.value(REVISION) >= 6
    assert read_hypnogram(night / "hypnogram.signed.csv").labels == stages
    assert firefox.errors == []
    assert all(request.startswith((served.address.partition("?")[0], "data:")) for request in firefox.requests)
