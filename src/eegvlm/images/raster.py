"""Epochs to pictures, exact to the byte.

For every column of pixels the drawn polyline covers one span; the line's width is added, and a pixel is filled by
the share of its height that the span covers. Positions are whole numbers of 1/256 pixel and a full pixel is 255,
so that every run, every batch size and every device gives the same bytes.

A span's inner pixels are found by one unsigned comparison for all rows, ``y - first < last - first`` modulo 256, and
its two partly covered ends are scattered in. These passes are uint8 over what the cache holds, laid out as (pixel
row, epoch, column): the spans of many epochs are one long vector, and each pixel row is one pass over it.

A NaN leaves the columns it touches empty. Nothing but the signals and the layout enters a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eegvlm.images.columns import grid_colours, samples_per_epoch
from eegvlm.images.ink import Ink, Palette, inks
from eegvlm.images.layout import ImageLayout, Panel
from eegvlm.images.spans import Spanner, Spans

_BLOCK_ROWS = 168  # pixel rows of one pass; 254 is the most that uint8 arithmetic allows
_SPAN_EPOCHS = 64  # epochs whose spans are computed at once on a CPU
_PASS_BYTES = 1 << 20  # of the work area on a CPU: it stays in the second-level cache
_DEVICE_FACTOR = 128  # how much more a CUDA device takes at once


@torch.no_grad()
def render(
    layout: ImageLayout,
    signals: Mapping[str, NDArray[np.floating] | Tensor],
    *,
    device: torch.device | str | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Draw epochs.

    Parameters
    ----------
    layout
        What to draw where.
    signals
        By panel name: ``(n, samples)`` microvolt at the layout's rate (30 s), already filtered to the panel's band.
        A panel that is absent here stays empty; NaN samples are not drawn.
    device
        Where to draw; by default where `out`, or else the first signal, is.
    out
        A uint8 tensor of the result's shape to draw into. Drawing large batches into one tensor saves the time that
        fresh memory costs.

    Returns
    -------
    Tensor
        uint8 ``(n, channels, height, width)``.

    Raises
    ------
    LayoutError
        If a signal's name is not a panel of the layout.
    ValueError
        If there is no signal or the shapes do not fit.
    """
    tensors = {name: torch.as_tensor(signal) for name, signal in signals.items()}
    if not tensors:
        raise ValueError("render needs at least one panel's signal; an absent one can be given as NaN")
    first = next(iter(tensors.values()))
    n, n_samples = len(first), samples_per_epoch(layout)
    for name, tensor in tensors.items():
        layout.panel(name)
        if tensor.shape != (n, n_samples):
            shape = tuple(tensor.shape)
            raise ValueError(f"{layout.name}: signal {name!r} has shape {shape}, not {(n, n_samples)}")
    where = torch.device(device) if device is not None else (first if out is None else out).device
    size = (n, layout.channels, layout.height, layout.width)
    if out is None and where.type == "cpu":
        out = torch.from_numpy(np.empty(size, dtype=np.uint8))  # which asks the kernel for huge pages
    elif out is None:
        out = torch.empty(size, dtype=torch.uint8, device=where)
    elif out.shape != size or out.dtype != torch.uint8 or out.device != where or not out.is_contiguous():
        raise ValueError(f"{layout.name}: out must be a contiguous uint8 tensor of shape {size} on {where}")

    panels = [panel for panel in layout.panels if panel.name in tensors]
    _fill_undrawn(out, layout, panels)
    if n == 0:
        return out
    brushes = [_Brush(layout, panel, n, where) for panel in panels]
    step = _SPAN_EPOCHS * (1 if where.type == "cpu" else _DEVICE_FACTOR)
    for start in range(0, n, step):
        for brush in brushes:
            chunk = tensors[brush.panel.name][start : start + step]
            brush.draw(out[start : start + step], chunk.to(where, torch.float32))
    return out


def _fill_undrawn(pictures: Tensor, layout: ImageLayout, panels: list[Panel]) -> None:
    if sum(panel.height for panel in panels) == layout.height:
        return
    empty = torch.from_numpy(empty_picture(layout)).to(pictures.device)
    start = 0
    for panel in sorted(panels, key=lambda p: p.top):
        pictures[:, :, start : panel.top] = empty[:, start : panel.top]
        start = panel.top + panel.height
    pictures[:, :, start:] = empty[:, start:]


