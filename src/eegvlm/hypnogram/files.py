"""Reading and writing scorings: one function each, whatever the format."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from eegvlm.core.files import check_output_file, write_together
from eegvlm.errors import check_is_path
from eegvlm.hypnogram.codings import coding_of_name
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.format import HEAD_BYTES, Format, ScoringSource
from eegvlm.hypnogram.formats.onset_unit import check_onset_unit
from eegvlm.hypnogram.formats.registry import WRITABLE, format_of_name, format_to_write, recognise
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import EPOCH_LENGTH_HINT, is_epoch_length
from eegvlm.hypnogram.stage_map import StageMap, stage_map_of


def read_hypnogram(
    path: str | PathLike[str],
    *,
    format: str | None = None,
    coding: str | None = None,
    epoch_s: float | None = None,
    onset_unit: str | None = None,
    scorer: str | None = None,
    stage_map: str | StageMap | None = None,
    recording_s: float | None = None,
) -> Hypnogram:
    """Read a scoring.

    The result is in the file's own epochs; :meth:`Hypnogram.resample_to` makes 30-s epochs of others, and
    :func:`align` lays them on a recording. R&K stages are read as AASM stages. Its notes say what was
    converted, assumed or left out.

    Parameters
    ----------
    path
        The file, of any format in :data:`eegvlm.hypnogram.formats.registry.FORMATS`. ``night.edf:Hypnogram`` is the
        signal of that label in an EDF file.
    format
        The name of the format, where the content does not tell or the extension misleads.
    coding
        What integer codes mean: a name in :data:`eegvlm.hypnogram.codings.CODINGS`.
    epoch_s
        Length of the file's epochs in seconds, where the file does not say it (30 is assumed, 5 for DREAMS).
    onset_unit
        What the times of a table count, where the file does not say it: ``s``, ``ms``, ``min``, ``h``, samples
        at a rate such as ``256Hz``; ``clock`` or ``elapsed`` for times written as hh:mm:ss.
    scorer
        Whose stages to read from a file that holds those of several.
    stage_map
        What names that are not known mean: ``Light=N2,Deep=N3``, or what
        :func:`eegvlm.hypnogram.stage_map.parse_stage_map` makes of it.
    recording_s
        Length of the recording in seconds, where it is known: it settles what the times of a table count, and
        where the last stage of a list of changes ends.

    Raises
    ------
    HypnogramError
        If the file cannot be read as a scoring; the sentence names the file, the place and the remedy.
    WrongTypeError
        If it is given no path.
    """
    check_is_path(path, "read_hypnogram", "Hypnogram.from_strings, from_codes, from_dataframe ... take objects")
    path, signal = _file_and_signal(Path(path))
    if epoch_s is not None and not is_epoch_length(epoch_s):
        raise HypnogramError(path, "epoch length", epoch_s, EPOCH_LENGTH_HINT)
    if onset_unit is not None:
        check_onset_unit(onset_unit)
    names = stage_map_of(stage_map)
    chosen_coding = None if coding is None else coding_of_name(coding)
    chosen = None if format is None else format_of_name(format)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        source = ScoringSource(path, head, chosen_coding, epoch_s, onset_unit, scorer, names, recording_s, signal)
        chosen = chosen or recognise(source)
        if signal is not None and chosen.name != "edf":
            raise source.error("signal", signal, "only EDF and BDF files hold signals; leave it out")
        _refuse_scorer_without_meaning(source, chosen)
        hypnogram = chosen.read(source)
    except OSError as error:
        raise HypnogramError(path, "file", error.strerror or error, "check the path and the permissions") from error
    except HypnogramError as error:
        if error.path != "hypnogram":
            raise
        # Raised by the scoring itself, which does not know where it comes from.
        raise HypnogramError(path, error.field, error.value, error.hint) from error
    if coding is not None and not chosen.holds_codes and signal is None:
        hypnogram = hypnogram.with_notes(f"the coding {coding} was not needed: the format names its stages")
    if onset_unit is not None and not chosen.holds_units:
        hypnogram = hypnogram.with_notes(f"the unit {onset_unit} was not needed: the format says what its times count")
    return hypnogram


def _refuse_scorer_without_meaning(source: ScoringSource, chosen: Format) -> None:
    """Refuse a scorer where the format names none: somebody else's stages would pass for the scorer's."""
    if source.scorer is not None and not chosen.holds_scorers:
        raise source.error("--scorer", source.scorer, f"files of the format {chosen.name} name no scorer; leave it out")


def _file_and_signal(path: Path) -> tuple[Path, str | None]:
    """Split ``night.edf:Hypnogram`` into the file and the label of one of its signals."""
    name, colon, label = path.name.rpartition(":")
    if not colon or not label or path.exists() or not path.with_name(name).is_file():
        return path, None
    return path.with_name(name), label


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
        Among ``start time``, ``epoch length``, ``probabilities``, ``lights``, ``quality of the signal``.
    """
    carries = (format_to_write(Path(path)) if format is None else format_of_name(format)).carries
    contents = {
        "start": ("start time", hypnogram.start is not None),
        "epoch_s": ("epoch length", hypnogram.epoch_s != 30.0),
        "probabilities": ("probabilities", hypnogram.probabilities is not None),
        "lights": ("lights", hypnogram.lights is not None),
        "quality": ("quality of the signal", hypnogram.quality is not None),
    }
    return [title for key, (title, present) in contents.items() if present and key not in carries]
