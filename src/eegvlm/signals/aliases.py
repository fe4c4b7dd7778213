"""The alias table: how laboratories and data sets spell electrodes, references and channels.

A label is compared after folding: accents, case, blanks and punctuation are dropped, so that ``EOG(L)``,
``EOG-L`` and ``eog l`` are one spelling. A whole label must be explained by the table (site, or site and
reference, with at most a modality in front); a part of it is never enough, or ``SpO2`` would be an electrode.

To teach the table a new spelling, add its folded form to the row it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

from eegvlm.signals.roles import Role

# Sites of EEG electrodes by role and tier, preferred first. Tier 0: the AASM manual's recommended and backup
# electrodes; 1: the midline (alternative derivations); 2 and 3: neighbours that stand in for the role.
EEG_SITES: dict[Role, tuple[tuple[str, ...], ...]] = {
    Role.EEG_FRONTAL: (
        ("F4", "F3"),
        ("Fz",),
        ("F2", "F1", "F6", "F5", "F8", "F7", "AF4", "AF3", "AFz", "AF8", "AF7", "Fp2", "Fp1", "Fpz"),
    ),
    Role.EEG_CENTRAL: (
        ("C4", "C3"),
        ("Cz",),
        ("C2", "C1", "C6", "C5", "FC2", "FC1", "FCz", "FC4", "FC3", "CP2", "CP1", "CPz", "CP4", "CP3"),
        ("EEG3", "EEG", "EEG2"),
    ),
    Role.EEG_OCCIPITAL: (("O2", "O1"), ("Oz",), ("PO4", "PO3", "POz", "PO8", "PO7"), ("P4", "P3", "Pz")),
}

# Spellings (folded) of what is not an EEG electrode's own name. Sites: E1, E2 eyes; HEOG, EOG one bipolar eye
# channel; CHIN a chin EMG derivation; CHIN1... its single leads; M1, M2 mastoids or ear lobes; ECG.
SPELLINGS: dict[str, str] = {
    "M1": "m1 a1 mastoid1 leftmastoid mastoidleft lmastoid eegm1 eega1",
    "M2": "m2 a2 mastoid2 rightmastoid mastoidright rmastoid eegm2 eega2",
    "EEG": "eeg eeg1",
    "EEG2": "eeg2 eegsec",
    "EEG3": "eeg3",
    "E1": """e1 loc pg1 eog1 eogl leog eogleft lefteog lefteye leye eyel eyeleft eogloc eogli eoglinks
        eogg eoggauche eogsin eogsx eogizq eoglefthoriz leftlateraleye
        lheog heogl eogoc1 oc1 eogleye eoglt eoglat1 eogp8""",
    "E2": """e2 roc pg2 eog2 eogr reog eogright righteog righteye reye eyer eyeright eogroc eogre
        eogrechts eogd eogdroit eogdx eogder eogrighthoriz rightlateraleye
        rheog heogr eogoc2 oc2 eogreye eogrt eoglat2 eogp18 p18""",
    "HEOG": "eoghorizontal horizontaleog heog eogh eoghor eoghoriz horeog eoghorizontalis",
    "EOG": "eog eogs eyes",
    "CHIN": """chin submental submentalis subment submentalemg mental mentalis mentalemg ment menton mentum
        kinn kin chinemg chinmuscle cchinl cchinr emgchin emgmental emgmentalis emgsubmental chinbipolar
        chin12
        emgchin12""",
    "EMG": "emg",
    "EMG1": "emg1",
    "EMG2": "emg2",
    "EMG3": "emg3",
    "CHIN1": "chin1 chinemg1 chemg1",
    "CHIN2": "chin2 chinemg2 chemg2",
    "CHIN3": "chin3 chinemg3 chemg3",
    "CHINC": "cchin chinc chincenter centerchin",
    "CHINL": "lchin chinl chinleft leftchin",
    "CHINR": "rchin chinr chinright rightchin",
    "X1": "x1",
    "ECG": "ecg ekg ecgi ecgii ekgi ekgii ecg1 ekg1 ecgl ekgl leadii cardio",
    "ECG2": "ecg2 ekg2 ecgr ekgr ecg3 ekg3 ecgiii ekgiii",
    "X2": "x2",
}
# Whole labels that folding would blur.
EXACT = {"1-2": "CHIN", "1-F": "CHIN", "2-F": "CHIN"}

# References that are no electrode on the scalp.
LINKED, COMMON = "linked", "common"
REFERENCES: dict[str, str] = {
    LINKED: "m1m2 m2m1 a1a2 a2a1 m1m22 a1a22 m12 a12 le ler cle lm linkedears linkedmastoids avgmastoids",
    COMMON: "ref reference avg av ave average car common cref g1 g2 gnd xref org",
}

MODALITY_PREFIXES = ("eeg", "eog", "emg", "ecg", "ekg", "psg", "pol")

# Said with the channel where a spelling leaves something open.
NOTES: dict[str, str] = {
    "EEG": "the label names no electrode; SHHS stores C4-A1 under it, MESA Fz-Cz",
    "EEG2": "the label names no electrode; SHHS stores C3-A2 under it, MESA Cz-Oz",
    "EEG3": "the label names no electrode; MESA stores C4-M1 under it",
    "HEOG": "one horizontal EOG: both eyes against each other, there is no separate right eye",
    "EOG": "the label does not say which eye",
    "EMG": "the label names no muscle; read as chin",
    "EMG1": "the label names no muscle; read as chin",
    "EMG2": "the label names no muscle; read as chin",
    "EMG3": "the label names no muscle; read as chin",
    "X1": "read as chin EMG, as ISRUC stores it",
    "X2": "read as ECG, as ISRUC stores it",
}
NOXTURNAL_NOTE = "read as chin EMG, as Noxturnal names it"

# Below these rates (Hz) a signal cannot show the waveforms of its modality: sleep EEG and EMG need 20 Hz and
# more, ECG its QRS, eye movements 10 Hz.
MINIMUM_RATE = {"eeg": 50.0, "eog": 25.0, "emg": 50.0, "ecg": 50.0}
# No amplifier of biosignals is faster (BioSemi's reaches 16,384 Hz); filters grow with the rate that a header claims.
MAXIMUM_RATE = 20_000.0
# Polysomnographs sample at up to 2,048 Hz.
UNUSUAL_RATE = 4096.0


@dataclass(frozen=True)
class Lead:
    """What a label says.

    Parameters
    ----------
    site
        Electrode or channel in the table's spelling: ``"C4"``, ``"E1"``, ``"CHIN"``.
    reference
        ``"M1"``, ``"M2"``, :data:`LINKED`, :data:`COMMON`, another site (bipolar), or None where unstated.
    reference_text
        The reference as the label spells it; empty where unstated.
    note
        What the label leaves open.
    """

    site: str
    reference: str | None = None
    reference_text: str = ""
    note: str = ""
