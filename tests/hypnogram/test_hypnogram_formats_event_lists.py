"""Lists of events by clock time: RemLogic, SOMNOmedics, Natus, rdann."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from eight_hours import LABELS, START, clock, epochs, runs

from eegvlm.hypnogram import HypnogramError, read_hypnogram
from eegvlm.hypnogram.formats.clock_times import ClockTime, clock_time, dated, dates_of, elapsed_seconds

REMLOGIC_NAMES = {"W": "SLEEP-S0", "N1": "SLEEP-S1", "N2": "SLEEP-S2", "N3": "SLEEP-S3", "R": "SLEEP-REM"}
REMLOGIC_HEAD = "Sleep Stage\tPosition\tTime [hh:mm:ss]\tEvent\tDuration[s]\tLocation\n"
PREAMBLE = (
    "RemLogic Event Export\nPatient:\tX\nPatient ID:\t\nRecording Date:\t26/10/2024\n\n"
    "Events Included:\nMCAP-A1\nSLEEP-REM\nSLEEP-S0\n\nScoring Session:\n\n"
)


def file(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def remlogic_epoch(stage, onset):
    row = f"{stage}\tUnknown Position\t{clock(onset)}\t{REMLOGIC_NAMES[stage]}\t30\tEOG-L-A2"
    if stage == "N2" and onset % 120 == 0:  # micro-structure within the epoch, which repeats the epoch's stage
        row += f"\n{stage}\tLeft\t{clock(onset + 11)}\tMCAP-A1\t7\tEEG-C4-A1"
    return row


@pytest.mark.parametrize("preamble", ["", PREAMBLE])
def test_remlogic_micro_structure_is_no_epoch(tmp_path, preamble):
    hypnogram = read_hypnogram(file(tmp_path, "n1.txt", preamble + REMLOGIC_HEAD + epochs(remlogic_epoch)))
    assert hypnogram.labels == LABELS
    day = date(2024, 10, 26) if preamble else date(1985, 1, 1)
    assert hypnogram.start == datetime.combine(day, START.time())


@pytest.mark.parametrize(
    ("head", "time", "encoding"),
    [
        ("Heure [hh:mm:ss]\tEvénement\tDurée[s]\n", "%H:%M:%S", "utf-8"),
        ("Heure [hh:mm:ss]\tEvénement\tDurée[s]\n", "%H:%M:%S", "latin-1"),
        ("Time [hh:mm:ss]\tEvent\tDuration[s]\n", "%Y-%m-%dT%H:%M:%S.000000", "utf-8"),
        ("Time [hh:mm:ss]\tEvent\tDuration[s]\n", "%I:%M:%S %p", "utf-8"),
        ("Time [hh:mm:ss]\tEvent\tDuration[s]\n", "%H.%M.%S", "utf-16"),
    ],
)
def test_remlogic_headings_and_times_of_every_kind_are_read(tmp_path, head, time, encoding):
    text = PREAMBLE + head + epochs(lambda s, o: f"{clock(o, time)}\t{REMLOGIC_NAMES[s]}\t30")
    hypnogram = read_hypnogram(file(tmp_path, "n1.txt", text, encoding))
    assert (hypnogram.labels, hypnogram.start) == (LABELS, START)


def test_remlogic_holes_are_unscored_and_events_named_as_stages_are_no_stages(tmp_path):
    rows = (
        "23:59:00\tSLEEP-S0\t30\n23:59:40\tREM\t2\n23:59:30\tSLEEP-S1\t30\n"
        "00:01:00\tSLEEP-MT\t30\n00:01:30\tSLEEP-S4\t30\n"
    )
    hypnogram = read_hypnogram(file(tmp_path, "n.txt", "Time [hh:mm:ss]\tEvent\tDuration[s]\n" + rows))
    assert hypnogram.labels == ["W", "N1", "?", "?", "?", "N3"]


def test_remlogic_rows_without_a_stage_or_a_time_are_refused(tmp_path):
    head = "Time [hh:mm:ss]\tEvent\tDuration[s]\n"
    with pytest.raises(HypnogramError, match="none of them a stage"):
        read_hypnogram(file(tmp_path, "a.txt", head + "23:59:00\tMCAP-A1\t7\n"))
    with pytest.raises(HypnogramError, match="line 2, time: later"):
        read_hypnogram(file(tmp_path, "b.txt", head + "later\tSLEEP-S0\t30\n"))


def test_dreem_text_is_the_same_form(tmp_path):
    head = "Scorer: Dreem\nRecord: abc\n\nSleep Stage\tTime [hh:mm:ss]\tEvent\tDuration[s]\n"
    text = head + epochs(lambda s, o: f"{REMLOGIC_NAMES[s]}\t{clock(o)}\t{REMLOGIC_NAMES[s]}\t30")
    assert read_hypnogram(file(tmp_path, "dreem.txt", text)).labels == LABELS


SOMNO_HEAD = (
    "Signal ID: SchlafProfil\\profil\nStart Time: {start}\nUnit: \nSignal Type: Discret\n"
    "Events list: N4,N3,N2,N1,Rem,Wach,Bewegung\nRate: {rate}\n\n"
)
GERMAN, ENGLISH = {"W": "Wach", "R": "Rem"}, {"W": "Wake", "R": "REM"}


def somno(words, start="26.10.2024 22:41:17", rate="30 s", line="%H:%M:%S,000"):
    return SOMNO_HEAD.format(start=start, rate=rate) + epochs(lambda s, o: f"{clock(o, line)}; {words.get(s, s)}")


@pytest.mark.parametrize("words", [GERMAN, ENGLISH])
@pytest.mark.parametrize(
    "start", ["26.10.2024 22:41:17", "26/10/2024 22:41:17", "10/26/2024 10:41:17 PM", "2024-10-26 22:41:17"]
)
def test_somnomedics_profiles_are_read_in_either_language_with_either_clock(tmp_path, words, start):
    hypnogram = read_hypnogram(file(tmp_path, "Schlafprofil.txt", somno(words, start)))
    assert (hypnogram.labels, hypnogram.start, hypnogram.notes) == (LABELS, START, ())


def test_somnomedics_dates_that_can_be_swapped_are_said(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "a.txt", somno(ENGLISH, "05.06.2024 22:41:17")))
    assert hypnogram.start == datetime(2024, 6, 5, 22, 41, 17)
    assert any("could be swapped" in note for note in hypnogram.notes)
    american = read_hypnogram(file(tmp_path, "b.txt", somno(ENGLISH, "05/06/2024 10:41:17 PM")))
    assert american.start == datetime(2024, 5, 6, 22, 41, 17)


def test_somnomedics_rows_count_where_they_start_before_the_recording(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "a.txt", somno(ENGLISH, "26.10.2024 22:41:30")))
    assert (hypnogram.onset_s, hypnogram.time_of(0)) == (-13.0, START)


def test_somnomedics_starts_after_midnight_are_of_the_header_s_day(tmp_path):
    head = SOMNO_HEAD.format(start="27.10.2024 00:10:00", rate="30 s")
    hypnogram = read_hypnogram(file(tmp_path, "a.txt", head + "00:10:00,000; Wake\n00:10:30,000; N1\n"))
    assert hypnogram.time_of(0) == datetime(2024, 10, 27, 0, 10)


def test_somnomedics_rates_of_other_lengths_and_holes_are_kept(tmp_path):
    head = SOMNO_HEAD.format(start="26.10.2024 23:59:30", rate="20 s")
    rows = "23:59:30,000; Wake\n23:59:50,000; N1\n00:00:30,000; N2\n"
    hypnogram = read_hypnogram(file(tmp_path, "a.txt", head + rows))
    assert (hypnogram.epoch_s, hypnogram.labels) == (20.0, ["W", "N1", "?", "N2"])


def test_somnomedics_nights_in_which_summer_time_ends_go_on(tmp_path):
    head = SOMNO_HEAD.format(start="27.10.2024 02:59:00", rate="30 s")
    rows = "02:59:00,000; N1\n02:59:30,000; N2\n02:00:00,000; N3\n02:00:30,000; N3\n"
    hypnogram = read_hypnogram(file(tmp_path, "a.txt", head + rows))
    assert hypnogram.labels == ["N1", "N2", "N3", "N3"]
    assert any("set back by an hour" in note for note in hypnogram.notes)


def test_somnomedics_profiles_without_a_rate_or_with_an_odd_row_are_refused(tmp_path):
    with pytest.raises(HypnogramError, match="Rate"):
        read_hypnogram(file(tmp_path, "a.txt", somno(ENGLISH, rate="often")))
    with pytest.raises(HypnogramError, match="expected a row such as"):
        read_hypnogram(file(tmp_path, "b.txt", somno(ENGLISH) + "to be continued\n"))


def test_other_lists_of_domino_are_refused_by_name(tmp_path):
    text = (
        "Signal ID: Spindel\\spindel\nStart Time: 17/11/2010 23:57:00\nUnit: ms\nSignal Type: Impuls\n\n"
        "23:57:39,992-23:57:40,992; 1000;Spindle\n"
    )
    with pytest.raises(HypnogramError, match="export the sleep profile"):
        read_hypnogram(file(tmp_path, "Spindle.txt", text))


NATUS = {
    "twin": ("", "START RECORDING", lambda o: f"{clock(o)}.00\t", "STAGE - {}"),
    "epoch and semicolons": (
        "Epoch;Time;Event\n",
        "Start Recording",
        lambda o: f"{o // 30 + 1};{clock(o)};",
        "Stage - {}",
    ),
    "csv": ("epoch,time,duration,event\n", "START RECORDING", lambda o: f"{o // 30 + 1},{clock(o)},,", "Stage - {}"),
    "spaces": ("Comments of D:/night\n\n", "Start Recording", lambda o: f"{clock(o)}    ", "Stage - {}"),
    "dates": ("", "Start Recording", lambda o: f"{clock(o, '%m/%d/%Y %I:%M:%S %p')}\t", "Stage - {}"),
}


@pytest.mark.parametrize("form", NATUS)
def test_natus_stages_last_to_the_next_change(tmp_path, form):
    head, begin, at, name = NATUS[form]
    text = head + at(0) + begin + "\n" + runs(lambda s, o, _: at(o) + name.format(s)) + at(28770) + name.format("W")
    hypnogram = read_hypnogram(file(tmp_path, "night.txt", text))
    assert hypnogram.labels == LABELS
    day = date(2024, 10, 26) if form == "dates" else date(1985, 1, 1)
    assert hypnogram.start == datetime.combine(day, START.time())


def test_natus_time_without_a_stage_is_unscored_and_comments_are_comments(tmp_path):
    rows = (
        "22:00:00\tSTART RECORDING\n22:00:30\tLights Out\n22:01:00\tSTAGE - W\n22:01:40\tREM\n22:02:00\tSTAGE - MVT\n"
        "22:02:30\tSTAGE - NO STAGE\n22:03:00\tSTAGE - N2\n22:03:30\tSTAGE - R\n"
    )
    hypnogram = read_hypnogram(file(tmp_path, "a.txt", rows))
    assert (hypnogram.onset_s, hypnogram.labels) == (60.0, ["W", "W", "?", "?", "N2", "R"])


def test_natus_lists_with_two_stages_at_one_time_are_refused(tmp_path):
    rows = "22:00:00\tStage - W\n22:00:30\tStage - N1\n22:00:30\tStage - N2\n"
    with pytest.raises(HypnogramError, match="two stages start at one time"):
        read_hypnogram(file(tmp_path, "a.txt", rows))
    same = read_hypnogram(file(tmp_path, "b.txt", rows.replace("N2", "N1")))
    assert same.labels == ["W", "N1"]


RDANN_HEAD = "    Elapsed time  Sample #  Type  Sub Chan  Num\tAux\n"


def test_rdann_stages_with_lengths_and_dates_are_read(tmp_path):
    text = RDANN_HEAD + runs(
        lambda s, o, d: (
            f'[{clock(o, "%H:%M:%S.000 %d/%m/%Y")}] {100 * o:9}     " 0    0    0\tSleep_stage_{s} duration: {d}'
        )
    )
    hypnogram = read_hypnogram(file(tmp_path, "night.txt", text))
    assert (hypnogram.labels, hypnogram.start) == (LABELS, START)


def elapsed(seconds):
    return (
        f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}.000"
        if seconds >= 3600
        else (f"{seconds // 60}:{seconds % 60:02}.000")
    )


def test_rdann_stages_of_the_mit_bih_database_are_read(tmp_path):
    names = {"N1": "1", "N2": "2 H", "N3": "4 X L", "R": "R"}
    text = epochs(lambda s, o: f'  {elapsed(o):>12} {250 * o:9}     "    0    0    0\t{names.get(s, s)}')
    hypnogram = read_hypnogram(file(tmp_path, "slp01a.txt", text))
    assert (hypnogram.labels, hypnogram.start, hypnogram.epoch_s) == (LABELS, None, 30.0)


def test_rdann_recordings_start_at_sample_0(tmp_path):
    text = (
        '[22:42:17.000 26/10/2024]     15000     " 0    0    0\tW\n'
        '[22:42:47.000 26/10/2024]     22500     " 0    0    0\t1\n'
        '[22:43:17.000 26/10/2024]     30000     " 0    0    0\t2\n'
    )
    hypnogram = read_hypnogram(file(tmp_path, "night.txt", text))
    assert (hypnogram.start, hypnogram.onset_s) == (START, 60.0)


def wfdb_annotation(step, text):
    """Write a NOTE of the MIT format so many samples after the one before."""
    note = text.encode()
    skip = (59 << 10).to_bytes(2, "little") + (step >> 16).to_bytes(2, "little") + (step & 0xFFFF).to_bytes(2, "little")
    padding = b"\0" * (len(note) % 2)
    return skip + (22 << 10).to_bytes(2, "little") + (63 << 10 | len(note)).to_bytes(2, "little") + note + padding


def wfdb_file(folder, *, header="slp 0 250 7200000 22:41:17 26/10/2024\n", end=b"\0\0"):
    names = {"N1": "1", "N2": "2 H", "N3": "3"}
    notes = (wfdb_annotation(7500 if k else 0, names.get(stage, stage)) for k, stage in enumerate(LABELS))
    (folder / "slp.st").write_bytes(b"".join(notes) + end)
    if header:
        (folder / "slp.hea").write_text(header)
    return folder / "slp.st"


def test_wfdb_annotations_are_read_from_sample_0(tmp_path):
    hypnogram = read_hypnogram(wfdb_file(tmp_path))
    assert (hypnogram.labels, hypnogram.start) == (LABELS, START)


def test_wfdb_annotations_need_the_sampling_rate_and_their_end(tmp_path):
    with pytest.raises(HypnogramError, match=r"slp\.hea beside it"):
        read_hypnogram(wfdb_file(tmp_path, header=""))
    with pytest.raises(HypnogramError, match="no end mark"):
        read_hypnogram(wfdb_file(tmp_path, end=b""))


@pytest.mark.parametrize(
    ("text", "seconds", "date_text"),
    [
        ("22:41:17", 81677.0, None),
        ("22.41.17", 81677.0, None),
        ("22:41", 81660.0, None),
        ("10:41:17 pm", 81677.0, None),
        ("12:00:30 AM", 30.0, None),
        ("22:41:17,5", 81677.5, None),
        ("26.10.2024 22:41:17", 81677.0, "26.10.2024"),
        ("2024-10-26T22:41:17.250", 81677.25, "2024-10-26"),
    ],
)
def test_clock_times_are_read_as_people_write_them(text, seconds, date_text):
    clock = clock_time(text)
    assert clock is not None
    assert (clock.seconds, clock.date_text) == (seconds, date_text)


@pytest.mark.parametrize("text", ["", "30", "22.5", "24:00:00", "22:61:00", "13:00:00 PM", "0:30.000", "N2"])
def test_what_is_no_clock_time_is_none(text):
    assert clock_time(text) is None


def test_times_go_on_over_midnight_and_may_be_unsorted():
    clocks = [ClockTime(86390.0), ClockTime(20.0), ClockTime(5.0)]
    assert elapsed_seconds(clocks) == [0.0, 30.0, 15.0]
    assert elapsed_seconds([ClockTime(10.0)], since=86390.0) == [20.0]
    assert elapsed_seconds([ClockTime(86390.0)], since=10.0) == [-20.0]


def test_dates_with_two_readings_take_the_shorter_night():
    clocks = [ClockTime(86000.0, "12/01/2024"), ClockTime(1000.0, "13/01/2024")]
    moments, note = dated(clocks) or ([], "")
    assert [m.date() for m in moments] == [date(2024, 1, 12), date(2024, 1, 13)]
    assert note is None
    assert dates_of("31/02/2024") == []
    assert dates_of("01/01/0001") == []
    assert dated([ClockTime(1.0)]) is None
