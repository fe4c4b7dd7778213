"""A channel: one signal of the file, or a derivation from several, with the role it plays."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from eegvlm.signals.roles import Role
from eegvlm.signals.source import Source, read_window


@dataclass(frozen=True)
class Channel:
    """What is shown and scored under one name.

    Parameters
    ----------
    name
        ``"C4-M1"``, ``"EOG(L)"``.
    role
        The part it plays.
    rate
        Samples per second.
    unit
        Unit as the file spells it; samples are microvolt all the same (in the file's own unit where that is
        no voltage, which only a channel of role ``OTHER`` can have).
    sources
        Labels in the file.
    derivation
        ``"as recorded"``, or how it was computed: ``"C4 - M1"``.
    note
        What a reader should know: a stand-in, an open reference.
    terms
        (signal number, weight) pairs that add up to the channel.
    exact_rate
        ``rate`` as a fraction.
    """

    name: str
    role: Role
    rate: float
    unit: str
    sources: tuple[str, ...]
    derivation: str
    note: str
    terms: tuple[tuple[int, float], ...]
    exact_rate: Fraction

    @property
    def derived(self) -> bool:
        """Whether it is computed from several signals."""
        return len(self.terms) > 1

    def read(self, source: Source, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Read samples ``start`` to ``stop`` counted from the recording's start; NaN where there are none."""
        if len(self.terms) == 1 and self.terms[0][1] == 1.0:
            return read_window(source, self.terms[0][0], start, stop)
        total = np.zeros(max(0, stop - start), np.float32)
        for index, weight in self.terms:
            total += np.float32(weight) * read_window(source, index, start, stop)
        return total


def as_recorded(source: Source, index: int, role: Role, *, name: str = "", note: str = "") -> Channel:
    """Make a channel of one signal of the file."""
    signal = source.signals[index]
    return Channel(
        name or signal.label,
        role,
        float(signal.rate),
        signal.unit,
        (signal.label,),
        "as recorded",
        note,
        ((index, 1.0),),
        signal.rate,
    )


def derive(source: Source, plus: int, minus: tuple[int, ...], role: Role, *, name: str, note: str = "") -> Channel:
    """Make a channel of one signal against the mean of others.

    All signals must have the same rate; the caller has checked it.
    """
    signals = [source.signals[index] for index in (plus, *minus)]
    labels = tuple(signal.label for signal in signals)
    reference = labels[1] if len(minus) == 1 else f"({' + '.join(labels[1:])})/{len(minus)}"
    return Channel(
        name,
        role,
        float(signals[0].rate),
        signals[0].unit,
        labels,
        f"{labels[0]} - {reference}",
        note,
        ((plus, 1.0), *((index, -1.0 / len(minus)) for index in minus)),
        signals[0].rate,
    )
