"""What stands in a patch's place: the panel's background, another epoch's patch, or noise of the same spectrum.

A blank patch must not be an event itself. Background is the plainest, but a picture with a hole is unlike any that the
model has learnt from. Another epoch's patch and noise of the same spectrum leave a picture that looks like one; both
are drawn by chance, so that several draws can be averaged.

References
----------
Zeiler & Fergus 2014, Visualizing and understanding convolutional networks, ECCV: occlusion. Hooker et al. 2019, A
benchmark for interpretability methods in deep neural networks, NeurIPS: pictures with holes are off the distribution.
Theiler et al. 1992, Testing for nonlinearity in time series: the method of surrogate data, Physica D 58:77-94.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.errors import InputError
from eegvlm.images import PreparedNight, render
from eegvlm.images.raster import empty_picture

Blank = Literal["background", "other", "noise"]
BLANKS: tuple[Blank, ...] = ("background", "other", "noise")


def substitutes(
    night: PreparedNight, row: int, blank: Blank, draws: int, rng: np.random.Generator, device: torch.device
) -> torch.Tensor:
    """Return the pictures from which an epoch's blank patches are taken.

    Parameters
    ----------
    night
        The night as the model sees it.
    row
        The epoch, from 0.
    blank
        ``"background"``: the empty picture with its grid, once. ``"other"``: other epochs of the night. ``"noise"``:
        the signals of the epoch, each with random phases.
    draws
        How many, where they are drawn by chance.
    rng
        The draw.
    device
        Where they are drawn.

    Returns
    -------
    torch.Tensor
        uint8 (draws, channels, height, width); one picture where there is nothing to be drawn.

    Raises
    ------
    InputError
        If there is no other epoch.
    """
    if blank == "other":
        others = np.setdiff1d(np.flatnonzero(night.usable), [row])
        if not len(others):
            raise InputError("arguments", "blank", blank, "the recording has one usable epoch alone: use background")
        return night.pictures(rng.choice(others, size=draws), device=device)
    if blank == "noise":
        signals = night.drawn_signals(np.full(draws, row))
        return render(night.layout, _with_random_phases(signals, rng), device=device)
    return torch.from_numpy(empty_picture(night.layout))[None].to(device)


def _with_random_phases(
    signals: Mapping[str, npt.NDArray[np.float32]], rng: np.random.Generator
) -> dict[str, npt.NDArray[np.float32]]:
    """Return signals (n, samples) of the same amplitude spectrum and random phases; NaN stays."""
    surrogates = {}
    for name, values in signals.items():
        spectrum = np.fft.rfft(np.nan_to_num(values), axis=1)
        turned = np.abs(spectrum) * np.exp(2j * np.pi * rng.random(spectrum.shape))
        turned[:, 0] = spectrum[:, 0]  # the mean has no phase
        surrogate = np.fft.irfft(turned, n=values.shape[1], axis=1).astype(np.float32)
        surrogates[name] = np.where(np.isnan(values), np.float32(np.nan), surrogate)
    return surrogates
