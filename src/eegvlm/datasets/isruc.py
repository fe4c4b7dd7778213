"""ISRUC-Sleep, subgroups I to III.

``subgroupI/<subject>/N.rec`` (EDF under another name) with ``N_1.txt`` and ``N_2.txt`` by two scorers; in subgroup II
each subject has two sessions, ``subgroupII/<subject>/<session>/N.rec``. Khalighi et al. 2016, Comput. Methods
Programs Biomed. 124:180-192.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.datasets.pairing import Layout, Name, OtherName, RecordingName, ScoringName

_GROUP = re.compile(r"(?:isruc[ _-]*)?(?:sub)?(?:group|sg)[ _-]*(i{1,3}|[123])", re.IGNORECASE)
_NUMERALS = {"1": "I", "2": "II", "3": "III"}
_FILE = re.compile(r"(?P<number>\d+)(?:\.(?:rec|edf)|_(?P<scorer>[12])\.txt)", re.IGNORECASE)
_OTHER = re.compile(r"\d+_[12]\.xlsx?|\d+\.rar|Details_.*", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name and the folders it lies in."""
    match = _FILE.fullmatch(path.name)
    if match is None:
        return OtherName() if _OTHER.fullmatch(path.name) else None
    place = _place(path.parts[:-1], match["number"])
    if place is None:
        return None
    subject, night = place
    if match["scorer"] is None:
        return RecordingName(night, subject)
    return ScoringName(night, match["scorer"], coding="isruc")


def _place(folders: tuple[str, ...], number: str) -> tuple[str, str] | None:
    """Subject and night; None where the folders are not those of this data set."""
    groups = [(k, match[1].upper()) for k, folder in enumerate(folders) if (match := _GROUP.fullmatch(folder))]
    numbered: list[str] = []
    for folder in reversed(folders):
        if not folder.isdecimal():
            break
        numbered.insert(0, folder)
    if not numbered or int(numbered[-1]) != int(number):
        return None
    group = _NUMERALS.get(groups[-1][1], groups[-1][1]) if groups else ""
    within = len(folders) - 1 - groups[-1][0] if groups else len(numbered)
    if group == "II":
        if len(numbered) < 2 or within != 2:
            return None
        subject = f"{group}-{int(numbered[-2])}"
        return subject, f"{subject}-{int(numbered[-1])}"
    # Unpacking an archive into a folder of its own name doubles the folder.
    if within > 2 or (within == 2 and numbered[-2:] != [number, number]):
        return None
    subject = f"{group}-{int(number)}" if group else str(int(number))
    return subject, subject


LAYOUT = Layout("isruc", "isruc", read_name, ("1", "2"))
