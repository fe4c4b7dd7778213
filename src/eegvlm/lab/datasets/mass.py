"""MASS, the Montreal Archive of Sleep Studies, cohort 1, subsets SS1 to SS5.

``01-03-0001 PSG.edf`` is subject 1 of SS3, ``01-03-0001 Base.edf`` (``Annotations.edf`` in older copies) its
scoring. SS1 and SS3 are scored in 30-s epochs by the AASM rules, SS2, SS4 and SS5 in 20-s epochs by Rechtschaffen
and Kales. O'Reilly et al. 2014, J. Sleep Res. 23:628-635.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName

SCORER = "expert"
EPOCH_S = {"1": 30.0, "2": 20.0, "3": 30.0, "4": 20.0, "5": 20.0}
_NAME = re.compile(r"(01-0([1-5])-\d{4})[ _](.+)\.edf", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    subject, epoch_s, kind = match[1], EPOCH_S[match[2]], match[3].casefold()
    if kind == "psg":
        return RecordingName(subject, subject, epoch_s)
    if kind in ("base", "annotations"):
        return ScoringName(subject, SCORER)
    return OtherName()


LAYOUT = DatasetLayout("mass", "mass", read_name, (SCORER,))
