"""Units of header fields, to microvolt.

A label such as ``C4-M1`` says that a signal is a voltage, so a unit that is missing or unreadable is read as
microvolt, said so, and then tested by the amplitude. A unit that is known *not* to be a voltage (an ``O2`` in
``%``) is never converted.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_MICROVOLT_PER = {
    1.0: ("uv", "μv", "mcv", "мкв", "uvolt", "uvolts", "μvolt", "microv", "microvolt", "microvolts"),
    1e3: ("mv", "мв", "mvolt", "millivolt", "millivolts"),
    1e6: ("v", "в", "volt", "volts"),
    1e-3: ("nv", "нв", "nanovolt", "nanovolts"),
    1e-6: ("pv", "picovolt", "picovolts"),
}
_FACTORS = {spelling: factor for factor, spellings in _MICROVOLT_PER.items() for spelling in spellings}

_NOT_VOLTAGE_TEXT = (
    "% ° °c °f a b bar bit bits bool boolean bpm breaths/min c cm cmh2o count counts/min cpm db deg "
    "degc degf degree degreec degrees f g g/s grad h hpa hz index k kohm kpa l l/min l/s lpm lux lx "
    "m/s mbar min ml/s mm mmhg mohm ms ohm ohms pa percent rad rpm s sec tr/min v/s w ω kω "
)
_NOT_VOLTAGE = frozenset(_NOT_VOLTAGE_TEXT.split())
_LOST_MICRO = ("\ufffd", "?", "¿")


@dataclass(frozen=True)
class Unit:
    """A physical dimension as the header spells it.

    Parameters
    ----------
    text
        The spelling in the file.
    factor
        Microvolt per unit; None where the unit is known not to be a voltage.
    certain
        False where the unit is missing or unknown and microvolt is an assumption.
    """

    text: str
    factor: float | None
    certain: bool


def read_unit(text: str) -> Unit:
    """Read the spelling of a unit.

    Parameters
    ----------
    text
        Physical dimension from a header, such as ``"uV"``, ``"µV"`` (U+00B5 or U+03BC), ``"UV"`` or ``""``.

    Returns
    -------
    Unit
        With the factor to microvolt.
    """
    # NFKC folds U+00B5 (micro sign) into U+03BC (mu) and U+2126 (ohm sign) into omega.
    plain = unicodedata.normalize("NFKC", text).strip().strip("[]() ").rstrip(".").replace(" ", "").lower()
    if plain in _FACTORS:
        return Unit(text, _FACTORS[plain], certain=True)
    if plain in _NOT_VOLTAGE:
        return Unit(text, None, certain=True)
    # One unreadable character before the V is the micro sign in an encoding that was lost on the way.
    certain = len(plain) == 2 and plain[0] in _LOST_MICRO and plain[1] == "v"
    return Unit(text, 1.0, certain=certain)
