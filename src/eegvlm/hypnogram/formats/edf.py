"""EDF+ annotations, alone in a file or beside signals: Sleep-EDF, MASS, HMC and every recorder's export.

The texts are the standard's, ``Sleep stage W/1/2/3/4/R/?`` and ``Movement time`` (Kemp and Olivan 2003,
Clin. Neurophysiol. 114:1755), or ``Sleep stage N1/N2/N3``. BDF is read the same way. One annotation may last
one epoch or many. What is written holds one annotation an epoch, so that no length has to be guessed. A scoring that
is a signal of the file is read by :mod:`.edf_signal`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.codings import Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.edf_signal import hypnogram_signals, read_signal
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.timing import NO_DATE

if TYPE_CHECKING:
    from edfio import Bdf, Edf, EdfAnnotation

BDF_MAGIC = b"\xffBIOSEMI"
EDF_MAGIC = b"0       "


def _recognises(source: ScoringSource) -> bool:
    return len(source.head) >= 256 and source.head.startswith((EDF_MAGIC, BDF_MAGIC))


def _read(source: ScoringSource) -> Hypnogram:
    import edfio

    if not _recognises(source):
        raise source.error("header", "not that of an EDF or BDF file", "check that the file is whole and not renamed")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if source.head.startswith(BDF_MAGIC):
                edf: Edf | Bdf = edfio.read_bdf(source.path)
            else:
                edf = edfio.read_edf(source.path)
            start, start_notes = start_of_edf(edf)
            if source.signal is not None:
                return read_signal(source, edf, source.signal, start).with_notes(*start_notes)
            annotations = edf.annotations
            signals = hypnogram_signals(edf)
        except HypnogramError:
            raise
        # A damaged header makes the parser fail in any way that int(), numpy or decode() can.
        except Exception as error:
            raise source.error("content", type(error).__name__, "the EDF file is damaged; export it again") from error
    events = [  # onsets to the microsecond: subtracting a start between seconds leaves less behind
        Event(round(a.onset, 6), a.duration, a.text, f"annotation {k}") for k, a in enumerate(annotations, start=1)
    ]
    notes = (*(f"EDF: {warning.message}" for warning in caught), *start_notes)
    if not annotations and signals:
        name = f"{source.path.name}:{signals[0]}"
        raise source.error("sleep stages", "no annotation", f"it has a signal of stages: read it as {name}")
    end_s = edf.duration if edf.signals else None
    return hypnogram_from_events(source, pick_stages(source, events), start=start, end_s=end_s).with_notes(*notes)


def start_of_edf(edf: Edf | Bdf) -> tuple[datetime | None, tuple[str, ...]]:
    """Return the clock time of the start, and a note where it cannot be read.

    The time is None if the header hides both date and time, or they are no date and time.
    """
    from edfio import AnonymizedDateError

    try:
        return edf.startdatetime, ()
    except AnonymizedDateError:
        clock = edf.starttime
        return (None if clock == time(0) else datetime.combine(NO_DATE, clock)), ()
    except ValueError:
        return None, ("the header's start date or time cannot be read, so clock times are not known",)


def _write(hypnogram: Hypnogram, path: Path, coding: Coding | None) -> Mapping[Path, bytes]:
    from edfio import Edf, Recording

    if coding is not None:
        raise HypnogramError(path, "coding", coding.name, "EDF+ holds labels, not codes; leave the coding out")
    start = hypnogram.start
    if start is not None and not 1985 <= start.year <= 2084:
        raise HypnogramError(path, "start", start, "EDF+ holds years from 1985 to 2084; leave the start out")
    edf = Edf(
        [],
        recording=Recording(startdate=None if start is None else start.date(), equipment_code="eeg-vlm"),
        starttime=None if start is None else start.time(),
        annotations=annotations_of(hypnogram),
    )
    return {path: edf.to_bytes()}


def annotations_of(
    hypnogram: Hypnogram, *, offset_s: float = 0.0, within: NDArray[np.bool_] | None = None
) -> list[EdfAnnotation]:
    """Return the annotations of a scoring: one per epoch, and those of lights.

    Parameters
    ----------
    hypnogram
        The scoring.
    offset_s
        Seconds to add to its times.
    within
        Which epochs are meant, bool, shape (n,); all if not given.
    """
    from edfio import EdfAnnotation

    annotations = [
        EdfAnnotation(round(float(onset) + offset_s, 6), hypnogram.epoch_s, f"Sleep stage {stage.label}")
        for k, (onset, stage) in enumerate(zip(hypnogram.onsets_s, hypnogram, strict=True))
        if within is None or within[k]
    ]
    if (lights := hypnogram.lights) is not None:
        marked = (("Lights Off", lights.off_s), ("Lights On", lights.on_s))
        annotations += [EdfAnnotation(round(at + offset_s, 6), None, text) for text, at in marked if at is not None]
    return annotations


FORMAT = Format(
    "edf",
    "EDF+ or BDF+ annotations (Sleep stage ...)",
    (".edf", ".bdf", ".rec"),
    _recognises,
    _read,
    _write,
    frozenset({"start", "onset_s", "epoch_s", "lights"}),
)
