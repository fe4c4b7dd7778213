"""Lights off and lights on: how markers are spelt, read, and turned into one stretch in the dark."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.signals import Lights, Recording, RecordingError, read_recording
from eegvlm.signals.lights import ReadLights, lights_marker, lights_of_markers
from eegvlm.signals.lights_spelling import lights_switch, mentions_lights

Maker = Callable[..., Any]

OFF = (
    *("Lights Off", "LIGHTS OFF", "Lights out", "lights-off", "Lights-Off", "light off", "LightsOff", "LIGHTSOUT"),
    *("LOff", "L Out", "L.OFF", "lights_off", "Start of lights off", "Lights off - start", "L/Out"),
    *("Lights turned off", "Lights Off@@EEG C4-M1", "Lights off 22:41", "22:41:17 Lights off", "Lights Off (10:41 PM)"),
    *(
        "Lights off at 22:41.",
        "[Lights off]",
        "Licht aus",
        "LICHT AUS",
        "Licht gelöscht",
        "Licht uit",
        "Lumière éteinte",
    ),
    *("Lumières éteintes", "Extinction des lumières", "Luces apagadas", "Luz apagada", "Luci spente", "Luzes apagadas"),
    *("Lys slukket", "Ljuset släckt", "Valot pois", "消灯", "关灯", "Lumie\u0300re e\u0301teinte"),
)
ON = (
    *("Lights On", "Lights-on", "LightsOn", "LIGHTS ON", "light on", "LOn", "L On", "lights_on", "End of lights off"),
    *("Licht an", "Licht ein", "Licht aan", "Lumière allumée", "Lumières allumées", "Ouverture des lumières"),
    *(
        "Luces encendidas",
        "Luci accese",
        "Luzes acesas",
        "Lys tændt",
        "点灯",
        "Lights On@@EEG F4-M1",
        "06:30 Lights on",
    ),
)
NEITHER = (
    *("", "lights", "Light", "Lights?", "off", "on", "out", "L", "Lights off?", "Lights off in 5 min", "No lights off"),
    *("Lights on hallway", "Lights on/off", "Licht", "Delta lights", "highlights on", "Sleep stage N1", "Loss of lead"),
    *("Lights off requested by patient", "London", "Lout of bed", "Spotlight off-centre", "N2@@Lights off"),
)


@pytest.mark.parametrize("text", OFF)
def test_spellings_of_lights_off(text: str) -> None:
    assert lights_switch(text) == "off"


@pytest.mark.parametrize("text", ON)
def test_spellings_of_lights_on(text: str) -> None:
    assert lights_switch(text) == "on"


@pytest.mark.parametrize("text", NEITHER)
def test_a_text_that_says_more_or_less_is_no_marker(text: str) -> None:
    assert lights_switch(text) is None


def test_a_text_that_mentions_lights_among_other_words_is_noticed() -> None:
    assert mentions_lights("Lights off in 5 min")
    assert mentions_lights("asks for lights out")
    assert not mentions_lights("lights")
    assert not mentions_lights("Sleep stage N1")


@given(st.text())
def test_any_text_is_one_thing_or_the_other(text: str) -> None:
    switch = lights_switch(text)
    assert switch in ("off", "on", None)
    assert switch is None or mentions_lights(text)


def read(*markers: tuple[float, str], stop_s: float = 28_800) -> ReadLights:
    found = [marker for onset, text in markers if (marker := lights_marker(onset, text))]
    return lights_of_markers(found, 0, stop_s, whose="recording")


def times(*markers: tuple[float, str], stop_s: float = 28_800) -> tuple[float | None, float | None] | None:
    lights = read(*markers, stop_s=stop_s).lights
    return lights and (lights.off_s, lights.on_s)


def codes(*markers: tuple[float, str], stop_s: float = 28_800) -> list[str]:
    return [problem.code for problem in read(*markers, stop_s=stop_s).problems]


def test_one_lights_off_and_one_lights_on_count_without_a_word() -> None:
    lights, problems = read((6900, "Lights On"), (1200, "Lights Off@@EEG C4"))
    assert lights == Lights(1200, 6900, "the recording's own markers 'Lights Off', 'Lights On'")
    assert problems == ()


def test_a_marker_is_quoted_without_control_characters() -> None:
    lights = read((1200, "\x1bLights\n  Off\x07@@C4")).lights
    assert lights is not None
    assert lights.source == "the recording's own marker 'Lights Off'"


def test_one_marker_alone_leaves_the_other_side_open() -> None:
    assert read((1200, "Licht aus")).lights == Lights(1200, None, "the recording's own marker 'Licht aus'")
    assert times((27_000, "Lights on")) == (None, 27_000)
    assert codes((1200, "Licht aus")) == codes((27_000, "Lights on")) == []


def test_the_same_marker_on_every_channel_is_one_marker() -> None:
    markers = [(1200.0, f"Lights off@@{name}") for name in ("F4", "C4", "O2")]
    assert times(*markers) == (1200, None)
    assert codes(*markers) == []


def test_light_of_less_than_an_hour_does_not_end_the_night() -> None:
    markers = ((1200, "lights off"), (9000, "lights on"), (9600, "lights off"), (27_000, "lights on"))
    assert times(*markers) == (1200, 27_000)
    (problem,) = read(*markers).problems
    assert problem.code == "lights-repeated"
    assert "off at 1200 s, on at 9000 s, off at 9600 s, on at 27000 s" in problem.message
    assert "from 1200 s to 27000 s" in problem.message


def test_a_try_long_before_the_night_does_not_count() -> None:
    assert times(
        (100, "off"), (100, "Lights off"), (160, "Lights on"), (4000, "Lights off"), (27_000, "Lights on")
    ) == (
        4000,
        27_000,
    )


def test_of_two_nights_the_longer_one_counts() -> None:
    day = 86_400.0
    markers = ((3600, "Lights off"), (28_000, "Lights on"), (day, "Lights off"), (day + 30_000, "Lights on"))
    assert times(*markers, stop_s=2 * day) == (day, day + 30_000)
    assert codes(*markers, stop_s=2 * day) == ["lights-repeated"]


def test_lights_on_during_the_preparations_does_not_end_a_night() -> None:
    markers = ((60, "Lights on"), (1200, "Lights off"), (27_000, "Lights on"))
    assert times(*markers) == (1200, 27_000)
    assert times((60, "Lights on")) is None
    assert codes((60, "Lights on")) == ["lights-repeated"]


def test_lights_off_after_the_morning_does_not_begin_a_night() -> None:
    assert times((27_000, "Lights on"), (27_050, "Lights off")) == (None, 27_000)


def test_lights_on_marked_twice_counts_from_the_later_if_less_than_an_hour_lies_between() -> None:
    assert times((1200, "Lights off"), (26_000, "Lights on"), (27_000, "Lights on")) == (1200, 27_000)
    assert times((1200, "Lights off"), (20_000, "Lights on"), (27_000, "Lights on")) == (1200, 20_000)


def test_markers_outside_of_the_recording_are_left_out_and_said() -> None:
    markers = ((-300, "Lights off"), (27_000, "Lights on"))
    assert times(*markers) == (None, 27_000)
    (problem,) = read(*markers).problems
    assert (problem.code, "off at -300 s" in problem.message) == ("lights-outside", True)
    assert times((40_000, "Lights off")) is None
    assert times((1200, "Lights off"), (28_800.4, "Lights on")) == (1200, 28_800)


def test_a_text_that_only_mentions_lights_is_a_problem_that_does_not_quote_it() -> None:
    lights, (problem,) = read((1100, "Mr Haagse wants lights off in 5 min"))
    assert (lights, problem.code) == (None, "lights-unclear")
    assert "1100 s" in problem.message
    assert "Haagse" not in problem.message
    assert codes((1100, "wants lights off"), (1200, "Lights off")) == []


@given(
    st.lists(
        st.tuples(st.floats(-1e5, 1e5), st.sampled_from(["Lights off", "Lights on", "lights off soon"])), max_size=9
    )
)
def test_whatever_is_marked_lights_lie_in_the_recording_and_off_precedes_on(markers: list[tuple[float, str]]) -> None:
    lights = read(*markers).lights
    if lights is None:
        return
    off_s = 0 if lights.off_s is None else lights.off_s
    on_s = 28_800 if lights.on_s is None else lights.on_s
    assert 0 <= off_s < on_s <= 28_800
    assert (lights.off_s, lights.on_s) != (None, None)


def test_lights_of_a_part_count_from_its_start() -> None:
    lights = Lights(1200, 6900, "said")
    assert lights.within(600, 7000) == Lights(600, 6300, "said")
    assert lights.within(3000, 7000) == Lights(None, 3900, "said")
    assert lights.within(600, 6000) == Lights(600, None, "said")
    assert lights.within(3000, 6000) is None
    assert lights.within(0, 1200) is None
    assert lights.within(6900, 7200) is None


def night_with(folder: Path, *annotations: tuple[float, float | None, str], seconds: int = 60, **fields: Any) -> Path:
    import edfio

    samples = np.random.default_rng(0).normal(0, 20, seconds * 100)
    signal = edfio.EdfSignal(samples, 100, label="C4-M1", physical_dimension="uV", physical_range=(-500, 500))
    path = folder / "night.edf"
    edfio.Edf([signal], annotations=[edfio.EdfAnnotation(*a) for a in annotations], **fields).write(path)
    return path


def test_edf_plus_annotations_are_read(tmp_path: Path) -> None:
    path = night_with(tmp_path, (12.5, None, "Lights Off"), (13, 2.5, "Arousal"), (50, 0, "Lights On"))
    recording = read_recording(path)
    assert recording.lights == Lights(12.5, 50, "the recording's own markers 'Lights Off', 'Lights On'")
    assert recording.problems == ()
    assert recording.describe()["lights"] == {
        "off_s": 12.5,
        "on_s": 50,
        "source": "the recording's own markers 'Lights Off', 'Lights On'",
    }


def test_bdf_plus_annotations_are_read(tmp_path: Path) -> None:
    import edfio

    samples = np.random.default_rng(0).normal(0, 20, 6000)
    signal = edfio.BdfSignal(samples, 100, label="C4-M1", physical_dimension="uV", physical_range=(-500, 500))
    path = tmp_path / "night.bdf"
    edfio.Bdf([signal], annotations=[edfio.EdfAnnotation(12.5, None, "Lumière éteinte")]).write(path)
    assert read_recording(path).lights == Lights(12.5, None, "the recording's own marker 'Lumière éteinte'")


def test_times_count_from_the_first_sample_where_it_follows_the_headers_start(tmp_path: Path) -> None:
    import edfio

    path = night_with(
        tmp_path,
        (12.5, None, "Lights Off"),
        starttime=time(22, 0, 0, 250_000),
        recording=edfio.Recording(startdate=date(2024, 10, 26)),
    )
    recording = read_recording(path)
    assert recording.start == datetime(2024, 10, 26, 22, 0, 0, 250_000)
    assert recording.lights is not None
    assert recording.lights.off_s == 12.5


def test_a_gap_is_part_of_the_time_line_of_markers(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    onsets = [f"+{second + 60 * (second >= 50)}" for second in range(100)]
    onsets[80] += "\x14\x14\0+140\x14Licht aus"
    recording = read_recording(edf([lead("C4-M1", seconds=100)], plus="D", onsets=onsets).write(tmp_path / "d.edf"))
    assert recording.gaps == ((50, 110),)
    assert recording.lights is not None
    assert recording.lights.off_s == 140


def test_latin_1_and_several_texts_at_one_time_are_read(edf: Maker, lead: Maker, tmp_path: Path) -> None:
    onsets = [f"+{second}" for second in range(60)]
    onsets[10] += "\x14\x14\0+10.5\x14Bio\x14Licht aus"
    raw = edf([lead("C4-M1")], plus="C", onsets=onsets).to_bytes().replace(b"Licht aus", b"Lys t\xe6ndt"[:9])
    path = tmp_path / "latin.edf"
    path.write_bytes(raw)
    (marker,) = read_recording(path).source.lights_markers
    assert (marker.onset_s, marker.text, marker.switch) == (10.5, "Lys tændt", "on")


def test_cropping_moves_the_lights(tmp_path: Path) -> None:
    recording = read_recording(night_with(tmp_path, (12.5, None, "Lights Off"), (50, None, "Lights On")))
    part = recording.crop(10, 40)
    assert part.lights == Lights(2.5, None, "the recording's own markers 'Lights Off', 'Lights On'")
    assert part.crop(1, 20).lights == Lights(1.5, None, "the recording's own markers 'Lights Off', 'Lights On'")
    assert part.problems == ()


def test_annotations_are_read_only_when_asked_for_and_once(tmp_path: Path) -> None:
    path = night_with(tmp_path, (12.5, None, "Lights Off"))
    early, late = read_recording(path), read_recording(path)
    assert early.lights is not None
    path.unlink()
    assert early.lights is not None
    assert pickle.loads(pickle.dumps(early)).lights == early.lights
    with pytest.raises(RecordingError, match="annotations"):
        assert late.lights


def test_annotations_read_in_pieces_are_all_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = night_with(tmp_path, (12.5, None, "Lights Off"), (50, None, "Lights On"), seconds=60)
    monkeypatch.setattr("eegvlm.signals.edf._BLOCK_BYTES", 1 << 9)
    assert [marker.onset_s for marker in read_recording(path).source.lights_markers] == [12.5, 50]


def test_odd_markers_of_a_recording_are_among_its_problems(tmp_path: Path) -> None:
    recording = read_recording(night_with(tmp_path, (12.5, None, "Lights Off"), (90, None, "Lights On")))
    assert [problem.code for problem in recording.problems] == ["lights-outside"]


def test_arrays_have_no_lights() -> None:
    assert Recording.from_arrays({"C4-M1": (np.zeros(6000), 100.0)}).lights is None


def test_annotations_of_an_mne_object_are_read() -> None:
    mne = pytest.importorskip("mne")
    info = mne.create_info(["C4"], 100.0, ["eeg"])
    raw = mne.io.RawArray(np.random.default_rng(0).normal(0, 20e-6, (1, 12_000)), info, verbose="error")
    raw.set_meas_date(datetime(2024, 3, 2, 22, 30, 15, tzinfo=UTC))
    notes = mne.Annotations([40.0, 100.0], [0.0, 0.0], ["Lights Off", "Lights On"], orig_time=raw.info["meas_date"])
    raw.set_annotations(notes)
    whose = "the recording's own markers 'Lights Off', 'Lights On'"
    assert Recording.from_mne(raw).lights == Lights(40, 100, whose)
    assert Recording.from_mne(raw.crop(30.0, None)).lights == Lights(10, 70, whose)
