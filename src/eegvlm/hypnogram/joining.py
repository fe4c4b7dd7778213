"""A recording copied with its scoring in it: EDF+ or BDF+ with one annotation an epoch.

The samples are copied as they are, and annotations that the recording has are kept. Not covered: recordings with gaps
(EDF+D).
"""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from eegvlm.core.files import check_output_file, replacing
from eegvlm.hypnogram.align import place
from eegvlm.hypnogram.annotation_signal import write_with_annotations
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.edf import BDF_MAGIC, EDF_MAGIC, annotations_of, start_of_edf
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import says_sleep_stage
from eegvlm.hypnogram.timing import has_date

if TYPE_CHECKING:
    from edfio import Bdf, Edf


def write_joined(
    hypnogram: Hypnogram, recording: str | PathLike[str], path: str | PathLike[str], *, overwrite: bool = True
) -> tuple[str, ...]:
    """Write a copy of a recording with its scoring as annotations.

    Parameters
    ----------
    hypnogram
        The scoring, which is laid on the recording by :func:`eegvlm.hypnogram.align.place`; epochs that start outside
        of the recording are left out.
    recording
        An EDF, EDF+C, BDF or BDF+C file.
    path
        The copy to write.
    overwrite
        Whether a file that exists is replaced.

    Returns
    -------
    tuple of str
        What was moved or left out.

    Raises
    ------
    HypnogramError
        If the recording is no such file, has gaps, holds stages already, or does not overlap the scoring.
    InputError
        If the copy cannot be written, or exists and is to be kept.
    """
    recording, path = Path(recording), Path(path)
    check_output_file(path, overwrite=overwrite)
    if path.exists() and path.samefile(recording):
        raise HypnogramError(path, "output", path.name, "write the copy to another file than the recording")
    edf = _opened(recording)
    start, _ = start_of_edf(edf)
    duration_s = float(edf.duration)
    placed = place(hypnogram, duration_s=duration_s, start=start)
    onsets_s = placed.hypnogram.onsets_s
    inside = (onsets_s >= 0) & (onsets_s < duration_s - 1e-6)
    if not inside.any():
        where = f"{onsets_s[0]:g} to {onsets_s[-1] + hypnogram.epoch_s:g} s of a recording of {duration_s:g} s"
        raise HypnogramError(path, "time", where, "the scoring does not overlap the recording; check the start times")
    fraction_s = 0.0 if start is None else start.microsecond / 1e6  # the header's time is of whole seconds
    annotations = annotations_of(placed.hypnogram, offset_s=fraction_s, within=inside)
    day = None if start is None or not has_date(start) else start.date()
    try:
        with replacing(path) as temporary:
            write_with_annotations(recording, temporary, annotations, day=day)
    except ValueError as error:
        raise HypnogramError(recording, "content", error, "the EDF file is damaged; export it again") from error
    notes = list(placed.notes)
    if left_out := int((~inside).sum()):
        notes.append(f"{left_out} epochs lie outside of the recording and were left out")
    return tuple(notes)


def _opened(recording: Path) -> Edf | Bdf:
    import edfio

    try:
        with recording.open("rb") as file:
            magic = file.read(8)
        if not magic.startswith((EDF_MAGIC, BDF_MAGIC)):
            raise HypnogramError(recording, "format", recording.suffix, "give an EDF or BDF recording")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header that promises other than there is; the copy's header is right
            edf: Edf | Bdf = edfio.read_bdf(recording) if magic.startswith(BDF_MAGIC) else edfio.read_edf(recording)
            if not edf.is_continuous:
                hint = "it has gaps (EDF+D); write the scoring as a file of its own"
                raise HypnogramError(recording, "recording", "not continuous", hint)
            stages = [note.text for note in edf.annotations if says_sleep_stage(note.text)]
    except OSError as error:
        raise HypnogramError(
            recording, "file", error.strerror or error, "check the path and the permissions"
        ) from error
    except HypnogramError:
        raise
    # A damaged header makes the parser fail in any way that int(), numpy or decode() can.
    except Exception as error:
        raise HypnogramError(recording, "content", type(error).__name__, "the EDF file is damaged") from error
    if not edf.signals:
        raise HypnogramError(recording, "recording", "no signal", "give the recording, not a file of annotations")
    if stages:
        hint = "a second scoring could not be told from it; write the scoring as a file of its own"
        raise HypnogramError(recording, "annotations", f"{len(stages)} sleep stages already", hint)
    return edf
