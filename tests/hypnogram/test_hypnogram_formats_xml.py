"""NSRR and Profusion XML."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree

import pytest

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, read_hypnogram, write_hypnogram

W, N1, N2, N3, R, U = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R, Stage.UNSCORED

NSRR = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<PSGAnnotation><SoftwareVersion>Compumedics</SoftwareVersion><EpochLength>30</EpochLength>
<ScoredEvents>
<ScoredEvent><EventType/><EventConcept>Recording Start Time</EventConcept><Start>0</Start>
<Duration>240.0</Duration><ClockTime>{clock}</ClockTime></ScoredEvent>
<ScoredEvent><EventType>Respiratory|Respiratory</EventType><EventConcept>Hypopnea|Hypopnea</EventConcept>
<Start>70.1</Start><Duration>21.3</Duration><SignalLocation>ABDO RES</SignalLocation></ScoredEvent>
<ScoredEvent><EventType>Stages|Stages</EventType><EventConcept>Wake|0</EventConcept>
<Start>0.0</Start><Duration>60.0</Duration></ScoredEvent>
<ScoredEvent><EventType>Stages|Stages</EventType><EventConcept>Stage 1 sleep|1</EventConcept>
<Start>60.0</Start><Duration>30.0</Duration></ScoredEvent>
<ScoredEvent><EventType>Stages|Stages</EventType><EventConcept>{concept}</EventConcept>
<Start>90.0</Start><Duration>60.0</Duration></ScoredEvent>
<ScoredEvent><EventType>Stages|Stages</EventType><EventConcept>REM sleep|5</EventConcept>
<Start>180.0</Start><Duration>60.0</Duration></ScoredEvent>
</ScoredEvents></PSGAnnotation>
"""
PROFUSION = """<?xml version="1.0"?>
<CMPStudyConfig>
<EpochLength>{length}</EpochLength><StepChannels/>
<ScoredEvents><ScoredEvent><Name>Hypopnea</Name><Start>70</Start><Duration>20</Duration></ScoredEvent></ScoredEvents>
<SleepStages>{stages}</SleepStages>
</CMPStudyConfig>
"""


def nsrr(folder, *, clock="00.00.00 21.45.00", concept="Stage 4 sleep|4", name="shhs1-200001-nsrr.xml"):
    path = folder / name
    path.write_text(NSRR.format(clock=clock, concept=concept))
    return path


def profusion(folder, codes, *, length="30"):
    path = folder / "shhs1-200001-profusion.xml"
    stages = "".join(f"<SleepStage>{code}</SleepStage>" for code in codes)
    path.write_text(PROFUSION.format(stages=stages, length=length))
    return path


def test_nsrr_stages_become_epochs_and_gaps_are_unscored(tmp_path):
    hypnogram = read_hypnogram(nsrr(tmp_path))
    assert hypnogram.labels == ["W", "W", "N1", "N3", "N3", "?", "R", "R"]
    assert hypnogram.start is None
    assert "the recording started at 21:45:00, date not given" in hypnogram.notes
    assert any("R&K" in note for note in hypnogram.notes)


@pytest.mark.parametrize(
    ("concept", "label"),
    [
        ("Unscored|9", "?"),
        ("Movement|6", "?"),
        ("Stage 2 sleep|2", "N2"),
        ("Etapa 3|3", "N3"),
        ("Wake|0", "W"),
    ],
)
def test_nsrr_concepts_are_read_by_name_or_else_by_code(tmp_path, concept, label):
    assert read_hypnogram(nsrr(tmp_path, concept=concept)).labels[3] == label


def test_nsrr_clock_times_with_a_date_are_read(tmp_path):
    assert read_hypnogram(nsrr(tmp_path, clock="24.04.89 16.13.00")).start == datetime(1989, 4, 24, 16, 13)
    assert read_hypnogram(nsrr(tmp_path, clock="31.05.2024 22.15.00.5")).start == datetime(
        2024, 5, 31, 22, 15, 0, 500_000
    )
    assert read_hypnogram(nsrr(tmp_path, clock="later")).start is None


def test_an_unknown_nsrr_stage_is_refused_with_the_event(tmp_path):
    with pytest.raises(HypnogramError, match=r"ScoredEvent 5: Dozing\|7"):
        read_hypnogram(nsrr(tmp_path, concept="Dozing|7"))


def test_profusion_codes_are_0_to_5_and_9(tmp_path):
    hypnogram = read_hypnogram(profusion(tmp_path, "0123456 9".replace(" ", "")))
    assert hypnogram.labels == ["W", "N1", "N2", "N3", "N3", "R", "?", "?"]
    assert hypnogram.epoch_s == 30


def test_profusion_epochs_may_be_20_s(tmp_path):
    assert read_hypnogram(profusion(tmp_path, "002", length="20")).epoch_s == 20


