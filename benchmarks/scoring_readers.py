"""Scorings read here and by other programs: MNE, YASA, Wonambi, pyEDFlib, Luna, wfdb.

Random nights are written by this package or by the other one, read by both, and compared epoch by epoch; then the
hypnograms of Sleep-EDF, where they are at hand. Prints one line a pair: scorings, epochs, epochs that differ.

    pip install mne yasa wonambi pyedflib lunapi wfdb
    python benchmarks/scoring_readers.py [--nights 20] [--sleep-edf FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import edfio
import numpy as np

from eegvlm.hypnogram import Hypnogram, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.joining import write_joined

START = datetime(2024, 10, 26, 22, 41, 17)
NAMES = ("W", "N1", "N2", "N3", "R")
LONG_NAMES = {"W": "Wake", "N1": "NREM1", "N2": "NREM2", "N3": "NREM3", "R": "REM"}
Pair = Callable[[Hypnogram, Path], tuple[list[str], list[str]]]


def nights(count: int) -> Iterator[Hypnogram]:
    """Draw nights of runs of random lengths, 6 to 9 hours."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        n_epochs = int(rng.integers(720, 1080))
        stages: list[int] = []
        while len(stages) < n_epochs:
            stage = int(rng.choice([s for s in range(5) if not stages or s != stages[-1]]))
            stages += [stage] * int(rng.integers(1, 60))
        yield Hypnogram(np.array(stages[:n_epochs], np.int8), start=START)


def spread(onsets: list[float], durations: list[float], texts: list[str]) -> list[str]:
    """Lay events on epochs of 30 s from 0, with other code than that of this package."""
    labels: dict[int, str] = {}
    for onset, duration, text in zip(onsets, durations, texts, strict=True):
        stage = plain(text)
        if stage is not None:
            labels.update(dict.fromkeys(range(round(onset / 30), round((onset + duration) / 30)), stage))
    return [labels.get(k, "?") for k in range(max(labels) + 1)]


def plain(text: str) -> str | None:
    """Return the stage of a text as the other programs spell it; None for what is no stage."""
    word = text.removeprefix("Sleep stage ").upper()
    same = {"WAKE": "W", "REM": "R", "NREM1": "N1", "NREM2": "N2", "NREM3": "N3", "1": "N1", "2": "N2", "3": "N3"}
    word = {**same, "4": "N3", "MOVEMENT TIME": "?"}.get(word, word)
    return word if word in (*NAMES, "?") else None


def signal_file(night: Hypnogram, folder: Path) -> Path:
    """Write a recording of one flat signal as long as a night."""
    samples = np.zeros(int(night.duration_s))
    signal = edfio.EdfSignal(samples, 1, label="EEG C3-M2", physical_range=(-100, 100))
    edf = edfio.Edf([signal], recording=edfio.Recording(startdate=START.date()), starttime=START.time())
    edf.write(folder / "night.edf")
    return folder / "night.edf"


def mne_annotations(night: Hypnogram) -> object:
    """Make MNE's annotations of a night."""
    import mne

    runs = night.runs()
    return mne.Annotations(
        [run.first * 30.0 for run in runs],
        [run.n_epochs * 30.0 for run in runs],
        [f"Sleep stage {run.stage.label}" for run in runs],
        orig_time=START.isoformat(" ") + ".000000",
    )


def mne_reads(path: Path) -> list[str]:
    """Read a file by MNE."""
    import mne

    read = mne.read_annotations(path)
    return spread(list(read.onset), list(read.duration), list(read.description))


