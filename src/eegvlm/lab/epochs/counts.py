"""Microvolt to int16 counts and back, with missing samples marked and saturation counted.

One count is 1/16 µV, or the next power of two at which the range holds four times what a row of the panel shows.
Rounding is then at most half a count, and a sample that saturates would be drawn at the row's border anyway, even
after a gain of one quarter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.images import Panel

MISSING = np.int16(-32768)
LARGEST = 32767
FINEST = 1 / 16
_MARGIN = 4.0


def microvolt_per_count(panel: Panel) -> float:
    """Return the size of a panel's count in µV, a power of two."""
    row_microvolt = panel.row_height / 2 * panel.microvolt_per_pixel
    count = FINEST
    while LARGEST * count < _MARGIN * row_microvolt:
        count *= 2
    return count


def to_counts(microvolt: npt.NDArray[np.float32], count: float) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int32]]:
    """Round epochs to counts.

    Parameters
    ----------
    microvolt
        ``(n, samples)``, NaN where there is no signal.
    count
        µV of one count.

    Returns
    -------
    counts
        int16 ``(n, samples)``: -32767 to 32767, and -32768 where there is no signal.
    saturated
        int32 ``(n,)``: how many samples of each epoch lay beyond the range and were cut to it.
    """
    scaled = np.rint(microvolt * np.float32(1 / count))
    saturated = np.count_nonzero(np.abs(scaled) > LARGEST, axis=1).astype(np.int32)
    np.clip(scaled, -LARGEST, LARGEST, out=scaled)
    scaled[np.isnan(scaled)] = MISSING
    return scaled.astype(np.int16), saturated


def to_microvolt(counts: npt.NDArray[np.int16], count: float | npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return float32 µV of the same shape, NaN where there is no signal; ``count`` is one, or broadcasts to them."""
    microvolt: npt.NDArray[np.float32] = np.multiply(counts, count, dtype=np.float32)
    microvolt[counts == MISSING] = np.nan
    return microvolt
