"""Any night in any program's form reads back to the epoch, at its place, or is refused; never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegvlm.hypnogram import HypnogramError, read_hypnogram

LONG = {"W": "Wake", "N1": "NREM1", "N2": "NREM2", "N3": "NREM3", "R": "REM", "?": "Unknown"}
CODES = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 5, "?": 9}


@dataclass(frozen=True)
class Night:
    """One stage an epoch, from an onset (s) after a recording's start."""

    labels: tuple[str, ...]
    start: datetime
    onset_s: int
    epoch_s: int

    @property
    def runs(self) -> list[tuple[str, int, int]]:
        """Stage, onset and length of each stretch."""
        found: list[tuple[str, int, int]] = []
        for k, label in enumerate(self.labels):
            if found and found[-1][0] == label:
                found[-1] = (label, found[-1][1], found[-1][2] + self.epoch_s)
            else:
                found.append((label, self.onset_s + k * self.epoch_s, self.epoch_s))
        return found

    @property
    def epochs(self) -> list[tuple[str, int]]:
        """Stage and onset of each epoch."""
        return [(label, self.onset_s + k * self.epoch_s) for k, label in enumerate(self.labels)]

    def at(self, seconds: float, form: str) -> str:
        """Write the clock time of a second after the recording's start."""
        return (self.start + timedelta(seconds=seconds)).strftime(form)


def lines(head: str, rows: list[str]) -> str:
    return head + "\n".join(rows) + "\n"


def scored(night: Night) -> list[tuple[str, int, int]]:
    return [run for run in night.runs if run[0] != "?"]


def mne_text(night: Night) -> str:
    head = f"# MNE-Annotations\n# orig_time : {night.start}\n# onset, duration, description\n"
    return lines(head, [f"{o}.0,{d}.0,Sleep stage {s}" for s, o, d in night.runs])


def rml(night: Night) -> str:
    names = {"W": "Wake", "N1": "NonREM1", "N2": "NonREM2", "N3": "NonREM3", "R": "REM", "?": "NotScored"}
    stages = "".join(f'<Stage Type="{names[s]}" Start="{o}"/>' for s, o, _ in night.runs)
    end = night.onset_s + len(night.labels) * night.epoch_s
    return (
        f"<PatientStudy><Acquisition><Sessions><Session><RecordingStart>{night.start.isoformat()}</RecordingStart>"
        f"<Duration>{end}</Duration></Session></Sessions></Acquisition><ScoringData><StagingData><UserStaging>"
        f"<NeuroAdultAASMStaging>{stages}</NeuroAdultAASMStaging></UserStaging></StagingData></ScoringData></PatientStudy>"
    )


def wonambi(night: Night) -> str:
    stages = "".join(
        f"<epoch><epoch_start>{o}</epoch_start><epoch_end>{o + night.epoch_s}</epoch_end>"
        f"<stage>{LONG[s]}</stage></epoch>"
        for s, o in night.epochs
    )
    return (
        f"<annotations><dataset><start_time>{night.start.isoformat()}</start_time></dataset>"
        f'<rater name="a"><stages>{stages}</stages></rater></annotations>'
    )


def somnomedics(night: Night) -> str:
    head = (
        f"Signal ID: SchlafProfil\\profil\nStart Time: {night.at(0, '%d.%m.%Y %H:%M:%S')}\nUnit: \n"
        f"Signal Type: Discret\nEvents list: N3,N2,N1,Rem,Wach\nRate: {night.epoch_s} s\n\n"
    )
    names = {"W": "Wach", "R": "Rem"}
    return lines(head, [f"{night.at(o, '%H:%M:%S')},000; {names.get(s, s)}" for s, o in night.epochs])


def remlogic(night: Night) -> str:
    names = {"W": "SLEEP-S0", "N1": "SLEEP-S1", "N2": "SLEEP-S2", "N3": "SLEEP-S4", "R": "SLEEP-REM"}
    head = "RemLogic Event Export\n\nSleep Stage\tTime [hh:mm:ss]\tEvent\tDuration[s]\n"
    rows = []
    for stage, onset in night.epochs:
        if stage != "?":
            rows.append(f"{stage}\t{night.at(onset, '%Y-%m-%dT%H:%M:%S.000000')}\t{names[stage]}\t{night.epoch_s}")
        rows.append(f"{stage}\t{night.at(onset + 2, '%Y-%m-%dT%H:%M:%S.000000')}\tMCAP-A1\t2")
    return lines(head, rows)


