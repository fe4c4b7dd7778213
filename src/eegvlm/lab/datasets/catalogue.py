"""The data sets that can be opened: what each is, where it is got, and how its nights are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eegvlm.lab.datasets import (
    cap,
    dcsm,
    dod,
    dreams,
    hmc,
    isruc,
    mass,
    nsrr,
    physionet_2018,
    sleep_edf,
    ucddb,
    ucddb_epochs,
)
from eegvlm.lab.datasets.pairing import DatasetLayout


@dataclass(frozen=True)
class RemoteFolder:
    """Where PhysioNet keeps a data set, and which of its files hold nights.

    Parameters
    ----------
    url
        The folder that holds ``SHA256SUMS.txt``.
    patterns
        Files that are fetched where nothing else is asked for.
    """

    url: str
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is opened.

    Parameters
    ----------
    name, title
        What a user writes; what it is.
    files
        The names that are expected.
    recordings, subjects
        How many a complete copy has; None where there is no such number.
    licence, where
        Under which terms, and from where.
    layout
        How files are named; None for sets that find their nights in their own way.
    download
        Where it can be fetched without a log-in; None elsewhere.
    published_channels
        The channel of most published results, for ``Night.recording(channels=...)``.
    """

    name: str
    title: str
    files: str
    recordings: int | None
    subjects: int | None
    licence: str
    where: str
    layout: DatasetLayout | None = None
    download: RemoteFolder | None = None
    published_channels: Mapping[str, str] = field(default_factory=dict)


_NSRR_STUDIES = {study.name: study for study in nsrr.STUDIES}


def _nsrr(
    name: str,
    title: str,
    first: str,
    recordings_and_subjects: tuple[int | None, int | None] = (None, None),
    published_channels: Mapping[str, str] | None = None,
) -> DatasetInfo:
    preferred = next(iter(_NSRR_STUDIES[name].scorings))
    return DatasetInfo(
        name,
        title,
        f"{first}.edf, {first}{preferred}",
        *recordings_and_subjects,
        "NSRR data use agreement",
        f"https://sleepdata.org/datasets/{'nchsdb' if name == 'nch' else name}",
        nsrr.LAYOUTS[name],
        published_channels=published_channels or {},
    )


