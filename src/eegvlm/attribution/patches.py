"""Parts of a picture that are blanked one at a time; none reaches over a panel's border.

Square patches lie within one row of a panel, because a row above or below is another time or another channel. Where a
row's height or the width is no multiple of the patch's size, patches are a little larger, all alike to a pixel: a row
of 32 pixels cut by 14 gives two of 16, one of 56 gives four of 14.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.images import ImageLayout, Panel
from eegvlm.signals import EPOCH_S

_SMALLEST_PX, _SHORTEST_S = 4, 0.5
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Patches:
    """How a layout's picture is cut.

    Parameters
    ----------
    name
        As in :func:`cut`.
    labels
        int32 (height, width): the patch of each pixel, -1 outside all panels.
    panels
        The panel in which each patch lies.
    """

    name: str
    labels: Labels
    panels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.panels)

    def as_picture(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Return a value a patch (patches,) as a picture, float32 (height, width); NaN outside all panels."""
        return np.append(values, np.nan).astype(np.float32)[self.labels]


def cut(layout: ImageLayout, name: str) -> Patches:
    """Cut a layout's picture into patches.

    Parameters
    ----------
    layout
        The layout.
    name
        ``"14"``: squares of 14 pixels; ``"panel"``: whole panels; ``"3s"``: slices of three seconds of each panel.

    Raises
    ------
    InputError
        If it is no such name, or the patches are too small or larger than a row.
    """
    labels = np.full((layout.height, layout.width), -1, np.int32)
    panels: list[str] = []
    for panel in layout.panels:
        panel_labels = _of_panel(layout, panel, name)
        labels[panel.top : panel.top + panel.height] = panel_labels + len(panels)
        panels += [panel.name] * (int(panel_labels.max()) + 1)
    return Patches(name, labels, tuple(panels))


def _of_panel(layout: ImageLayout, panel: Panel, name: str) -> Labels:
    """Return the patches of one panel, numbered from 0: (panel's height, width)."""
    if name == "panel":
        return np.zeros((panel.height, layout.width), np.int32)
    if name.isdecimal():
        size = int(name)
        if not _SMALLEST_PX <= size <= min(panel.row_height, layout.width):
            hint = f"the rows of panel {panel.name} have {panel.row_height} pixels: use {_SMALLEST_PX} to that"
            raise InputError("arguments", "patches", name, hint)
        across = _parts(layout.width, size)
        down = _parts(panel.row_height, size)
        bands = np.concatenate([down + row * (down.max() + 1) for row in range(panel.rows)])
        return np.asarray(bands[:, None] * (across.max() + 1) + across, np.int32)
    if duration := re.fullmatch(r"(\d+(?:\.\d+)?)s", name):
        seconds = float(duration[1])
        if not _SHORTEST_S <= seconds <= EPOCH_S:
            hint = f"a slice has {_SHORTEST_S:g} to {EPOCH_S:g} seconds"
            raise InputError("arguments", "patches", name, hint)
        return np.asarray(seconds_of_pixels(layout, panel) // seconds, np.int32)
    raise InputError("arguments", "patches", name, "use a number of pixels (14), panel, or a slice of time (3s)")


def seconds_of_pixels(layout: ImageLayout, panel: Panel) -> npt.NDArray[np.float64]:
    """Return the second of the epoch that each pixel of a panel shows: (panel's height, width)."""
    row = np.arange(panel.height) // panel.row_height
    column = (np.arange(layout.width) + 0.5) / layout.width
    return np.asarray((row[:, None] + column) * EPOCH_S / panel.rows)


def _parts(extent: int, size: int) -> npt.NDArray[np.intp]:
    """Return the part in which each of ``extent`` pixels lies: parts of at least ``size``, equal where that can be."""
    most = extent // size
    even = [count for count in range(most, most // 2, -1) if extent % count == 0]
    count = even[0] if even else most
    return np.asarray(np.arange(extent) * count // extent)
