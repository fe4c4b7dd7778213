"""From a picture back to the signal: the proof of what a picture keeps.

The ends of each column's span are read to 1/256 pixel from the partly covered pixels at its top and bottom. That
gives two numbers a column, the greatest and the least value of the polyline there, but not their order.

Where the panel has as many columns a second as its band has hertz, these are as many numbers as a band-limited
signal has degrees of freedom, and the signal is found by alternating projections (after Papoulis 1975, IEEE Trans.
Circuits Syst. 22:735-742, and Gerchberg 1974, Optica Acta 21:709-720): move the extreme points of each column to its
ends, then remove what lies above the band, and so on. Where there are fewer columns, the order inside a column cannot
be known and the middle of the span is the better guess; what is faster than half of the columns' rate is lost.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from eegvlm.images.columns import WEIGHT_STEPS, Columns, column_tables, grid_colours, samples_per_epoch
from eegvlm.images.layout import ImageLayout, Panel
from eegvlm.images.spans import UNIT
from eegvlm.signals import EPOCH_S

Floats = NDArray[np.float64]

_STEPS = 40
_RELAXATION = 1.5
_TRANSITION = 1.125  # the bands' filters reach from `high` to this much of it
_CHUNK = 64


def recover_signal(
    layout: ImageLayout,
    pictures: torch.Tensor | NDArray[np.uint8],
    panel: str,
    *,
    method: Literal["auto", "midrange", "projection"] = "auto",
) -> NDArray[np.float32]:
    """Invert pictures to the signal of one panel.

    Parameters
    ----------
    layout
        How the pictures were drawn.
    pictures
        uint8 ``(n, channels, height, width)`` from :func:`~eegvlm.images.render`, unscaled.
    panel
        The panel's name.
    method
        "midrange" takes the middle of each column's span; "projection" finds the band-limited signal that has these
        spans; "auto" projects where the panel has columns enough.

    Returns
    -------
    ndarray
        float32 ``(n, samples)`` microvolt at the layout's rate, NaN where nothing is drawn.

    Raises
    ------
    LayoutError
        If the layout has no such panel.
    ValueError
        If the pictures are not of this layout's shape.
    """
    drawn_panel = layout.panel(panel)
    pixels = torch.as_tensor(pictures).cpu().numpy()
    size = (layout.channels, layout.height, layout.width)
    if pixels.ndim != 4 or pixels.shape[1:] != size or pixels.dtype != np.uint8:
        raise ValueError(f"{layout.name}: pictures must be uint8 of shape (n, {size[0]}, {size[1]}, {size[2]})")
    n_columns = drawn_panel.rows * layout.width
    high = drawn_panel.band[1] or layout.rate / 2
    project = method == "projection" or (method == "auto" and n_columns / EPOCH_S >= high)
    tables = column_tables(samples_per_epoch(layout), n_columns)
    result = np.empty((len(pixels), samples_per_epoch(layout)), dtype=np.float32)
    for start in range(0, len(pixels), _CHUNK):
        low_end, high_end = column_spans(layout, drawn_panel, pixels[start : start + _CHUNK])
        signal = _midrange(low_end, high_end, result.shape[1])
        if project:
            reach = drawn_panel.row_height / 2 - layout.line_width / 2
            bound = reach * drawn_panel.microvolt_per_pixel * (1 - 1e-3)
            signal = _project(signal, low_end, high_end, tables, bound=bound, cutoff=high / layout.rate)
        signal[_unseen(low_end, result.shape[1])] = np.nan
        result[start : start + _CHUNK] = signal
    return result


def column_spans(layout: ImageLayout, panel: Panel, pictures: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Read the least and the greatest value of the trace in every column.

    Parameters
    ----------
    layout, panel
        How and where it was drawn.
    pictures
        uint8 ``(n, channels, height, width)``.

    Returns
    -------
    low, high
        float64 ``(n, rows * width)`` microvolt, NaN where a column is empty.
    """
    coverage = _coverage(layout, panel, pictures)  # (n, rows, row_height, width)
    height = panel.row_height
    covered = coverage > 0
    first = covered.argmax(axis=2)
    last = height - 1 - covered[:, :, ::-1].argmax(axis=2)
    at_first, at_last = (
        np.take_along_axis(coverage, at[:, :, None], axis=2)[:, :, 0].astype(np.float64) for at in (first, last)
    )
    at_first, at_last = (np.where(c >= 255, 256, c) / 256 for c in (at_first, at_last))
    half = round(layout.line_width * UNIT / 2) / UNIT
    top = first + 1 - at_first + half
    bottom = last + at_last - half
    middle = height / 2
    direction = 1.0 if panel.negative_up else -1.0
    ends = np.stack([top - middle, bottom - middle]) * (direction * panel.microvolt_per_pixel)
    ends[:, ~covered.any(axis=2)] = np.nan
    ends = ends.reshape(2, len(pictures), -1)
    return ends.min(axis=0), ends.max(axis=0)


