"""Coverage to colour: what a partly covered pixel becomes in each of the picture's channels.

A pixel becomes ``base + sign * (coverage * factor >> 8)`` with ``factor = |colour - base| + 1``, where the base is
the background or a grid line: exactly the base without coverage, exactly the colour with full coverage, 255. The
product is taken modulo 2**16 and only its low byte is kept, so that int16 is wide enough. Black on white and white
on black need no product and no int16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eegvlm.images.columns import grid_colours
from eegvlm.images.layout import ImageLayout, Panel


@dataclass(frozen=True, eq=False)
class Ink:
    """One channel of one panel's trace.

    Parameters
    ----------
    base, factor, sign
        int16: a single value ``()`` on the host, or one for each column of the panel's rows ``(1, rows * width)``.
    """

    base: Tensor
    factor: Tensor
    sign: Tensor

    @property
    def is_plain(self) -> bool:
        """Whether the level is the coverage itself or its complement."""
        return self.factor.ndim == 0 and int(self.factor) == 256

    @property
    def is_dark(self) -> bool:
        """Whether the trace is darker than what is under it, everywhere."""
        return self.sign.ndim == 0 and int(self.sign) < 0

    def spread(self, epochs: int, device: torch.device) -> Ink:
        """Return the ink for as many epochs side by side, on a device."""
        parts = (self.base, self.factor, self.sign)
        base, factor, sign = (t.to(device).repeat(1, epochs) if t.ndim else t for t in parts)
        return Ink(base, factor, sign)

    def apply(self, coverage: Tensor, spare: Tensor) -> Tensor:
        """Return the levels, right in their low byte.

        Parameters
        ----------
        coverage
            int16 ``(height, epochs * rows * width)``, 0 to 255.
        spare
            A work area of the same shape, overwritten.
        """
        size = coverage.shape[1]
        parts = (self.base, self.factor, self.sign)
        base, factor, sign = (t[:, :size] if t.ndim else t for t in parts)
        tint = torch.mul(coverage, factor, out=spare).bitwise_right_shift_(8)
        if self.is_dark:
            return torch.sub(base, tint, out=spare)
        return tint.mul_(sign).add_(base) if sign.ndim else tint.add_(base)


class Palette:
    """The inks of one panel with their work areas.

    Parameters
    ----------
    made
        The panel's inks, from :func:`inks`.
    height, columns
        The most pixel rows and columns that are inked at once.
    epochs
        How many epochs these columns are.
    device
        Where.
    """

    def __init__(
        self, plane_inks: tuple[Ink, ...], *, height: int, columns: int, epochs: int, device: torch.device
    ) -> None:
        self.plain = [(c, ink.is_dark) for c, ink in enumerate(plane_inks) if ink.is_plain]
        self.mixed = [(c, ink.spread(epochs, device)) for c, ink in enumerate(plane_inks) if not ink.is_plain]
        areas = 2 if self.mixed else 0
        self.areas = [torch.empty((height, columns), dtype=torch.int16, device=device) for _ in range(areas)]

    def ink(self, strip: Tensor, negative: Tensor) -> None:
        """Colour pixels in every channel that has an ink.

        Parameters
        ----------
        strip
            uint8 ``(epochs, channels, rows, height, width)``, drawn into.
        negative
            uint8 ``(height, epochs * rows * width)``: coverage times -1 modulo 256; overwritten.
        """
        targets = strip.permute(1, 3, 0, 2, 4)
        for c, is_dark in self.plain:
            target = targets[c]
            pixels = negative.view(target.shape)
            if is_dark:
                torch.sub(pixels, 1, out=target)  # 255 - coverage
            else:
                torch.neg(pixels, out=target)
        if self.mixed:
            coverage, spare = (area[: len(negative), : negative.shape[1]] for area in self.areas)
            coverage.copy_(negative.neg_())
            for c, ink in self.mixed:
                targets[c] = ink.apply(coverage, spare).view(targets[c].shape)


def inks(layout: ImageLayout, panel: Panel) -> tuple[Ink, ...]:
    """Return the inks of a panel's trace: one for each of the picture's channels, or one if they are all alike."""
    under = grid_colours(layout, panel)
    is_grey = len(set(panel.colour)) == 1 and bool((under == under[0]).all())
    plane_inks = []
    for base, colour in zip(under[:1] if is_grey else under, panel.colour, strict=False):
        difference = np.int16(colour) - base
        sign = np.where(difference < 0, -1, 1).astype(np.int16)
        plane_inks.append(Ink(_compact(base), _compact(np.abs(difference) + np.int16(1)), _compact(sign)))
    return tuple(plane_inks)


def _compact(values: NDArray[np.int16]) -> Tensor:
    flat = values.ravel()
    return torch.from_numpy(flat[None].copy()) if (flat != flat[0]).any() else torch.tensor(flat[0])
