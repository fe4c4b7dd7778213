"""What signal quality does to staging: leads that die for an hour, electrodes that pop, noise without EEG.

    python benchmarks/quality.py dead --nights 10 --hours 4 --ucddb ROOT --kept quality.jsonl
    python benchmarks/quality.py pops --nights 10 --hours 4 --kept quality.jsonl
    python benchmarks/quality.py noise --noxturnal FILE.edf
    python benchmarks/quality.py same --nights 10 --hours 4 --ucddb ROOT --before SRC --kept quality.jsonl

ROOT holds the UCDDB epochs, of which the complete night 018 is read; FILE.edf is a short recording; SRC is the ``src``
folder of another version of this package, with which clean nights are staged, too. ``--kept`` holds
every staged night, so that a run that was stopped goes on where it stood. Prints Markdown; all epochs of all nights are
taken together. Not covered: false alarms (``quality_alarms.py``), the heart in the EEG (``heart.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eegvlm.hypnogram import agreement_of_stages
from eegvlm.images import PreparedNight
from eegvlm.signals import Recording, read_recording
from eegvlm.staging import StagedNight, Stager
from quality_alarms import DEFECTS, UCDDB_RATE
from scored_nights import EEG, OTHERS, Defect, Kept, Subject, simulated, ucddb

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
STAGE_BEFORE = """
import json, sys
import numpy as np
from eegvlm.signals import Recording
from eegvlm.staging import Stager
with np.load(sys.argv[2]) as held:
    recording = Recording.from_arrays({label: (held[label], float(sys.argv[3])) for label in held.files})
print(json.dumps(Stager.from_pretrained(sys.argv[1]).stage(recording).hypnogram.stages.tolist()))
"""


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
        self.stager, self._model, self._kept = Stager.from_pretrained(model), model, Kept(kept)
        self._clean: tuple[str, StagedNight] | None = None

    def case(self, subject: Subject, name: str, labels: Sequence[str], defect: Defect, epochs: slice) -> Case:
        """Return a night with a defect, beside the same night without."""
        clean = self.clean(subject)
        held = self._kept.get(f"{subject.name} {name}", lambda: self._stage(subject, labels, defect, epochs))
        defective = np.zeros(len(subject.stages), np.bool_)
        defective[epochs] = True
        read = (np.asarray(held[field]) for field in ("stages", "unusable", "shown"))
        stages, unusable, shown = read
        return Case(subject.stages, np.asarray(clean), stages, defective, unusable == 1, shown == 1)

    def clean(self, subject: Subject) -> list[int]:
        """Return the stages of the night as it is."""
        return self._kept.get(f"{subject.name} clean", lambda: self._of_clean(subject).hypnogram.stages.tolist())

    def before(self, subject: Subject, src: Path) -> list[int]:
        """Return the stages that another version gives."""

        def stage() -> list[int]:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "night.npz")
                np.savez(file, **subject.signals)
                command = [sys.executable, "-c", STAGE_BEFORE, self._model, str(file), str(UCDDB_RATE)]
                environment = {**os.environ, "PYTHONPATH": str(src.resolve())}
                done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            return json.loads(done.stdout.splitlines()[-1])

        return self._kept.get(f"{subject.name} before", stage)

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


def same(bench: Bench, nights: int, hours: float, root: Path | None, before: Path) -> None:
    """Print in how many epochs of clean nights two versions differ."""
    subjects = [*simulated(nights, hours), *([ucddb(root)] if root else [])]
    print("| clean night | epochs | differ |\n|---|---|---|")
    for subject in subjects:
        differing = np.asarray(bench.clean(subject)) != np.asarray(bench.before(subject, before))
        print(f"| {subject.name} | {len(differing)} | {differing.sum()} |", flush=True)


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
    parser.add_argument("table", choices=("dead", "pops", "noise", "same"))
    parser.add_argument("--model", default="nano", help="packaged model or checkpoint folder")
    parser.add_argument("--nights", type=int, default=10)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--ucddb", type=Path)
    parser.add_argument("--noxturnal", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--kept", type=Path)
    chosen = parser.parse_args()
    bench = Bench(chosen.model, chosen.kept)
    if chosen.table == "same":
        if chosen.before is None:
            parser.error("give --before")
        same(bench, chosen.nights, chosen.hours, chosen.ucddb, chosen.before)
    elif chosen.table == "dead":
        dead(bench, chosen.nights, chosen.hours, chosen.ucddb)
    elif chosen.table == "pops":
        pops(bench, chosen.nights, chosen.hours)
    else:
        noise(bench.stager, chosen.noxturnal)


if __name__ == "__main__":
    main()
