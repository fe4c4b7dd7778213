"""Accuracy and time of ``eegvlm stage`` beside YASA's SleepStaging and GSSC, on the same files and the same epochs.

Every night is written as EDF into a temporary folder, each system reads that file in a process of its own, and both
answers are judged by ``eegvlm.lab.evaluation``: one missing or invalid answer more is one wrong answer more. Epochs
that have no complete signal (gaps, a last incomplete one) are left out for both alike: nights with gaps are only judged
with ``--gaps``, their stretches joined end to end, so that epochs beside a joint have neighbours that are not theirs.

    python -m venv yasa && yasa/bin/pip install yasa
    python benchmarks/peers.py --yasa yasa/bin/python --ucddb ROOT --simulated nights=2,seed=3000000,hours=8

``--gssc`` is another Python; see ``gssc_runner.py``. Neither is ever a dependency of this package; without them only
our own rows are printed. Seconds are those of the
whole process, start and imports included. Not covered: smoothing, other channels than the best of each role.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import edfio
import numpy as np
from rich.console import Console

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage, read_hypnogram
from eegvlm.lab.datasets import Night, open_dataset
from eegvlm.lab.evaluation import ConfusionBootstrap, Evaluation, NightAnswers, judge
from eegvlm.lab.evaluation.summary import confusions_by_subject
from eegvlm.lab.evaluation.tables import FigureTable, number
from eegvlm.signals import EPOCH_S, Recording, Role

LABELS = {"eeg": "EEG C4-M1", "eog": "EOG E1-M2", "emg": "EMG chin"}
ROLES = {
    "eeg": (Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL),
    "eog": (Role.EOG_LEFT, Role.EOG_RIGHT),
    "emg": (Role.EMG_CHIN,),
}
YASA = """
import sys, mne, yasa
mne.set_log_level("ERROR")
source, target, *names = sys.argv[1:]
raw = mne.io.read_raw_edf(source, preload=True)
staging = yasa.SleepStaging(raw, **dict(name.split("=") for name in names))
hypnogram = staging.predict()
is_new = hasattr(hypnogram, "hypno")  # from version 0.7 on
table = (hypnogram.proba if is_new else staging.predict_proba()).copy()
table.columns = [{"WAKE": "W", "REM": "R"}.get(name, name) for name in table.columns]
table["stage"] = list(hypnogram.hypno if is_new else hypnogram)
table.to_csv(target, index=False)
"""
GSSC = Path(__file__).with_name("gssc_runner.py")
_MOST_UV = 3000.0

System = Callable[[Path, Path], Hypnogram]


@dataclass(frozen=True)
class Exported:
    """A night as a file.

    Attributes
    ----------
    night
        Where it comes from.
    path
        EDF with the labels in :data:`LABELS`.
    truth
        The expert's stages of the file's epochs.
    stretches
        Number of stretches that were joined.
    """

    night: Night
    path: Path
    truth: np.ndarray
    stretches: int


def export(night: Night, folder: Path, modalities: Sequence[str]) -> Exported:
    """Write the epochs of a night that hold complete signal."""
    recording, truth = night.recording(), night.hypnogram().stages
    kept = recording.scorable
    stretches = int(np.count_nonzero(np.diff(kept.astype(int), prepend=0) == 1))
    signals = []
    for modality in modalities:
        channel = recording.pick(ROLES[modality])
        if channel is None:
            raise InputError(night.name, "channels", "none", f"it has no {modality}; leave it out of --modalities")
        samples = _kept(recording, channel, kept)
        limit = min(_MOST_UV, max(100.0, float(np.abs(samples).max())))
        signals.append(
            edfio.EdfSignal(
                samples.clip(-limit, limit),
                channel.rate,
                label=LABELS[modality],
                physical_dimension="uV",
                physical_range=(-limit, limit),
            )
        )
    path = folder / f"{night.name}.edf"
    edfio.Edf(signals).write(path)
    return Exported(night, path, truth[kept], stretches)


def _kept(recording: Recording, channel: object, kept: np.ndarray) -> np.ndarray:
    """Join the samples of the epochs that are kept."""
    per_epoch = round(EPOCH_S * channel.rate)
    samples = recording.samples(channel)[: len(kept) * per_epoch]
    whole = np.zeros(len(kept) * per_epoch, np.float64)
    whole[: len(samples)] = samples
    return whole.reshape(len(kept), per_epoch)[kept].ravel()


def eegvlm(model: str, modalities: Sequence[str]) -> System:
    """Return ``eegvlm stage`` in a process of its own."""
    chosen = [f"{modality}={LABELS[modality]}" for modality in modalities]

    def stage(source: Path, folder: Path) -> Hypnogram:
        command = [sys.executable, "-m", "eegvlm", "stage", str(source), "--out", str(folder), "--model", model]
        for one in chosen:
            command += ["--channels", one]
        _call([*command, "--explain", "none", "--formats", "csv", "--quiet"])
        return read_hypnogram(folder / source.stem / "hypnogram.csv")

    return stage


def yasa(python: str, modalities: Sequence[str]) -> System:
    """Return YASA's SleepStaging in a process of its own."""

    def stage(source: Path, folder: Path) -> Hypnogram:
        target = folder / f"{source.stem}.csv"
        _call([python, "-c", YASA, str(source), str(target), *(f"{one}_name={LABELS[one]}" for one in modalities)])
        with target.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        stages = [Stage.from_label(row["stage"]) for row in rows]
        probabilities = np.array([[row[label] for label in ("W", "N1", "N2", "N3", "R")] for row in rows], float)
        return Hypnogram(np.array(stages, np.int8), probabilities=probabilities)

    return stage


