"""The studies of the National Sleep Research Resource: one reader, a row a study.

Most of them name a recording ``study-visit-number.edf``, and its scoring likewise with ``-nsrr.xml`` or
``-profusion.xml``, one scoring in two formats, in folders of their own beside the recordings. The number is the
person's in all visits. WSC (texts of two recorders beside the recording), STAGES (``BOGN00004.csv``) and NCH
(``patient_study.tsv``) differ in how scorings are named, and are rows of the same table.

Not covered: studies without an EEG (HomePAP at home); the covariates that tell who is related to whom in CFS, whose
persons of one family count as strangers.

References
----------
Zhang et al. 2018, J. Am. Med. Inform. Assoc. 25:1351-1358 (the resource); Quan et al. 1997, Sleep 20:1077-1085 (SHHS);
Chen et al. 2015, Sleep 38:877-888 (MESA); Blackwell et al. 2011, J. Am. Geriatr. Soc. 59:2217-2225 (MrOS); Rosen et al.
2003, J. Pediatr. 142:383-389 (CCSHS); Redline et al. 1995, Am. J. Respir. Crit. Care Med. 151:682-687 (CFS); Marcus et
al. 2013, N. Engl. J. Med. 368:2366-2376 (CHAT); Rosen et al. 2012, Sleep 35:757-767 (HomePAP); Young et al. 2009, WMJ
108:246-249 (WSC); Lee et al. 2022, Sci. Data 9:421 (NCH).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName

# An epoch to which the scorer gave no stage, in the words of STAGES' exports.
_STAGES_WORDS = "UnknownStage=?"
# The Gamma recorder of WSC: Rechtschaffen and Kales' numbers; 6 and 7 are no stage.
_WSC_CODES = "0=W,1=N1,2=N2,3=N3,4=N3,5=R,6=?,7=?"


@dataclass(frozen=True)
class Ending:
    """How the name of a scoring ends, and what its content needs to be read; see :class:`.pairing.ScoringName`."""

    scorer: str
    stage_map: str | None = None
    column: str | None = None


_XML = {
    "-nsrr.xml": Ending("nsrr"),
    "-profusion.xml": Ending("profusion"),
    ".xml": Ending("profusion"),
}


@dataclass(frozen=True)
class Study:
    """A row of the table.

    Parameters
    ----------
    name
        Of the data set, under which its persons' numbers are unique.
    night
        Pattern of what names of a night have in common; its first group is the person.
    scorings
        By the ending of their names, preferred first: one scoring in several forms.
    without_eeg
        Pattern of nights that hold no EEG.
    capitals
        Whether the study spells its nights in capitals.
    """

    name: str
    night: str
    scorings: Mapping[str, Ending] = field(default_factory=lambda: _XML)
    without_eeg: str = r"(?!)"
    capitals: bool = False


STUDIES = (
    Study("shhs", r"shhs[12]-(\d+)"),
    Study("mesa", r"mesa-sleep-(\d{4})"),
    Study("mros", r"mros-visit[12]-([a-z]{2}\d{4})"),
    Study("ccshs", r"ccshs-trec-(\d{7})"),
    Study("cfs", r"cfs-visit5-(\d{6})"),
    Study("chat", r"chat-(?:baseline|followup|nonrandomized)-(\d{6})"),
    Study("homepap", r"homepap-lab-(?:full|split)-(\d{7})", without_eeg=r"homepap-home-\d{7}.*"),
    Study("sof", r"sof-visit-8-(\d{5})"),
    Study("abc", r"abc-(?:baseline|month\d\d)-(\d{6})"),
    Study(
        "wsc",
        r"wsc-visit\d-(\d+)",
        {
            "-nsrr.allscore.txt": Ending("allscore"),
            "-nsrr.stg.txt": Ending("stg", _WSC_CODES, "User-Defined Stage"),
            "-nsrr.eannot": Ending("eannot"),
        },
    ),
    Study("stages", r"([a-z]{4}\d{5})(?:_\d+)?", {".csv": Ending("technician", _STAGES_WORDS)}, capitals=True),
    Study("nch", r"(\d+)_\d+", {".tsv": Ending("technician"), ".annot": Ending("technician-annot")}),
)


def read_name(study: Study, path: PurePath) -> Name | None:
    """Tell what a file of a study is by its name."""
    if re.fullmatch(study.without_eeg, path.stem, re.IGNORECASE):
        return OtherName()
    match = re.match(study.night, path.name, re.IGNORECASE)
    if match is None:
        return None
    night, person = (text.upper() if study.capitals else text.lower() for text in match.group(0, 1))
    ending = path.name[match.end() :].lower()
    if ending in (".edf", "-nsrr.edf"):
        return RecordingName(night, person)
    if form := study.scorings.get(ending):
        return ScoringName(night, form.scorer, stage_map=form.stage_map, column=form.column)
    return OtherName() if ending[:1] in ("-", ".", "_") else None


LAYOUTS: Mapping[str, DatasetLayout] = {
    study.name: DatasetLayout(
        study.name,
        study.name,
        partial(read_name, study),
        tuple(dict.fromkeys(form.scorer for form in study.scorings.values())),
        one_scoring=True,
    )
    for study in STUDIES
}
