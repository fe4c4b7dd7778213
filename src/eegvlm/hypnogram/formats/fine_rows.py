"""Lists of stages whose rows are too many for a night, or of which several make one of the scorer's epochs.

A hypnogram stored once a second, or once a sample, looks like one of epochs but for its length, and but for its
changes, which stand only at every 30th row or so.
"""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.onset_unit import LONGEST_NIGHT_S

_FEWEST_CHANGES = 6  # from which a common divisor of their places is no chance
_LINES_AN_EPOCH = 4


def refuse_fine_rows(
    source: ScoringSource, stages: NDArray[np.int8], epoch_s: float, *, what: str = "lines", row_name: str = "line"
) -> None:
    """Refuse rows that are no epochs of a length which nothing but habit says.

    Parameters
    ----------
    source
        The file, with the length of its recording where that is known.
    stages
        int8, shape (n,): the stage of each row.
    epoch_s
        The length that one row would have, in seconds.
    what, row_name
        What the rows and one of them are called, for the error.

    Raises
    ------
    HypnogramError
        If they would make more than 48 h, or more than twice the recording, or change at every k-th row only.
    """
    n = len(stages)
    hint = f"give the seconds of one {row_name} with --in-epoch-length"
    length = source.recording_s
    if length is not None and n * epoch_s > 2 * length:
        likely = max(1, round(length / n))
        raise source.error(what, f"{n}, for a recording of {length:g} s", f"{hint} {likely}")
    changes = np.flatnonzero(np.diff(stages)) + 1
    common = gcd(*changes.tolist()) if len(changes) else 0
    seconds = common > 0 and ((common % 30 == 0 and len(changes) > 1) or (common % 20 == 0 and len(changes) > 2))
    fine = seconds or (len(changes) >= _FEWEST_CHANGES and common >= _LINES_AN_EPOCH)
    if n * epoch_s > LONGEST_NIGHT_S or fine:
        counted = f"{n}, which is {n * epoch_s / 3600:g} h in epochs of {epoch_s:g} s"
        if fine:
            counted += f"; the stage changes only at every {common}th {row_name}"
        likely_s = 30 / common if fine and 30 % common == 0 else 1
        raise source.error(what, counted, f"{hint} {likely_s:g}")
