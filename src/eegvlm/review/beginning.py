"""The first entry of a scoring's journal: the stages and lights that it begins with, and where they are from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eegvlm.hypnogram import Hypnogram
from eegvlm.review.problems import ReviewError
from eegvlm.review.readers import consensus
from eegvlm.review.results import Results

BASES = ("model", "blank", "file", "consensus")


def first_stages(
    basis: str,
    of: Sequence[str],
    *,
    n_epochs: int,
    model: Hypnogram | None,
    file: Hypnogram | None,
    readings: Mapping[str, Hypnogram],
) -> list[str]:
    """Return the label of each epoch that a scoring begins with.

    Parameters
    ----------
    basis
        One of :data:`BASES`.
    of
        Names of the readings of a consensus.
    n_epochs
        Length of the night.
    model, file
        The model's stages and a scorer's file, where there is one.
    readings
        Every reading of the night that is not hidden, by name.

    Raises
    ------
    ReviewError
        If there is nothing of that kind to begin with.
    """
    if basis not in BASES:
        raise ReviewError("night", "basis", basis, f"expected one of {', '.join(BASES)}")
    if basis == "blank":
        return ["?"] * n_epochs
    if basis == "consensus":
        unknown = [name for name in of if name not in readings]
        if unknown:
            raise ReviewError("night", "consensus", ", ".join(unknown), f"choose of {', '.join(readings)}")
        return consensus({name: readings[name].labels for name in of})
    hypnogram = file if basis == "file" else model
    if hypnogram is None:
        raise ReviewError("night", "basis", basis, "there is none: begin with a blank scoring")
    return hypnogram.labels


def first_lights(described: Mapping[str, Any], results: Results | None) -> dict[str, Any] | None:
    """Return the lights that staging counted from, or that the recording marks; None where neither is known."""
    counted = (results.summary.get("counted") if results else None) or described.get("lights") or {}
    lights = {
        "off_s": counted.get("lights_off_s", counted.get("off_s")),
        "on_s": counted.get("lights_on_s", counted.get("on_s")),
    }
    return lights if any(value is not None for value in lights.values()) else None
