"""Results as a BIDS derivatives data set: ``sub-*/[ses-*/]eeg/*_desc-eegvlm_events.tsv`` with its sidecar.

All other files of a night lie below ``nights/``, and the cohort's own at the top; ``.bidsignore`` names them. BIDS
1.9, section "Derivatives". Names of a raw BIDS data set are kept; any other night becomes a subject of its own, whose
label is made of its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from eegvlm import __version__
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError
from eegvlm.lab.cohort.night import CohortNight

BIDS_VERSION = "1.9.0"
_RAW = re.compile(
    r"(?P<sub>sub-[a-zA-Z0-9]+)(?:_(?P<ses>ses-[a-zA-Z0-9]+))?(?P<entities>(?:_[a-z]+-[a-zA-Z0-9]+)*)(?:_(?:eeg|psg))?",
    re.IGNORECASE,
)
_IGNORED = ("nights/", "journal*", "summary.*", "failures.csv", "cohort.html")


def results_place(night: CohortNight, layout: str) -> str:
    """Return a night's folder, relative to the output."""
    return f"nights/{night.name}" if layout == "bids-derivatives" else night.name


def events_name(name: str) -> str:
    """Return where a night's events lie, without the ending.

    Examples
    --------
    >>> events_name("sub-01/ses-2/eeg/sub-01_ses-2_task-sleep_eeg")
    'sub-01/ses-2/eeg/sub-01_ses-2_task-sleep_desc-eegvlm_events'
    >>> events_name("ward 3/night_1")
    'sub-ward3night1/eeg/sub-ward3night1_task-sleep_desc-eegvlm_events'
    """
    match = _RAW.fullmatch(name.rpartition("/")[2])
    if match is None:
        subject, session, entities = "sub-" + re.sub(r"[^a-zA-Z0-9]", "", name), None, ""
    else:
        subject, session, entities = match["sub"], match["ses"], match["entities"]
    if "_task-" not in entities:
        entities = f"_task-sleep{entities}"
    folder = "/".join(filter(None, (subject, session, "eeg")))
    return f"{folder}/{'_'.join(filter(None, (subject, session)))}{entities}_desc-eegvlm_events"


def check_names(nights: Iterable[CohortNight]) -> None:
    """Refuse a cohort of which two nights would have one name.

    Raises
    ------
    InputError
        Naming both.
    """
    recordings: dict[str, str] = {}
    for night in nights:
        name = events_name(night.name)
        if name in recordings:
            hint = f"{recordings[name]} would have the same name: use --layout paths, or give one of them another name"
            raise InputError(night.recording, "BIDS name", name, hint)
        if name.startswith("sub-/"):
            raise InputError(night.recording, "BIDS name", night.name, "rename it: a subject needs a letter or a digit")
        recordings[name] = night.recording


def bids_files(night: CohortNight, folder: Path) -> dict[str, bytes]:
    """Return the events of a night that was written to a folder, by their names in the data set."""
    name = events_name(night.name)
    return {f"{name}{ending}": (folder / f"events{ending}").read_bytes() for ending in (".json", ".tsv")}


def dataset_files() -> dict[str, bytes]:
    """Return the files that make a folder a derivatives data set."""
    described = {
        "Name": "Sleep stages by eeg-vlm",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "eeg-vlm", "Version": __version__}],
    }
    readme = f"Sleep stages by eeg-vlm, with probabilities. {NOTICE}\n"
    return {
        "dataset_description.json": (json.dumps(described, indent=2) + "\n").encode(),
        ".bidsignore": "".join(f"{name}\n" for name in _IGNORED).encode(),
        "README": readme.encode(),
    }
