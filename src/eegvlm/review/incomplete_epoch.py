"""The last epoch of a recording that ends within it.

An epoch is 30 s (AASM manual, general rules for scoring): one that the recording cuts short gets no stage, and as long
as it has none it counts in no statistic, time in bed included. What another scoring gives it is kept and counted, and
can be corrected or taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.signals import EPOCH_S

LEFT_OUT = "; the incomplete last epoch is left out"  # after what the statistics count
_TOLERANCE_S = 1e-3


def incomplete_epoch(described: Mapping[str, Any]) -> int | None:
    """Return the number of the incomplete last epoch, counted from 1; None where the last one is complete.

    Parameters
    ----------
    described
        ``recording`` of ``staging.json``: ``duration_s`` and ``n_epochs``.
    """
    n_epochs, duration_s = int(described["n_epochs"]), described.get("duration_s")
    is_cut = duration_s is not None and EPOCH_S * n_epochs > float(duration_s) + _TOLERANCE_S
    return n_epochs if is_cut else None


def counted_epochs(hypnogram: Hypnogram, described: Mapping[str, Any]) -> Hypnogram:
    """Return a scoring without its incomplete last epoch, where that has no stage."""
    incomplete = incomplete_epoch(described)
    if incomplete != len(hypnogram) or len(hypnogram) < 2 or hypnogram[-1] is not Stage.UNSCORED:
        return hypnogram
    shares = hypnogram.probabilities
    return replace(hypnogram, stages=hypnogram.stages[:-1], probabilities=None if shares is None else shares[:-1])
