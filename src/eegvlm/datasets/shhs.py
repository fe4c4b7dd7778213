"""SHHS, the Sleep Heart Health Study, visits 1 and 2.

``shhs1-200001.edf`` with ``shhs1-200001-nsrr.xml`` and ``shhs1-200001-profusion.xml``, which hold one scoring in two
formats; the number is the subject's in both visits. Zhang et al. 2018, J. Am. Med. Inform. Assoc. 25:1351-1358;
Quan et al. 1997, Sleep 20:1077-1085.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.datasets.pairing import Layout, Name, RecordingName, ScoringName

_NAME = re.compile(r"(shhs[12])-(\d+)(\.edf|-(?:nsrr|profusion)\.xml)", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    subject = match[2]
    night = f"{match[1].lower()}-{subject}"
    if match[3].lower() == ".edf":
        return RecordingName(night, subject)
    form = match[3].lower().removeprefix("-").removesuffix(".xml")
    return ScoringName(night, form)


LAYOUT = Layout("shhs", "shhs", read_name, ("nsrr", "profusion"), one_scoring=True)
