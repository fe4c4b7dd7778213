"""A picture with what a person needs to read it: names, time axes and microvolt bars around the model's own pixels.

The panels are the picture's pixels, enlarged by a whole number and set a little apart; nothing is redrawn.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from eegvlm.images.layout import ImageLayout, Panel
from eegvlm.signals import EPOCH_S

_TEXT, _FAINT, _FRAME, _WHITE = (32, 34, 38), (112, 116, 124), (176, 180, 188), (255, 255, 255)
_LEFT, _RIGHT, _TOP, _BOTTOM = 176, 92, 62, 34
_GAP, _AXIS = 8, 40
_TICK, _LINE = 5, 17


@dataclass(frozen=True)
class PanelLabel:
    """What is written beside a panel.

    Parameters
    ----------
    name
        The panel's role in words.
    channel
        The channel it shows.
    note
        What a reader should know about that.
    gain
        What its signal was multiplied by before it was drawn (:func:`~eegvlm.images.recording_corrections`).
    """

    name: str
    channel: str
    note: str = ""
    gain: float = 1.0


def enlarge(picture: NDArray[np.uint8], scale: int) -> Image.Image:
    """Return a picture ``(channels, height, width)`` as an image whose pixels are `scale` times as large."""
    pixels = np.moveaxis(picture, 0, -1).repeat(scale, axis=0).repeat(scale, axis=1)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def figure(
    layout: ImageLayout,
    picture: NDArray[np.uint8],
    labels: Mapping[str, PanelLabel],
    *,
    title: str,
    subtitle: str,
    scale: int,
) -> Image.Image:
    """Compose the figure of one epoch.

    Parameters
    ----------
    layout
        How the picture was drawn.
    picture
        uint8 ``(channels, height, width)``.
    labels
        By panel name.
    title, subtitle
        The two lines above it.
    scale
        Whole-number enlargement of the picture's pixels.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    groups = [list(members) for _, members in groupby(_by_top(layout), key=lambda panel: panel.rows)]
    height = _TOP + scale * sum(panel.height for panel in layout.panels) + len(groups) * _AXIS + _BOTTOM
    height += _GAP * (len(layout.panels) - len(groups))
    image = Image.new("RGB", (_LEFT + scale * layout.width + _RIGHT, height), _WHITE)
    page = _Page(image, layout, scale)
    page.write((20, 12), _printable(title), 19)
    page.write((20, 37), _printable(subtitle), 13, _FAINT)
    pixels = enlarge(picture, scale).convert("RGB")
    y = _TOP
    for group in groups:
        for panel in group:
            y = page.panel(panel, labels[panel.name], pixels, y) + _GAP
        page.time_axis(group[-1], y - _GAP)
        y += _AXIS - _GAP
    page.write((20, height - 27), _footer(layout, scale), 12, _FAINT)
    return image


def _by_top(layout: ImageLayout) -> list[Panel]:
    return sorted(layout.panels, key=lambda panel: panel.top)


def _footer(layout: ImageLayout, scale: int) -> str:
    kind = "grey" if layout.channels == 1 else "RGB"
    enlarged = f", pixels {scale} times enlarged" if scale > 1 else ""
    has_level = any(panel.level is not None for panel in layout.panels)
    fixed = "one scale for the whole recording" if has_level else "fixed scale in microvolt"
    return f"layout {layout.name}: {layout.width} x {layout.height} {kind}{enlarged}, {fixed}"