def natus(night: Night) -> str:
    rows = [f"{night.at(0, '%Y-%m-%d %H:%M:%S')}\tSTART RECORDING"]
    names = {"?": "NO STAGE"}
    rows += [f"{night.at(o, '%Y-%m-%d %H:%M:%S')}\tSTAGE - {names.get(s, s)}" for s, o, _ in night.runs]
    return lines("", rows)


def rdann(night: Night) -> str:
    rows = [
        f'[{night.at(o, "%H:%M:%S.000 %d/%m/%Y")}] {250 * o:9}     " 0    0    0\tSleep_stage_{s} duration: {d}'
        for s, o, d in night.runs
    ]
    return lines("", rows)


def elan(night: Night) -> str:
    lead = ["9"] * (night.onset_s // night.epoch_s)
    codes = [*lead, *(str(CODES[label]) for label in night.labels)]
    head = f"time_base {night.epoch_s}.000\nsampling_period 0.01\nepoch_nb {len(codes)}\nepoch_list\n"
    return lines(head, codes)


FORMS: dict[str, tuple[str, Callable[[Night], str], bool]] = {
    # name: end of the file's name, writer, whether the file holds clock times
    "mne": (".txt", mne_text, True),
    "ids": (".ids", lambda night: lines("", [f"{o},{d},{s}" for s, o, d in night.runs]), False),
    "luna": (".annot", lambda night: lines("", [f"{s}\t.\t.\t{o}\t{o + d}\t." for s, o, d in night.runs]), False),
    "luna lengths": (".annot", lambda night: lines("", [f"{s}\t{o}\t+{d}" for s, o, d in scored(night)]), False),
    "rml": (".rml", rml, True),
    "wonambi": (".xml", wonambi, True),
    "somnomedics": (".txt", somnomedics, True),
    "remlogic": (".txt", remlogic, True),
    "natus": (".txt", natus, True),
    "rdann": (".txt", rdann, True),
    "elan": (".hyp", elan, False),
    "list": (".json", lambda night: json.dumps(["?"] * (night.onset_s // night.epoch_s) + list(night.labels)), False),
}


LEAVE_OUT = {"luna lengths", "remlogic"}
"""Forms that have no row for an epoch without a stage."""


@st.composite
def nights(draw) -> Night:
    stages = st.sampled_from(["W", "N1", "N2", "N3", "R", "?"])
    runs = draw(st.lists(st.tuples(stages, st.integers(1, 90)), min_size=3, max_size=25))
    labels = tuple(stage for stage, n_epochs in runs for _ in range(n_epochs))
    epoch_s = draw(st.sampled_from([30, 30, 30, 20]))
    start = draw(st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1))).replace(microsecond=0)
    return Night(labels, start, epoch_s * draw(st.integers(0, 200)), epoch_s)


def by_second(labels: list[str], onset_s: float, epoch_s: float) -> dict[int, str]:
    """Stage of each tenth second that has one."""
    step = 10
    return {
        round(onset_s + k * epoch_s) + second: label
        for k, label in enumerate(labels)
        if label != "?"
        for second in range(0, round(epoch_s), step)
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any_night")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40)
@given(night=nights())
def test_any_night_in_any_form_reads_back_to_the_epoch_or_is_refused(folder, form, night):
    suffix, write, has_clock = FORMS[form]
    path = folder / f"night{suffix}"
    path.write_text(write(night))
    end_s = night.onset_s + len(night.labels) * night.epoch_s
    try:
        hypnogram = read_hypnogram(path, epoch_s=night.epoch_s, recording_s=end_s)
    except HypnogramError:
        holes = sum(label == "?" for label, *_ in night.runs[1:-1])
        assert not scored(night) or (form in LEAVE_OUT and holes > 1), "stages between holes may be events"
        return
    onset_s = hypnogram.onset_s
    if has_clock:  # where the recording's start is not known, another instant is taken and said
        assert hypnogram.start is not None
        onset_s += (hypnogram.start - night.start).total_seconds()
    assert by_second(hypnogram.labels, onset_s, hypnogram.epoch_s) == by_second(
        list(night.labels), night.onset_s, night.epoch_s
    )
