"""A scorer's hour in small in Firefox, as in Chromium."""

from __future__ import annotations

from pathlib import Path

from firefox import Firefox
from review_page import Served
from scorers_hour import scorers_hour


def test_a_scorers_hour_in_small_in_firefox(firefox: Firefox, served: Served, night: Path) -> None:
    scorers_hour(firefox, served, night)
