"""The cohort's page, one file that needs no other host: distributions, nights that stand out, links to reports."""

from __future__ import annotations

import base64
import hashlib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import Any
from urllib.parse import quote

import numpy as np

from eegvlm.core.notice import NOTICE
from eegvlm.core.templates import page_template
from eegvlm.lab.cohort.output import Output
from eegvlm.lab.cohort.row import COLUMNS
from eegvlm.lab.cohort.standing_out import Distribution, Measure, distributions, reasons
from eegvlm.lab.cohort.summary import Row, Rows

FILE = "cohort.html"
MOST_STANDING_OUT = 200
MOST_LISTED = 2_000
MOST_FAILURES = 200
_BARS = 24


@dataclass(frozen=True)
class Histogram:
    """A distribution, ready to be drawn in a box of 240 x 72.

    Parameters
    ----------
    measure, n, median, low, high
        What is shown: number of nights, median, lowest and highest value.
    bars
        (x, y, width, height) of each bar.
    median_x
        Where the median lies.
    """

    measure: Measure
    n: int
    median: float
    low: float
    high: float
    bars: tuple[tuple[float, float, float, float], ...]
    median_x: float

    @classmethod
    def of(cls, distribution: Distribution) -> Histogram:
        """Bin the values."""
        values = distribution.values
        low, high = float(values.min()), float(values.max())
        counts, _ = np.histogram(values, bins=_BARS, range=(low, high if high > low else low + 1))
        width = 240 / _BARS
        heights = 72 * counts / counts.max()
        bars = tuple(
            (round(k * width, 2), round(72 - height, 2), round(width - 1, 2), round(height, 2))
            for k, height in enumerate(heights.tolist())
        )
        median = float(np.median(values))
        return cls(
            distribution.measure, len(values), median, low, high, bars, 240 * (median - low) / ((high - low) or 1)
        )


def write_page(output: Output, rows: Rows, failures: Sequence[Row], *, title: str, has_reports: bool) -> None:
    """Write ``cohort.html``.

    Parameters
    ----------
    output
        Where to.
    rows
        Gives the rows of the finished nights; called several times.
    failures
        Lines of the journal of nights that failed.
    title
        The cohort's name.
    has_reports
        Whether each night has a report that can be linked.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    measured = distributions(rows())
    limits = {distribution.measure.column: distribution.limits for distribution in measured}
    count = n_standing = 0
    hours = 0.0
    versions: dict[str, None] = {}
    most_reasons: list[tuple[int, int, Row, list[str]]] = []
    for count, row in enumerate(rows(), start=1):
        hours += row.get("hours", 0.0)
        if len(versions) < 10:
            versions[f"{row.get('software')}, model {row.get('model')} {str(row.get('weights_sha256'))[:12]}"] = None
        if why := reasons(row, limits):
            n_standing += 1
            item = (len(why), -count, row, why)
            (heapq.heappush if len(most_reasons) < MOST_STANDING_OUT else heapq.heappushpop)(most_reasons, item)
    standing = [_line(row, why, has_reports) for _, _, row, why in sorted(most_reasons, reverse=True)]
    listed = [_line(row, [], has_reports) for row in islice(rows(), MOST_LISTED)]
    style = files("eegvlm.lab.cohort").joinpath("cohort.css").read_text(encoding="utf-8")
    page = page_template("eegvlm.lab.cohort", "cohort.html.jinja").render(
        title=title,
        notice=NOTICE,
        n_nights=count,
        hours=hours,
        histograms=[Histogram.of(distribution) for distribution in measured],
        standing=standing,
        n_standing=n_standing,
        nights=listed,
        failures=failures[:MOST_FAILURES],
        n_failures=len(failures),
        versions=list(versions),
        style=style,
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
    )
    output.write({FILE: page.encode("utf-8", "replace")})


def _line(row: Row, why: list[str], has_reports: bool) -> Mapping[str, Any]:
    link = f"{quote(str(row['results']))}/report.html" if has_reports else ""
    return {**dict.fromkeys(COLUMNS), **row, "why": why, "link": link}
