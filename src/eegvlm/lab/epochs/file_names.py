"""Subjects and nights as names of folders, whatever a data set calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 80
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
# Windows gives these to devices, in any case of letters.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """Give each name a folder's name.

    Parameters
    ----------
    names
        Any text, such as ``ucddb:002`` or ``../../etc``.

    Returns
    -------
    dict
        Name to letters, digits, ``-`` and ``_`` alone, so that none leaves its folder or hides in it; no two are the
        same, also where capitals do not count. The same names in the same order give the same result.
    """
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        if name in folders:
            continue
        plain = _UNSAFE.sub("-", name).strip("-")[:_LONGEST] or "unnamed"
        if _DEVICES.fullmatch(plain):
            plain += "-"
        chosen, number = plain, 2
        while chosen.lower() in taken:
            chosen, number = f"{plain}-{number}", number + 1
        taken.add(chosen.lower())
        folders[name] = chosen
    return folders