_ALL = (
    DatasetInfo(
        "sleep-edf",
        "Sleep-EDF Expanded, cassette and telemetry",
        "SC4ssNxx-PSG.edf, SC4ssNxx-Hypnogram.edf, ST7...",
        197,
        100,
        "ODC-BY 1.0",
        "https://physionet.org/content/sleep-edfx/1.0.0/",
        sleep_edf.LAYOUT,
        RemoteFolder(
            "https://physionet.org/files/sleep-edfx/1.0.0/",
            ("*-PSG.edf", "*-Hypnogram.edf", "*-subjects.xls", "RECORDS"),
        ),
        {"eeg": "EEG Fpz-Cz"},
    ),
    DatasetInfo(
        "isruc",
        "ISRUC-Sleep, subgroups I to III",
        "subgroupI/<subject>/N.rec, N_1.txt, N_2.txt",
        126,
        118,
        "free for research, cite the paper",
        "https://sleeptight.isr.uc.pt/",
        isruc.LAYOUT,
    ),
    DatasetInfo(
        "mass",
        "MASS cohort 1, SS1 to SS5",
        "01-03-0001 PSG.edf, 01-03-0001 Base.edf",
        200,
        200,
        "on request, data use agreement",
        "http://ceams-carsm.ca/mass/",
        mass.LAYOUT,
    ),
    _nsrr("shhs", "Sleep Heart Health Study, visits 1 and 2", "shhs1-200001", (8444, 5793), {"eeg": "EEG"}),
    _nsrr("mesa", "Multi-Ethnic Study of Atherosclerosis", "mesa-sleep-0001", (2056, 2056), {"eeg": "EEG3"}),
    _nsrr("mros", "Osteoporotic Fractures in Men, visits 1 and 2", "mros-visit1-aa0001"),
    _nsrr("ccshs", "Cleveland Children's Sleep and Health Study", "ccshs-trec-1800001", (515, 515)),
    _nsrr("cfs", "Cleveland Family Study, visit 5", "cfs-visit5-800001", (730, 730)),
    _nsrr("chat", "Childhood Adenotonsillectomy Trial", "chat-baseline-300001"),
    _nsrr("homepap", "Home Positive Airway Pressure, in the laboratory", "homepap-lab-full-1600001"),
    _nsrr("sof", "Study of Osteoporotic Fractures, visit 8", "sof-visit-8-00001"),
    _nsrr("abc", "Apnea, Bariatric Surgery and CPAP", "abc-baseline-900001"),
    _nsrr("wsc", "Wisconsin Sleep Cohort, visits 1 to 5", "wsc-visit1-10119", (2570, 1123)),
    _nsrr("stages", "Stanford Technology Analytics and Genomics in Sleep", "BOGN00001"),
    _nsrr("nch", "Nationwide Children's Hospital sleep data bank", "10000_17728", (3984, 3673)),
    DatasetInfo(
        "hmc",
        "Haaglanden Medisch Centrum sleep staging database",
        "SN001.edf, SN001_sleepscoring.edf",
        151,
        151,
        "CC BY 4.0",
        "https://physionet.org/content/hmc-sleep-staging/1.1/",
        hmc.LAYOUT,
        RemoteFolder("https://physionet.org/files/hmc-sleep-staging/1.1/", ("*.edf", "RECORDS")),
        {"eeg": "EEG C4-M1"},
    ),
    DatasetInfo(
        "ucddb",
        "St. Vincent's / UCD sleep apnoea database",
        "ucddb002.rec, ucddb002_stage.txt",
        25,
        25,
        "ODC-BY 1.0",
        "https://physionet.org/content/ucddb/1.0.0/",
        ucddb.LAYOUT,
        RemoteFolder(
            "https://physionet.org/files/ucddb/1.0.0/", ("*.rec", "*_stage.txt", "SubjectDetails.xls", "RECORDS")
        ),
    ),
    DatasetInfo(
        "ucddb-epochs",
        "Epochs of UCDDB as arrays, one EEG derivation",
        "ucddb002.npz, ucddb002_stage.txt",
        None,
        None,
        "ODC-BY 1.0",
        "made from UCDDB",
        ucddb_epochs.LAYOUT,
    ),
    DatasetInfo(
        "cap",
        "CAP Sleep Database",
        "n1.edf, n1.txt",
        108,
        108,
        "ODC-BY 1.0",
        "https://physionet.org/content/capslpdb/1.0.0/",
        cap.LAYOUT,
        RemoteFolder("https://physionet.org/files/capslpdb/1.0.0/", ("*.edf", "*.txt", "RECORDS")),
    ),
    DatasetInfo(
        "physionet-2018",
        "PhysioNet/CinC Challenge 2018, training part",
        "tr03-0005.hea, tr03-0005.mat, tr03-0005.arousal",
        994,
        994,
        "ODC-BY 1.0",
        "https://physionet.org/content/challenge-2018/1.0.0/",
        physionet_2018.LAYOUT,
    ),
    DatasetInfo(
        "dcsm",
        "Danish Center for Sleep Medicine",
        "<patient>/psg.h5, <patient>/hypnogram.ids",
        255,
        255,
        "see the record",
        "https://sid.erda.dk/wsgi-bin/ls.py?share_id=fUH3xbOXv8",
        dcsm.LAYOUT,
    ),
    DatasetInfo(
        "dod-h",
        "Dreem Open Dataset, healthy",
        "dodh/<id>.h5, scorers/dodh/scorer_1/<id>.json",
        25,
        25,
        "MIT",
        "https://github.com/Dreem-Organization/dreem-learning-open",
        dod.LAYOUTS["dod-h"],
    ),
    DatasetInfo(
        "dod-o",
        "Dreem Open Dataset, obstructive sleep apnoea",
        "dodo/<id>.h5, scorers/dodo/scorer_1/<id>.json",
        55,
        55,
        "MIT",
        "https://github.com/Dreem-Organization/dreem-learning-open",
        dod.LAYOUTS["dod-o"],
    ),
    DatasetInfo(
        "dreams",
        "DREAMS, subjects and patients databases",
        "subject1.edf, HypnogramAASM_subject1.txt, HypnogramR&K_subject1.txt",
        47,
        47,
        "Creative Commons, see the record",
        "https://doi.org/10.5281/zenodo.2650142",
        dreams.LAYOUT,
    ),
    DatasetInfo(
        "simulated",
        "Simulated nights",
        "none; ROOT is nights=4,seed=0,hours=8",
        None,
        None,
        "Apache-2.0",
        "made on the spot",
    ),
    DatasetInfo(
        "folder",
        "Any folder of recordings with scorings beside them",
        "night.edf with night.csv, night-Hypnogram.edf, night_sleepscoring.edf, night-nsrr.xml, ...",
        None,
        None,
        "yours",
        "your disk",
    ),
    DatasetInfo(
        "signed",
        "Nights that were signed in eegvlm review",
        "<night>/audit.jsonl, <night>/hypnogram.signed.json",
        None,
        None,
        "yours",
        "your disk",
    ),
)

DATASETS: Mapping[str, DatasetInfo] = {info.name: info for info in _ALL}
