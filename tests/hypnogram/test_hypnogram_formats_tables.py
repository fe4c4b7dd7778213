"""CSV and TXT of other programs: labels, integer codes, columns, DREAMS, HMC, Noxturnal."""

from __future__ import annotations

from datetime import datetime

import pytest

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.codings import CODINGS

W, N1, N2, N3, R, U = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R, Stage.UNSCORED


def file(folder, text, name="scoring.txt"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_one_label_a_line_is_read_with_any_spelling(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "WAKE\nN1\nSleep stage 2\nS4\nREM\nART\n"))
    assert hypnogram.labels == ["W", "N1", "N2", "N3", "R", "?"]
    assert any("each line was taken as 30 s" in note for note in hypnogram.notes)


def test_w_and_r_with_digits_are_rechtschaffen_and_kales(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "W\n1\n2\n3\n4\nR\nM\n"))
    assert hypnogram.labels == ["W", "N1", "N2", "N3", "N3", "R", "?"]
    assert any("R&K" in note for note in hypnogram.notes)


def test_integers_without_a_coding_are_refused_with_the_choices(tmp_path):
    path = file(tmp_path, "0\n1\n2\n")
    with pytest.raises(HypnogramError, match="yasa, isruc, ucddb, dreams, aasm") as caught:
        read_hypnogram(path)
    assert caught.value.field == "line 1"
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    ("coding", "codes", "labels"),
    [
        ("yasa", "0 1 2 3 4 -1 -2", "W N1 N2 N3 R ? ?"),
        ("isruc", "0 1 2 3 5", "W N1 N2 N3 R"),
        ("ucddb", "0 1 2 3 4 5 6 7 8", "W R N1 N2 N3 N3 ? ? ?"),
        ("dreams", "5 4 3 2 1 -1 -2 -3", "W R N1 N2 N3 ? ? ?"),
        ("aasm", "0 1 2 3 4 -1", "W N1 N2 N3 R ?"),
        ("profusion", "0 1 2 3 4 5 6 9", "W N1 N2 N3 N3 R ? ?"),
    ],
)
def test_each_coding_gives_its_codes_their_meaning(tmp_path, coding, codes, labels):
    hypnogram = read_hypnogram(file(tmp_path, codes.replace(" ", "\n")), coding=coding)
    assert hypnogram.labels == labels.split()
    assert hypnogram.epoch_s == (5 if coding == "dreams" else 30)


@pytest.mark.parametrize(("coding", "code"), [("yasa", "5"), ("isruc", "4"), ("aasm", "5"), ("ucddb", "9")])
def test_an_unknown_code_is_refused_with_its_line_and_value(tmp_path, coding, code):
    with pytest.raises(HypnogramError, match=rf"line 3: {code}; the coding {coding} has 0 W"):
        read_hypnogram(file(tmp_path, f"0\n1\n{code}\n"), coding=coding)


def test_an_unknown_label_is_refused_with_its_line_and_value(tmp_path):
    with pytest.raises(HypnogramError, match=r"line 2: 'N5' .*--map \"N5=STAGE\""):
        read_hypnogram(file(tmp_path, "W\nN5\n"))


def test_an_unknown_coding_and_format_are_refused_with_the_choices(tmp_path):
    path = file(tmp_path, "0\n")
    with pytest.raises(HypnogramError, match=r"choose one of yasa"):
        read_hypnogram(path, coding="rk")
    with pytest.raises(HypnogramError, match=r"choose one of edf"):
        read_hypnogram(path, format="xls")


def test_the_undocumented_code_of_ucddb_is_unscored_and_said(tmp_path):
    notes = read_hypnogram(file(tmp_path, "0\n8\n8\n"), coding="ucddb").notes
    assert "2 epochs have the undocumented code 8 and are unscored" in notes


def test_a_coding_that_labels_do_not_need_is_said(tmp_path):
    assert any("does not matter" in note for note in read_hypnogram(file(tmp_path, "W\nN1\n"), coding="yasa").notes)


def test_the_length_of_a_line_may_be_given(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "0\n0\n2\n"), coding="yasa", epoch_s=20)
    assert (hypnogram.epoch_s, hypnogram.notes) == (20, ())
    with pytest.raises(HypnogramError, match="epoch length"):
        read_hypnogram(file(tmp_path, "W\n"), epoch_s=-1)


def test_dreams_files_name_themselves_and_zero_depends_on_the_rules(tmp_path):
    codes = "\n5\n5\n5\n0\n0\n0\n"
    assert read_hypnogram(file(tmp_path, "[HypnogramAASM]" + codes)).labels == ["W"] * 3 + ["?"] * 3
    by_1968 = read_hypnogram(file(tmp_path, "[HypnogramR&K]" + codes))
    assert by_1968.labels == ["W"] * 3 + ["N3"] * 3
    assert by_1968.epoch_s == 5
    assert by_1968.resample_to(30).labels == ["W"]
    with pytest.raises(HypnogramError, match="keep the file's first line"):
        read_hypnogram(file(tmp_path, "5\n0\n"), coding="dreams")
    with pytest.raises(HypnogramError, match="leave the coding out"):
        read_hypnogram(file(tmp_path, "[HypnogramAASM]" + codes), coding="yasa")


