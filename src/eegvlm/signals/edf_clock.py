"""When each data record of an EDF+ file begins: gaps, overlaps and fractions of a second.

In EDF+ the first annotation of every data record states that record's onset. EDF+D files use it for gaps, and
some EDF+C files contradict their own name, so the onsets of both are read. (edfio reads either as
continuous.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from eegvlm.signals.edf_header import EdfHeader
from eegvlm.signals.length import LONGEST_S, check_length
from eegvlm.signals.problems import Problem, RecordingError
from eegvlm.signals.source import Segment

# A record may begin this much beside the running clock before it counts as a step in time.
TOLERANCE_S = 0.1
# More than this much backwards is a contradiction, not jitter.
_OVERLAP_S = 0.5
_ONSET = re.compile(rb"[+-]\d{1,9}(?:\.\d*)?(?=[\x14\x15])")
_STRETCH = 4096


@dataclass(frozen=True)
class EdfClock:
    """The time line of a file.

    Parameters
    ----------
    offset_s
        Onset of the first record after the start that the header states.
    segments
        Stretches without a gap.
    problems
        What to tell the user.
    """

    offset_s: Fraction
    segments: tuple[Segment, ...]
    problems: tuple[Problem, ...] = ()


def continuous(n_records: int, record_s: Fraction) -> EdfClock:
    """Return the time line of a file without time-keeping annotations."""
    return EdfClock(Fraction(0), (Segment(Fraction(0), n_records * record_s, Fraction(0)),))


def without_annotations(path: str, header: EdfHeader, n_records: int) -> EdfClock:
    """Return the time line of a file that has no annotation signal.

    Raises
    ------
    RecordingError
        Where the file calls itself discontinuous.
    """
    if header.plus == "D":
        hint = "a discontinuous file needs them to place its gaps; export it again as EDF or EDF+C"
        raise RecordingError(path, "time-keeping annotations", "no annotation signal", hint)
    if header.plus == "C":
        message = "the file calls itself EDF+, but no signal holds its annotations; the records are taken as continuous"
        return _as_declared(header, n_records, Problem("no-time-keeping", message))
    return continuous(n_records, header.record_s)


def read_clock(path: str, header: EdfHeader, annotations: npt.NDArray[np.uint8]) -> EdfClock:
    """Read the onsets of all data records.

    Parameters
    ----------
    path
        For messages.
    header
        The file's header.
    annotations
        The first bytes of the first annotation signal of every record: (records, bytes).

    Returns
    -------
    Clock

    Raises
    ------
    RecordingError
        Where a discontinuous file has no onsets, or contradictory ones.
    """
    onsets = _onsets(annotations)
    n_records = len(onsets)
    unread = int(np.isnan(onsets).sum())
    constant = n_records > 1 and bool(np.all(onsets == onsets[0]))
    if unread == n_records or (constant and header.plus != "D"):
        if header.plus == "D":
            hint = "a discontinuous file needs them to place its gaps; export it again as EDF or EDF+C"
            raise RecordingError(path, "time-keeping annotations", "none can be read", hint)
        if not header.plus:
            return continuous(n_records, header.record_s)
        message = "no data record states its onset, as EDF+ asks for; the records are taken as continuous"
        return _as_declared(header, n_records, Problem("no-time-keeping", message))
    if unread > 0.5 * n_records:
        hint = "bytes are out of place, as after a transfer in text mode; copy the file again"
        raise RecordingError(path, "time-keeping annotations", f"{unread} of {n_records} cannot be read", hint)
    onsets = _fill(onsets, float(header.record_s))
    try:
        starts, overlaps = _find_steps(path, onsets, float(header.record_s))
        segments = _segments(onsets, starts, header)
        last = f"{onsets[-1]:.0f} s"
        length = max(segment.stop_s for segment in segments)
        check_length(path, length, n_records * header.record_s, "onset of the last data record", last)
    except RecordingError as error:
        if header.plus == "D":
            raise
        message = f"the {error.field} ({error.value}) contradicts that the file is continuous; "
        message += "the records are taken as continuous"
        return _as_declared(header, n_records, Problem("contradictory-onsets", message))
    offset = Fraction(round(float(onsets[0]) * 1_000_000), 1_000_000)
    return EdfClock(offset, segments, tuple(_describe(offset, segments, overlaps, unread, header)))


def _as_declared(header: EdfHeader, n_records: int, problem: Problem) -> EdfClock:
    clock = continuous(n_records, header.record_s)
    return EdfClock(clock.offset_s, clock.segments, (problem,))


def _find_steps(path: str, onsets: npt.NDArray[np.float64], record_s: float) -> tuple[list[int], list[float]]:
    """Find the records that begin beside the running clock: their numbers, and the lengths of overlaps."""
    if abs(onsets[0]) > LONGEST_S:
        hint = "the time line cannot be right; export the recording again"
        raise RecordingError(path, "onset of the first data record", f"{onsets[0]:.0f} s", hint)
    beside = onsets - onsets[0] - record_s * np.arange(len(onsets))
    starts, overlaps = [0], []
    at, shift = 0, 0.0
    while at < len(onsets):
        # A stretch at a time: a night without steps is passed over quickly, one of many steps as well.
        stepped = np.flatnonzero(np.abs(beside[at : at + _STRETCH] - shift) > TOLERANCE_S)
        if not stepped.size:
            at += _STRETCH
            continue
        at += int(stepped[0])
        step = float(beside[at] - shift)
        if step < -_OVERLAP_S:
            raise RecordingError(
                path,
                f"onset of data record {at + 1}",
                f"{onsets[at]:.3f} s, {-step:.3f} s before the record ahead of it ends",
                "the time line contradicts itself; export the recording again",
            )
        if step < 0:
            overlaps.append(-step)
        shift += step
        starts.append(at)
    return starts, overlaps


def _segments(onsets: npt.NDArray[np.float64], starts: list[int], header: EdfHeader) -> tuple[Segment, ...]:
    stops = [*starts[1:], len(onsets)]
    begins = [Fraction(round((onsets[first] - onsets[0]) * 1_000_000), 1_000_000) for first in starts]
    return tuple(
        Segment(begin, begin + (stop - first) * header.record_s, first * header.record_s)
        for begin, first, stop in zip(begins, starts, stops, strict=True)
    )


def _describe(
    offset: Fraction, segments: tuple[Segment, ...], overlaps: list[float], unread: int, header: EdfHeader
) -> list[Problem]:
    problems = []
    if not header.plus and offset:
        message = "the file does not call itself EDF+, but holds its annotations; the onsets in them are honoured"
        problems.append(Problem("undeclared-edf-plus", message))
    # A fraction of a second is what EDF+ has this onset for (section 2.2.4).
    if not 0 <= offset < 1:
        message = f"the first data record begins {float(offset):g} s after the start in the header; its onset counts"
        problems.append(Problem("late-first-record", message))
    gaps = sum(after.start_s > before.stop_s for before, after in pairwise(segments))
    if gaps and header.plus != "D":
        message = f"the file does not call itself discontinuous, but its records leave {gaps} gaps; they are honoured"
        problems.append(Problem("undeclared-gaps", message))
    if overlaps:
        message = (
            f"{len(overlaps)} data records begin up to {max(overlaps):.3f} s before the one ahead of them "
            "ends; the later record counts"
        )
        problems.append(Problem("overlapping-records", message))
    if unread:
        message = f"{unread} data records do not state their onset; they follow the record ahead of them"
        problems.append(Problem("unreadable-onsets", message))
    return problems


def _onsets(annotations: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    onsets = np.full(len(annotations), np.nan)
    rows = np.ascontiguousarray(annotations)
    width = rows.shape[1]
    raw = rows.tobytes()
    for i in range(len(rows)):
        match = _ONSET.match(raw, i * width, (i + 1) * width)
        if match:
            onsets[i] = float(match[0])
    return onsets


def _fill(onsets: npt.NDArray[np.float64], record_s: float) -> npt.NDArray[np.float64]:
    """Let a record without an onset follow the one ahead of it (or lead to the one after it)."""
    stated = np.flatnonzero(~np.isnan(onsets))
    if stated.size == len(onsets):
        return onsets
    numbers = np.arange(len(onsets))
    ahead = stated[np.maximum(np.searchsorted(stated, numbers, side="right") - 1, 0)]
    return np.asarray(onsets[ahead] + (numbers - ahead) * record_s, np.float64)
