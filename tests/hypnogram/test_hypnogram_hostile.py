"""Damaged and hostile files end in an InputError that names them, never in anything else."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, read_hypnogram, write_hypnogram

EXTENSIONS = (".xml", ".tsv", ".csv", ".txt", ".json", ".edf", ".bdf", "", ".annot", ".ids", ".st", ".hyp", ".eannot")
BEGINNINGS = (
    b"",
    b"0       ",
    b"\xffBIOSEMI",
    b"<PSGAnnotation>",
    b"<?xml version='1.0' encoding='utf-7'?><CMPStudyConfig>",
    b"<?xml version='1.0' encoding='nonsense'?><CMPStudyConfig/>",
    b"{",
    b'{"stages": [',
    b"\xff\xfe",
    b"onset\tduration\ttrial_type\n",
    b"epoch,onset_s,duration_s,stage\n",
    b"a,b,c,\n[],[],[],\n",
    b"[HypnogramAASM]\n",
    b"stage\n",
    b"# onset, duration, description\n0,30,",
    b"onset,duration,description\n2024-10-26 22:41:17,",
    b"Signal ID: a\nSignal Type: Discret\nStart Time: 26.10.2024 22:41:17\nRate: 30 s\n\n22:41:17,000; ",
    b"Time [hh:mm:ss]\tEvent\tDuration[s]\n22:41:17\tSLEEP-S0\t",
    b"22:41:17\tStage - W\n",
    b'0:00.000 0 " 0 0 0\tW\n',
    b"time_base 1.0\nepoch_list\n",
    b"*Duration_sec 60\nWake ",
    b"class\tstart\tstop\nN2\te:1\t",
    b"[0, 1, ",
    b'{"values": ["WAKE"',
    b"<PatientStudy><ScoringData><StagingData><UserStaging><A><Stage Type='REM' Start='",
    b"<annotations><dataset/><rater name='a'><stages><epoch>",
    b"<Annotations><Classes/><Instances><Instance>",
    b"\x00\xec\x00\x00\x10\x27\x00\x58\x01\xfcW\x00",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


def read_or_refuse(path, **options) -> None:
    """Any exception but an InputError fails the test that calls this."""
    sentence = ""
    try:
        read_hypnogram(path, **options)
    except InputError as error:
        sentence = str(error)
    assert "\n" not in sentence


@settings(max_examples=250)
@given(
    beginning=st.sampled_from(BEGINNINGS),
    rest=st.binary(max_size=600) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
    extension=st.sampled_from(EXTENSIONS),
    coding=st.none() | st.sampled_from(["yasa", "dreams"]),
)
@example(beginning=b"\xff\xfe", rest=b"\x00\xd8", extension=".csv", coding=None)
@example(beginning=b"\xff\xfe", rest=b"", extension=".json", coding=None)
@example(beginning=b"", rest=b'"', extension=".csv", coding=None)
@example(beginning=b"", rest=b"1" * 5000, extension=".json", coding=None)
@example(beginning=b"onset\tduration\ttrial_type\n", rest=b"1e300\t1\tW\n", extension=".tsv", coding=None)
@example(beginning=b"onset\tduration\ttrial_type\n", rest=b"0\t1e12\tW\n", extension=".tsv", coding=None)
@example(beginning=b"onset\tduration\ttrial_type\n", rest=b"0\tinf\tW\nnan\t1\tR\n", extension=".tsv", coding=None)
@example(beginning=b"onset\tduration\ttrial_type\n", rest=b"0\t-5\tW\n", extension=".tsv", coding=None)
@example(beginning=b"onset\tduration\ttrial_type\n", rest=b"0\t0\tW\n0\t0\tW\n", extension=".tsv", coding=None)
@example(beginning=b"onset\tduration\ttrial_type\n", rest=b"0\t1e-300\tW\n", extension=".tsv", coding=None)
@example(beginning=b"epoch,onset_s,duration_s,stage\n", rest=b"1,0,1e-320,W\n", extension=".csv", coding=None)
@example(beginning=b"epoch,onset_s,duration_s,stage\n", rest=b"1,1e308,1e308,W\n", extension=".csv", coding=None)
@example(
    beginning=b"# start=9999-12-31\n",
    rest=b"epoch,onset_s,duration_s,stage\n1,0,30,W",
    extension=".csv",
    coding=None,
)
def test_random_bytes_are_read_or_refused(folder, beginning, rest, extension, coding):
    path = folder / f"file{extension}"
    path.write_bytes(beginning + rest)
    read_or_refuse(path, coding=coding)


ODD_NUMBERS = st.floats().map(repr) | st.sampled_from(["", "n/a", "0", "30", "1e9", "-1e308", "1e-320", "１", "1_0"])


@settings(max_examples=150)
@given(rows=st.lists(st.tuples(ODD_NUMBERS, ODD_NUMBERS, st.sampled_from(["W", "N2", "R", "?", "x", "1"])), max_size=8))
def test_events_with_odd_numbers_are_read_or_refused(folder, rows):
    path = folder / "odd_events.tsv"
    lines = ["onset\tduration\ttrial_type", *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    read_or_refuse(path)
    own = ["epoch,onset_s,duration_s,stage", *(f"{k},{','.join(row)}" for k, row in enumerate(rows, start=1))]
    (folder / "odd.csv").write_text("\n".join(own), encoding="utf-8")
    read_or_refuse(folder / "odd.csv")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.edf", "a-nsrr.xml", "a-profusion.xml", "a.json", "a.csv", "a_events.tsv"])
@settings(max_examples=60)
@given(data=st.data())
def test_a_good_file_with_damaged_bytes_is_read_or_refused(folder, name, data):
    path = folder / name
    write_hypnogram(Hypnogram([0, 1, 2, 3, 4, -1], start=datetime(2024, 5, 31, 22, 15)), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    read_or_refuse(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"   \n\n", "an empty file"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4620\n", "Git LFS pointer"),
    ],
)
@pytest.mark.parametrize("extension", [".edf", ".xml", ".csv"])
def test_what_is_no_scoring_at_all_gets_its_own_sentence(tmp_path, content, words, extension):
    path = tmp_path / f"SC4001EC-Hypnogram{extension}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_hypnogram(path)


def test_a_truncated_edf_header_is_refused(tmp_path):
    write_hypnogram(Hypnogram([0, 1]), tmp_path / "a.edf")
    for length in (100, 300, 500):
        (tmp_path / "b.edf").write_bytes((tmp_path / "a.edf").read_bytes()[:length])
        with pytest.raises(InputError, match=r"b\.edf"):
            read_hypnogram(tmp_path / "b.edf")