def mne_saves(suffix: str) -> Pair:
    """Compare on a file that MNE saved."""

    def pair(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
        path = folder / f"night{suffix}"
        mne_annotations(night).save(path, overwrite=True, verbose="error")  # type: ignore[attr-defined]
        return read_hypnogram(path).labels, mne_reads(path)

    return pair


def mne_reads_edf(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
    """Compare on a scoring that was written as EDF+."""
    write_hypnogram(night, folder / "hypnogram.edf")
    return read_hypnogram(folder / "hypnogram.edf").labels, mne_reads(folder / "hypnogram.edf")


def joined(reader: Callable[[Path], list[str]]) -> Pair:
    """Compare on a recording with its scoring in it."""

    def pair(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
        write_joined(night, signal_file(night, folder), folder / "scored.edf")
        return read_hypnogram(folder / "scored.edf").labels, reader(folder / "scored.edf")

    return pair


def pyedflib_reads(path: Path) -> list[str]:
    """Read annotations by EDFlib, which refuses files that are not EDF+ to the letter."""
    import pyedflib

    with pyedflib.EdfReader(str(path)) as reader:
        onsets, durations, texts = reader.readAnnotations()
    return spread(list(onsets), list(durations), list(texts))


def yasa_reads_profusion(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
    """Compare on Profusion XML that was written here."""
    import yasa

    path = folder / "night-profusion.xml"
    write_hypnogram(night, path)
    read = yasa.Hypnogram.from_profusion(str(path))
    return read_hypnogram(path).labels, [plain(name) or "?" for name in read.hypno]


def yasa_night(night: Hypnogram) -> object:
    """Make YASA's hypnogram of a night."""
    import yasa

    names = [{"W": "WAKE", "R": "REM"}.get(label, label) for label in night.labels]
    return yasa.Hypnogram(names, freq="30s", start=START.isoformat(" "))


def yasa_json(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
    """Compare on JSON that YASA wrote."""
    import yasa

    yasa_night(night).to_json(folder / "night.json")  # type: ignore[attr-defined]
    read = yasa.Hypnogram.from_json(folder / "night.json")
    return read_hypnogram(folder / "night.json").labels, [plain(name) or "?" for name in read.hypno]


def yasa_events(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
    """Compare on the table of YASA's ``as_events``."""
    table = yasa_night(night).as_events()  # type: ignore[attr-defined]
    table.to_csv(folder / "events.csv")
    return read_hypnogram(folder / "events.csv").labels, [plain(name) or "?" for name in table["description"]]


def wonambi_imports(source: str, text: Callable[[Hypnogram], str]) -> Pair:
    """Compare on a vendor's text that Wonambi imports, and on the XML and CSV that it makes of it."""

    def pair(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
        from wonambi.attr.annotations import Annotations

        vendor, xml = folder / f"{source}.txt", folder / "wonambi.xml"
        vendor.write_text(text(night))
        xml.write_text(
            '<annotations version="5"><dataset><filename>night.edf</filename><path>night.edf</path>'
            f"<start_time>{START.isoformat()}</start_time><first_second>0</first_second>"
            f"<last_second>{int(night.duration_s)}</last_second></dataset></annotations>"
        )
        annotations = Annotations(str(xml))
        annotations.import_staging(str(vendor), source, "rater", START, epoch_length=30)
        annotations.export(str(folder / "wonambi.csv"))
        ours = [label for path in (vendor, xml, folder / "wonambi.csv") for label in read_hypnogram(path).labels]
        return ours, 3 * [plain(epoch["stage"]) or "?" for epoch in annotations.epochs]

    return pair


def remlogic_text(night: Hypnogram) -> str:
    """Write a RemLogic event list; Wonambi wants times of 12 hours or of ISO form."""
    names = {"W": "SLEEP-S0", "N1": "SLEEP-S1", "N2": "SLEEP-S2", "N3": "SLEEP-S3", "R": "SLEEP-REM"}
    head = (
        "RemLogic Event Export\nPatient:\tX\nPatient ID:\tX\nRecording Date:\t26/10/2024\n\n"
        "Events Included:\nSLEEP-S0\n\nTime [hh:mm:ss]\tEvent\tDuration[s]\n"
    )
    rows = (
        f"{START + timedelta(seconds=30 * k):%Y-%m-%dT%H:%M:%S}.000000\t{names[label]}\t30\n"
        for k, label in enumerate(night.labels)
    )
    return head + "".join(rows)


def domino_text(night: Hypnogram) -> str:
    """Write a sleep profile of DOMINO."""
    head = (
        "Signal ID: SchlafProfil\\profil\nStart Time: 26.10.2024 22:41:17\nUnit: \nSignal Type: Discret\n"
        "Events list: N3,N2,N1,Rem,Wake,Artifact\nRate: 30 s\n\n"
    )
    names = {"W": "Wake", "R": "Rem"}
    rows = (
        f"{START + timedelta(seconds=30 * k):%H:%M:%S},000; {names.get(label, label)}\n"
        for k, label in enumerate(night.labels)
    )
    return head + "".join(rows)


def luna_reads(write: Callable[[Hypnogram, Path], Path]) -> Pair:
    """Compare on a file that Luna attaches to a recording."""

    def pair(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
        import lunapi

        path = write(night, folder)
        project = lunapi.proj(verbose=False)
        project.silence()
        instance = project.inst("night")
        instance.attach_edf(str(signal_file(night, folder)))
        instance.attach_annot(str(path))
        instance.eval("EPOCH & STAGE")
        table = instance.table("STAGE", "E")
        return read_hypnogram(path).labels, [plain(name) or "?" for name in table["OSTAGE"]]

    return pair


def written_here(name: str) -> Callable[[Hypnogram, Path], Path]:
    """Give a function that writes a night under a name."""

    def write(night: Hypnogram, folder: Path) -> Path:
        write_hypnogram(night, folder / name)
        return folder / name

    return write


def luna_annot(night: Hypnogram, folder: Path) -> Path:
    """Write Luna's intervals."""
    rows = (
        f"{run.stage.label}\t.\t.\t{run.first * 30}\t{(run.first + run.n_epochs) * 30}\t.\n" for run in night.runs()
    )
    (folder / "night.annot").write_text("".join(rows))
    return folder / "night.annot"


def luna_eannot(night: Hypnogram, folder: Path) -> Path:
    """Write Luna's labels of epochs."""
    (folder / "night.eannot").write_text("\n".join(night.labels) + "\n")
    return folder / "night.eannot"


def wfdb_reads(night: Hypnogram, folder: Path) -> tuple[list[str], list[str]]:
    """Compare on annotations that wfdb wrote; from sample 1, for wfdb drops those at 0."""
    import wfdb

    names = [{"N1": "1", "N2": "2", "N3": "3"}.get(label, label) for label in night.labels]
    samples = np.arange(len(names)) * 7500 + 1
    wfdb.wrann("night", "st", samples, symbol=['"'] * len(names), aux_note=names, write_dir=str(folder))
    (folder / "night.hea").write_text("night 0 250 7200000 22:41:17 26/10/2024\n")
    read = wfdb.rdann(str(folder / "night"), "st")
    return read_hypnogram(folder / "night.st").labels, [plain(name.strip("\0")) or "?" for name in read.aux_note]


PAIRS: dict[str, Pair] = {
    "MNE .txt": mne_saves(".txt"),
    "MNE .csv": mne_saves(".csv"),
    "MNE -annot.fif": mne_saves("-annot.fif"),
    "MNE, EDF+ written here": mne_reads_edf,
    "MNE, recording joined here": joined(mne_reads),
    "pyEDFlib, recording joined here": joined(pyedflib_reads),
    "YASA, Profusion XML written here": yasa_reads_profusion,
    "YASA .json": yasa_json,
    "YASA as_events": yasa_events,
    "Wonambi, RemLogic, its XML and CSV": wonambi_imports("remlogic", remlogic_text),
    "Wonambi, DOMINO, its XML and CSV": wonambi_imports("domino", domino_text),
    "Luna .annot": luna_reads(luna_annot),
    "Luna .eannot": luna_reads(luna_eannot),
    "Luna, NSRR XML written here": luna_reads(written_here("night-nsrr.xml")),
    "Luna, Profusion XML written here": luna_reads(written_here("night-profusion.xml")),
    "wfdb .st": wfdb_reads,
}


def sleep_edf_pair(path: Path, reader: Callable[[Path], list[str]]) -> tuple[list[str], list[str]]:
    """Compare on a hypnogram of Sleep-EDF; both from the recording's start, to the last stage."""
    ours, theirs = read_hypnogram(path), reader(path)
    lead = ["?"] * round(ours.onset_s / 30)
    labels = lead + ours.labels
    n = max(len(labels), len(theirs))
    return labels + ["?"] * (n - len(labels)), theirs + ["?"] * (n - len(theirs))


def differing(ours: list[str], theirs: list[str]) -> int:
    """Count epochs that differ, or that one of the two does not have."""
    return sum(a != b for a, b in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))


def main() -> None:
    """Print a line for each pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--sleep-edf", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{'pair':40} {'scorings':>8} {'epochs':>8} {'differ':>7}")
    for name, pair in PAIRS.items():
        epochs = differ = 0
        for night in nights(options.nights):
            with tempfile.TemporaryDirectory() as folder:
                ours, theirs = pair(night, Path(folder))
            epochs, differ = epochs + len(ours), differ + differing(ours, theirs)
        print(f"{name:40} {options.nights:8} {epochs:8} {differ:7}", flush=True)
    if options.sleep_edf is not None:
        paths = sorted(options.sleep_edf.glob("*-Hypnogram.edf"))
        for name, reader in (("MNE, Sleep-EDF", mne_reads), ("pyEDFlib, Sleep-EDF", pyedflib_reads)):
            pairs = [sleep_edf_pair(path, reader) for path in paths]
            differ = sum(differing(ours, theirs) for ours, theirs in pairs)
            print(f"{name:40} {len(paths):8} {sum(len(ours) for ours, _ in pairs):8} {differ:7}")


if __name__ == "__main__":
    main()
