"""How long a recording may be: the bound on everything whose size follows from its length.

Epochs, masks and pictures take memory by the length of a recording, and the length rests on two numbers that a
damaged file may get wrong: the duration of a data record, and the onsets that place gaps. Both are checked before
anything is allocated.
"""

from __future__ import annotations

from fractions import Fraction

from eegvlm.signals.problems import RecordingError

# The longest recordings of sleep are Holter-like EEGs of a week; twice that is no recording but a wrong number.
LONGEST_S = 14 * 86400
# Two nights in one discontinuous file leave the day between them empty. Beyond a day, gaps may be 19 times the signal.
_FREE_GAP_S = 86400
_LEAST_SIGNAL = Fraction(1, 20)


def check_length(path: str, length_s: Fraction, signal_s: Fraction, field: str, value: str) -> None:
    """Refuse a recording that is longer than any, or nearly all gap.

    Parameters
    ----------
    path
        For the message.
    length_s
        Seconds from the first sample to the last, gaps included.
    signal_s
        Seconds of stored signal.
    field, value
        What the length follows from, for the message.

    Raises
    ------
    RecordingError
        Where the length exceeds 14 days, or exceeds a day and less than a twentieth of it holds signal.
    """
    if length_s > LONGEST_S:
        description = f"{value} makes the recording {_days(length_s)} long"
        hint = f"at most {LONGEST_S // 86400} days are read: correct it, or export each night to a file of its own"
        raise RecordingError(path, field, description, hint)
    if length_s > _FREE_GAP_S and signal_s < _LEAST_SIGNAL * length_s:
        description = (
            f"{value} makes the recording {_days(length_s)} long, with {float(signal_s / 60):.1f} min of signal"
        )
        hint = "the time line cannot be right: export each stretch of signal to a file of its own"
        raise RecordingError(path, field, description, hint)


def _days(length_s: Fraction) -> str:
    return f"{float(length_s / 86400):,.1f} days"