def gssc(python: str, modalities: Sequence[str]) -> System:
    """Return GSSC in a process of its own. It gives no probabilities, and reads no chin."""
    labels = [LABELS[one] for one in modalities if one != "emg"]

    def stage(source: Path, folder: Path) -> Hypnogram:
        target = folder / f"{source.stem}.gssc.txt"
        _call([python, str(GSSC), str(source), str(target), *labels])
        stages = [Stage.from_label(label) for label in target.read_text().split()]
        return Hypnogram(np.array(stages, np.int8))

    return stage


def _call(command: Sequence[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        raise SystemExit(f"{' '.join(command[:3])} ...: exit status {finished.returncode}\n{finished.stderr[-2000:]}")


def run(system: System, nights: Sequence[Exported], folder: Path) -> Evaluation:
    """Stage every file and judge the answers."""
    answers = []
    for one in nights:
        started = time.perf_counter()
        given = system(one.path, folder)
        seconds = time.perf_counter() - started
        stages = np.full(len(one.truth), Stage.UNSCORED, np.int8)
        count = min(len(given), len(stages))
        stages[:count] = given.stages[:count]
        probabilities = None
        if given.probabilities is not None:
            probabilities = np.full((len(one.truth), 5), np.nan, np.float32)
            probabilities[:count] = given.probabilities[:count]
        night = one.night
        answers.append(NightAnswers(night.person, night.name, one.truth, stages, probabilities, seconds=seconds))
    return judge(answers)


def row(title: str, system: str, found: Evaluation) -> tuple[str, ...]:
    """Return a row of the table."""
    overall, pooled = found.overall, found.overall.pooled
    kappa = number(pooled.kappa)
    interval = overall.intervals.get("kappa")
    shown = kappa if interval is None else f"{kappa} [{interval.low:.3f}, {interval.high:.3f}]"
    seconds = np.median([night.seconds for night in found.nights])
    return (
        f"{title}: {system}",
        f"{len(overall.subjects)}/{overall.n_nights}/{pooled.n_epochs}",
        number(pooled.accuracy),
        f"({shown})" if overall.is_restricted else shown,
        *(number(pooled.stages[stage].recall) for stage in (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)),
        number(None if overall.calibration is None else overall.calibration.ece),
        f"{seconds:.2f}",
    )


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yasa", help="python of an environment that has YASA")
    parser.add_argument("--gssc", help="python of an environment that has GSSC")
    parser.add_argument("--model", default="nano", help="packaged model or checkpoint folder")
    parser.add_argument("--ucddb", help="folder of the data set ucddb-epochs")
    parser.add_argument("--only", help="nights of it whose name fits")
    parser.add_argument("--gaps", action="store_true", help="its nights with gaps too, joined end to end")
    parser.add_argument("--simulated", help="nights=2,seed=3000000,hours=8")
    parser.add_argument("--modalities", default="eeg", help="eeg, or eeg,eog,emg (UCDDB epochs have EEG only)")
    arguments = parser.parse_args()
    modalities = arguments.modalities.split(",")
    systems = {"eegvlm": eegvlm(arguments.model, modalities)}
    if arguments.yasa:
        systems["YASA"] = yasa(arguments.yasa, modalities)
    if arguments.gssc:
        systems["GSSC"] = gssc(arguments.gssc, modalities)
    nights: list[Night] = []
    if arguments.ucddb:
        nights += open_dataset("ucddb-epochs", arguments.ucddb, only=arguments.only).nights
    if arguments.simulated:
        nights += open_dataset("simulated", arguments.simulated).nights
    rows, differences = [], []
    plain = Console(highlight=False, markup=False)
    console = plain if plain.is_terminal else Console(highlight=False, markup=False, width=150)
    with tempfile.TemporaryDirectory() as folder:
        sets: dict[str, list[Exported]] = {}
        for night in nights:
            if night.dataset != "simulated" and not arguments.gaps and not night.recording().scorable.all():
                continue
            exported = export(night, Path(folder), modalities)
            joined = " (joined)" if exported.stretches > 1 else ""
            sets.setdefault(night.dataset + joined, []).append(exported)
        for title, exported in sets.items():
            with console.status(title):
                found = {name: run(system, exported, Path(folder)) for name, system in systems.items()}
            rows += [row(title, name, one) for name, one in found.items()]
            kind = "balanced_accuracy" if found["eegvlm"].overall.is_restricted else "kappa"
            for name in list(found)[1:]:
                ours, theirs = (confusions_by_subject(found[one].nights)[1] for one in ("eegvlm", name))
                differences.append(
                    f"{name}, {title}: {kind} {ConfusionBootstrap().of_difference(ours, theirs, kind).text}"
                )
    columns = (
        "set: system",
        "subjects/nights/epochs",
        "accuracy",
        "kappa",
        "W recall",
        "N1",
        "N2",
        "N3",
        "R",
        "ECE",
        "s a night",
    )
    console.print(FigureTable("The same epochs, staged by each system", columns, tuple(rows)).rich())
    console.print(f"channels: {', '.join(modalities)}; model {arguments.model}; wake not cropped")
    console.print("kappa in parentheses: labels of one or two stages; in brackets 95 % intervals over subjects")
    for one in differences:
        console.print(f"eegvlm minus {one}")


if __name__ == "__main__":
    main()
