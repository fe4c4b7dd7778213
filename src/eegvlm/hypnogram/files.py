"""Reading and writing scorings: one function each, whatever the format."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from eegvlm.core.files import check_output_file, write_together
from eegvlm.hypnogram.codings import coding_of_name
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.format import HEAD_BYTES, Source
from eegvlm.hypnogram.formats.registry import WRITABLE, format_of_name, format_to_write, recognise
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import is_epoch_length

_WITH_CODES = ("txt", "bids")


def read_hypnogram(
    path: str | PathLike[str],
    *,
    format: str | None = None,
    coding: str | None = None,
    epoch_s: float | None = None,
    recording_s: float | None = None,
) -> Hypnogram:
    """Read a scoring.

    The result is in the file's own epochs; :meth:`Hypnogram.resample_to` makes 30-s epochs of others, and
    :func:`align` lays them on a recording. R&K stages are read as AASM stages. Its notes say what was
    converted, assumed or left out.

    Parameters
    ----------
    path
        The file: EDF+ or BDF+ annotations, NSRR or Profusion XML, BIDS ``events.tsv``, CSV or TXT with labels
        or codes, a Noxturnal event table, ``hypnogram.csv`` or JSON of this package.
    format
        The name of the format, where the content does not tell or the extension misleads.
    coding
        What integer codes mean: ``yasa``, ``isruc``, ``ucddb``, ``dreams``, ``aasm`` or ``profusion``.
    epoch_s
        Length of the file's epochs in seconds, where the file does not say it (30 is assumed, 5 for DREAMS).
    recording_s
        Length of the recording in seconds, where it is known.

    Raises
    ------
    HypnogramError
        If the file cannot be read as a scoring; the sentence names the file, the place and the remedy.
    """
    path = Path(path)
    if epoch_s is not None and not is_epoch_length(epoch_s):
        raise HypnogramError(path, "epoch length", epoch_s, "expected seconds, from 0.01 to 3600")
    chosen_coding = None if coding is None else coding_of_name(coding)
    chosen = None if format is None else format_of_name(format)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        source = Source(path, head, chosen_coding, epoch_s, recording_s=recording_s)
        chosen = chosen or recognise(source)
        hypnogram = chosen.read(source)
    except OSError as error:
        raise HypnogramError(path, "file", error.strerror or error, "check the path and the permissions") from error
    except HypnogramError as error:
        if error.path != "hypnogram":
            raise
        # Raised by the scoring itself, which does not know where it comes from.
        raise HypnogramError(path, error.field, error.value, error.hint) from error
    if coding is not None and chosen.name not in _WITH_CODES:
        hypnogram = hypnogram.with_notes(f"the coding {coding} was not needed: the format names its stages")
    return hypnogram


def write_hypnogram(
    hypnogram: Hypnogram,
    path: str | PathLike[str],
    *,
    format: str | None = None,
    coding: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write a scoring; the file appears whole or not at all.

    Parameters
    ----------
    hypnogram
        The scoring.
    path
        The file. For BIDS, ``events.json`` is written beside ``events.tsv``.
    format
        The name of the format; by the end of the file's name if not given.
    coding
        Write integer codes of this convention instead of labels (``txt`` only).
    overwrite
        Whether files that exist are replaced.

    Raises
    ------
    HypnogramError
        If the format cannot hold the scoring.
    InputError
        If the file cannot be written, or exists and is to be kept.

    See Also
    --------
    lost_in : what of a scoring a format does not keep.
    """
    path = Path(path)
    if coding is not None and format is None and path.suffix.casefold() in (".csv", ".tsv"):
        format = "txt"  # codes are asked for, and only tables of codes hold them
    chosen = format_to_write(path) if format is None else format_of_name(format)
    if chosen.write is None:
        raise HypnogramError(path, "format", chosen.name, f"it can only be read; write one of {', '.join(WRITABLE)}")
    contents = chosen.write(hypnogram, path, None if coding is None else coding_of_name(coding))
    for file in contents:
        check_output_file(file, overwrite=overwrite)
    write_together(contents)


def lost_in(hypnogram: Hypnogram, path: str | PathLike[str], *, format: str | None = None) -> list[str]:
    """Say what a scoring holds that the format of a file does not keep.

    Returns
    -------
    list of str
        Among ``start time``, ``epoch length``, ``probabilities``, ``lights``.
    """
    carries = (format_to_write(Path(path)) if format is None else format_of_name(format)).carries
    held = {
        "start": ("start time", hypnogram.start is not None),
        "epoch_s": ("epoch length", hypnogram.epoch_s != 30.0),
        "probabilities": ("probabilities", hypnogram.probabilities is not None),
        "lights": ("lights", hypnogram.lights is not None),
    }
    return [title for key, (title, present) in held.items() if present and key not in carries]
