"""Epochs to the pictures of :mod:`.raster`, byte for byte, with numpy alone: where torch is not loaded.

The arithmetic is that of :mod:`.spans` and :mod:`.ink`, whole numbers below 2**24 in float32, written for a processor
only: no device, no work areas for large batches. Tests hold both against each other in every layout of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eegvlm.images.columns import WEIGHT_STEPS, Columns, column_tables, grid_colours, samples_per_epoch
from eegvlm.images.layout import MAX_ROW_HEIGHT, ImageLayout, Panel

UNIT = 256  # fixed-point steps of a pixel
_LIMIT = np.float32(MAX_ROW_HEIGHT // 2 * UNIT)
_BLOCK_ROWS = 168  # pixel rows of one pass; 254 is the most that uint8 arithmetic allows
_PASS_BYTES = 1 << 20  # of the work area: it stays in the second-level cache

Pixels = NDArray[np.uint8]


def draw(layout: ImageLayout, signals: Mapping[str, NDArray[np.floating]]) -> Pixels:
    """Draw epochs.

    Parameters
    ----------
    layout
        What to draw where.
    signals
        Panel's name -> (n, samples) microvolt at the layout's rate, NaN where nothing is drawn; at least one panel.

    Returns
    -------
    numpy.ndarray
        uint8 (n, channels, height, width), equal to what :func:`eegvlm.images.render` gives.

    Raises
    ------
    LayoutError
        If a signal's name is not a panel of the layout.
    ValueError
        If there is no signal, or the shapes do not fit.
    """
    if not signals:
        raise ValueError("draw needs at least one panel's signal; an absent one can be given as NaN")
    n, n_samples = len(next(iter(signals.values()))), samples_per_epoch(layout)
    for name, signal in signals.items():
        layout.panel(name)
        if signal.shape != (n, n_samples):
            raise ValueError(f"{layout.name}: signal {name!r} has shape {signal.shape}, not {(n, n_samples)}")
    pictures = np.empty((n, layout.channels, layout.height, layout.width), np.uint8)
    panels = [panel for panel in layout.panels if panel.name in signals]
    if sum(panel.height for panel in panels) < layout.height:
        pictures[:] = np.array(layout.background, np.uint8)[:, None, None]
    for panel in layout.panels:
        strip = pictures[:, :, panel.top : panel.top + panel.height]
        pen = _pen(layout, panel)
        if panel.name in signals:
            step = max(1, _PASS_BYTES // (min(panel.row_height, _BLOCK_ROWS) * panel.rows * layout.width))
            for first in range(0, n, step):
                pen.draw(strip[first : first + step], np.asarray(signals[panel.name][first : first + step], np.float32))
        else:
            strip[:] = np.repeat(pen.under, panel.row_height, axis=1)
    return pictures


@lru_cache(maxsize=64)
def _pen(layout: ImageLayout, panel: Panel) -> _Pen:
    columns = column_tables(samples_per_epoch(layout), panel.rows * layout.width)
    return _Pen(panel, columns, grid_colours(layout, panel), round(layout.line_width * UNIT / 2))


@dataclass(frozen=True, eq=False)
class _Pen:
    """Draws one panel.

    Parameters
    ----------
    panel
        The panel.
    columns
        Which samples lie in which column of pixels.
    under
        int16 (channels, rows, width): the background's or a grid line's level.
    half
        Half of the line's width, in 1/256 pixel.
    """

    panel: Panel
    columns: Columns
    under: NDArray[np.int16]
    half: int

    def draw(self, strip: Pixels, signal: NDArray[np.float32]) -> None:
        """Draw (n, samples) microvolt into (n, channels, height of the panel, width)."""
        n, channels, _, width = strip.shape
        rows, height = self.panel.rows, self.panel.row_height
        ends, coverage = self._spans(signal)
        target = strip.reshape(n, channels, rows, height, width)
        place = np.arange(ends.shape[1])
        for top in range(0, height, _BLOCK_ROWS):
            size = min(_BLOCK_ROWS, height - top)
            upper, lower = (ends + (1 - top)).clip(0, size + 1)
            start = np.maximum(upper, 1).astype(np.uint8)
            length = np.maximum(lower, 1).astype(np.uint8) - start
            area = np.empty((size + 2, len(place)), np.uint8)  # its outer rows take the ends outside of the block
            pixels = area[1:-1]
            np.subtract(np.arange(1, size + 1, dtype=np.uint8)[:, None], start, out=pixels)
            np.less(pixels, length, out=pixels.view(np.bool_))
            area[upper, place] = coverage[0]
            area[lower, place] = coverage[1]
            inked = pixels.reshape(size, n, rows, width).transpose(1, 2, 0, 3)
            self._ink(target[:, :, :, top : top + size], inked)

    def _spans(self, signal: NDArray[np.float32]) -> tuple[NDArray[np.int16], Pixels]:
        """Return the pixel rows of the trace's upper and lower ends in each column, and their coverage times -1.

        Both (2, n * columns), as :class:`eegvlm.images.spans.Spans` has them.
        """
        panel, columns = self.panel, self.columns
        scale = np.float32((1.0 if panel.negative_up else -1.0) * UNIT / panel.microvolt_per_pixel)
        points = np.rint((signal * scale).clip(-_LIMIT, _LIMIT))
        borders = points[:, columns.before] * (WEIGHT_STEPS - columns.weight)
        borders += points[:, columns.after] * columns.weight
        borders = np.rint(borders * np.float32(1 / WEIGHT_STEPS))
        values = np.concatenate([points, borders], axis=1)
        low = high = values[:, columns.members[0]]
        for member in columns.members[1:]:
            more = values[:, member]
            low, high = np.minimum(low, more), np.maximum(high, more)  # NaN stays
        middle = np.float32(panel.row_height * UNIT / 2)
        reach = middle - self.half
        ends = np.stack([low, high]).reshape(2, -1).clip(-reach, reach)
        ends[0] += reach
        ends[1] += middle + self.half
        steps = np.where(np.isnan(ends), middle, ends).astype(np.int32)
        coverage = steps.astype(np.uint8)
        rows = (steps >> 8).astype(np.int16)
        coverage[1] = coverage[0] * (rows[0] == rows[1]) - coverage[1]
        np.maximum(coverage[0], 1, out=coverage[0])
        return rows, coverage

    def _ink(self, target: Pixels, negative: Pixels) -> None:
        """Colour pixels (n, rows, height, width), coverage times -1, in every channel of (n, channels, ...)."""
        for channel, colour in enumerate(self.panel.colour[: len(self.under)]):
            base = self.under[channel][:, None]
            factor = np.abs(np.int16(colour) - base) + np.int16(1)
            sign = np.where(np.int16(colour) < base, np.int16(-1), np.int16(1))
            if (factor == 256).all() and (sign == sign.flat[0]).all():
                if sign.flat[0] < 0:
                    np.subtract(negative, np.uint8(1), out=target[:, channel])  # 255 - coverage
                else:
                    np.negative(negative, out=target[:, channel])
            else:
                coverage = (-negative).astype(np.int16)
                tint = (coverage * factor) >> 8  # modulo 2**16: only the low byte is kept
                target[:, channel] = (base + sign * tint).astype(np.uint8)
