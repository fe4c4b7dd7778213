"""Whether two scorings would agree far better some epochs earlier or later: a sign of a wrong start time.

All shifts within two hours are tried at once: how often a stage of one meets a stage of the other at each shift is a
cross-correlation, found with fast Fourier transforms. A shift is only ever named, never applied. Not covered: shifts by
part of an epoch, epochs shorter than a second, and clocks that drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.stage import STAGES

MOST_SHIFT_S = 7200.0
GAIN = 0.2
_LEAST_S = 600.0  # shorter stretches agree by chance
_SHORTEST_EPOCH_S = 1.0
_HOUR_S = 3600.0


@dataclass(frozen=True)
class Shift:
    """A shift of the second scoring at which the two would agree far better.

    Attributes
    ----------
    epochs
        By how many epochs the second would have to be moved; above zero is later.
    seconds
        The same in seconds.
    kappa
        Cohen's kappa at that shift.
    kappa_in_place
        Cohen's kappa as they lie; None where it is undefined.
    """

    epochs: int
    seconds: float
    kappa: float
    kappa_in_place: float | None

    def sentence(self, second: str = "the second") -> str:
        """Return the warning in words; the second scoring is called by the name given."""
        n = abs(self.epochs)
        instead = "undefined" if self.kappa_in_place is None else f"{self.kappa_in_place:.3f}"
        hour = ", an hour: the clocks may have changed" if abs(self.seconds) == _HOUR_S else ""
        return (
            f"the two would agree far better with {second} {n} epoch{'s' * (n > 1)} ({abs(self.seconds):g} s{hour}) "
            f"{'later' if self.epochs > 0 else 'earlier'}: kappa {self.kappa:.3f} instead of {instead}; "
            "check the start times; nothing was moved"
        )

    def to_dict(self) -> dict[str, object]:
        """Return the figures under their names, ready for JSON."""
        return {
            "epochs": self.epochs,
            "seconds": self.seconds,
            "kappa": self.kappa,
            "kappa_in_place": self.kappa_in_place,
        }


def better_shift(a: NDArray[np.int8], b: NDArray[np.int8], epoch_s: float) -> Shift | None:
    """Find the shift within two hours at which kappa is highest, if it is far higher than in place.

    Parameters
    ----------
    a, b
        Integers, shape (n,): stages epoch by epoch, -1 where unscored or not reached.
    epoch_s
        Length of an epoch, seconds.

    Returns
    -------
    Shift or None
        None where no shift gains :data:`GAIN` in kappa. A shift counts if it compares at least ten minutes, and half of
        what the scoring with fewer scored epochs has.
    """
    a, b = np.asarray(a), np.asarray(b)
    reach = min(int(MOST_SHIFT_S / epoch_s), len(a) - 1)
    if reach < 1 or epoch_s < _SHORTEST_EPOCH_S:
        return None
    confusions = _confusions(a, b, reach)
    counts = confusions.sum(axis=(1, 2))
    least = max(_LEAST_S / epoch_s, min(np.count_nonzero(a >= 0), np.count_nonzero(b >= 0)) / 2)
    kappas = _kappas(confusions)
    in_place = float(kappas[reach])
    kappas[(counts < least) | np.isnan(kappas)] = -np.inf
    kappas[reach] = -np.inf
    # Of shifts that are equally good the smallest is named.
    best = min(np.flatnonzero(kappas == kappas.max()), key=lambda at: abs(int(at) - reach))
    if not kappas[best] >= (0.0 if np.isnan(in_place) else in_place) + GAIN:
        return None
    epochs = int(best) - reach
    return Shift(epochs, epochs * epoch_s, float(kappas[best]), None if np.isnan(in_place) else in_place)


def _confusions(a: NDArray[np.int8], b: NDArray[np.int8], reach: int) -> NDArray[np.float64]:
    """Confusion matrices of ``a`` with ``b`` moved later by -reach to reach epochs: float64 (2 reach + 1, 5, 5)."""
    size = 1 << (len(a) + reach).bit_length()  # powers of two are transformed fastest
    of_a = np.fft.rfft(np.stack([a == stage for stage in STAGES]).astype(np.float64), size)
    of_b = np.fft.rfft(np.stack([b == stage for stage in STAGES]).astype(np.float64), size)
    counts = np.empty((2 * reach + 1, len(STAGES), len(STAGES)))
    for row in STAGES:
        for column in STAGES:  # one pair at a time: 25 spectra of a long recording would fill the memory
            met = np.fft.irfft(of_a[row] * of_b[column].conj(), size)  # negative shifts stand at the end
            counts[:, row, column] = np.rint(np.concatenate([met[-reach:], met[: reach + 1]]))
    return counts


def _kappas(confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cohen's kappa of each matrix; NaN where it is undefined."""
    total = confusions.sum(axis=(1, 2))
    observed = np.trace(confusions, axis1=1, axis2=2)
    expected = (confusions.sum(axis=1) * confusions.sum(axis=2)).sum(axis=1)
    by_chance = total**2 - expected
    kappas: NDArray[np.float64] = np.divide(
        observed * total - expected, by_chance, out=np.full(len(total), np.nan), where=by_chance > 0
    )
    return kappas
