"""How well events are found, against simulated nights in which every event is known, and beside YASA.

A detection and a true event match where they overlap by more than a fifth of their union (IoU > 0.2); for brief events
and for eye movements, whose ends are a matter of definition, any overlap counts. Precision is the share of detections
that match, recall the share of true events. Recall is also given by signal-to-noise class: thirds of the true events by
their peak-to-peak amplitude. The truth lists only events that were drawn one by one: what the background of N3
happens to form is not in it, so the precision of slow waves is a lower bound, for every detector alike.

    python benchmarks/detectors.py [--nights N] [--hours H] [--seed S] [--yasa PYTHON]

``--yasa`` names the interpreter of an environment that holds YASA; its two detectors then see the same signals.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from eegvlm.evidence import FindingKind, measure
from eegvlm.evidence.channel_spectra import ChannelSpectra
from eegvlm.evidence.slow_waves import find_waves, slow_waves
from eegvlm.evidence.spindles import detect_spindles
from eegvlm.lab.simulation import SimulatedNight, simulate_night
from eegvlm.signals import Role

K = FindingKind
FRONTAL, CENTRAL, EYE = "EEG F4-M1", "EEG C4-M1", "EOG E2-M2"
ROLES = {
    "EEG F4-M1": Role.EEG_FRONTAL,
    "EEG C4-M1": Role.EEG_CENTRAL,
    "EEG O2-M1": Role.EEG_OCCIPITAL,
    "EOG E1-M2": Role.EOG_LEFT,
    "EOG E2-M2": Role.EOG_RIGHT,
    "EMG chin": Role.EMG_CHIN,
}
# kind -> true kinds, channel of the truth, least IoU
TRUTH = {
    K.SPINDLE: (("spindle",), CENTRAL, 0.2),
    K.K_COMPLEX: (("k_complex",), FRONTAL, 0.2),
    K.SLOW_WAVE: (("slow_wave", "k_complex"), FRONTAL, 0.2),
    K.VERTEX_WAVE: (("vertex_wave",), CENTRAL, 0.0),
    K.SAWTOOTH: (("sawtooth",), CENTRAL, 0.2),
    K.RAPID_EYE_MOVEMENT: (("rapid_eye_movement",), EYE, 0.0),
    K.SLOW_EYE_MOVEMENT: (("slow_eye_movement",), EYE, 0.0),
    K.BLINK: (("blink",), EYE, 0.0),
    K.AROUSAL: (("arousal",), CENTRAL, 0.2),
    K.MOVEMENT: (("body_movement", "muscle_artefact"), CENTRAL, 0.0),
    K.ELECTRODE_ARTEFACT: (("electrode_pop",), CENTRAL, 0.0),
}
YASA = """
import json, sys, time
import numpy as np, yasa
night = np.load(sys.argv[1])
rate = float(night["rate"])
yasa.spindles_detect(night["spindle"][: int(600 * rate)], rate, verbose=False)
out = {}
asked = {
    "spindle": (yasa.spindles_detect, {} if sys.argv[2] == "default" else {"freq_sp": (11, 16)}),
    "slow_wave": (yasa.sw_detect, {} if sys.argv[2] == "default" else {"freq_sw": (0.3, 2.0)}),
}
for kind, (detect, more) in asked.items():
    begin = time.perf_counter()
    found = detect(night[kind], rate, verbose=False, **more)
    took = time.perf_counter() - begin
    table = None if found is None else found.summary()
    out[kind] = [took, [] if table is None else table["Start"].tolist(), [] if table is None else table["End"].tolist()]
print(json.dumps(out))
"""


def truth(night: SimulatedNight, kind: FindingKind) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return onsets, ends and amplitudes of the true events behind a kind of finding."""
    kinds, channel, _ = TRUTH[kind]
    tables = [night.events.select(kind=one, channel=channel) for one in kinds]
    onset, length, height = (
        np.concatenate([getattr(table, name) for table in tables]) for name in ("onset_s", "duration_s", "amplitude_uv")
    )
    return onset, onset + length, height


