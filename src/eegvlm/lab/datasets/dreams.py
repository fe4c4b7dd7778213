"""DREAMS, the subjects and patients databases.

``subjectN.edf`` or ``patientN.edf`` with ``HypnogramAASM_subjectN.txt`` and ``HypnogramR&K_subjectN.txt``, both with
one code per 5 s. The other DREAMS databases reuse these names for shorter or unscored recordings and are left out by
their folders' names. Devuyst 2005, doi:10.5281/zenodo.2650142.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName

EPOCH_S = 5.0
_RECORDING = re.compile(r"((?:subject|patient)\d+)\.edf", re.IGNORECASE)
_SCORING = re.compile(r"Hypnogram(AASM|R.?K)_((?:subject|patient)\d+)\.txt", re.IGNORECASE)
_OTHER_DATABASE = re.compile(r"Database(Apnea|Artifacts|Kcomplexes|PLMs|REMs|Spindles)", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    if any(_OTHER_DATABASE.fullmatch(folder) for folder in path.parts[:-1]):
        return OtherName()
    recording = _RECORDING.fullmatch(path.name)
    if recording is not None:
        night = recording[1].lower()
        return RecordingName(night, night, EPOCH_S)
    scoring = _SCORING.fullmatch(path.name)
    if scoring is not None:
        rules = "AASM" if scoring[1].upper() == "AASM" else "R&K"
        return ScoringName(scoring[2].lower(), rules, coding="dreams")
    return None


LAYOUT = DatasetLayout("dreams", "dreams", read_name, ("AASM", "R&K"))
