"""How far a measurement may lie from what a text says before the text is wrong.

Texts are rounded (Hz to 0.5, µV to 5 or 10, % to 5, s to 1), and two careful readers of a trace differ by more:
a tolerance is about twice the grain. Limits ("20 % or more") have no tolerance: they are facts of the measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """The larger of a fixed difference and a part of what was measured."""

    absolute: float
    relative: float = 0.0

    def holds(self, stated: float, measured: float) -> bool:
        """Tell whether a stated number is close enough to the one measured."""
        return abs(stated - measured) <= max(self.absolute, self.relative * abs(measured)) + 1e-9


BY_UNIT: Mapping[str, Tolerance] = {
    "Hz": Tolerance(1.0),
    "uV": Tolerance(10.0, 0.2),
    "%": Tolerance(10.0, 0.1),
    "s": Tolerance(2.0),
}
"""Of a claim's value, by its unit."""
ONSET = Tolerance(1.0)
"""Seconds, of an event's onset."""
COUNT = Tolerance(1.0, 0.25)
"""Of the number of events; 0 and 1 are never the same."""
OVERLAP = 0.5
"""Least part of the union that a claimed span and an event share."""
EDGE_S = 1.0
"""Where both ends are as close as this, a short span need not overlap so much."""