class _Page:
    def __init__(self, image: Image.Image, layout: ImageLayout, scale: int) -> None:
        self.image, self.layout, self.scale = image, layout, scale
        self.draw = ImageDraw.Draw(image)

    def write(
        self,
        at: tuple[float, float],
        text: str,
        size: int,
        colour: tuple[int, int, int] = _TEXT,
        anchor: str = "la",
    ) -> None:
        font = ImageFont.load_default(size)
        self.draw.text(at, text, font=font, fill=colour, anchor=anchor)

    def panel(self, panel: Panel, label: PanelLabel, pixels: Image.Image, y: int) -> int:
        """Place a panel with its names and its bar; return where it ends."""
        scale, width = self.scale, self.layout.width * self.scale
        box = (0, panel.top * scale, width, (panel.top + panel.height) * scale)
        self.image.paste(pixels.crop(box), (_LEFT, y))
        bottom = y + panel.height * scale
        self.draw.rectangle((_LEFT - 1, y - 1, _LEFT + width, bottom), outline=_FRAME)
        self._names(panel, label, y, bottom)
        if panel.rows > 1:
            for row in range(panel.rows):
                middle = y + (row + 0.5) * panel.row_height * scale
                start = EPOCH_S / panel.rows * row
                self.write((_LEFT - 10, middle), f"{start:g} s", 12, _FAINT, "rm")
        self._bar(panel, label.gain, y, bottom)
        return bottom

    def _names(self, panel: Panel, label: PanelLabel, y: int, bottom: int) -> None:
        room = _LEFT - (74 if panel.rows > 1 else 28)
        lines = (bottom - y) // _LINE
        if lines < 2:
            texts = [(label.name if label.name == label.channel else f"{label.name}: {label.channel}", 13, _TEXT)]
        else:
            small = [*wrap(_band(panel), room // 6), *wrap(label.note, room // 6)]
            texts = [(label.name, 15, _TEXT), (label.channel, 13, _TEXT), *((line, 12, _FAINT) for line in small)]
        texts = texts[: max(1, lines)]
        at = y + 4.0 if panel.rows > 1 else (y + bottom - _LINE * len(texts)) / 2
        for text, size, colour in texts:
            self.write((20, at), _shorten(_printable(text), size, room), size, colour)
            at += _LINE

    def _bar(self, panel: Panel, gain: float, y: int, bottom: int) -> None:
        per_pixel = panel.microvolt_per_pixel / gain
        microvolt = _round_below(0.7 * panel.row_height * per_pixel)
        length = microvolt / per_pixel * self.scale
        x = _LEFT + self.layout.width * self.scale + 12
        middle = (y + bottom) / 2
        self.draw.line((x, middle - length / 2, x, middle + length / 2), fill=_TEXT, width=2)
        for end in (middle - length / 2, middle + length / 2):
            self.draw.line((x - 3, end, x + 4, end), fill=_TEXT)
        self.write((x + 10, middle), f"{microvolt:g} uV", 13, _TEXT, "lm")

    def time_axis(self, panel: Panel, y: int) -> None:
        """Draw the axis under a panel; of a wrapped panel it says the time within each row."""
        seconds = EPOCH_S / panel.rows
        step = 5.0 if seconds > 15 else 1.0
        width = self.layout.width * self.scale
        for i in range(round(seconds) + 1):
            x = min(_LEFT + i / seconds * width, _LEFT + width - 1)
            is_named = i % step == 0
            self.draw.line((x, y + 1, x, y + (_TICK if is_named else _TICK - 2)), fill=_FAINT)
            if is_named:
                sign = "+" if panel.rows > 1 else ""
                unit = " s" if i + step > seconds else ""
                self.write((x, y + _TICK + 2), f"{sign}{i:g}{unit}", 12, _FAINT, "ma")


def _band(panel: Panel) -> str:
    low, high = panel.band
    if high is None:
        text = "all frequencies" if low is None else f"from {low:g} Hz"
    else:
        text = f"{0 if low is None else low:g}-{high:g} Hz"
    return f"{text}, negative up" if panel.negative_up else text


def _printable(text: str) -> str:
    # Pillow's own font holds little more than ASCII, and no other is sure to be there.
    return unicodedata.normalize("NFKD", text).replace("\u03bc", "u").encode("ascii", "ignore").decode()


def _shorten(text: str, size: int, width: int) -> str:
    font = ImageFont.load_default(size)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _round_below(value: float) -> float:
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step * power for step in (1, 2, 5) if step * power <= value))
