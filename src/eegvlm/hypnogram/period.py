"""The main sleep period of a long recording: the night within a day, found from the scoring alone.

A balance is kept along the recording: an epoch of sleep adds its length, an epoch of wake takes away half of its
length, an unscored epoch a quarter. A sleep period is a rise of this balance by at least an hour, from its low
to its high, that ends once the balance has fallen by an hour. So two hours of wake divide two periods, four
hours without a scoring do, and sleep shorter than an hour is no period. The main one is that with most sleep.

The balance falls wherever sleep fills less than a third of the time. So a day in which a tenth of the wake epochs
was taken for sleep does not become part of the night, though a bout of them close to it may, and the night of an
insomniac patient who is awake for half of it stays whole. Rises parted by long falls are an alternating
cumulative-sum test between two states (Page 1954, Biometrika 41:100-115). Joining blocks of sleep across short gaps
and taking the longest follows van Hees et al. 2018 (Sci. Rep. 8:12975), whose gap in actigraphy is one hour; it is
two here because a patient who lies awake for an hour and a half still has one night.

Not covered: sleep in two parts that belong together (biphasic sleep) but lie more than two hours apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import Stage

_WAKE_WEIGHT = -0.5
_UNSCORED_WEIGHT = -0.25
_TURN_S = 3600.0


@dataclass(frozen=True)
class Period:
    """A stretch of epochs, counted from 0.

    Parameters
    ----------
    first, last
        Its first and last epoch, both of them sleep.
    """

    first: int
    last: int

    @property
    def n_epochs(self) -> int:
        """Number of epochs."""
        return self.last - self.first + 1


def sleep_periods(hypnogram: Hypnogram) -> list[Period]:
    """List the sleep periods of a recording in order of time.

    Parameters
    ----------
    hypnogram
        The scoring, epochs of any length.

    Returns
    -------
    list of Period
        Where nothing reaches an hour, the one stretch with the largest rise; empty without sleep.
    """
    balance = _balance(hypnogram)
    largest = float((balance - np.minimum.accumulate(balance)).max())
    if largest <= 0:
        return []
    turn = min(_TURN_S, largest)
    return [Period(low, high - 1) for low, high in _rises(balance, turn)]


def main_sleep_period(hypnogram: Hypnogram) -> Period | None:
    """Find the main sleep period: the one with most sleep, of equals the first.

    Parameters
    ----------
    hypnogram
        The scoring, epochs of any length.

    Returns
    -------
    Period or None
        None without any sleep.

    Examples
    --------
    >>> night = np.repeat(np.array([0, 2, 0, 2, 0], np.int8), [1200, 60, 600, 900, 120])  # a nap, then a night
    >>> main_sleep_period(Hypnogram(night))
    Period(first=1860, last=2759)
    """
    asleep = hypnogram.stages > Stage.W
    periods = sleep_periods(hypnogram)
    return max(periods, key=lambda one: int(asleep[one.first : one.last + 1].sum()), default=None)


def _balance(hypnogram: Hypnogram) -> NDArray[np.float64]:
    """Return the balance before each epoch and after the last, seconds: float, shape (n + 1,)."""
    weights = np.where(hypnogram.stages == Stage.W, _WAKE_WEIGHT, 1.0)
    weights[~hypnogram.scored] = _UNSCORED_WEIGHT
    return np.concatenate([[0.0], np.cumsum(weights * hypnogram.epoch_s)])


def _rises(balance: NDArray[np.float64], turn: float) -> list[tuple[int, int]]:
    """Find the rises by at least ``turn``, each from its low to its high, parted by falls of at least ``turn``."""
    rises: list[tuple[int, int]] = []
    low, high = 0, None
    for at, value in enumerate(balance.tolist()):
        if high is None:
            if value <= balance[low]:
                low = at
            elif value - balance[low] >= turn:
                high = at
        elif value > balance[high]:
            high = at
        elif balance[high] - value >= turn:
            rises.append((low, high))
            low, high = at, None
    if high is not None:
        rises.append((low, high))
    return rises
