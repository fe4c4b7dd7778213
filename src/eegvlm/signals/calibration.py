"""Whether a signal's samples belong to its calibration: a wrong limit in the header shifts the signal off zero.

An AC amplifier's signal rests at zero volt, which is the digital zero or the middle of the digital range. Where one of
the four limits in the header is wrong, that point is given another voltage, and the gain is wrong by about half as
much: the signal then seems to rest far from zero, exactly there. A writer that fits the range to the data leaves the
signal at zero instead, and a DC amplifier's offset falls anywhere.

Not covered: a gain that is wrong at both limits alike (see :mod:`eegvlm.signals.edf_siblings` and the amplitude's own
test), and errors of less than about one per cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from eegvlm.signals.plausibility import Amplitude
from eegvlm.signals.problems import Problem
from eegvlm.signals.source import Signal

# Shares of half the physical range. Sleep-EDF's range of -197 to 196 uV has its middle at 0.0025.
_SHIFTED, _AT_REST = 0.01, 0.02
# A range far from zero is a wrong one only if the signal takes little of it; else it was fitted to a DC signal.
_FAR, _HEADROOM = 3.0, 30.0
# Of two EEG channels of one recording: their amplitudes, and their gains in the same direction. Derivations of one head
# differ by a factor of two or three.
_AMPLITUDES, _GAINS = 5.0, 3.0


def judge_calibration(signal: Signal, amplitude: Amplitude) -> list[Problem]:
    """Compare the samples of a signal with the limits that its header states.

    Parameters
    ----------
    signal
        As the source describes it.
    amplitude
        Measured on this signal alone.

    Returns
    -------
    list of Problem
        All of severity ``"warning"``.
    """
    problems = []
    if amplitude.beyond > 0:
        message = (
            f"{amplitude.beyond:.1%} of the samples of '{signal.label}' lie beyond the digital minimum and maximum in "
            "the header: they may be wrong, and the scale with them"
        )
        problems.append(Problem("beyond-range", message, signal.label))
    at = _resting_point(signal, amplitude)
    if at is not None:
        message = (
            f"'{signal.label}' rests at {at:.4g} µV, where the header puts the zero or the middle of its digital "
            "range: one of its limits may be wrong, and the scale with them"
        )
        problems.append(Problem("shifted-calibration", message, signal.label))
    return problems


def compare_amplitudes(leads: Mapping[str, tuple[Signal, Amplitude]]) -> list[Problem]:
    """Compare EEG channels of one recording: one much larger than another, with a gain that is larger as well.

    Parameters
    ----------
    leads
        Name of the channel -> its signal and what was measured on it.

    Returns
    -------
    list of Problem
        One for each pair, of severity ``"warning"``.
    """
    problems = []
    for large, small in permutations(leads, 2):
        gains = leads[large][0].step, leads[small][0].step
        sizes = leads[large][1].robust, leads[small][1].robust
        if sizes[0] >= _AMPLITUDES * sizes[1] > 0 and gains[0] >= _GAINS * gains[1] > 0:
            message = (
                f"{large} is {sizes[0] / sizes[1]:.1f} times as large as {small}, and one count of it is "
                f"{gains[0] / gains[1]:.3g} times as many µV: the range of one of them may be wrong"
            )
            problems.append(Problem("amplitudes-differ", message, large))
    return problems


def _resting_point(signal: Signal, amplitude: Amplitude) -> float | None:
    if signal.limits is None:
        return None
    low, high = signal.limits
    half = (high - low) / 2
    if abs(low + high) / 2 > _FAR * half and not half > _HEADROOM * amplitude.robust:
        return None
    for point in signal.resting:
        near = min(0.25 * abs(point), _AT_REST * half)
        if abs(point) > _SHIFTED * half and abs(amplitude.median - point) <= near:
            return point
    return None
