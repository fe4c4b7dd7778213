"""Which part of an epoch lies in which column of pixels.

The epoch is a polyline through its samples, sample ``k`` at the time ``(k + 0.5) / rate``, level before the first
and after the last. It runs through the columns of all rows one after another; column ``c`` of ``T`` holds the
times from ``30 c / T`` to ``30 (c + 1) / T``. What a column shows is the range of the polyline there: the samples
inside it and the polyline's values at its two borders, which neighbours share, so that spans always connect.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eegvlm.images.layout import ImageLayout, Panel
from eegvlm.signals import EPOCH_S

# The weights of a border value are multiples of this, so that interpolation is exact in float32.
WEIGHT_STEPS = 256


@dataclass(frozen=True, eq=False)
class Columns:
    """Tables that turn samples into columns.

    Border ``b`` has the value ``(before * (256 - weight) + after * weight) / 256`` of the samples at `before[b]`
    and `after[b]`. Column ``c`` spans the values at `members[:, c]` of the samples followed by the borders; short
    columns repeat a border.

    Parameters
    ----------
    before, after
        int64 ``(columns + 1,)``.
    weight
        float32 ``(columns + 1,)``, whole numbers from 0 to 255.
    members
        int64 ``(most, columns)``.
    """

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    weight: NDArray[np.float32]
    members: NDArray[np.int64]


@lru_cache(maxsize=64)
def column_tables(n_samples: int, n_columns: int) -> Columns:
    """Build the tables for epochs of `n_samples` samples drawn over `n_columns` columns, all rows together."""
    # In units of 1 / (2 * n_columns) sample everything is a whole number: no rounding can move a sample.
    border = 2 * n_samples * np.arange(n_columns + 1) - n_columns
    whole, rest = np.divmod(border, 2 * n_columns)
    before, after = whole.clip(0, n_samples - 1), (whole + 1).clip(0, n_samples - 1)
    weight = (rest * WEIGHT_STEPS // (2 * n_columns)).astype(np.float32)

    column = (2 * np.arange(n_samples) + 1) * n_columns // (2 * n_samples)
    start = np.searchsorted(column, np.arange(n_columns), side="left")
    stop = np.searchsorted(column, np.arange(n_columns), side="right")
    left = n_samples + np.arange(n_columns)
    inside = start + np.arange((stop - start).max(initial=0))[:, None]
    members = np.vstack([left, left + 1, np.where(inside < stop, inside, left)])
    return Columns(before, after, weight, members)


def samples_per_epoch(layout: ImageLayout) -> int:
    """Return how many samples an epoch has at the layout's rate."""
    return round(EPOCH_S * layout.rate)


def grid_colours(layout: ImageLayout, panel: Panel) -> NDArray[np.int16]:
    """Return what lies under a panel's trace.

    Returns
    -------
    ndarray
        int16 ``(channels, rows, width)``: the background's or a grid line's level in each column.
    """
    n_columns = panel.rows * layout.width
    levels = np.empty((layout.channels, n_columns), dtype=np.int16)
    levels[:] = np.array(layout.background, dtype=np.int16)[:, None]
    for lines in layout.grid:
        count = int(np.ceil(EPOCH_S / lines.every_s))
        at = np.floor(np.arange(1, count) * lines.every_s * n_columns / EPOCH_S + 1e-6).astype(int)
        at = at[(at < n_columns) & (at % layout.width != 0)]
        levels[:, at] = np.array(lines.colour, dtype=np.int16)[:, None]
    return levels.reshape(layout.channels, panel.rows, layout.width)
