"""ISRUC-Sleep, subgroups I to III.

``subgroupI/<subject>/N.rec`` (EDF under another name) with ``N_1.txt`` and ``N_2.txt`` by two scorers; in subgroup II
each subject has two sessions, ``subgroupII/<subject>/<session>/N.rec``. Older copies spell folders otherwise
(``ISRUC_S1/subject1/1.rec``), keep recordings in a folder ``RawData``, or put all files of a subgroup into one folder.
Khalighi et al. 2016, Comput. Methods Programs Biomed. 124:180-192.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName

_GROUP = re.compile(
    r"(?:(?:isruc(?:[ _-]*sleep)?[ _-]*)?(?:sub)?(?:group|sg)|isruc(?:[ _-]*sleep)?[ _-]*s?)[ _-]*(i{1,3}|[123])",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:(?:subject|sub|patient|session)[ _-]*)?0*(\d+)", re.IGNORECASE)
_PLAIN = ("rawdata", "raw", "extractedfiles")  # folders that say nothing
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
    folders = tuple(folder for folder in folders if folder.casefold() not in _PLAIN)
    numbered: list[int] = []
    for folder in reversed(folders):
        if (match := _NUMBERED.fullmatch(folder)) is None:
            break
        numbered.insert(0, int(match[1]))
    group, within = "", len(numbered)
    for depth, folder in enumerate(reversed(folders)):
        if match := _GROUP.fullmatch(folder):
            group, within = _NUMERALS.get(match[1], match[1].upper()), depth
            break
    if group == "II":
        if len(numbered) < 2 or within != 2 or numbered[-1] != int(number):
            return None
        subject = f"{group}-{numbered[-2]}"
        return subject, f"{subject}-{numbered[-1]}"
    # Only below a subgroup's name may files lie in no folder of their own.
    if not numbered and not (group and within == 0):
        return None
    if numbered and numbered[-1] != int(number):
        return None
    # Unpacking an archive into a folder of its own name doubles the folder.
    if within > 2 or (within == 2 and numbered[-2:] != [int(number)] * 2):
        return None
    subject = f"{group}-{int(number)}" if group else str(int(number))
    return subject, subject


LAYOUT = DatasetLayout("isruc", "isruc", read_name, ("1", "2"))
