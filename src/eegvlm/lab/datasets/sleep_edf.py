"""Sleep-EDF Expanded: sleep cassette (SC) and sleep telemetry (ST).

``SC4ssNxx-PSG.edf`` and ``ST7ssNxx-PSG.edf`` are night ``N`` of subject ``ss``; the hypnogram's name differs from the
recording's in the eighth character, which stands for the technician. Kemp et al. 2000, IEEE Trans. Biomed. Eng.
47(9):1185-1194.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName

SCORER = "technician"
_NAME = re.compile(r"((?:SC4|ST7)\d\d)(\d)[A-Z]([A-Z0-9])-(PSG|Hypnogram)\.edf", re.IGNORECASE)
_OTHER = re.compile(r".*\.edf\.(hyp|st)|S[CT]-subjects\.xls", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return OtherName() if _OTHER.fullmatch(path.name) else None
    subject, night = match[1].upper(), match[1].upper() + match[2]
    if match[4].lower() == "psg":
        return RecordingName(night, subject)
    return ScoringName(night, SCORER)


def person_of(stem: str) -> str | None:
    """Return the sleeper of a recording's stem (``SC4001E0``), as nights name them; None where it is no such stem."""
    name = read_name(PurePath(f"{stem}-PSG.edf"))
    return f"sleep-edf:{name.subject}" if isinstance(name, RecordingName) else None


LAYOUT = DatasetLayout("sleep-edf", "sleep-edf", read_name, (SCORER,))