def matches(
    onset: np.ndarray, end: np.ndarray, true_onset: np.ndarray, true_end: np.ndarray, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Tell which detections match any true event, and which true events are matched."""
    if not len(onset) or not len(true_onset):
        return np.zeros(len(onset), bool), np.zeros(len(true_onset), bool)
    overlap = np.minimum(end[:, None], true_end) - np.maximum(onset[:, None], true_onset)
    union = np.maximum(end[:, None], true_end) - np.minimum(onset[:, None], true_onset)
    hit = overlap / union > least
    return hit.any(axis=1), hit.any(axis=0)


class Score:
    """Matches of one detector over several nights."""

    def __init__(self) -> None:
        self.detected: list[np.ndarray] = []
        self.found: list[np.ndarray] = []
        self.height: list[np.ndarray] = []

    def add(self, night: SimulatedNight, kind: FindingKind, onset: np.ndarray, end: np.ndarray) -> None:
        """Count one night."""
        true_onset, true_end, height = truth(night, kind)
        detected, found = matches(np.asarray(onset), np.asarray(end), true_onset, true_end, TRUTH[kind][2])
        self.detected.append(detected)
        self.found.append(found)
        self.height.append(height)

    def row(self) -> str:
        """Return counts, precision, recall, F1 and recall by amplitude."""
        detected, found, height = (np.concatenate(part) for part in (self.detected, self.found, self.height))
        precision = detected.mean() if len(detected) else 0.0
        recall = found.mean() if len(found) else 0.0
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        edges = np.quantile(height, [1 / 3, 2 / 3]) if len(height) else np.zeros(2)
        classes = np.digitize(height, edges)
        thirds = [found[classes == k].mean() if np.any(classes == k) else np.nan for k in range(3)]
        said = " ".join(f"{third:5.2f}" for third in thirds)
        return (
            f"{len(detected):7d} {len(found):6d}  {precision:9.2f} {recall:6.2f} {f1:5.2f}   {said}   {edges.round()}"
        )


def beside(night: SimulatedNight, python: str, folder: Path, settings: str) -> dict[str, list]:
    """Run YASA's detectors on a night."""
    path = folder / "night.npz"
    np.savez(path, rate=night.rate, spindle=night.signals[CENTRAL], slow_wave=night.signals[FRONTAL])
    done = subprocess.run([python, "-c", YASA, str(path), settings], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=4)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=7000, help="of the first night")
    parser.add_argument("--yasa", metavar="PYTHON")
    parser.add_argument("--settings", choices=("default", "same"), default="default", help="YASA's, or our bands")
    asked = parser.parse_args()
    ours = {kind: Score() for kind in TRUTH}
    theirs = {K.SPINDLE: Score(), K.SLOW_WAVE: Score()}
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(asked.seed, asked.seed + asked.nights):
            night = simulate_night(hours=asked.hours, seed=seed)
            evidence = timed(times, "measure, six channels", lambda n=night: measured(n, ROLES))
            timed(times, "measure, one EEG channel", lambda n=night: measured(n, {CENTRAL: Role.EEG_CENTRAL}))
            timed(times, "spindles alone", lambda n=night: detect_spindles(ready(n, CENTRAL)))
            timed(times, "slow waves alone", lambda n=night: slow_waves(find_waves(ready(n, FRONTAL))))
            for kind, score in ours.items():
                tables = evidence.events[kind]
                marks = tables.get(TRUTH[kind][1], tables.get(""))
                score.add(night, kind, marks.onset_s, marks.end_s)
            if asked.yasa:
                for name, (took, onset, end) in beside(night, asked.yasa, Path(folder), asked.settings).items():
                    times.setdefault(f"YASA, {name}", []).append(took)
                    theirs[FindingKind(name)].add(night, FindingKind(name), onset, end)
    print(f"{asked.nights} nights of {asked.hours:g} h, seeds from {asked.seed}")
    print(f"{'kind':28s}  found  truth  precision recall    F1   recall by third of amplitude   thirds at uV")
    for kind, score in ours.items():
        print(f"{kind:26s} {score.row()}")
    if asked.yasa:
        for kind, score in theirs.items():
            print(f"{'YASA ' + kind:26s} {score.row()}")
    print("\nseconds a night, median:")
    for name, took in times.items():
        print(f"{name:28s} {np.median(took):.3f}")


def ready(night: SimulatedNight, channel: str) -> ChannelSpectra:
    """Transform one channel."""
    return ChannelSpectra.of(night.epochs(channel), night.rate, channel)


def measured(night: SimulatedNight, roles: dict[str, Role]):
    """Measure a night with some of its channels."""
    signals = {role: night.epochs(name) for name, role in roles.items()}
    return measure(signals, rate=night.rate, names={role: name for name, role in roles.items()})


def timed(times: dict[str, list[float]], name: str, run):
    """Run and keep the time."""
    begin = time.perf_counter()
    result = run()
    times.setdefault(name, []).append(time.perf_counter() - begin)
    return result


if __name__ == "__main__":
    main()
