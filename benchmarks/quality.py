"""What signal quality does to staging: leads that die for an hour, electrodes that pop, noise without EEG.

    python benchmarks/quality.py dead --nights 10 --hours 4 --ucddb ROOT --kept quality.jsonl
    python benchmarks/quality.py pops --nights 10 --hours 4 --kept quality.jsonl
    python benchmarks/quality.py noise --noxturnal FILE.edf

ROOT holds the UCDDB epochs, of which the complete night 018 is read; FILE.edf is a short recording. ``--kept`` holds
every staged night, so that a run that was stopped goes on where it stood. Prints Markdown; all epochs of all nights are
taken together. Not covered: false alarms (``quality_alarms.py``), the heart in the EEG (``heart.py``).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.datasets import open_dataset
from eegvlm.hypnogram import agreement_of_stages
from eegvlm.images import PreparedNight
from eegvlm.signals import Recording, Role, read_recording
from eegvlm.simulation import simulate_night
from eegvlm.staging import StagedNight, Stager
from quality_alarms import DEFECTS, UCDDB_RATE

FIRST_SEED = 3_100_000
EEG = ("F4-M1", "C4-M1", "O2-M1")
OTHERS = ("EOG E1-M2", "EOG E2-M2", "EMG chin")
DEAD = {
    **{label: (label,) for label in (*EEG, *OTHERS)},
    "all three EEG": EEG,
    "all six channels": (*EEG, *OTHERS),
}
KINDS = {
    "flat": "flat",
    "0.4 µV noise": "amplifier noise, 0.4 µV rms",
    "mains": "mains alone, 50 Hz, 400 µV",
    "rail": "rail",
}
POPS = (60, 200, 400)
AN_HOUR = 120

Signals = dict[str, np.ndarray]
Defect = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Subject:
    """A scored night.

    Attributes
    ----------
    name
        As it is kept.
    signals
        Label -> float32 (n,) µV at 128 Hz.
    stages
        int8 (n_epochs,): the truth, or the expert's.
    """

    name: str
    signals: Signals
    stages: np.ndarray

    @property
    def recording(self) -> Recording:
        """The night as the stager reads it."""
        return Recording.from_arrays({label: (signal, UCDDB_RATE) for label, signal in self.signals.items()})

    def damaged(self, labels: Sequence[str], defect: Defect, epochs: slice, seed: int) -> Subject:
        """Return the night with a defect on some channels in some epochs."""
        rng, signals = np.random.default_rng(seed), dict(self.signals)
        for label in labels:
            changed = signals[label].reshape(len(self.stages), -1).copy()
            changed[epochs] = defect(changed[epochs], rng)
            signals[label] = changed.reshape(-1).astype(np.float32)
        return replace(self, signals=signals)


@dataclass(frozen=True)
class Case:
    """A night with a defect, staged.

    Attributes
    ----------
    truth, clean, stages
        int8 (n,): the truth, what the night without the defect is staged as, and what the one with it is; -1 unstaged.
    defective
        bool (n,): where the defect is.
    unusable, shown
        bool (n,): where all defective channels were judged unusable, and where any panel shows one of them.
    """

    truth: np.ndarray
    clean: np.ndarray
    stages: np.ndarray
    defective: np.ndarray
    unusable: np.ndarray
    shown: np.ndarray

    @classmethod
    def joined(cls, cases: Sequence[Case]) -> Case:
        """Return the epochs of all nights."""
        return cls(*(np.concatenate([vars(one)[name] for one in cases]) for name in vars(cases[0])))


class Kept:
    """Results by name, in a file of lines that grows."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text("utf-8").splitlines() if path and path.exists() else []
        self._held: dict[str, Any] = {one["name"]: one["result"] for one in map(json.loads, lines)}

    def get(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return a result, computed where it is not known."""
        if name not in self._held:
            self._held[name] = compute()
            if self._path:
                with self._path.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps({"name": name, "result": self._held[name]}) + "\n")
        return self._held[name]


class Bench:
    """Stages nights with and without defects.

    Parameters
    ----------
    model
        Packaged model or checkpoint folder.
    kept
        Where results are kept; None: nowhere.
    """

    def __init__(self, model: str, kept: Path | None) -> None:
        self.stager, self._kept = Stager.from_pretrained(model), Kept(kept)
        self._clean: tuple[str, StagedNight] | None = None

    def case(self, subject: Subject, name: str, labels: Sequence[str], defect: Defect, epochs: slice) -> Case:
        """Return a night with a defect, beside the same night without."""
        clean = self._kept.get(f"{subject.name} clean", lambda: self._of_clean(subject).hypnogram.stages.tolist())
        held = self._kept.get(f"{subject.name} {name}", lambda: self._stage(subject, labels, defect, epochs))
        defective = np.zeros(len(subject.stages), np.bool_)
        defective[epochs] = True
        read = (np.asarray(held[field]) for field in ("stages", "unusable", "shown"))
        stages, unusable, shown = read
        return Case(subject.stages, np.asarray(clean), stages, defective, unusable == 1, shown == 1)

    def _of_clean(self, subject: Subject) -> StagedNight:
        if self._clean is None or self._clean[0] != subject.name:
            self._clean = subject.name, self.stager.stage(subject.recording)
        return self._clean[1]

    def _stage(self, subject: Subject, labels: Sequence[str], defect: Defect, epochs: slice) -> dict[str, list[int]]:
        recording = subject.damaged(labels, defect, epochs, seed=0).recording
        clean = self._of_clean(subject)
        night = PreparedNight.read(recording, self.stager.processor.layout)
        staged = clean if _look_alike(night, clean.prepared) else self.stager.stage(recording)
        quality = night.quality.channels
        shown = [np.isin(night.names(panel), labels) for panel in night.panels]
        return {
            "stages": staged.hypnogram.stages.tolist(),
            "unusable": (~np.any([quality[label].usable for label in labels], axis=0)).astype(int).tolist(),
            "shown": np.any(shown, axis=0).astype(int).tolist(),
        }


def _look_alike(one: PreparedNight, other: PreparedNight) -> bool:
    """Say whether all pictures of two nights are made of the same samples; the model then says the same."""
    a, b = one.drawn_signals(slice(None)), other.drawn_signals(slice(None))
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)


def simulated(nights: int, hours: float) -> Iterator[Subject]:
    """Simulate nights of six channels."""
    for seed in range(FIRST_SEED, FIRST_SEED + nights):
        labels = [f"EEG {label}" for label in EEG]
        night = simulate_night(hours=hours, seed=seed, rate=UCDDB_RATE, channels=(*labels, *OTHERS))
        signals = {label.removeprefix("EEG "): samples for label, samples in night.signals.items()}
        yield Subject(f"{seed} {hours:g} h", signals, night.stages)


def ucddb(root: Path) -> Subject:
    """Read the complete night of UCDDB."""
    (night,) = open_dataset("ucddb-epochs", root, only="ucddb018", look_inside=False).nights
    recording, stages = night.recording(), night.hypnogram().stages
    channel = recording.channel(Role.EEG_CENTRAL)
    epochs = recording.raw_epochs(channel)
    complete = (stages >= 0) & np.isfinite(epochs).all(axis=1)
    return Subject("ucddb018", {"C4-M1": epochs[complete].reshape(-1)}, stages[complete])


def middle_hour(subject: Subject) -> slice:
    """Return the epochs of the hour in the middle of a night."""
    first = (len(subject.stages) - AN_HOUR) // 2
    return slice(first, first + AN_HOUR)


def dead(bench: Bench, nights: int, hours: float, root: Path | None) -> None:
    """Print what an hour without signal does, channel by channel and kind by kind."""
    rows: dict[tuple[str, str], list[Case]] = {}
    for subject in simulated(nights, hours):
        for lead, labels in DEAD.items():
            for kind, defect in KINDS.items():
                case = bench.case(subject, f"{lead} {kind}", labels, DEFECTS[defect], middle_hour(subject))
                rows.setdefault((lead, kind), []).append(case)
    if root:
        subject = ucddb(root)
        for kind, defect in KINDS.items():
            case = bench.case(subject, f"C4-M1 {kind}", ["C4-M1"], DEFECTS[defect], middle_hour(subject))
            rows["UCDDB 018, its one EEG", kind] = [case]
    print("| dead for an hour | kind | judged unusable | shown | no stage | kappa elsewhere (clean) ", end="")
    print("| accuracy elsewhere (clean) | accuracy in the hour (clean) |\n" + "|---" * 8 + "|")
    for (lead, kind), cases in rows.items():
        case = Case.joined(cases)
        inside = case.defective
        shares = [one[inside].mean() for one in (case.unusable, case.shown, case.stages < 0)]
        print(f"| {lead} | {kind} | {' | '.join(f'{share:.3f}' for share in shares)}", end="")
        print(f" | {_agreement(case, ~inside, 'kappa')} | {_agreement(case, ~inside, 'accuracy')}", end="")
        print(f" | {_agreement(case, inside, 'accuracy')} |", flush=True)


def pops(bench: Bench, nights: int, hours: float) -> None:
    """Print what pops of 400 µV on the preferred EEG do to a night."""
    rows: dict[int, list[Case]] = {}
    for subject in simulated(nights, hours):
        for rate in POPS:
            defect = DEFECTS[f"pops, {rate} an hour"]
            rows.setdefault(rate, []).append(bench.case(subject, f"{rate} pops", [EEG[1]], defect, slice(None)))
    print(
        "| pops an hour on C4 | C4 judged unusable | C4 read | kappa (clean) | accuracy (clean) |\n" + "|---" * 5 + "|"
    )
    for rate, cases in rows.items():
        case = Case.joined(cases)
        print(f"| {rate} | {case.unusable.mean():.3f} | {case.shown.mean():.3f}", end="")
        print(f" | {_agreement(case, case.defective, 'kappa')} | {_agreement(case, case.defective, 'accuracy')} |")


def _agreement(case: Case, epochs: np.ndarray, figure: str) -> str:
    """Return a figure of agreement with the truth among staged epochs, and that of the clean night in the same ones."""
    compared = epochs & (case.stages >= 0) & (case.clean >= 0)
    if not compared.any():
        return "-"
    values = [
        getattr(agreement_of_stages(case.truth[compared], stages[compared]), figure)
        for stages in (case.stages, case.clean)
    ]
    return f"{values[0]:.3f} ({values[1]:.3f})"


def noise(stager: Stager, noxturnal: Path | None) -> None:
    """Print what is said of recordings without sleep: white noise, and a fragment of two minutes."""
    samples = np.random.default_rng(0).normal(0, 20, 600 * UCDDB_RATE).astype(np.float32)
    nights = {"10 min of white noise, 20 µV rms": Recording.from_arrays({"C4-M1": (samples, UCDDB_RATE)})}
    if noxturnal:
        nights[noxturnal.name] = read_recording(noxturnal)
    print("| recording | epochs | staged | limits and problems | what is expected to be right |\n" + "|---" * 5 + "|")
    for name, recording in nights.items():
        night = stager.stage(recording)
        told = [one.code for one in (*night.limits, *night.problems)]
        promised = [one["rest"] for one in night.review.to_dict()["shares"] if one["rest"] is not None]
        staged = int((night.hypnogram.stages >= 0).sum())
        expected = f"{len(promised)} figures" if promised else "no figure"
        print(f"| {name} | {recording.n_epochs} | {staged} | {', '.join(told)} | {expected} |")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("dead", "pops", "noise"))
    parser.add_argument("--model", default="nano", help="packaged model or checkpoint folder")
    parser.add_argument("--nights", type=int, default=10)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--ucddb", type=Path)
    parser.add_argument("--noxturnal", type=Path)
    parser.add_argument("--kept", type=Path)
    chosen = parser.parse_args()
    bench = Bench(chosen.model, chosen.kept)
    if chosen.table == "dead":
        dead(bench, chosen.nights, chosen.hours, chosen.ucddb)
    elif chosen.table == "pops":
        pops(bench, chosen.nights, chosen.hours)
    else:
        noise(bench.stager, chosen.noxturnal)


if __name__ == "__main__":
    main()
