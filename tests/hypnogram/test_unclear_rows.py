"""Rows that may be an epoch or not: titles among labels, merged cells, sums, quotes that swallow rows."""

from __future__ import annotations

import pytest
from eight_hours import EPOCHS, LABELS, RUNS, clock

from eegvlm.hypnogram import HypnogramError, read_hypnogram

NUMBERED = tuple((k, stage) for k, (_, _, stage) in enumerate(EPOCHS, start=1))
MINUTES = tuple((stage, LABELS.count(stage) / 2) for stage in ("W", "N1", "N2", "N3", "R"))


def table(folder, header, rows, delimiter=","):
    path = folder / "night.csv"
    path.write_text("\n".join(delimiter.join(map(str, row)) for row in ([header] if header else []) + list(rows)))
    return path


def labels_with(folder, line, *, before):
    path = folder / "night.txt"
    path.write_text("\n".join([*LABELS[:before], line, *LABELS[before:]]) + "\n")
    return path


@pytest.mark.parametrize("line", ["Page 2", "--- 00:00 ---", "Lights Off", "Night 1"])
@pytest.mark.parametrize("before", [0, 400, 960])
def test_a_line_among_labels_that_names_no_stage_is_refused(tmp_path, line, before):
    path = labels_with(tmp_path, line, before=before)
    with pytest.raises(HypnogramError, match=rf"line {before + 1}: {line}; it names no stage.*=ignore"):
        read_hypnogram(path)
    assert read_hypnogram(path, stage_map=f"{line}=ignore").labels == LABELS
    unscored = [*LABELS[:before], "?", *LABELS[before:]]
    assert read_hypnogram(path, stage_map=f"{line}=?").labels == unscored


def test_the_number_of_a_page_among_labels_is_no_stage(tmp_path):
    with pytest.raises(HypnogramError, match="line 401: 2; integer codes differ"):
        read_hypnogram(labels_with(tmp_path, "2", before=400))


def test_a_map_that_leaves_no_row_is_refused(tmp_path):
    with pytest.raises(HypnogramError, match="it leaves no row"):
        read_hypnogram(table(tmp_path, None, [("X",)] * 20), stage_map="X=ignore")


def test_an_odd_epoch_with_its_number_is_unscored(tmp_path):
    rows = [(k, "A" if k == 300 else stage) for k, stage in NUMBERED]
    assert read_hypnogram(table(tmp_path, ("Epoch", "Stage"), rows)).labels == [*LABELS[:299], "?", *LABELS[300:]]


@pytest.mark.parametrize("axis", ["epoch", "clock", "nothing"])
def test_merged_cells_of_a_spreadsheet_are_refused(tmp_path, axis):
    changes = {start for start, _, _ in RUNS}
    rows = [(k, clock(start), stage if start in changes else "") for k, (start, _, stage) in enumerate(EPOCHS, start=1)]
    header, columns = {
        "epoch": (("Epoch", "Stage"), (0, 2)),
        "clock": (("Time", "Stage"), (1, 2)),
        "nothing": (("Stage", "Remark"), (2, 0)),
    }[axis]
    rows = [tuple(f"r{row[0]}" if axis == "nothing" and k == 0 else row[k] for k in columns) for row in rows]
    with pytest.raises(HypnogramError, match=r"line 3.*: empty, as 936 others; the stage stands only where it changes"):
        read_hypnogram(table(tmp_path, header, rows))


def test_epochs_that_were_left_empty_are_unscored(tmp_path):
    rows = [(k, "" if 100 < k <= 160 else stage) for k, stage in NUMBERED]
    assert read_hypnogram(table(tmp_path, ("Epoch", "Stage"), rows)).labels == LABELS[:100] + ["?"] * 60 + LABELS[160:]


