"""PhysioNet/CinC Challenge 2018, "You Snooze You Win": the 994 scored nights of its training part.

``tr03-0005/tr03-0005.hea`` with samples in ``.mat`` and stages in ``.arousal`` (with arousals and breathing, which are
not read). Each night is a person of its own; those of the test part (``te``) have no scoring. Ghassemi et al. 2018,
Comput. Cardiol. 45:1-4; Goldberger et al. 2000, Circulation 101(23):e215-e220.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName
from eegvlm.lab.datasets.wfdb_record import WfdbRecord

SCORER = "expert"
_NAME = re.compile(r"(t[re]\d{2}-\d{4})(\.hea|\.arousal|\.mat|-arousal\.mat)", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    night, ending = match[1].lower(), match[2].lower()
    if ending == ".hea" and night.startswith("tr"):
        return RecordingName(night, night)
    return ScoringName(night, SCORER) if ending == ".arousal" else OtherName()


LAYOUT = DatasetLayout("physionet-2018", "physionet-2018", read_name, (SCORER,), signals=WfdbRecord)
