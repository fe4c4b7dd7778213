"""What becomes of a damaged recording: it is read and staged from as before, with a word about it, or refused.

The damaged file goes the way of ``eegvlm stage``: opened, described, its channels picked for the panels of the
packaged model, and every epoch of them computed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np

from eegvlm.errors import InputError
from eegvlm.images import load_layout, panel_channels
from eegvlm.signals import Role, read_recording
from eegvlm.signals.edf import EdfSource
from eegvlm.signals.source import Segment

_BLOCK = 64
# Less than this changes no stage.
_SMALL = 0.01


class Outcome(StrEnum):
    """The classes that a campaign counts."""

    UNCHANGED = "read, nothing changed"
    TOLD = "read, change told"
    DATA = "read, samples differ"
    SLIGHT = "read, scale off by less than 1 %"
    SILENT = "read, changed silently"
    REFUSED = "refused in one sentence"
    TRACEBACK = "traceback"
    HANG = "hang"
    MEMORY = "memory"


FINDINGS = (Outcome.SILENT, Outcome.TRACEBACK, Outcome.HANG, Outcome.MEMORY)


@dataclass(frozen=True)
class Reading:
    """What staging sees of a recording.

    Parameters
    ----------
    problems
        Code and message of each, and the gaps, which the description of a recording lists beside them.
    roles
        Role, name, derivation and signals of each channel with a role, and the panels' channels.
    scale
        Of each signal that a role rests on, by its number: its gain in microvolt a count, signed.
    rates
        Of the same signals.
    segments, start
        The time line.
    samples
        Digest of the epochs.
    """

    problems: frozenset[tuple[str, str]]
    roles: tuple[tuple[str, ...], ...]
    scale: dict[int, float]
    rates: dict[int, Fraction]
    segments: tuple[Segment, ...]
    start: datetime | None
    samples: str


def read_as_staging_does(path: Path) -> Reading:
    """Open, describe, pick channels and compute all epochs of a recording."""
    recording = read_recording(path)
    json.dumps(recording.describe())
    assert len(recording.scorable) == recording.n_epochs
    layout = load_layout("nano")
    panels = panel_channels(layout, recording)
    digest = hashlib.sha256()
    for name, channel in panels.items():
        if channel is None:
            continue
        for first in range(0, recording.n_epochs, _BLOCK):
            count = min(_BLOCK, recording.n_epochs - first)
            band = layout.panel(name).band
            epochs = recording.epochs(channel, rate=layout.rate, band=band, first=first, count=count)
            digest.update(np.nan_to_num(epochs, nan=1e9).tobytes())
    source = recording.source
    assert isinstance(source, EdfSource)
    serving = [channel for channel in recording.channels if channel.role is not Role.OTHER]
    used = sorted({index for channel in serving for index, _ in channel.terms})
    return Reading(
        frozenset(
            [("gaps", str(recording.gaps)), *((problem.code, problem.message) for problem in recording.problems)]
        ),
        (
            *((channel.role.value, channel.name, channel.derivation, str(channel.terms)) for channel in serving),
            *((name, channel.name) for name, channel in panels.items() if channel is not None),
        ),
        {index: source.places[index].gain for index in used},
        {index: source.signals[index].rate for index in used},
        source.segments,
        recording.start,
        digest.hexdigest(),
    )


def judge_damage(path: Path, before: Reading) -> tuple[Outcome, str]:
    """Read a damaged recording.

    Parameters
    ----------
    path
        The damaged file.
    before
        What the sound file gave.

    Returns
    -------
    outcome, detail
        Hangs and floods of memory are left to the caller's limits.
    """
    try:
        after = read_as_staging_does(path)
    except InputError as error:
        sentence = str(error)
        one = (
            sentence.startswith(f"{path}: ") and "\n" not in sentence and error.hint in sentence and len(sentence) < 900
        )
        return (Outcome.REFUSED, error.field) if one else (Outcome.TRACEBACK, f"no single sentence: {sentence!r}")
    except MemoryError as error:
        return Outcome.MEMORY, str(error)
    except Exception as error:
        return Outcome.TRACEBACK, f"{type(error).__name__}: {error} ({_place(error)})"
    return _compare(before, after)


def _compare(before: Reading, after: Reading) -> tuple[Outcome, str]:
    if after.problems != before.problems:
        return Outcome.TOLD, ", ".join(sorted({code for code, _ in after.problems ^ before.problems}))
    aspects = [
        name for name in ("roles", "rates", "segments", "start") if getattr(before, name) != getattr(after, name)
    ]
    if before.scale.keys() == after.scale.keys():
        ratios = [after.scale[index] / gain for index, gain in before.scale.items()]
        aspects += ["polarity"] if any(ratio < 0 for ratio in ratios) else []
        aspects += ["scale"] if any(abs(abs(ratio) - 1) > _SMALL for ratio in ratios) else []
        if not aspects and before.scale != after.scale:
            return Outcome.SLIGHT, f"{max(abs(ratio - 1) for ratio in ratios):.2%}"
    if aspects:
        return Outcome.SILENT, ", ".join(aspects)
    return (Outcome.UNCHANGED if before.samples == after.samples else Outcome.DATA), ""


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
