"""The span of the trace in every column of pixels, in whole numbers of 1/256 pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eegvlm.images.columns import WEIGHT_STEPS, column_tables, samples_per_epoch
from eegvlm.images.layout import MAX_ROW_HEIGHT, ImageLayout, Panel

UNIT = 256  # fixed-point steps of a pixel
_LIMIT = float(MAX_ROW_HEIGHT // 2 * UNIT)


class Spanner:
    """Computes the spans of one panel's trace.

    Everything is a whole number below 2**24 in float32, so that no order of operations and no fused multiply-add can
    change a result, and NaN finds its own way from a sample to the columns it touches.
    """

    def __init__(self, layout: ImageLayout, panel: Panel, device: torch.device) -> None:
        self.n_columns = panel.rows * layout.width
        columns = column_tables(samples_per_epoch(layout), self.n_columns)
        parts = (columns.before, columns.after, columns.weight, columns.members.ravel())
        self.before, self.after, self.weight, self.members = (torch.from_numpy(t).to(device) for t in parts)
        self.counterweight = WEIGHT_STEPS - self.weight
        direction = 1.0 if panel.negative_up else -1.0
        self.scale = float(np.float32(direction * UNIT / panel.microvolt_per_pixel))
        self.half = round(layout.line_width * UNIT / 2)
        self.middle = panel.row_height * UNIT / 2

    def __call__(self, signal: Tensor) -> Spans:
        """Return the spans of `signal`, float32 ``(n, samples)`` microvolt."""
        points = (signal * self.scale).clamp_(-_LIMIT, _LIMIT).round_()
        borders = points.index_select(1, self.before).mul_(self.counterweight)
        borders += points.index_select(1, self.after).mul_(self.weight)
        borders.mul_(1 / WEIGHT_STEPS).round_()
        values = torch.cat([points, borders], dim=1).index_select(1, self.members)
        values = values.view(len(signal), -1, self.n_columns)
        ends = values.new_empty((2, len(signal), self.n_columns))
        torch.amin(values, 1, out=ends[0])
        torch.amax(values, 1, out=ends[1])
        reach = self.middle - self.half
        ends.clamp_(-reach, reach)
        ends[0] += reach
        ends[1] += self.middle + self.half
        steps = ends.nan_to_num_(self.middle).to(torch.int32)
        # The low byte is how far into its pixel an end reaches: what an upper end lacks of 256, what a lower end
        # covers. Their coverage times -1 modulo 256 follows. A full pixel is 255, so that an upper end with nothing
        # above it is that and not 256; where both ends share a pixel, the lower one says it all.
        coverage = steps.to(torch.uint8)
        rows = steps.bitwise_right_shift_(8).to(torch.int16)
        above, below = coverage
        torch.sub(above * (rows[0] == rows[1]), below, out=below)
        above.clamp_min_(1)
        return Spans(rows, coverage, self.n_columns)


@dataclass(frozen=True, eq=False)
class Spans:
    """Spans of ``n`` epochs in the columns of all rows: their upper and lower ends.

    Parameters
    ----------
    rows
        int16 ``(2, n, columns)``: the pixel rows that hold the ends, a row's height where a span ends at its border;
        alike and without coverage where nothing is drawn.
    coverage
        uint8 ``(2, n, columns)``: these pixels' coverage times -1 modulo 256; the lower holds where both are one.
    n_columns
        Columns of an epoch, ``rows * width``.
    """

    rows: Tensor
    coverage: Tensor
    n_columns: int

    def blocks(self, y: int, height: int, epochs: int) -> list[Block]:
        """Return the spans as `height` pixel rows from the `y`-th on need them, in blocks of `epochs` epochs."""
        ends = (self.rows + (1 - y)).clamp_(0, height + 1)
        start, stop = ends.clamp_min(1).to(torch.uint8)
        length = stop.sub_(start)
        parts = (start, length, *ends.to(torch.int64), *self.coverage)
        pieces = (part.view(1, -1).split(epochs * self.n_columns, dim=1) for part in parts)
        return [Block(*piece) for piece in zip(*pieces, strict=True)]


@dataclass(frozen=True, eq=False)
class Block:
    """Spans of some epochs relative to a block of pixel rows, counted from 1; each ``(1, epochs * columns)``.

    Parameters
    ----------
    start, length
        uint8: the first pixel row in the block and how many there are before the lower end's.
    upper_row, lower_row
        int64: where in the block the ends are, 0 above it and one more than its height below it.
    upper, lower
        uint8: the ends' coverage times -1 modulo 256.
    """

    start: Tensor
    length: Tensor
    upper_row: Tensor
    lower_row: Tensor
    upper: Tensor
    lower: Tensor

    def negative_coverage(self, rows: range, row_index: Tensor, area: Tensor) -> Tensor:
        """Fill a work area with the coverage times -1 modulo 256.

        Parameters
        ----------
        rows
            The pixel rows of the block that are needed, from 0 on.
        row_index
            uint8 ``(height, 1)`` from 1 on.
        area
            uint8 ``(height + 2, epochs * columns)``; its first and last row take the ends outside of the block.

        Returns
        -------
        Tensor
            The needed rows of `area`.
        """
        pixels = area[rows.start + 1 : rows.stop + 1]
        torch.sub(row_index[rows.start : rows.stop], self.start, out=pixels)
        torch.lt(pixels, self.length, out=pixels)
        area.scatter_(0, self.upper_row, self.upper).scatter_(0, self.lower_row, self.lower)
        return pixels
