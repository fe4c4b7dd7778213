"""Every spelling that public data sets and laboratories use, and what it means."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.signals import Recording, Role
from eegvlm.signals.aliases import EEG_SITES, SPELLINGS
from eegvlm.signals.label_parsing import fold, numbered_cap, read_label

DATA_SETS = {
    # Sleep-EDF
    "EEG Fpz-Cz": ("Fpz", "Cz"),
    "EEG Pz-Oz": ("Pz", "Oz"),
    "EOG horizontal": ("HEOG", None),
    "EMG submental": ("CHIN", None),
    # ISRUC, old and new
    "F3-A2": ("F3", "M2"),
    "C4-A1": ("C4", "M1"),
    "O1-A2": ("O1", "M2"),
    "LOC-A2": ("E1", "M2"),
    "ROC-A1": ("E2", "M1"),
    "X1": ("X1", None),
    "F4-M1": ("F4", "M1"),
    "E1-M2": ("E1", "M2"),
    # MASS
    "EEG C4-CLE": ("C4", "linked"),
    "EEG C4-LER": ("C4", "linked"),
    "EOG Left Horiz": ("E1", None),
    "EOG Right Horiz": ("E2", None),
    "EMG Chin1": ("CHIN1", None),
    "EMG Chin2": ("CHIN2", None),
    "ECG ECGI": ("ECG", None),
    # SHHS
    "EEG": ("EEG", None),
    "EEG(sec)": ("EEG2", None),
    "EEG(SEC)": ("EEG2", None),
    "EEG sec": ("EEG2", None),
    "EOG(L)": ("E1", None),
    "EOG(R)": ("E2", None),
    "EMG": ("EMG", None),
    "ECG": ("ECG", None),
    # HMC
    "EEG F4-M1": ("F4", "M1"),
    "EEG C3-M2": ("C3", "M2"),
    "EOG E1-M2": ("E1", "M2"),
    "EOG E2-M2": ("E2", "M2"),
    "EMG chin": ("CHIN", None),
    # UCDDB
    "C3A2": ("C3", "M2"),
    "C4A1": ("C4", "M1"),
    "Lefteye": ("E1", None),
    "RightEye": ("E2", None),
    # DREAMS
    "CZ-A1": ("Cz", "M1"),
    "FP1-A1": ("Fp1", "M1"),
    "EOG1": ("E1", None),
    "EOG P8-A1": ("E1", "M1"),
    "EOG P18-A1": ("E2", "M1"),
    "EMG1": ("EMG1", None),
    # CFS, MrOS, MESA, WSC, CHAT, NCH, CAP, PhysioNet 2018
    "L Chin": ("CHINL", None),
    "R Chin": ("CHINR", None),
    "Cchin": ("CHINC", None),
    "cchin_l": ("CHIN", None),
    "EOG-L": ("E1", None),
    "EOG-R": ("E2", None),
    "C3_M2": ("C3", "M2"),
    "EOG LOC-M2": ("E1", "M2"),
    "EMG CHIN1-CHIN2": ("CHIN", None),
    "ROC-LOC": ("HEOG", None),
    "EMG1-EMG2": ("CHIN", None),
    "Chin1-Chin2": ("CHIN", None),
    # clinical systems
    "EEG C4-Ref": ("C4", "common"),
    "C4:M1": ("C4", "M1"),
    "EEG C4 - A1": ("C4", "M1"),
    "EEG C4:A1": ("C4", "M1"),
    "C4/A1": ("C4", "M1"),
    "eeg c4 m1": ("C4", "M1"),
    "C4-(M1+M2)/2": ("C4", "linked"),
    "C4-A1A2": ("C4", "linked"),
    "C4-AVG": ("C4", "common"),
    "Chin 1": ("CHIN1", None),
    "Chin EMG": ("CHIN", None),
    "EMG Kinn": ("CHIN", None),
    "ECG I": ("ECG", None),
    "ECG II": ("ECG", None),
    "EKG": ("ECG", None),
    "ECG1-ECG2": ("ECG", None),
    "POL C4": ("C4", None),
    "LOC": ("E1", None),
    "ROC": ("E2", None),
    "LEOG": ("E1", None),
    "EOG li": ("E1", None),
    "EOG dx": ("E2", None),
    "E1": ("E1", None),
    "M1": ("M1", None),
    "A2": ("M2", None),
    "EEG A1-Ref": ("M1", "common"),
    "FpzCz": ("Fpz", "Cz"),
    "1-F": ("CHIN", None),
}

STRANGERS = [
    "SpO2",
    "SaO2",
    "EtCO2",
    "Resp oro-nasal",
    "Temp rectal",
    "Event marker",
    "EMG Left Leg",
    "EMG LAT",
    "Left Leg",
    "RIGHT LEG",
    "EMG tibialis",
    "C4-M1 (Imp)",
    "C3 Impédance",
    "Status",
    "Pulse",
    "Heart Rate",
    "Light",
    "PosAngle",
    "EOG Upper Vertic",
    "Flow",
    "Snoring",
    "Voltage (core)",
    "sine 1 Hz",
    "",
    "-",
    "🙂",
    "1",
]


@pytest.mark.parametrize(("label", "expected"), DATA_SETS.items())
def test_label_is_read(label: str, expected: tuple[str, str | None]) -> None:
    found = read_label(label)
    assert found is not None
    assert (found.site, found.reference) == expected


@pytest.mark.parametrize("label", STRANGERS)
def test_label_that_is_not_wholly_explained_is_nothing(label: str) -> None:
    assert read_label(label) is None


def test_case_blanks_and_punctuation_do_not_matter() -> None:
    assert {read_label(label).site for label in ("EOG(L)", "eog l", "EOG-L", "Eog_L")} == {"E1"}  # type: ignore[union-attr]


def test_no_spelling_stands_in_two_rows_of_the_table() -> None:
    spellings = [spelling for row in SPELLINGS.values() for spelling in row.split()]
    sites = [site.lower() for tiers in EEG_SITES.values() for tier in tiers for site in tier]
    electrodes = [site for site in sites if site not in ("eeg", "eeg2", "eeg3")]
    assert len(set(spellings)) == len(spellings)
    assert not set(spellings) & set(electrodes)
    assert all(fold(spelling) == spelling for spelling in spellings)


def test_electrodes_of_a_numbered_cap_are_not_taken_for_the_ten_twenty_system() -> None:
    assert numbered_cap([f"{letter}{number}" for letter in "ABCD" for number in range(1, 33)])
    assert numbered_cap([f"E{number}" for number in range(1, 129)])
    assert not numbered_cap(["A1", "A2", "E1", "E2", "C3", "C4", "F3", "F4", "O1", "O2", "M1", "M2"])


def test_numbered_cap_matches_no_channel_and_says_so() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 6000)
    recording = Recording.from_arrays({f"{a}{n}": (noise, 100.0) for a in "ABC" for n in range(1, 17)})
    assert {channel.role for channel in recording.channels} == {Role.OTHER}
    assert "numbered-electrodes" in {problem.code for problem in recording.problems}