@pytest.mark.parametrize(
    ("codes", "length", "words"),
    [
        ("017", "30", "epoch 3: 7"),
        ("", "30", "no SleepStage"),
        ("0", "thirty", "EpochLength"),
        ("0", "0", "from 0.01"),
    ],
)
def test_damaged_profusion_files_are_refused(tmp_path, codes, length, words):
    with pytest.raises(HypnogramError, match=words):
        read_hypnogram(profusion(tmp_path, codes, length=length))


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>
<PSGAnnotation><ScoredEvents>&c;</ScoredEvents></PSGAnnotation>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE foo [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<CMPStudyConfig><EpochLength>30</EpochLength><SleepStages><SleepStage>&x;</SleepStage></SleepStages></CMPStudyConfig>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_entities_are_refused_before_they_are_expanded(tmp_path, text):
    path = tmp_path / "hostile.xml"
    path.write_text(text)
    with pytest.raises(HypnogramError, match="document type"):
        read_hypnogram(path)


@pytest.mark.parametrize("text", ["<PSGAnnotation>", "<PSGAnnotation/>", "<CMPStudyConfig/>", "<other/>", "<a"])
def test_xml_that_is_no_scoring_is_refused(tmp_path, text):
    path = tmp_path / "some.xml"
    path.write_text(text)
    with pytest.raises(HypnogramError):
        read_hypnogram(path)


def test_nsrr_written_reads_back(tmp_path):
    hypnogram = Hypnogram([W, W, N3, R, U], 20, datetime(2024, 5, 31, 22, 15, 0, 250_000), onset_s=4.5)
    write_hypnogram(hypnogram, tmp_path / "night-nsrr.xml")
    assert read_hypnogram(tmp_path / "night-nsrr.xml") == hypnogram


def test_profusion_counts_from_the_recordings_start_so_unscored_epochs_are_put_before(tmp_path):
    path = tmp_path / "night-profusion.xml"
    write_hypnogram(Hypnogram([W, N3, R], onset_s=60), path)
    assert read_hypnogram(path).labels == ["?", "?", "W", "N3", "R"]
    with pytest.raises(HypnogramError, match="resample"):
        write_hypnogram(Hypnogram([W], onset_s=10), path)


def test_a_bare_xml_name_needs_the_format(tmp_path):
    with pytest.raises(HypnogramError, match="one of nsrr, profusion"):
        write_hypnogram(Hypnogram([W]), tmp_path / "night.xml")
    write_hypnogram(Hypnogram([W]), tmp_path / "night.xml", format="profusion")
    assert read_hypnogram(tmp_path / "night.xml").labels == ["W"]


LATE = Hypnogram([W, W, N3, R, U], 20, datetime(2024, 5, 31, 22, 15), onset_s=4.5)


def test_nsrr_is_written_as_public_files_are_one_element_a_line(tmp_path):
    write_hypnogram(LATE, tmp_path / "night-nsrr.xml")
    text = (tmp_path / "night-nsrr.xml").read_bytes().decode()
    assert text.count("\n") == text.count("\r\n") == len(text.splitlines())
    lines = text.splitlines()
    assert lines[:6] == [
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
        "<PSGAnnotation>",
        "<SoftwareVersion>eeg-vlm</SoftwareVersion>",
        "<EpochLength>20</EpochLength>",
        "<ScoredEvents>",
        "<ScoredEvent>",
    ]
    # Readers of the Sleep Heart Health Study look for these very lines.
    assert text.count("<EventConcept>Recording Start Time</EventConcept>\r\n<Start>0</Start>\r\n") == 1
    pattern = (
        r"<EventType>Stages.Stages</EventType>\r\n<EventConcept>(.+)</EventConcept>\r\n"
        r"<Start>([0-9\.]+)</Start>\r\n<Duration>([0-9\.]+)</Duration>"
    )
    assert re.findall(pattern, text) == [
        ("Wake|0", "4.5", "40"),
        ("Stage 3 sleep|3", "44.5", "20"),
        ("REM sleep|5", "64.5", "20"),
        ("Unscored|9", "84.5", "20"),
    ]


def test_the_first_event_of_nsrr_is_the_recording_with_its_clock_where_that_is_known(tmp_path):
    for hypnogram, clocks in ((LATE, ["31.05.24 22.15.00"]), (Hypnogram([W]), [])):
        write_hypnogram(hypnogram, tmp_path / "night-nsrr.xml")
        first, *others = ElementTree.parse(tmp_path / "night-nsrr.xml").getroot().iter("ScoredEvent")
        assert [child.tag for child in first][:4] == ["EventType", "EventConcept", "Start", "Duration"]
        assert [child.text for child in first.iter("ClockTime")] == clocks
        # The viewer splits type and concept of every later event at the bar.
        assert all(other.findtext(tag).count("|") == 1 for other in others for tag in ("EventType", "EventConcept"))


def test_profusion_is_written_with_its_sections_in_order(tmp_path):
    write_hypnogram(Hypnogram([W, N1, N2, N3, R, U]), tmp_path / "night-profusion.xml")
    root = ElementTree.parse(tmp_path / "night-profusion.xml").getroot()
    sections = ["EpochLength", "StepChannels", "ScoredEventSettings", "ScoredEvents", "SleepStages"]
    assert [child.tag for child in root] == sections
    assert root.findtext("EpochLength") == "30"
    assert [stage.text for stage in root.iter("SleepStage")] == ["0", "1", "2", "3", "5", "9"]
    assert (tmp_path / "night-profusion.xml").read_bytes().count(b"\r\n") == 15


def test_a_name_and_a_code_of_different_stages_are_refused(tmp_path):
    path = tmp_path / "night-nsrr.xml"
    path.write_text(NSRR.format(clock="26.10.24 22.41.17", concept="Stage 2 sleep|5"))
    with pytest.raises(HypnogramError, match=r"ScoredEvent 5, EventConcept: Stage 2 sleep\|5; its name and its code"):
        read_hypnogram(path)
    assert read_hypnogram(path, stage_map="Stage 2 sleep=N2").labels == ["W", "W", "N1", "N2", "N2", "?", "R", "R"]
