"""Tables say what every column is, or are not read."""

from __future__ import annotations

import random

import pytest
from eight_hours import BEFORE_THE_LAST, CODES, EPOCHS, LABELS, RUNS, START, clock

from eegvlm.hypnogram import Hypnogram, HypnogramError, read_hypnogram
from eegvlm.hypnogram.formats.column_names import ColumnRole, meaning_of


@pytest.fixture
def read(tmp_path):
    """Write a table of rows (start, end, stage) and read it."""

    def read(header, row, rows=RUNS, name="night.csv", **options) -> Hypnogram:
        path = tmp_path / name
        path.write_text("".join([f"{header}\n" if header else "", *(f"{row(*one)}\n" for one in rows)]), "utf-8")
        return read_hypnogram(path, **options)

    return read


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("", lambda a, b, s: f"{s}\t{b}"),
        ("", lambda a, b, s: f"{a} {b - a} {s}"),
        ("", lambda a, b, s: f"{a};{b};{s}"),
        ("start,end,stage", lambda a, b, s: f"{a},{b},{s}"),
        ("start,end,stage", lambda a, b, s: f"{a},{b - 1},{s}"),
        ("Start;Ende;Schlafstadium", lambda a, b, s: f"{a};{b};{s}"),
        ("onset,stop,stage", lambda a, b, s: f"{a},{b},{s}"),
        ("Stage,End time (s)", lambda a, b, s: f"{s},{b}"),
        ("onset,duration,stage", lambda a, b, s: f"{a},{b - a},{s}"),
        ("onset_min,duration_min,stage", lambda a, b, s: f"{a / 60},{(b - a) / 60},{s}"),
        ("onset_ms,duration_ms,stage", lambda a, b, s: f"{a * 1000},{(b - a) * 1000},{s}"),
        ("onset [h],duration [h],stage", lambda a, b, s: f"{a / 3600:.9f},{(b - a) / 3600:.9f},{s}"),
        ("Onset;Duration;Stage", lambda a, b, s: f"{a},0;{b - a},0;{s}"),
        ('"Start","End","Stage"', lambda a, b, s: f'"{a:,}","{b:,}","{s}"'),
        ("Stage,Duration", lambda a, b, s: f"{s},{b - a}"),
        ("Start epoch,n_epochs,stage", lambda a, b, s: f"{a // 30 + 1},{(b - a) // 30},{s}"),
        ("Epoch,Duration (s),Stage", lambda a, b, s: f"{a // 30 + 1},{b - a},{s}"),
        ("Onset,Duration,Annotation", lambda a, b, s: f"{a // 3600:02d}:{a % 3600 // 60:02d}:{a % 60:02d},{b - a},{s}"),
        ("Start Time,End Time,Duration (s),Stage", lambda a, b, s: f"{clock(a)},{clock(b)},{b - a},{s}"),
        ("Beginn;Ende;Stadium", lambda a, b, s: f"{clock(a, '%d.%m.%Y %H:%M:%S')};{clock(b, '%d.%m.%Y %H:%M:%S')};{s}"),
        ("Start,Duration,Stage", lambda a, b, s: f"{clock(a, '%I:%M:%S %p')},{(b - a) / 60},{s}"),
        ("onset,duration,value,description", lambda a, b, s: f"{a},{b - a},{CODES[s]},{s}"),
    ],
)
def test_a_row_a_stretch_with_its_end_or_length_is_read_to_the_epoch(read, header, row):
    assert read(header, row).labels == LABELS


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("No.,Start Time,Stage", lambda a, b, s: f"{RUNS.index((a, b, s)) + 1},{clock(a, '%I:%M:%S %p')},{s}"),
        ("Epoch,Stage", lambda a, b, s: f"{a // 30 + 1},{s}"),
        ("Epoch,Stage", lambda a, b, s: f"{a // 30},{s}"),
        ("onset,stage", lambda a, b, s: f"{a},{s}"),
        ("", lambda a, b, s: f"{a}\t{s}"),
    ],
)
def test_rows_of_changes_run_to_the_next_and_the_last_has_no_end_which_is_said(read, header, row):
    hypnogram = read(header, row)
    assert hypnogram.labels == BEFORE_THE_LAST
    assert any("the last one, from 26070 s, has no end" in note for note in hypnogram.notes)
    whole = read(header, row, recording_s=28800.0)
    assert whole.labels == LABELS
    assert any("lasts until the signal ends" in note for note in whole.notes)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Epoch,Stage", lambda a, b, s: f"{a // 30 + 1},{s}"),
        (",stage", lambda a, b, s: f"{a // 30},{s}"),
        ("onset,stage", lambda a, b, s: f"{a},{s}"),
        ("Time;Stage", lambda a, b, s: f"{clock(a)};{s}"),
        ("#,Zeit,Stadium", lambda a, b, s: f"{a // 30 + 1},{clock(a, '%H.%M.%S')},{s}"),
    ],
)
def test_epochs_without_a_row_are_unscored_and_those_after_them_keep_their_place(read, header, row):
    hypnogram = read(header, row, rows=[*EPOCHS[:200], *EPOCHS[260:]])
    assert hypnogram.labels == [*LABELS[:200], *"?" * 60, *LABELS[260:]]
    assert "60 epochs have no row and are unscored" in hypnogram.notes


