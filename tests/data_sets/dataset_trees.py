"""Small copies of public data sets: their folders, names, labels, units and scoring formats; minutes, not nights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path

import edfio
import numpy as np

START = datetime(1989, 4, 24, 16, 13)
SLEEP_EDF = {
    "EEG Fpz-Cz": (100, "uV"),
    "EEG Pz-Oz": (100, "uV"),
    "EOG horizontal": (100, "uV"),
    "Resp oro-nasal": (1, ""),
    "EMG submental": (1, "uV"),
    "Temp rectal": (1, "DegC"),
    "Event marker": (1, ""),
}
TELEMETRY = {
    "EEG Fpz-Cz": (100, "uV"),
    "EEG Pz-Oz": (100, "uV"),
    "EOG horizontal": (100, "uV"),
    "EMG submental": (100, "uV"),
}
_ISRUC = ("LOC-A2", "ROC-A1", "F3-A2", "C3-A2", "O1-A2", "F4-A1", "C4-A1", "O2-A1", "X1", "X2")
ISRUC = dict.fromkeys(_ISRUC, (200, "uV"))
ISRUC_NEW = dict.fromkeys(("E1-M2", "E2-M1", "F3-M2", "C3-M2", "F4-M1", "C4-M1", "O2-M1", "X1", "X2"), (200, "uV"))
_MASS = ("EEG C4-CLE", "EEG F4-CLE", "EEG O2-CLE", "EOG Left Horiz", "EOG Right Horiz", "EMG Chin1", "EMG Chin2")
MASS = dict.fromkeys((*_MASS, "ECG ECGI"), (256, "uV"))
MASS_LER = {label.replace("CLE", "LER"): value for label, value in MASS.items()}
SHHS = {"SaO2": (1, "%"), "EEG(sec)": (125, "uV"), "ECG": (125, "mV"), "EMG": (125, "uV"), "EOG(L)": (50, "uV")} | {
    "EOG(R)": (50, "uV"),
    "EEG": (125, "uV"),
}
_HMC = ("EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EEG C3-M2", "EMG chin", "EOG E1-M2", "EOG E2-M2", "ECG")
HMC = dict.fromkeys(_HMC, (256, "uV"))
DREAMS = dict.fromkeys(("ECG", "FP1-A2", "CZ-A1", "EMG1", "EOG1", "EOG2", "O1-A2"), (200, "UV"))


def write_psg(
    path: Path, signals: Mapping[str, tuple[int, str]], seconds: int, *, start: datetime = START, seed: int = 0
) -> Path:
    """Write an EDF recording of noise with the size of sleep EEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng([seed, *"/".join(path.parts[-3:]).encode()])
    edfio.Edf(
        [
            edfio.EdfSignal(
                draw.normal(0, 0.2 if unit == "mV" else 20, rate * seconds).clip(-499, 499),
                rate,
                label=label,
                physical_dimension=unit,
                physical_range=(-500, 500),
            )
            for label, (rate, unit) in signals.items()
        ],
        recording=edfio.Recording(startdate=start.date()),
        starttime=start.time(),
    ).write(path)
    return path


def write_ucddb(path: Path, seconds: int, *, unit: str = "V") -> Path:
    """Write a recording in the converter's units: 8 of them over 4095 counts, 100 microvolt each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(list(path.name.encode()))
    signals = [
        edfio.EdfSignal(
            draw.normal(0.55, 0.2, 128 * seconds).clip(-4, 4),
            128,
            label=label,
            physical_dimension=unit,
            physical_range=(-4, 4),
            digital_range=(-2048, 2047),
        )
        for label in ("Lefteye", "RightEye", "EMG", "C3A2", "C4A1")
    ]
    spo2 = edfio.EdfSignal(
        draw.normal(95, 1, 8 * seconds), 8, label="SpO2", physical_dimension="%", physical_range=(0, 150)
    )
    edfio.Edf([*signals, spo2], starttime=time(0, 11, 4)).write(path)
    return path


def write_annotations(
    path: Path, stages: Sequence[str], *, epoch_s: float = 30.0, start: datetime = START, onset_s: float = 0.0
) -> Path:
    """Write an EDF+ file of annotations alone, one for each run of equal stages; texts as they are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    runs: list[tuple[float, float, str]] = []
    for k, stage in enumerate(stages):
        if runs and runs[-1][2] == stage:
            runs[-1] = (runs[-1][0], runs[-1][1] + epoch_s, stage)
        else:
            runs.append((onset_s + k * epoch_s, epoch_s, stage))
    edfio.Edf(
        [],
        annotations=[edfio.EdfAnnotation(*run) for run in runs],
        recording=edfio.Recording(startdate=start.date()),
        starttime=start.time(),
    ).write(path)
    return path


def sleep_stages(letters: str) -> list[str]:
    """Spell stages as EDF+ does: ``"W12?"`` -> ``Sleep stage W``, ..."""
    return [f"Sleep stage {letter}" for letter in letters]


