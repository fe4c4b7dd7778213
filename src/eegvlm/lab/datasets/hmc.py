"""HMC, the sleep staging database of the Haaglanden Medisch Centrum.

``SN001.edf`` with ``SN001_sleepscoring.edf`` (and the same as text). Alvarez-Estevez and Rijsman 2021, PLoS ONE
16(8):e0256111.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, RecordingName, ScoringName

_NAME = re.compile(r"(SN\d{3})(_sleepscoring)?\.(edf|txt)", re.IGNORECASE)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    night, kind = match[1].upper(), match[3].lower()
    if match[2]:
        return ScoringName(night, "technician" if kind == "edf" else "technician-txt")
    return RecordingName(night, night) if kind == "edf" else None


LAYOUT = DatasetLayout("hmc", "hmc", read_name, ("technician", "technician-txt"), one_scoring=True)