def test_gaps_between_start_and_end_are_unscored(read):
    hypnogram = read("start,end,stage", lambda a, b, s: f"{a},{b - 600 if b - a > 3000 else b},{s}")
    expected = [*LABELS]
    expected[488:508] = "?" * 20
    assert hypnogram.labels == expected


def test_unsorted_rows_are_put_in_order_and_this_is_said(read):
    rows = list(EPOCHS)
    random.Random(1).shuffle(rows)
    hypnogram = read("Epoch,Stage", lambda a, b, s: f"{a // 30 + 1},{s}", rows=rows)
    assert hypnogram.labels == LABELS
    assert "the rows were put in order of time" in hypnogram.notes
    assert read("Time,Stage", lambda a, b, s: f"{clock(a)},{s}", rows=rows).labels == LABELS


def test_rows_that_stand_twice_are_taken_once_and_rows_that_contradict_each_other_are_refused(read):
    hypnogram = read("Epoch,Stage", lambda a, b, s: f"{a // 30 + 1},{s}", rows=[*EPOCHS, EPOCHS[7]])
    assert hypnogram.labels == LABELS
    assert any("taken once" in note for note in hypnogram.notes)
    with pytest.raises(HypnogramError, match=r"two stages overlap"):
        read("Epoch,Stage", lambda a, b, s: f"{a // 30 + 1},{s}", rows=[*EPOCHS, (0, 30, "R")])


def test_epochs_that_are_numbered_from_21_start_after_ten_minutes(read):
    hypnogram = read("Epoch,Stage", lambda a, b, s: f"{a // 30 + 21},{s}", rows=EPOCHS)
    assert (hypnogram.labels, hypnogram.onset_s) == (LABELS, 600.0)


def test_two_scorers_below_each_other_are_asked_for_and_read_by_name(tmp_path):
    path = tmp_path / "long.csv"
    rows = [f"{who},{k + 1},{label if who == 'A' else 'W'}" for who in "AB" for k, label in enumerate(LABELS)]
    path.write_text("\n".join(["scorer,epoch,stage", *rows]))
    with pytest.raises(HypnogramError, match=r"column 'scorer': A, B; .* --scorer"):
        read_hypnogram(path)
    assert read_hypnogram(path, scorer="a").labels == LABELS
    assert read_hypnogram(path, scorer="B").labels == ["W"] * 960
    with pytest.raises(HypnogramError, match=r"choose one of A, B"):
        read_hypnogram(path, scorer="C")


def test_two_scorers_side_by_side_are_asked_for_and_read_by_the_name_of_the_column(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(["epoch,anna,ben", *(f"{k + 1},{label},W" for k, label in enumerate(LABELS))]))
    with pytest.raises(HypnogramError, match=r"columns: anna, ben; .* --scorer"):
        read_hypnogram(path)
    assert read_hypnogram(path, scorer="anna").labels == LABELS