def _coverage(layout: ImageLayout, panel: Panel, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return coverage 0-255 from the channel in which trace and ground differ most, ``(n, rows, height, width)``."""
    under = grid_colours(layout, panel).astype(np.int32)
    difference = np.array(panel.colour, dtype=np.int32)[:, None, None] - under
    channel = int(np.abs(difference).min(axis=(1, 2)).argmax())
    base, span = under[channel][:, None], difference[channel][:, None]
    strip = pictures[:, channel, panel.top : panel.top + panel.height]
    levels: NDArray[np.uint8] = strip.reshape(len(pictures), panel.rows, panel.row_height, layout.width)
    if (base == 0).all() and (span == 255).all():
        return levels
    departure = np.abs(levels - base) * 256
    coverage: NDArray[np.uint8] = np.minimum(255, -(-departure // (np.abs(span) + 1))).astype(np.uint8)
    return coverage


def _midrange(low: Floats, high: Floats, n_samples: int) -> Floats:
    n_columns = low.shape[1]
    at = (np.arange(n_samples) + 0.5) * n_columns / n_samples - 0.5
    middle = np.nan_to_num((low + high) / 2)
    return np.stack([np.interp(at, np.arange(n_columns), row) for row in middle])


def _unseen(low: Floats, n_samples: int) -> NDArray[np.bool_]:
    column = (2 * np.arange(n_samples) + 1) * low.shape[1] // (2 * n_samples)
    return np.isnan(low[:, column])


def _project(signal: Floats, low: Floats, high: Floats, tables: Columns, *, bound: float, cutoff: float) -> Floats:
    """Alternate between the columns' ends and the band; ends at the row's border say only "at least that far"."""
    n, n_samples = signal.shape
    weight = tables.weight.astype(np.float64) / WEIGHT_STEPS
    # A value, sample or border, is a mixture of two samples.
    itself = np.arange(n_samples)
    before = np.concatenate([itself, tables.before])
    after = np.concatenate([itself, tables.after])
    share = np.concatenate([np.zeros(n_samples), weight])
    offset = (np.arange(n) * n_samples)[:, None]
    columns = np.arange(low.shape[1])
    low_pass = _LowPass(n_samples, cutoff)
    for _ in range(_STEPS):
        values = signal[:, before] * (1 - share) + signal[:, after] * share
        members = values[:, tables.members]  # (n, most, columns)
        moves, shares = np.zeros(n * n_samples), np.zeros(n * n_samples)
        for end, at in ((high, members.argmax(axis=1)), (low, members.argmin(axis=1))):
            value = np.take_along_axis(members, at[:, None], axis=1)[:, 0]
            move = np.nan_to_num(end - value)
            move[(end >= bound) & (move < 0)] = 0
            move[(end <= -bound) & (move > 0)] = 0
            which = tables.members[at, columns]
            for sample, part in ((before[which], 1 - share[which]), (after[which], share[which])):
                where = (sample + offset).ravel()
                moves += np.bincount(where, (move * part).ravel(), n * n_samples)
                shares += np.bincount(where, part.ravel(), n * n_samples)
        step = np.divide(moves, shares, out=np.zeros_like(moves), where=shares > 0)
        signal = low_pass(signal + _RELAXATION * step.reshape(n, n_samples))
    return signal


class _LowPass:
    """Removes what lies above a cut-off (in cycles per sample), with the ends continued by odd reflection."""

    def __init__(self, n_samples: int, cutoff: float) -> None:
        self.margin = n_samples // 20
        frequency = np.fft.rfftfreq(n_samples + 2 * self.margin)
        above = (frequency / cutoff - 1) / (_TRANSITION - 1)
        self.gain = 0.5 + 0.5 * np.cos(np.pi * above.clip(0, 1))

    def __call__(self, signal: Floats) -> Floats:
        m = self.margin
        padded = np.pad(signal, ((0, 0), (m, m)), mode="reflect", reflect_type="odd")
        filtered = np.fft.irfft(np.fft.rfft(padded) * self.gain, padded.shape[1])
        return np.asarray(filtered[:, m:-m])
