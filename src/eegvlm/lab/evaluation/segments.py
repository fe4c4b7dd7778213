"""Segments of an epoch: which ones a claim cites, equal ones drawn by chance, and how a signal is blanked there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from eegvlm.scoring import TABLE, Claim, Finding
from eegvlm.signals import EPOCH_S

Segment = tuple[float, float]
"""Start and end in seconds of the epoch."""

MARGIN_S = 0.2
"""Added at both ends of an event, so that its slopes go too."""

_EVENTS = frozenset(str(kind.name) for kind in TABLE.kinds if kind.is_placed)


def cites_a_place(claim: Claim) -> bool:
    """Tell whether a claim says that an event is there, and when."""
    whole = claim.start_s == 0 and claim.end_s == EPOCH_S
    return claim.kind in _EVENTS and not claim.negated and claim.start_s is not None and not whole


def cited(claim: Claim, events: Sequence[Finding]) -> list[Finding]:
    """Return the events that a confirmed claim cites: all of them if it gives a count, else the nearest.

    Parameters
    ----------
    claim
        One that cites a place.
    events
        The epoch's events of its kind and channel; at least one.
    """
    if claim.count is not None:
        return list(events)
    start = claim.start_s or 0.0
    return [min(events, key=lambda event: abs(event.start_s - start) + abs(event.end_s - (claim.end_s or event.end_s)))]


def widened(event: Finding) -> Segment:
    """Return where an event lies, with a margin."""
    return max(event.start_s - MARGIN_S, 0.0), min(event.end_s + MARGIN_S, EPOCH_S)


def chance_segments(
    lengths: Sequence[float], taken: Sequence[Segment], rng: np.random.Generator
) -> tuple[Segment, ...] | None:
    """Draw segments of an epoch that overlap neither what is taken nor each other.

    Parameters
    ----------
    lengths
        Seconds, one a segment.
    taken
        Segments that are not to be touched.
    rng
        The draw; every place that is free is as likely.

    Returns
    -------
    tuple of Segment or None
        None where they do not fit.
    """
    used, segments = list(taken), []
    for length in sorted(lengths, reverse=True):
        gaps = _gaps(used)
        rooms = np.array([max(stop - start - length, 0.0) for start, stop in gaps])
        if not rooms.sum() > 0:
            return None
        gap = int(rng.choice(len(gaps), p=rooms / rooms.sum()))
        start = gaps[gap][0] + rng.uniform(0.0, rooms[gap])
        segments.append((start, start + length))
        used.append(segments[-1])
    return tuple(segments)


def blank(signal: npt.NDArray[np.float32], segments: Sequence[Segment]) -> None:
    """Replace segments of an epoch's signal (samples,) by straight lines between their ends, in place."""
    rate = len(signal) / EPOCH_S
    for start_s, stop_s in segments:
        start, stop = round(start_s * rate), round(stop_s * rate)
        ends = [signal[at] for at in (start - 1, stop) if 0 <= at < len(signal)] or [np.float32(0)]
        signal[start:stop] = np.linspace(ends[0], ends[-1], stop - start, dtype=np.float32)


def _gaps(used: Sequence[Segment]) -> list[Segment]:
    """Return what is free between used segments, which may overlap each other."""
    gaps, at = [], 0.0
    for start, stop in sorted(used):
        if start > at:
            gaps.append((at, start))
        at = max(at, stop)
    return [*gaps, (at, EPOCH_S)]