@lru_cache(maxsize=16)
def empty_picture(layout: ImageLayout) -> NDArray[np.uint8]:
    """Return a picture of nothing: background and grid, uint8 ``(channels, height, width)``."""
    picture = np.empty((layout.channels, layout.height, layout.width), dtype=np.uint8)
    picture[:] = np.array(layout.background, dtype=np.uint8)[:, None, None]
    for panel in layout.panels:
        lines = np.repeat(grid_colours(layout, panel), panel.row_height, axis=1)
        picture[:, panel.top : panel.top + panel.height] = lines
    return picture


@dataclass(frozen=True, eq=False)
class _Tools:
    """What drawing a panel needs and no signal changes, on the device."""

    spanner: Spanner
    inks: tuple[Ink, ...]
    empty: Tensor  # (channels, rows, 1, width)
    level: int | None  # of all of `empty`, where it has but one


@lru_cache(maxsize=64)
def _tools(layout: ImageLayout, panel: Panel, device: torch.device) -> _Tools:
    under = grid_colours(layout, panel)
    level = int(under.flat[0]) if (under == under.flat[0]).all() else None
    empty = torch.from_numpy(under).to(device, torch.uint8)[:, :, None]
    return _Tools(Spanner(layout, panel, device), inks(layout, panel), empty, level)


class _Brush:
    """Draws one panel, with work areas that are made once a call."""

    def __init__(self, layout: ImageLayout, panel: Panel, n: int, device: torch.device) -> None:
        self.panel, self.tools = panel, _tools(layout, panel, device)
        n_columns = panel.rows * layout.width
        self.height = min(panel.row_height, _BLOCK_ROWS)
        most = _PASS_BYTES // (self.height * n_columns)
        self.epochs = max(1, min(most if device.type == "cpu" else most * _DEVICE_FACTOR, n))
        self.area = torch.empty((self.height + 2, self.epochs * n_columns), dtype=torch.uint8, device=device)
        self.row_index = torch.arange(1, self.height + 1, dtype=torch.uint8, device=device)[:, None]
        self.palette = Palette(
            self.tools.inks, height=self.height, columns=self.epochs * n_columns, epochs=self.epochs, device=device
        )

    def draw(self, pictures: Tensor, signal: Tensor) -> None:
        """Draw `signal` ``(m, samples)`` into `pictures` ``(m, channels, height, width)``."""
        panel, spans = self.panel, self.tools.spanner(signal)
        n, columns = len(signal), spans.n_columns
        tops = range(0, panel.row_height, self.height)
        blocks = [spans.blocks(y, self.height, self.epochs) for y in tops]
        uppermost, lowermost = self.extents(spans)
        strips = pictures[:, :, panel.top : panel.top + panel.height]
        strips = strips.view(n, -1, panel.rows, panel.row_height, strips.shape[-1])
        for i, strip in enumerate(torch.split(strips, self.epochs)):
            part = slice(i * self.epochs, i * self.epochs + len(strip))
            area = self.area if len(strip) == self.epochs else self.area[:, : len(strip) * columns]
            first, last = min(uppermost[part]), max(lowermost[part])
            if last - first < panel.row_height:
                self.clear(strip[:, :, :, :first])
                self.clear(strip[:, :, :, last:])
            for y, block in zip(tops, blocks, strict=True):
                rows = range(max(first - y, 0), min(last - y, self.height))
                if rows:
                    pixels = block[i].negative_coverage(rows, self.row_index, area)
                    self.palette.ink(strip[:, :, :, y + rows.start : y + rows.stop], pixels)
            if len(self.tools.inks) < strip.shape[1]:
                strip[:, 1:, :, first:last] = strip[:, :1, :, first:last]

    def extents(self, spans: Spans) -> tuple[list[int], list[int]]:
        """Return for each epoch the range of a row's pixel rows that its trace reaches: others need no filling."""
        n, height = spans.rows.shape[1], self.panel.row_height
        if spans.rows.device.type != "cpu":  # waiting for a device would cost more than filling does
            return [0] * n, [height] * n
        upper, lower = spans.rows
        return upper.amin(1).tolist(), (lower.amax(1) + 1).clamp_max_(height).tolist()

    def clear(self, strip: Tensor) -> None:
        if self.tools.level is None:
            strip[:] = self.tools.empty
        else:
            strip.fill_(self.tools.level)
