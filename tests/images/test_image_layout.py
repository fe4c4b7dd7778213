"""Layouts as data: JSON there and back, and a clear refusal of everything that cannot be drawn."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from eegvlm.errors import InputError
from eegvlm.images import GridLines, ImageLayout, LayoutError, Panel, layout_names, load_layout
from eegvlm.signals import Role

SHIPPED = ("eeg-vlm-336", "lossless", "nano", "psg-336", "psg-448x224")


def test_the_shipped_layouts_are_these():
    assert layout_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_layout_survives_json_and_dictionaries(name):
    layout = load_layout(name)
    assert layout.name == name
    assert ImageLayout.from_json(layout.to_json()) == layout
    assert ImageLayout.from_dict(json.loads(json.dumps(layout.to_dict()))) == layout
    assert hash(ImageLayout.from_dict(layout.to_dict())) == hash(layout)


def test_a_layout_is_loaded_from_a_file(tmp_path):
    file = tmp_path / "mine.json"
    mine = replace(load_layout("nano"), name="mine", grid=(GridLines(every_s=1, colour=(40,)),))
    file.write_text(mine.to_json(), encoding="utf-8")
    assert load_layout(file) == mine


def test_the_nano_rows_lie_on_patches_of_32_pixels():
    layout = load_layout("nano")
    assert (layout.width, layout.height, layout.channels) == (256, 256, 1)
    assert [panel.name for panel in layout.panels] == ["eeg", "eog_left", "eog_right", "emg"]
    assert all(panel.row_height == 32 and panel.top % 32 == 0 for panel in layout.panels)
    assert layout.panel("eeg").roles == (Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_panels_fill_the_picture(name):
    layout = load_layout(name)
    assert sum(panel.height for panel in layout.panels) == layout.height


def test_a_name_that_is_neither_layout_nor_file_is_refused_with_the_names_there_are():
    with pytest.raises(LayoutError, match=r"nanoo: layout: not found; .*eeg-vlm-336, lossless, nano"):
        load_layout("nanoo")


def test_a_file_that_is_no_json_is_refused_by_name(tmp_path):
    file = tmp_path / "broken.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken.json: layout: .*; give valid JSON"):
        load_layout(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"broken.json: layout"):
        load_layout(file)


def _changed(**changes):
    fields = load_layout("nano").to_dict()
    for where, value in changes.items():
        *path, key = where.split("__")
        target = fields
        for step in path:
            target = target[int(step) if step.isdigit() else step]
        if value is _GONE:
            del target[key]
        else:
            target[int(key) if key.isdigit() else key] = value
    return fields


_GONE = object()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"normalise": True}, "normalise: unknown key"),
        ({"panels__0__gain": 2}, r"panels\[0\].gain: unknown key"),
        ({"grid": [{"every_s": 1, "colour": [9], "width": 2}]}, r"grid\[0\].width: unknown key"),
        ({"rate": _GONE}, "rate: missing"),
        ({"panels__1__band": _GONE}, r"panels\[1\].band: missing"),
        ({"width": "256"}, "width: 256"),
        ({"width": 256.0}, "width: 256.0"),
        ({"width": True}, "width: True"),
        ({"rate": float("nan")}, "rate: nan"),
        ({"panels": {}}, "panels: {}"),
        ({"panels": []}, "panels: empty"),
        ({"panels__0": "eeg"}, r"panels\[0\]: eeg"),
        ({"name": ""}, "name: empty"),
        ({"channels": 2}, "channels: 2"),
        ({"width": 4}, "width: 4"),
        ({"rate": 100.01}, "rate: 100.01"),
        ({"background": [0, 0, 0]}, "background: "),
        ({"background": [256]}, "background: "),
        ({"line_width": 0.5}, "line_width: 0.5"),
        ({"line_width": 17}, "line_width: 17"),
        ({"grid": [{"every_s": 0, "colour": [9]}]}, r"grid\[0\].every_s: 0"),
        ({"grid": [{"every_s": 1, "colour": [9, 9]}]}, r"grid\[0\].colour: "),
        ({"panels__0__rows": 3}, "panel eeg: rows: 3"),
        ({"panels__0__rows": 0}, "panel eeg: rows: 0"),
        ({"panels__1__top": 150}, "panel eog_left: top: 150; it overlaps panel eeg"),
        ({"panels__3__top": 230}, "panel emg: top: 230"),
        ({"panels__0__top": -1}, "panel eeg: top: -1"),
        ({"panels__1__name": "eeg"}, "panels: eeg"),
        ({"panels__1__name": ""}, "name: empty"),
        ({"panels__0__roles": []}, "panel eeg: roles: empty"),
        ({"panels__0__roles": ["eeg_left"]}, r"panels\[0\].roles\[0\]: eeg_left"),
        ({"panels__0__roles": ["ecg", "ecg"]}, "panel eeg: roles: ecg, ecg"),
        ({"panels__0__microvolt_per_pixel": 0}, "panel eeg: microvolt_per_pixel: 0"),
        ({"panels__0__microvolt_per_pixel": None}, r"panels\[0\].microvolt_per_pixel: None"),
        ({"panels__0__band": [0.3]}, r"panels\[0\].band: "),
        ({"panels__0__band": [0.3, 50]}, "panel eeg: band: "),
        ({"panels__0__band": [35, 0.3]}, "panel eeg: band: "),
        ({"panels__0__band": [0, 35]}, "panel eeg: band: "),
        ({"panels__0__colour": [255, 0, 0]}, "panel eeg: colour: "),
        ({"panels__0__colour": [0]}, "panel eeg: colour: .*differ from the background"),
        ({"panels__0__negative_up": 1}, r"panels\[0\].negative_up: 1"),
    ],
)
def test_a_layout_that_cannot_be_drawn_is_refused_by_file_and_field(changes, field):
    with pytest.raises(LayoutError, match=f"^mine.json: .*{field}"):
        ImageLayout.from_dict(_changed(**changes), path="mine.json")


def test_a_row_higher_than_the_arithmetic_reaches_is_refused():
    panel = {**load_layout("nano").to_dict()["panels"][0], "rows": 1, "height": 511}
    with pytest.raises(LayoutError, match="panel eeg: height: 511; a row is at most 510 pixels high"):
        ImageLayout.from_dict(_changed(height=1000, panels=[panel]))
    assert ImageLayout.from_dict(_changed(height=1000, panels=[{**panel, "height": 510}])).height == 1000


def test_a_key_given_twice_is_refused():
    text = load_layout("nano").to_json().replace('"width": 256', '"width": 256, "width": 336')
    with pytest.raises(LayoutError, match="width: given twice"):
        ImageLayout.from_json(text)


def test_an_open_band_is_written_as_null():
    layout = load_layout("nano")
    eeg = replace(layout.panel("eeg"), band=(None, None))
    opened = replace(layout, panels=(eeg, *layout.panels[1:]))
    assert opened.to_dict()["panels"][0]["band"] == [None, None]
    assert ImageLayout.from_json(opened.to_json()) == opened


def test_an_unknown_panel_is_refused_with_the_names_there_are():
    with pytest.raises(LayoutError, match=r"nano: panel: ecg; .*eeg, eog_left, eog_right, emg"):
        load_layout("nano").panel("ecg")


def test_a_layout_alone_does_not_load_torch():
    code = "import sys, eegvlm.images as i; i.load_layout('nano'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_panels_may_leave_room_between_them():
    panel = Panel(
        name="eeg",
        roles=(Role.EEG_CENTRAL,),
        rows=1,
        top=10,
        height=20,
        microvolt_per_pixel=1.0,
        band=(None, None),
        colour=(255,),
    )
    layout = ImageLayout(name="small", width=32, height=64, channels=1, rate=10, panels=(panel,), background=(0,))
    assert layout.panel("eeg").row_height == 20
