"""All formats, in the order in which they are asked whether a file is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats import (
    bids,
    edf,
    eegvlm_csv,
    eegvlm_json,
    noxturnal,
    nsrr_xml,
    profusion_xml,
    table,
)
from eegvlm.hypnogram.formats.format import Format, Source

# The last one takes any text, so it comes last.
FORMATS: Final[dict[str, Format]] = {
    module.FORMAT.name: module.FORMAT
    for module in (edf, nsrr_xml, profusion_xml, eegvlm_json, eegvlm_csv, noxturnal, bids, table)
}
WRITABLE: Final[tuple[str, ...]] = tuple(name for name, one in FORMATS.items() if one.write is not None)
_TEXT_EXTENSIONS = (".txt", ".csv", ".tsv", ".hyp")


def format_of_name(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    HypnogramError
        If there is none; the sentence lists those that exist.
    """
    if name not in FORMATS:
        raise HypnogramError("format", "name", name, f"choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def recognise(source: Source) -> Format:
    """Return the format of a file: by its content, and by its extension where the content leaves it open.

    Raises
    ------
    HypnogramError
        If the content is of no known format; web pages, pointers of Git LFS and empty files are named.
    """
    _refuse_what_is_no_scoring(source)
    for one in FORMATS.values():
        if one is not table.FORMAT and one.recognises(source):
            return one
    suffix = source.path.suffix.casefold()
    if suffix in _TEXT_EXTENSIONS:
        return table.FORMAT
    by_name = [one for one in FORMATS.values() if suffix in one.extensions]
    if by_name:
        return by_name[0]  # its reader says what is wrong with the content
    raise source.error("format", suffix or "no extension", f"not recognised; choose one of {', '.join(FORMATS)}")


def format_to_write(path: Path) -> Format:
    """Return the format that the end of a file's name asks for.

    Raises
    ------
    HypnogramError
        If there is none, or more than one (``.xml``).
    """
    name = path.name.casefold()
    fits = [
        (len(extension), one)
        for one in FORMATS.values()
        if one.write is not None
        for extension in one.extensions
        if name.endswith(extension)
    ]
    longest = max((length for length, _ in fits), default=0)
    first = [one for length, one in fits if length == longest]
    if len(first) > 1 and table.FORMAT in first:
        first.remove(table.FORMAT)  # .csv and .tsv have a format of their own
    if len(first) != 1:
        choices = ", ".join(one.name for one in first) or ", ".join(WRITABLE)
        raise HypnogramError(path, "format", path.suffix or "no extension", f"name the format: one of {choices}")
    return first[0]


def _refuse_what_is_no_scoring(source: Source) -> None:
    head = source.head.lstrip()[:200].lower()
    if not head:
        raise source.error("content", "an empty file", "download or export it again")
    if head.startswith((b"<!doctype html", b"<html")):
        raise source.error("content", "a web page", "the download went wrong; fetch the file itself")
    if head.startswith(b"version https://git-lfs"):
        raise source.error("content", "a Git LFS pointer", "fetch the file itself (git lfs pull)")
