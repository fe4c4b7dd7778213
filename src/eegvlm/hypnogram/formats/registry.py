"""All formats, in the order in which they are asked whether a file is theirs.

Formats of other packages join through the entry point group ``eegvlm.hypnogram_formats``: an entry's name is the name
of the format, its object a :class:`~eegvlm.hypnogram.formats.format.Format`. They are asked after the formats here
that know their files by content, and before the table, which takes any text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats import (
    bids,
    edf,
    eegvlm_csv,
    eegvlm_json,
    elan_hyp,
    luna_annot,
    luna_eannot,
    luna_xml,
    mne_annotations,
    natus,
    noxturnal,
    nsrr_xml,
    philips_rml,
    profusion_xml,
    rdann,
    remlogic,
    somnomedics,
    stage_list,
    table,
    utime_ids,
    visbrain_txt,
    wfdb_annotation,
    wonambi_csv,
    wonambi_xml,
    yasa_json,
)
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.formats.no_scoring import refuse_what_is_no_scoring

ENTRY_POINTS: Final = "eegvlm.hypnogram_formats"
# The strictest first: what a later one takes may be a file of an earlier one. The last one takes any text.
FORMATS: Final[dict[str, Format]] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        edf,
        *(nsrr_xml, profusion_xml, philips_rml, wonambi_xml, luna_xml),
        *(stage_list, yasa_json, eegvlm_json),
        *(eegvlm_csv, wonambi_csv, noxturnal, bids, mne_annotations),
        *(somnomedics, remlogic, rdann, natus, elan_hyp, visbrain_txt),
        *(luna_annot, luna_eannot, utime_ids, wfdb_annotation),
        table,
    )
}
WRITABLE: Final[tuple[str, ...]] = tuple(name for name, one in FORMATS.items() if one.write is not None)


@cache
def plugged_in() -> dict[str, Format]:
    """Return the formats of other packages by their names.

    Raises
    ------
    HypnogramError
        If one cannot be loaded, is no format, or has the name of another; the sentence names the package.
    """
    formats: dict[str, Format] = {}
    for entry in entry_points(group=ENTRY_POINTS):
        plugged = _loaded(entry)
        if entry.name in FORMATS or entry.name in formats:
            raise _refusal(entry, "the name of its format is taken")
        formats[entry.name] = plugged
    return formats


def _loaded(entry: EntryPoint) -> Format:
    try:
        loaded = entry.load()
    # Another package's module may fail in any way.
    except Exception as error:
        raise _refusal(entry, f"{type(error).__name__}: {error}") from error
    if not isinstance(loaded, Format) or loaded.name != entry.name:
        raise _refusal(entry, "it is no Format of this name")
    return loaded


def _refusal(entry: EntryPoint, what: str) -> HypnogramError:
    package = entry.dist.name if entry.dist is not None else entry.value
    return HypnogramError(package, f"format {entry.name}", what, "update or remove this package")


def _all_formats() -> Iterator[Format]:
    """Yield every format in the order in which they are asked, that of tables last."""
    yield from (scoring_format for scoring_format in FORMATS.values() if scoring_format is not table.FORMAT)
    yield from plugged_in().values()
    yield table.FORMAT


def readable_suffixes() -> tuple[str, ...]:
    """Return the ends of file names that a format suggests, lower case, without repeats."""
    return tuple(
        dict.fromkeys(extension for scoring_format in _all_formats() for extension in scoring_format.extensions)
    )


def format_of_name(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    HypnogramError
        If there is none; the sentence lists those that exist.
    """
    if name in FORMATS:
        return FORMATS[name]
    if name not in plugged_in():
        raise HypnogramError("format", "name", name, f"choose one of {', '.join([*FORMATS, *plugged_in()])}")
    return plugged_in()[name]


def recognise(source: ScoringSource) -> Format:
    """Return the format of a file: by its content, and by its extension where the content leaves it open.

    Raises
    ------
    HypnogramError
        If the content is of no known format; web pages, pointers of Git LFS and empty files are named.
    """
    refuse_what_is_no_scoring(source)
    for candidate in _all_formats():
        if candidate is not table.FORMAT and candidate.recognises(source):
            return candidate
    name = source.path.name.casefold()
    if name.endswith(table.FORMAT.extensions):
        return table.FORMAT
    by_name = [scoring_format for scoring_format in _all_formats() if name.endswith(scoring_format.extensions)]
    if by_name:
        return by_name[0]  # its reader says what is wrong with the content
    suffix = source.path.suffix.casefold() or "no extension"
    names = ", ".join(scoring_format.name for scoring_format in _all_formats())
    raise source.error("format", suffix, f"not recognised; choose one of {names}")


def format_to_write(path: Path) -> Format:
    """Return the format that the end of a file's name asks for.

    Raises
    ------
    HypnogramError
        If there is none, or more than one (``.xml``).
    """
    name = path.name.casefold()
    fits = [
        (len(extension), scoring_format)
        for scoring_format in _all_formats()
        if scoring_format.write is not None
        for extension in scoring_format.extensions
        if name.endswith(extension)
    ]
    longest = max((length for length, _ in fits), default=0)
    first = [scoring_format for length, scoring_format in fits if length == longest]
    if len(first) > 1 and table.FORMAT in first:
        first.remove(table.FORMAT)  # .csv and .tsv have a format of their own
    if len(first) != 1:
        choices = ", ".join(scoring_format.name for scoring_format in first) or ", ".join(WRITABLE)
        raise HypnogramError(path, "format", path.suffix or "no extension", f"name the format: one of {choices}")
    return first[0]