def test_a_blank_line_between_epochs_is_refused_and_at_the_end_it_is_not(tmp_path):
    with pytest.raises(HypnogramError, match="line 2: empty"):
        read_hypnogram(file(tmp_path, "W\n\nN1\n"))
    assert len(read_hypnogram(file(tmp_path, "W\nN1\n\n\n"))) == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_column_of_stages_is_found_by_name(tmp_path, delimiter):
    text = "Epoch,Stage,Arousals\n1,WAKE,0\n2,N1,1\n".replace(",", delimiter)
    assert read_hypnogram(file(tmp_path, text, "yasa.csv")).labels == ["W", "N1"]


def test_a_column_of_codes_is_found_by_name_too(tmp_path):
    text = "epoch,sleep_stage\n1,0\n2,4\n"
    assert read_hypnogram(file(tmp_path, text, "a.csv"), coding="yasa").labels == ["W", "R"]


def test_without_a_header_the_only_column_of_labels_is_taken_and_said_and_integers_are_not(tmp_path):
    hypnogram = read_hypnogram(file(tmp_path, "1,W\n2,N1\n", "a.csv"))
    assert hypnogram.labels == ["W", "N1"]
    assert any("column 2 was read" in note for note in hypnogram.notes)
    with pytest.raises(HypnogramError, match="name the columns"):
        read_hypnogram(file(tmp_path, "1,0\n2,3\n", "a.csv"), coding="yasa")


def test_the_text_files_of_hmc_are_read_by_their_times(tmp_path):
    text = (
        "Date, Time, Recording onset, Duration, Annotation, Linked channel\n"
        "01.01.01, 23.30.00, 0, 30, Sleep stage W, \n"
        "01.01.01, 23.30.16, 16.28, 0, Lights off, Body position\n"
        "01.01.01, 23.30.30, 30, 30, Sleep stage N1, \n"
        "01.01.01, 23.31.30, 90, 30, Sleep stage R, \n"
    )
    hypnogram = read_hypnogram(file(tmp_path, text, "SN001_sleepscoring.txt"))
    assert hypnogram.labels == ["W", "N1", "?", "R"]
    assert "lights off is marked at 16.28 s" in hypnogram.notes


def test_noxturnal_tables_in_utf_16_and_french_are_read(tmp_path):
    text = (
        "Heure de début,Heure de fin,Événement,Durée,\r\n[],[],[],[s],\r\n"
        "15/01/2016 23:59:30,16/01/2016 00:00:00,Éveil,30,\r\n"
        "15/01/2016 23:59:38,15/01/2016 23:59:39,Notification,1,\r\n"
        "16/01/2016 00:00:00,16/01/2016 00:00:30,N1,30,\r\n"
        "16/01/2016 00:01:00,16/01/2016 00:01:30,REM,30,\r\n"
    )
    path = tmp_path / "events.csv"
    path.write_bytes(text.encode("utf-16"))
    hypnogram = read_hypnogram(path)
    assert hypnogram.labels == ["W", "N1", "?", "R"]
    assert hypnogram.start == datetime(2016, 1, 15, 23, 59, 30)


def test_american_dates_of_noxturnal_are_told_apart_by_the_night_they_span(tmp_path):
    text = (
        "Start Time,End Time,Event,Duration,\n[],[],[],[s],\n"
        "1/2/2016 11:59:30 PM,1/3/2016 12:00:00 AM,Wake,30,\n"
        "1/3/2016 12:00:00 AM,1/3/2016 12:00:30 AM,N1,30,\n"
    )
    hypnogram = read_hypnogram(file(tmp_path, text, "events.csv"))
    assert (hypnogram.labels, hypnogram.start) == (["W", "N1"], datetime(2016, 1, 2, 23, 59, 30))


@pytest.mark.parametrize("coding", sorted(set(CODINGS) - {"dreams", "isruc"}))
def test_codes_written_read_back(tmp_path, coding):
    hypnogram = Hypnogram([W, N1, N2, N3, R, U])
    write_hypnogram(hypnogram, tmp_path / "codes.csv", coding=coding)
    assert read_hypnogram(tmp_path / "codes.csv", coding=coding).labels == hypnogram.labels


def test_a_stage_without_a_code_is_refused(tmp_path):
    write_hypnogram(Hypnogram([W, N3, R]), tmp_path / "codes.txt", coding="isruc")
    assert (tmp_path / "codes.txt").read_text() == "0\n3\n5\n"
    with pytest.raises(HypnogramError, match="epoch 2: \\?; the coding isruc has no code"):
        write_hypnogram(Hypnogram([W, U]), tmp_path / "codes.txt", coding="isruc")


def test_dreams_codes_are_written_in_5_s_epochs_only(tmp_path):
    with pytest.raises(HypnogramError, match="one code per 5 s"):
        write_hypnogram(Hypnogram([W, R]), tmp_path / "codes.txt", coding="dreams")
    write_hypnogram(Hypnogram([W, R, U], 5), tmp_path / "codes.txt", coding="dreams")
    assert read_hypnogram(tmp_path / "codes.txt").labels == ["W", "R", "?"]