@pytest.mark.parametrize("header", ["epoch,xyz,stage", "xyz,stage", "stage,latency since supper"])
def test_a_column_of_numbers_that_is_not_understood_is_refused_and_named(read, header):
    def row(a, b, s):
        return ",".join(
            {"epoch": str(a // 30 + 1), "stage": s}.get(name, f"{a * 0.7:.2f}") for name in header.split(",")
        )

    with pytest.raises(
        HypnogramError, match=r"column '(xyz|latency since supper)': .* what this column says is not clear"
    ):
        read(header, row)


def test_numbers_within_texts_are_not_passed_over(read):
    with pytest.raises(HypnogramError, match=r"column 'Epoch': Epoch 1, Epoch 2"):
        read("Epoch,Stage", lambda a, b, s: f"Epoch {a // 30 + 1},{s}", rows=EPOCHS[:200])


def test_measures_that_are_known_and_texts_are_left_out_by_name(read):
    hypnogram = read(
        "Epoch,Stage,Confidence,SpO2,Comment",
        lambda a, b, s: f"{a // 30 + 1},{s},0.93,94,{'turned' if a == 900 else ''}",
        rows=EPOCHS,
    )
    assert hypnogram.labels == LABELS
    assert "columns left out: Confidence, SpO2, Comment" in hypnogram.notes


def test_columns_that_contradict_each_other_are_refused_with_both_names(read):
    with pytest.raises(HypnogramError, match=r"'Start' and 'Epoch'.* contradict"):
        read(
            "Epoch,Start,Stage", lambda a, b, s: f"{a // 30 + 1 + 5 * (a > 900)},{clock(2 * a)},{s}", rows=EPOCHS[:200]
        )
    with pytest.raises(HypnogramError, match=r"'duration' and 'end'.* contradict"):
        read("start,end,duration,stage", lambda a, b, s: f"{a},{b},{b - a - 60},{s}")


def test_a_line_of_sums_under_the_rows_is_refused_with_its_place(tmp_path):
    path = tmp_path / "night.csv"
    path.write_text("Epoch,Stage\n" + "".join(f"{k},{s}\n" for k, s in enumerate(LABELS, start=1)) + "Total,960\n")
    with pytest.raises(HypnogramError, match="line 962, Epoch: Total; expected a number"):
        read_hypnogram(path)


def test_several_nights_in_one_file_are_refused(read):
    with pytest.raises(HypnogramError, match=r"it names several nights"):
        read("subject,epoch,stage", lambda a, b, s: f"S{1 + (a > 9000)},{a // 30 + 1},{s}", rows=EPOCHS)


def test_lines_before_the_header_are_refused_with_the_line_where_the_table_begins(tmp_path):
    path = tmp_path / "preamble.csv"
    path.write_text("Study,12\nScored on,today\nEpoch,Stage\n1,W\n2,N1\n")
    with pytest.raises(HypnogramError, match=r"the table begins in line 3"):
        read_hypnogram(path)


@pytest.mark.parametrize("text", ["0, 1, 2, 4", "0 1 2 4", "W N1 N2 R", "W;N1;N2;R"])
def test_all_epochs_in_one_line_are_read(tmp_path, text):
    path = tmp_path / "line.txt"
    path.write_text(text)
    assert read_hypnogram(path, coding="yasa").labels == ["W", "N1", "N2", "R"]


def test_an_unscored_first_epoch_is_no_header(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("Sleep stage ?\nSleep stage W\nSleep stage R\n")
    assert read_hypnogram(path).labels == ["?", "W", "R"]


def test_a_table_of_r_has_row_names_without_a_header(tmp_path):
    path = tmp_path / "r.txt"
    path.write_text('"stage" "arousals"\n' + "".join(f'"{k + 1}" "{s}" 0\n' for k, s in enumerate(LABELS)))
    assert read_hypnogram(path).labels == LABELS


def test_the_start_is_that_of_the_clock_and_numbers_of_epochs_count_from_it(read):
    by_clock = read("Start Time,Stage", lambda a, b, s: f"{clock(a, '%Y-%m-%d %H:%M:%S')},{s}", rows=EPOCHS)
    assert (by_clock.start, by_clock.onset_s) == (START, 0.0)
    later = read("Epoch,Time,Stage", lambda a, b, s: f"{a // 30 + 1},{clock(a)},{s}", rows=EPOCHS[20:])
    assert later.onset_s == 600.0
    assert later.time_of(0).time() == START.replace(minute=51).time()


@pytest.mark.parametrize(
    ("name", "role", "unit"),
    [
        ("Start time", ColumnRole.ONSET, None),
        ("onset_ms", ColumnRole.ONSET, "ms"),
        ("Duration (s)", ColumnRole.LENGTH, "s"),
        ("Heure de début", ColumnRole.ONSET, None),
        ("Dauer [min]", ColumnRole.LENGTH, "min"),
        ("epochNumber", ColumnRole.EPOCH, None),
        ("Sample #", ColumnRole.ONSET, "samples"),
        ("Začátek", ColumnRole.ONSET, None),
        ("Faza snu", ColumnRole.STAGE, None),
        ("p_N1", ColumnRole.OTHER, None),
    ],
)
def test_names_of_columns_say_what_they_are(name, role, unit):
    meaning = meaning_of(name)
    assert meaning is not None
    assert (meaning.role, meaning.unit) == (role, unit)


@pytest.mark.parametrize("width", [10, 20, 37])
def test_a_list_of_labels_wrapped_over_lines_is_read(tmp_path, width):
    path = tmp_path / "night.txt"
    path.write_text("".join(" ".join(LABELS[k : k + width]) + "\n" for k in range(0, len(LABELS), width)))
    assert read_hypnogram(path).labels == LABELS


def test_a_list_of_characters_wrapped_over_lines_is_read(tmp_path):
    text = "".join({"N1": "1", "N2": "2", "N3": "3"}.get(label, label) for label in LABELS)
    path = tmp_path / "night.txt"
    path.write_text("\n".join(text[k : k + 80] for k in range(0, len(text), 80)))
    assert read_hypnogram(path).labels == LABELS


def test_columns_of_ten_scorers_are_no_wrapped_list(tmp_path):
    path = tmp_path / "night.txt"
    path.write_text("".join(" ".join([label] * 9 + ["N2"]) + "\n" for label in LABELS))
    with pytest.raises(HypnogramError):
        read_hypnogram(path)


@pytest.mark.parametrize("column", ["duration", "onset", "end", "epoch", "foo"])
@pytest.mark.parametrize("value", ["-1e308", "1e308", "1e999", "-1e16"])
def test_numbers_too_large_for_a_time_are_refused(tmp_path, column, value):
    path = tmp_path / "night.csv"
    rows = "".join(f"{30 * k},{value if k % 2 else 1e308},{'W' if k % 3 else 'N1'}\n" for k in range(12))
    path.write_text(f"start,{column},stage\n{rows}")
    with pytest.raises(HypnogramError):
        read_hypnogram(path)