def write_lines(path: Path, lines: Sequence[object]) -> Path:
    """Write one item a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(str, lines)) + "\n", encoding="utf-8")
    return path


def write_profusion(path: Path, codes: Sequence[int]) -> Path:
    """Write a Profusion XML file."""
    stages = "".join(f"<SleepStage>{code}</SleepStage>" for code in codes)
    body = f"<EpochLength>30</EpochLength><ScoredEvents/><SleepStages>{stages}</SleepStages>"
    return write_lines(path, ['<?xml version="1.0" encoding="UTF-8"?>', f"<CMPStudyConfig>{body}</CMPStudyConfig>"])


def write_nsrr(path: Path, codes: Sequence[int], clock: str = "00.00.00 23.00.00") -> Path:
    """Write an NSRR XML file, whose date is hidden as in the public files."""
    names = {0: "Wake|0", 1: "Stage 1 sleep|1", 2: "Stage 2 sleep|2", 3: "Stage 3 sleep|3", 4: "Stage 4 sleep|4"}
    names |= {5: "REM sleep|5", 9: "Unscored|9"}
    events = "".join(
        f"<ScoredEvent><EventType>Stages|Stages</EventType><EventConcept>{names[code]}</EventConcept>"
        f"<Start>{30 * k:.1f}</Start><Duration>30.0</Duration></ScoredEvent>"
        for k, code in enumerate(codes)
    )
    head = (
        "<ScoredEvent><EventType></EventType><EventConcept>Recording Start Time</EventConcept><Start>0</Start>"
        f"<Duration>{30 * len(codes)}.0</Duration><ClockTime>{clock}</ClockTime></ScoredEvent>"
        "<ScoredEvent><EventType>Respiratory|Respiratory</EventType><EventConcept>Hypopnea|Hypopnea</EventConcept>"
        "<Start>61.0</Start><Duration>12.5</Duration></ScoredEvent>"
    )
    body = f"<PSGAnnotation><EpochLength>30</EpochLength><ScoredEvents>{head}{events}</ScoredEvents></PSGAnnotation>"
    return write_lines(path, ['<?xml version="1.0" encoding="UTF-8" standalone="no"?>', body])


def write_hmc_text(path: Path, stages: Sequence[str], *, start: datetime = START) -> Path:
    """Write the text form of an HMC scoring."""
    lines = ["Date, Time, Recording onset, Duration, Annotation, Linked channel"]
    for k, stage in enumerate(stages):
        at = start + timedelta(seconds=30 * k)
        lines.append(f"{at:%Y-%m-%d}, {at:%H:%M:%S}, {30 * k}, 30, Sleep stage {stage}, ")
    return write_lines(path, lines)


def write_epochs(path: Path, index: Sequence[int], stages: Sequence[int], *, rate: int = 128) -> Path:
    """Write an archive of epochs as ADC counts; epoch ``k`` of the night is noise around its own level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(len(index))
    counts = (282 + draw.normal(0, 90, (len(index), 3840))).astype(np.int16)
    np.savez(
        path,
        eeg_counts=counts,
        stage=np.array(stages, np.int8),
        epoch_index=np.array(index, np.int32),
        sampling_rate_hz=np.int32(rate),
    )
    return path


def write_wfdb(header: Path, labels: Sequence[str], seconds: int, *, rate: int = 200) -> Path:
    """Write a record as PhysioNet's challenge of 2018 does: samples in turn behind 24 bytes of a MATLAB header."""
    header.parent.mkdir(parents=True, exist_ok=True)
    n = rate * seconds
    lines = [f"{header.stem} {len(labels)} {rate} {n}"]
    lines += [f"{header.stem}.mat 16+24 {'1' if k else '2(5)'}/uV 16 0 -9 139 0 {one}" for k, one in enumerate(labels)]
    write_lines(header, lines)
    draw = np.random.default_rng(3)
    samples = draw.normal(0, 20, (n, len(labels))).round().astype("<i2")
    header.with_suffix(".mat").write_bytes(bytes(24) + samples.tobytes())
    return header


def write_wfdb_annotations(path: Path, texts: Sequence[tuple[int, str]]) -> Path:
    """Write annotations in the MIT format: a sample and a text each."""
    data, last = b"", 0
    for sample, text in texts:
        step = sample - last
        data += (59 << 10).to_bytes(2, "little") + (step >> 16).to_bytes(2, "little")
        data += (step & 0xFFFF).to_bytes(2, "little") + (22 << 10).to_bytes(2, "little")
        aux = text.encode()
        data += (63 << 10 | len(aux)).to_bytes(2, "little") + aux + b"\0" * (len(aux) % 2)
        last = sample
    path.write_bytes(data + b"\0\0")
    return path


def sleep_edf_night(root: Path, name: str = "SC4001E0", technician: str = "C", *, stages: str = "WW12344RWW") -> Path:
    """Write one night of Sleep-EDF as long as its scoring."""
    folder = root / ("sleep-telemetry" if name.startswith("ST") else "sleep-cassette")
    signals = TELEMETRY if name.startswith("ST") else SLEEP_EDF
    write_psg(folder / f"{name}-PSG.edf", signals, 30 * len(stages))
    write_annotations(folder / f"{name[:7]}{technician}-Hypnogram.edf", sleep_stages(stages))
    return folder


def isruc_night(
    folder: Path, number: int, *, scorers: str = "12", labels: Mapping[str, tuple[int, str]] = ISRUC
) -> None:
    """Write one ISRUC recording of ten epochs with its scorings; scorer 2 sees N2 where scorer 1 sees N1."""
    write_psg(folder / f"{number}.rec", labels, 300)
    codes = {"1": [0, 0, 1, 2, 2, 3, 3, 5, 5, 0], "2": [0, 0, 2, 2, 2, 3, 3, 5, 5, 0]}
    for scorer in scorers:
        write_lines(folder / f"{number}_{scorer}.txt", [*codes[scorer], ""])
