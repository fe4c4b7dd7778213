"""Files of other programs with times in seconds or one stage an epoch."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from eight_hours import CODES, LABELS, RUNS, START, clock, epochs, runs

from eegvlm.hypnogram import HypnogramError, read_hypnogram
from eegvlm.hypnogram.formats.registry import FORMATS

MNE_HEAD = "# MNE-Annotations\n# orig_time : 2024-10-26 22:41:17+00:00\n# onset, duration, description\n"


def file(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def mne_txt(stage, onset, seconds):
    return f"{onset}.0,{seconds}.0,Sleep stage {stage}"


def test_mne_text_is_read_by_its_three_columns(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "night.txt", MNE_HEAD + runs(mne_txt)))
    assert hypnogram.labels == LABELS
    assert hypnogram.start == START
    assert hypnogram.notes == ()


def test_mne_text_without_a_start_has_none(tmp_path):
    head = "# MNE-Annotations\n# onset, duration, description\n"
    hypnogram = read_hypnogram(file(tmp_path, "night.txt", head + runs(mne_txt)))
    assert hypnogram.labels == LABELS
    assert hypnogram.start is None


def test_mne_text_with_channels_extras_and_commas_in_comments_is_read(tmp_path):
    head = MNE_HEAD.replace("description", "description, ch_names, confidence")
    rows = runs(lambda s, o, d: f"{o},{d},Sleep stage {s},,0.9") + "100.0,1.0,cough, then talk,C3:C4,0.1\n"
    assert read_hypnogram(file(tmp_path, "night.txt", head + rows)).labels == LABELS


def test_mne_csv_is_read_by_its_dates_and_times(tmp_path):
    text = "onset,duration,description\n" + runs(
        lambda s, o, d: f"{clock(o, '%Y-%m-%d %H:%M:%S')},{d}.0,Sleep stage {s}"
    )
    hypnogram = read_hypnogram(file(tmp_path, "night.csv", text))
    assert hypnogram.labels == LABELS
    assert hypnogram.start == START


def test_mne_csv_from_1970_has_no_start(tmp_path):
    rows = "1970-01-01 00:01:00,30.0,Sleep stage N2\n1970-01-01 00:01:30.5,30.0,Sleep stage R\n"
    hypnogram = read_hypnogram(file(tmp_path, "night.csv", "onset,duration,description\n" + rows))
    assert (hypnogram.labels, hypnogram.start, hypnogram.onset_s) == (["N2", "R"], None, 60.0)


@pytest.mark.parametrize("suffix", [".txt", ".csv", "-annot.fif", "-annot.fif.gz"])
@pytest.mark.parametrize("with_start", [True, False])
def test_what_mne_saves_is_read(tmp_path, suffix, with_start):
    mne = pytest.importorskip("mne")
    onsets, ends, stages = zip(*RUNS, strict=True)
    start = START.replace(tzinfo=UTC) if with_start else None
    names = [f"Sleep stage {stage}" for stage in stages]
    path = tmp_path / f"night{suffix}"
    mne.Annotations(onsets, np.subtract(ends, onsets), names, orig_time=start).save(path, verbose="error")
    hypnogram = read_hypnogram(path)
    assert hypnogram.labels == LABELS
    assert hypnogram.start == (START if with_start else None)


def test_a_fif_file_without_mne_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mne", None)
    with pytest.raises(HypnogramError, match=r"pip install 'eeg-vlm\[mne\]'"):
        read_hypnogram(file(tmp_path, "night-annot.fif", "x"))


@pytest.mark.parametrize("name", ["night.ids", "night.csv", "night.txt", "night.sds"])
def test_utime_rows_of_start_length_and_stage_are_stretches(tmp_path, name):
    text = runs(lambda s, o, d: f"{o},{d},{'REM' if s == 'R' else s}")
    assert read_hypnogram(file(tmp_path, name, text)).labels == LABELS


@pytest.mark.parametrize(
    "line",
    [
        lambda s, o, d: f"{o}\t{d}\t{s}",
        lambda s, o, d: f"{o},0;{d},0;Sleep stage {s}",
        lambda s, o, d: f"{o}.0 {d}.0 {s}",
        lambda s, o, d: f"{o}, {d}, {s}\r",
    ],
)
def test_utime_rows_may_be_split_by_any_delimiter(tmp_path, line):
    assert read_hypnogram(file(tmp_path, "night.txt", runs(line))).labels == LABELS


def test_utime_codes_need_a_coding(tmp_path):
    path = file(tmp_path, "night.ids", runs(lambda s, o, d: f"{o},{d},{CODES[s]}"))
    assert read_hypnogram(path, coding="aasm").labels == LABELS
    with pytest.raises(HypnogramError, match="--coding yasa"):
        read_hypnogram(path)


def test_utime_rows_whose_second_number_is_an_end_are_refused(tmp_path):
    path = file(tmp_path, "night.ids", runs(lambda s, o, d: f"{o},{o + d},{s}"))
    with pytest.raises(HypnogramError, match="ends, not lengths"):
        read_hypnogram(path)


@pytest.mark.parametrize("unit", [0.001, 1 / 256, 60, 30])
@pytest.mark.parametrize("name", ["night.ids", "night.annot", "night.txt"])
def test_times_that_are_no_seconds_are_refused(tmp_path, unit, name):
    line = {
        "night.ids": lambda s, o, d: f"{o / unit:g},{d / unit:g},{s}",
        "night.annot": lambda s, o, d: f"{s}\t{o / unit:.3f}\t{(o + d) / unit:.3f}",
        "night.txt": lambda s, o, d: f"{o / unit:.3f},{d / unit:.3f},Sleep stage {s}",
    }[name]
    path = file(tmp_path, name, (MNE_HEAD if name == "night.txt" else "") + runs(line))
    with pytest.raises(HypnogramError, match="the format gives seconds"):
        read_hypnogram(path)


def test_seconds_of_short_epochs_are_read_if_their_length_is_given(tmp_path):
    path = file(tmp_path, "night.ids", "0,17,W\n17,3,N1\n20,11,N2\n")
    assert len(read_hypnogram(path, epoch_s=1)) == 31


def test_utime_holes_are_unscored(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "night.ids", "0,60,W\n60,30,N1\n120,60,N2\n180,30,R\n"))
    assert hypnogram.labels == ["W", "W", "N1", "?", "N2", "N2", "R"]


LUNA = {
    "six columns": ("class\tinstance\tchannel\tstart\tstop\tmeta\n", lambda s, o, d: f"{s}\t.\t.\t{o}\t{o + d}\t."),
    "six without headings": ("", lambda s, o, d: f"{s}\t.\t.\t{o}\t{o + d}\t."),
    "four": ("class\tinstance\tstart\tstop\n", lambda s, o, d: f"{s}\t.\t{o}\t{o + d}"),
    "three by spaces": ("", lambda s, o, d: f"{s}   {o}.00   {o + d}.00"),
    "lengths": ("class\tstart\tstop\n", lambda s, o, d: f"{s}\t{o}\t+{d}"),
    "epochs": ("class\tstart\tstop\n", lambda s, o, d: f"{s}\te:{o // 30 + 1}\te:{(o + d) // 30}"),
    "elapsed": (
        "class\tstart\tstop\n",
        lambda s, o, d: f"{s}\t0+{o // 3600:02}:{o % 3600 // 60:02}:{o % 60:02}\t+{d}",
    ),
    "clock": ("class\tstart\tstop\n", lambda s, o, d: f"{s}\t{clock(o)}\t{clock(o + d)}"),
    "dates": (
        "class\tstart\tstop\n",
        lambda s, o, d: f"{s}\t{clock(o, '%d-%m-%Y-%H:%M:%S')}\t{clock(o + d, '%d-%m-%Y-%H:%M:%S')}",
    ),
    "stage as instance": (
        "class\tinstance\tchannel\tstart\tstop\tmeta\n",
        lambda s, o, d: f"SleepStage\t{s}\t.\t{o}\t{o + d}\t.",
    ),
}


@pytest.mark.parametrize("name", ["night.annot", "night.txt"])
@pytest.mark.parametrize("form", LUNA)
def test_luna_rows_are_read_in_each_of_their_forms(tmp_path, form, name):
    head, line = LUNA[form]
    preamble = "# N2 | stage two\n"
    hypnogram = read_hypnogram(file(tmp_path, name, preamble + head + runs(line)))
    assert hypnogram.labels == LABELS
    if form == "dates":
        assert hypnogram.start == START
    if form == "clock":
        assert hypnogram.start == datetime(1985, 1, 1, 22, 41, 17)


def test_luna_epochs_of_another_length_and_open_stops_are_read(tmp_path):
    twenty = file(tmp_path, "a.annot", "N2\te:2:20\t.\nR\te:3:20\t.\n")
    assert (read_hypnogram(twenty).epoch_s, read_hypnogram(twenty).onset_s) == (20.0, 20.0)
    to_next = file(tmp_path, "b.annot", "W\t0\t...\nN1\t90\t...\nN2\t150\t210\n")
    assert read_hypnogram(to_next).labels == ["W", "W", "W", "N1", "N1", "N2", "N2"]


def test_luna_dates_with_am_and_pm_are_month_first_whether_one_row_has_them_or_all(tmp_path):
    rows = ("W\t{}10:41:17 PM\t+30\n", "N1\t{}10:41:47 PM\t+30\n")
    every = file(tmp_path, "every.annot", "".join(row.format("09/12/2024 ") for row in rows))
    first = file(tmp_path, "first.annot", rows[0].format("09/12/2024 ") + rows[1].format(""))
    assert read_hypnogram(every).start == datetime(2024, 9, 12, 22, 41, 17)
    assert read_hypnogram(first).start == datetime(2024, 9, 12, 22, 41, 17)


def test_luna_spindles_are_events_and_not_epochs(tmp_path):
    text = runs(lambda s, o, d: f"{s}\t.\t.\t{o}\t{o + d}\t.") + "spindle\tfast\tC3\t812.5\t813.6\t0.88\n"
    assert read_hypnogram(file(tmp_path, "night.annot", text)).labels == LABELS


def test_luna_epoch_annotations_are_one_label_a_line(tmp_path):
    path = file(tmp_path, "night.eannot", epochs(lambda s, _: {"W": "wake", "R": "REM"}.get(s, f"NREM{s[-1]}")))
    assert read_hypnogram(path).labels == LABELS
    with pytest.raises(HypnogramError, match="line 2: empty"):
        read_hypnogram(file(tmp_path, "holes.eannot", "wake\n\nN2\n"))


def test_luna_xml_is_read(tmp_path):
    instance = "<Instance><Class>{}</Class><Name>.</Name><Start>{}</Start><Duration>{}</Duration></Instance>"
    text = f"<Annotations><Classes/><Instances>{runs(instance.format, '')}</Instances></Annotations>"
    assert read_hypnogram(file(tmp_path, "night.xml", text)).labels == LABELS


def elan(codes, *, nb=None):
    head = f"time_base 1.000000\nsampling_period 0.01\nepoch_nb {nb or len(codes)}\nepoch_list\n"
    return head + "".join(f"{code}\n" for code in codes)


def test_elan_codes_are_read_by_the_header_and_their_runs_give_the_epochs(tmp_path):
    per_second = [{**CODES, "R": 5}[stage] for stage in LABELS for _ in range(30)]
    hypnogram = read_hypnogram(file(tmp_path, "night.hyp", elan(per_second)))
    assert hypnogram.resample_to(30.0).labels == LABELS
    assert hypnogram.notes == ()


def test_elan_files_that_are_cut_or_hold_other_codes_are_refused(tmp_path):
    with pytest.raises(HypnogramError, match="epoch_nb: 100"):
        read_hypnogram(file(tmp_path, "cut.hyp", elan([0] * 60, nb=100)))
    with pytest.raises(HypnogramError, match="line 6: 7"):
        read_hypnogram(file(tmp_path, "odd.hyp", elan([0, 7])))


def test_visbrain_rows_hold_the_end_of_a_stage(tmp_path):
    rows = runs(lambda s, o, d: f"{ {'W': 'Wake', 'R': 'REM'}.get(s, s) }\t{o + d}")
    hypnogram = read_hypnogram(file(tmp_path, "night.txt", "*Duration_sec\t28800\n*Unit\tEpoch\n" + rows))
    assert hypnogram.labels == LABELS
    with pytest.raises(HypnogramError, match="ends at 2880 s"):
        read_hypnogram(file(tmp_path, "minutes.txt", "*Duration_sec\t2880\n" + rows))
    with pytest.raises(HypnogramError, match="order of time"):
        read_hypnogram(file(tmp_path, "unsorted.txt", "*Duration_sec\t90\nWake\t60\nN1\t30\n"))


def test_visbrain_codes_are_those_of_the_description_beside_them(tmp_path):
    codes = {"W": 10, "N1": 11, "N2": 12, "N3": 13, "R": 14}
    path = file(tmp_path, "night.txt", epochs(lambda s, _: str(codes[s])))
    file(tmp_path, "night_description.txt", "time 30.0\nWake 10\nN1 11\nN2 12\nN3 13\nREM 14\nArt -1\n")
    assert read_hypnogram(path).labels == LABELS
    file(tmp_path, "night_description.txt", "time 30.0\nWake 10\n")
    with pytest.raises(HypnogramError, match="line 18: 11"):
        read_hypnogram(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dreem.json", json.dumps([CODES[stage] for stage in LABELS])),
        ("dreem.json", json.dumps({"id": "x", "hypnogram": [CODES[stage] for stage in LABELS]})),
        ("codes.txt", " ".join(str(CODES[stage]) for stage in LABELS)),
        ("codes.txt", "".join(str(CODES[stage]) for stage in LABELS) + "\n"),
        ("codes.csv", ",".join(str(CODES[stage]) for stage in LABELS) + "\n"),
    ],
)
def test_a_list_of_codes_in_one_line_needs_a_coding(tmp_path, name, text):
    path = file(tmp_path, name, text)
    assert read_hypnogram(path, coding="aasm").labels == LABELS
    with pytest.raises(HypnogramError, match="--coding yasa"):
        read_hypnogram(path)


def test_a_list_of_labels_in_one_line_needs_none(tmp_path):
    assert read_hypnogram(file(tmp_path, "a.json", json.dumps(LABELS))).labels == LABELS
    assert read_hypnogram(file(tmp_path, "b.txt", " ".join(LABELS))).labels == LABELS
    letters = "".join({"N1": "1", "N2": "2", "N3": "3"}.get(stage, stage) for stage in LABELS)
    assert read_hypnogram(file(tmp_path, "d.txt", letters)).labels == LABELS
    rechtschaffen_kales = " ".join({"N1": "1", "N2": "2", "N3": "4"}.get(stage, stage) for stage in LABELS)
    assert read_hypnogram(file(tmp_path, "c.txt", rechtschaffen_kales)).labels == LABELS


def test_a_list_with_anything_but_stages_is_refused(tmp_path):
    with pytest.raises(HypnogramError, match="expected a label or a code"):
        read_hypnogram(file(tmp_path, "a.json", "[0, [1], 2]"))
    with pytest.raises(HypnogramError, match="epoch 3: 9"):
        read_hypnogram(file(tmp_path, "b.json", "[0, 1, 9]"), coding="aasm")


def yasa_json(**changes):
    names = {"W": "WAKE", "R": "REM"}
    values = [names.get(stage, stage) for stage in LABELS]
    whole = {
        "values": values,
        "n_stages": 5,
        "freq": "30s",
        "start": "2024-10-26T22:41:17",
        "scorer": "A",
        "proba": None,
    }
    return json.dumps({**whole, **changes})


def test_yasa_json_is_read_with_its_start_and_probabilities(tmp_path):
    proba = {name: [0.2] * 960 for name in ("WAKE", "N1", "N2", "N3", "REM")}
    hypnogram = read_hypnogram(file(tmp_path, "night.json", yasa_json(proba=proba)))
    assert (hypnogram.labels, hypnogram.start) == (LABELS, START)
    assert hypnogram.probabilities is not None
    assert hypnogram.probabilities.shape == (960, 5)


def test_yasa_json_of_other_stages_leaves_probabilities_out_with_a_note(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "night.json", yasa_json(proba={"WAKE": [1.0] * 960})))
    assert hypnogram.probabilities is None
    assert any("left out" in note for note in hypnogram.notes)
    with pytest.raises(HypnogramError, match="freq"):
        read_hypnogram(file(tmp_path, "odd.json", yasa_json(freq="often")))


def wonambi(*raters):
    times = "<epoch_start>{1}</epoch_start><epoch_end>{2}</epoch_end>"
    epoch = f"<epoch>{times}<stage>{{0}}</stage><quality>Good</quality></epoch>"
    names = {"W": "Wake", "R": "REM"}
    stages = epochs(lambda s, o: epoch.format(names.get(s, f"NREM{s[-1]}"), o, o + 30), "")
    whole = "".join(f'<rater name="{name}"><stages>{stages}</stages></rater>' for name in raters)
    return (
        '<?xml version="1.0" ?><annotations version="5"><dataset><filename>n.edf</filename>'
        f"<start_time>2024-10-26T22:41:17</start_time></dataset>{whole}</annotations>"
    )


def test_wonambi_epochs_are_read_by_rater(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "night.xml", wonambi("Ana")))
    assert (hypnogram.labels, hypnogram.start) == (LABELS, START)
    two = file(tmp_path, "two.xml", wonambi("Ana", "Ben"))
    with pytest.raises(HypnogramError, match="raters: Ana, Ben"):
        read_hypnogram(two)
    assert read_hypnogram(two, scorer="Ben").labels == LABELS
    with pytest.raises(HypnogramError, match="choose one of Ana, Ben"):
        read_hypnogram(two, scorer="Cy")


def test_wonambi_csv_is_read_with_its_time_of_day(tmp_path):
    names = {"W": "Wake", "R": "REM"}
    rows = epochs(lambda s, o: f"{clock(o + 300)},{o + 300},{o + 330},{names.get(s, f'NREM{s[-1]}')}")
    head = "Wonambi v7.17\nclock start time,start,end,stage\n"
    hypnogram = read_hypnogram(file(tmp_path, "night.csv", head + rows))
    assert (hypnogram.labels, hypnogram.onset_s) == (LABELS, 300.0)
    assert hypnogram.start == datetime(1985, 1, 1, 22, 41, 17)


def rml(*, session="", staging="UserStaging", more=""):
    names = {"W": "Wake", "N1": "NonREM1", "N2": "NonREM2", "N3": "NonREM3", "R": "REM"}
    stages = runs(lambda s, o, _: f'<Stage Type="{names[s]}" Start="{o}"/>', "")
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<PatientStudy xmlns="http://www.respironics.com/PatientStudy.xsd">'
        f"<Acquisition><Sessions><Session>{session}</Session></Sessions></Acquisition><ScoringData><StagingData>"
        f"<{staging}><NeuroAdultAASMStaging>{stages}</NeuroAdultAASMStaging>{more}</{staging}>"
        "</StagingData></ScoringData></PatientStudy>"
    )


def test_philips_stages_last_to_the_next_and_the_last_to_the_end_of_the_recording(tmp_path):
    session = "<RecordingStart>2024-10-26T22:41:17</RecordingStart><Duration>28800</Duration>"
    hypnogram = read_hypnogram(file(tmp_path, "night.rml", rml(session=session)))
    assert (hypnogram.labels, hypnogram.start) == (LABELS, START)


def test_philips_files_without_a_length_end_with_the_recording_if_that_is_known(tmp_path):
    path = file(tmp_path, "night.rml", rml())
    assert read_hypnogram(path, recording_s=28800).labels == LABELS
    alone = read_hypnogram(path)
    assert alone.labels == LABELS[:870]
    assert "the last stage, from 26070 s, has no end and was taken as 30 s" in alone.notes


def test_philips_stages_of_the_software_are_read_with_a_note(tmp_path):
    path = file(tmp_path, "night.rml", rml(session="<Duration>28800</Duration>", staging="MachineStaging"))
    assert any("MachineStaging" in note for note in read_hypnogram(path).notes)


def test_philips_files_of_two_scorings_are_refused(tmp_path):
    more = '<NeuroAdultRKStaging><Stage Type="Wake" Start="0"/></NeuroAdultRKStaging>'
    with pytest.raises(HypnogramError, match="more than one scoring"):
        read_hypnogram(file(tmp_path, "night.rml", rml(more=more)))


def test_every_format_is_found_by_name_too(tmp_path):
    path = file(tmp_path, "night.dat", runs(lambda s, o, d: f"{o},{d},{s}"))
    assert read_hypnogram(path, format="ids").labels == LABELS
    for name in FORMATS:
        try:
            read_hypnogram(path, format=name)
        except HypnogramError as error:
            assert error.path == str(path)  # noqa: PT017 - what matters is that nothing else is raised