def test_events_without_a_stage_among_changes_of_stage_are_refused(tmp_path):
    rows = sorted([(start, stage, "") for start, _, stage in RUNS] + [(7 + 1000 * k, "", "Arousal") for k in range(20)])
    with pytest.raises(HypnogramError, match="an event or no stage"):
        read_hypnogram(table(tmp_path, ("Onset (s)", "Stage", "Event"), rows))


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (("Stage", "Duration (min)"), MINUTES),
        (("Stage", "Epochs"), [(stage, int(2 * minutes)) for stage, minutes in MINUTES]),
    ],
)
def test_sums_and_latencies_are_no_scoring(tmp_path, header, rows):
    with pytest.raises(HypnogramError, match="each stage stands once, as in a table of sums or latencies"):
        read_hypnogram(table(tmp_path, header, rows))


def test_four_epochs_of_four_stages_are_a_scoring(tmp_path):
    path = table(tmp_path, ("onset_s", "stage"), [(0, "W"), (30, "N1"), (60, "N2"), (90, "R")])
    assert read_hypnogram(path).labels == ["W", "N1", "N2", "R"]


def test_a_quote_in_a_remark_that_closes_far_below_swallows_no_rows(tmp_path):
    remarks = {10: '"loud snore', 500: 'again"'}
    rows = [(k, remarks.get(k, ""), stage) for k, stage in NUMBERED]
    with pytest.raises(HypnogramError, match=r"line 11: \"loud snore,.*up to the next quote"):
        read_hypnogram(table(tmp_path, ("Epoch", "Comment", "Stage"), rows))


def test_a_remark_of_two_lines_between_quotes_is_a_remark(tmp_path):
    rows = [(k, '"woke up\nand went out"' if k == 10 else "", stage) for k, stage in NUMBERED]
    assert read_hypnogram(table(tmp_path, ("Epoch", "Comment", "Stage"), rows)).labels == LABELS


@pytest.mark.parametrize("second", [("Epoche", "Stadium", "Kommentar"), ("Epoch", "Stage", "Remark")])
def test_two_lines_of_names_are_refused(tmp_path, second):
    rows = [second, *((k, stage, "") for k, stage in NUMBERED)]
    with pytest.raises(HypnogramError, match=r"line 2: .*two lines of names"):
        read_hypnogram(table(tmp_path, ("Epoch", "Stage", "Comment"), rows))


@pytest.mark.parametrize("n", [1000, 1001, 1100])
def test_epoch_numbers_may_have_thousands_separators(tmp_path, n):
    labels = (LABELS + LABELS)[:n]
    rows = [(f'"{k:,}"', label) for k, label in enumerate(labels, start=1)]
    assert read_hypnogram(table(tmp_path, ("Epoch", "Stage"), rows)).labels == labels


def test_two_persons_under_the_name_id_are_refused(tmp_path):
    rows = [("s1" if k <= 480 else "s2", k, stage) for k, stage in NUMBERED]
    with pytest.raises(HypnogramError, match=r"column 'ID': s1, s2; .*a file for each"):
        read_hypnogram(table(tmp_path, ("ID", "Epoch", "Stage"), rows))
    alone = [("s1", k, stage) for k, stage in NUMBERED]
    assert read_hypnogram(table(tmp_path, ("ID", "Epoch", "Stage"), alone)).labels == LABELS


@pytest.mark.parametrize("name", ["Stage {}", "S{}", "Sleep stage {}"])
def test_a_night_with_stage_4_and_without_rem_is_said(tmp_path, name):
    codes = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 4}
    rows = [(k, name.format(codes[stage])) for k, stage in NUMBERED]
    path = table(tmp_path, ("Epoch", "Stage"), rows)
    fourth = name.format(4)
    assert any(f"'{fourth}' was read as N3, and nothing is REM" in note for note in read_hypnogram(path).notes)
    mapped = read_hypnogram(path, stage_map=f"{fourth}=R")
    assert mapped.labels == LABELS
    assert not any("nothing is REM" in note for note in mapped.notes)
