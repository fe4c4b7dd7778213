"""Lights off and on in scorings: read from their files, moved with them, kept where the format can."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from edfio import Edf, EdfAnnotation

from eegvlm.cli.compare import compare
from eegvlm.cli.convert import convert
from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, align, lost_in, read_hypnogram, write_hypnogram
from eegvlm.signals import Lights

W, N1, N2 = Stage.W, Stage.N1, Stage.N2
OWN = "the scoring's own markers 'Lights Off', 'Lights On'"


def edf_scoring(folder, *others):
    stages = [(30 * k, 30, f"Sleep stage {stage}") for k, stage in enumerate("WWN")]
    stages = [(onset, length, text.replace("stage N", "stage N2")) for onset, length, text in stages]
    path = folder / "scoring.edf"
    Edf([], annotations=[EdfAnnotation(*a) for a in (*stages, *others)]).write(path)
    return path


def test_markers_among_edf_annotations_are_the_scorings_lights(tmp_path):
    path = edf_scoring(tmp_path, (12.5, 0, "Lights Off@@EEG F4-A1"), (95, None, "Lights On"))
    hypnogram = read_hypnogram(path)
    assert hypnogram.lights == Lights(12.5, 95, OWN)
    assert "lights off is marked at 12.5 s" in hypnogram.notes
    assert "lights on is marked at 95 s" in hypnogram.notes


def test_other_spellings_are_the_same_marker(tmp_path):
    hypnogram = read_hypnogram(edf_scoring(tmp_path, (12.5, 0, "Licht aus")))
    assert hypnogram.lights == Lights(12.5, None, "the scoring's own marker 'Licht aus'")
    assert read_hypnogram(edf_scoring(tmp_path, (12.5, 0, "Lights"))).lights is None


def test_odd_markers_are_in_the_notes(tmp_path):
    markers = [(1, 0, "Lights Off"), (20, 0, "Lights On"), (40, 0, "Lights Off"), (80, 0, "Lights On")]
    hypnogram = read_hypnogram(edf_scoring(tmp_path, *markers))
    assert hypnogram.lights == Lights(1, 80, OWN)
    assert any("the longest stretch in the dark counts" in note for note in hypnogram.notes)


def test_markers_in_bids_tables_and_nsrr_files_are_read(tmp_path):
    table = tmp_path / "night_events.tsv"
    table.write_text("onset\tduration\ttrial_type\n0\t30\tW\n10\t0\tlights_off\n30\t30\tN2\n55\t0\tlights_on\n")
    lights = read_hypnogram(table).lights
    assert lights == Lights(10, 55, "the scoring's own markers 'lights_off', 'lights_on'")
    nsrr = tmp_path / "night-nsrr.xml"
    write_hypnogram(Hypnogram([W, N2]), nsrr)
    event = "<ScoredEvent><EventType/><EventConcept>Lights Off|Lights Off</EventConcept><Start>12</Start></ScoredEvent>"
    nsrr.write_text(nsrr.read_text().replace("</ScoredEvents>", f"{event}</ScoredEvents>"))
    assert read_hypnogram(nsrr).lights == Lights(12, None, "the scoring's own marker 'Lights Off'")


def test_lights_of_a_noxturnal_table_count_from_the_first_stage(tmp_path):
    path = tmp_path / "nox.csv"
    path.write_text(
        "Start Time,End Time,Event\n[],[],[]\n"
        "31/05/2024 22:15:00,31/05/2024 22:15:00,Lights Off\n"
        "31/05/2024 22:14:00,31/05/2024 22:14:30,Wake\n"
        "31/05/2024 22:14:30,31/05/2024 22:15:30,N2\n"
    )
    hypnogram = read_hypnogram(path)
    assert (hypnogram.start, hypnogram.onset_s) == (datetime(2024, 5, 31, 22, 14), 0)
    assert hypnogram.lights is not None
    assert hypnogram.lights.off_s == 60


def test_lights_move_with_a_scoring_that_is_laid_on_its_recording():
    scoring = Hypnogram([W, N2, N2], start=datetime(2024, 5, 31, 22, 15), lights=Lights(10, 80, OWN))
    aligned = align(scoring, duration_s=120, start=datetime(2024, 5, 31, 22, 14, 30))
    assert (aligned.labels, aligned.lights) == (["?", "W", "N2", "N2"], Lights(40, 110, OWN))
    assert scoring.resample_to(10).lights == scoring.lights
    assert scoring.crop(30, 90).lights == scoring.lights


def test_json_and_edf_keep_lights_and_other_formats_say_that_they_do_not(tmp_path):
    night = Hypnogram([W, N2, N2], lights=Lights(10.25, None, "said"))
    for name in ("night.json", "night.edf"):
        write_hypnogram(night, tmp_path / name)
        kept = read_hypnogram(tmp_path / name).lights
        assert kept is not None
        assert (kept.off_s, kept.on_s) == (10.25, None)
        assert lost_in(night, name) == []
    assert read_hypnogram(tmp_path / "night.json") == night
    for name in ("night.csv", "night_events.tsv", "night.txt"):
        assert "lights" in lost_in(night, name)


def test_a_json_file_without_lights_is_as_it_was(tmp_path):
    write_hypnogram(Hypnogram([W, N2]), tmp_path / "night.json")
    assert "lights" not in json.loads((tmp_path / "night.json").read_text())


@pytest.mark.parametrize("lights", [1, {"off_s": 10, "on_s": None}, {"off_s": "10", "source": "said"}])
def test_lights_that_are_none_in_json_are_refused(tmp_path, lights):
    path = tmp_path / "night.json"
    path.write_text(json.dumps({"stages": ["W"], "lights": lights}))
    with pytest.raises(HypnogramError, match="lights"):
        read_hypnogram(path)


def test_convert_and_compare_take_a_scoring_with_markers(tmp_path, capsys):
    path = edf_scoring(tmp_path, (12.5, 0, "Lights Off"), (80, 0, "Lights On"))
    convert(path, tmp_path / "night.json")
    assert read_hypnogram(tmp_path / "night.json").lights == Lights(12.5, 80, OWN)
    convert(path, tmp_path / "night.txt")
    assert "does not keep: lights" in capsys.readouterr().out
    compare(path, tmp_path / "night.json")
    assert "3 epochs of 30 s compared, 0 left out" in capsys.readouterr().out
