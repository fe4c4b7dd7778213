"""CAP Sleep Database: ``n1.edf`` with ``n1.txt``, an event list of RemLogic (``n1.edf.st`` holds the same for WFDB).

The letters are the group: healthy (``n``), bruxism, insomnia, narcolepsy, nocturnal frontal lobe epilepsy, periodic
leg movements, REM behaviour disorder, sleep-disordered breathing. Each recording is a person of its own. Terzano et
al. 2001, Sleep Med. 2:537-553; Goldberger et al. 2000, Circulation 101(23):e215-e220.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName

SCORER = "expert"
_NAME = re.compile(r"((?:n|brux|ins|narco|nfle|plm|rbd|sdb)\d{1,2})(\.edf|\.txt|\.edf\.st)", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    night, ending = match[1].lower(), match[2].lower()
    if ending == ".edf":
        return RecordingName(night, night)
    return ScoringName(night, SCORER) if ending == ".txt" else OtherName()


LAYOUT = DatasetLayout("cap", "cap", read_name, (SCORER,))
