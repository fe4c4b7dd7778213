"""``eegvlm render``: the figure a person reads, the pixels the model reads, one sentence for what cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import edfio
import numpy as np
import pytest
from PIL import Image
from scipy.signal import lfilter
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.images import PreparedNight, layout_names, load_layout, render
from eegvlm.images.figure import PanelLabel, figure
from eegvlm.signals import read_recording


def call(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["render", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Path:
    rng = np.random.default_rng(0)
    signals = [
        edfio.EdfSignal(
            rms * lfilter([0.3], [1, -0.95], rng.normal(size=100 * 100)), 100, label=label, physical_dimension="uV"
        )
        for label, rms in (("C4-M1", 20), ("E1-M2", 50), ("EMG chin", 10))
    ]
    file = tmp_path_factory.mktemp("render") / "night.edf"
    edfio.Edf(signals).write(file)
    return file


def test_raw_writes_exactly_the_models_pixels(night, tmp_path):
    out = tmp_path / "e.png"
    said = call(night, "--epoch", "2", "--out", out, "--raw")
    assert "epoch 2 of 4, layout nano (eeg: C4-M1, eog_left: E1-M2, eog_right: none, emg: EMG chin)" in said
    layout = load_layout("nano")
    recording = read_recording(night)
    expected = PreparedNight.read(recording, layout).pictures(np.array([1]))[0, 0].numpy()
    with Image.open(out) as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), expected)


def test_raw_can_be_enlarged_by_whole_pixels(night, tmp_path):
    out = tmp_path / "e.png"
    call(night, "--epoch", "1", "--out", out, "--layout", "psg-448x224", "--raw", "--scale", "2")
    with Image.open(out) as image:
        assert (image.mode, image.size) == ("RGB", (896, 448))
        pixels = np.asarray(image)
    assert np.array_equal(pixels[::2, ::2], pixels[1::2, 1::2])


@pytest.mark.parametrize("name", layout_names())
def test_the_figure_holds_the_enlarged_panels_unchanged(name):
    layout = load_layout(name)
    rng = np.random.default_rng(0)
    signals = {p.name: rng.normal(0, 6 * p.microvolt_per_pixel, (1, round(30 * layout.rate))) for p in layout.panels}
    picture = render(layout, signals)[0].numpy()
    labels = {p.name: PanelLabel("EEG", "C4-M1") for p in layout.panels}
    page = np.asarray(figure(layout, picture, labels, title="t", subtitle="s", scale=2))
    rgb = np.broadcast_to(picture, (3, *picture.shape[1:])).transpose(1, 2, 0)
    for panel in layout.panels:
        wanted = rgb[panel.top : panel.top + panel.height].repeat(2, axis=0).repeat(2, axis=1)
        columns = page[:, 176 : 176 + 2 * layout.width]
        starts = np.flatnonzero((columns[: len(page) - len(wanted) + 1] == wanted[0]).all(axis=(1, 2)))
        assert any(np.array_equal(columns[at : at + len(wanted)], wanted) for at in starts), panel.name


def test_the_default_figure_is_about_a_thousand_pixels_wide(night, tmp_path):
    out = tmp_path / "e.png"
    call(night, "--epoch", "4", "--out", out)  # the last epoch is incomplete: empty, and said so
    with Image.open(out) as image:
        assert 1000 < image.width < 1500
        assert image.mode == "RGB"


def test_a_layout_of_ones_own_is_drawn(night, tmp_path):
    file, out = tmp_path / "mine.json", tmp_path / "e.png"
    file.write_text(load_layout("lossless").to_json().replace('"lossless"', '"mine"'), encoding="utf-8")
    assert "layout mine" in call(night, "--epoch", "1", "--out", out, "--layout", file)


@pytest.mark.parametrize("epoch", [0, 5, -1])
def test_an_epoch_that_is_not_there_is_refused(night, tmp_path, epoch):
    with pytest.raises(InputError, match=f"--epoch: {epoch}; the recording has 4 epochs: give 1 to 4"):
        call(night, "--epoch", str(epoch), "--out", tmp_path / "e.png")


def test_a_file_that_is_no_png_or_cannot_be_written_is_refused(night, tmp_path):
    with pytest.raises(InputError, match=r"e.jpg: --out: .jpg; name a file that ends in .png"):
        call(night, "--epoch", "1", "--out", tmp_path / "e.jpg")
    with pytest.raises(InputError, match="output: the folder does not exist; create it first"):
        call(night, "--epoch", "1", "--out", tmp_path / "nowhere" / "e.png")


def test_a_recording_without_any_of_the_layouts_channels_is_refused(tmp_path):
    file = tmp_path / "odd.edf"
    signal = edfio.EdfSignal(np.sin(np.arange(6000) / 9), 100, label="Thorax", physical_dimension="uV")
    edfio.Edf([signal]).write(file)
    with pytest.raises(InputError, match="none found; name one with --channels"):
        call(file, "--epoch", "1", "--out", tmp_path / "e.png")


def test_names_the_font_cannot_show_are_written_in_ascii():
    layout = load_layout("lossless")
    picture = render(layout, {"eeg": np.zeros((1, 3000))})[0].numpy()
    one, other = (
        np.asarray(figure(layout, picture, {"eeg": PanelLabel("EEG", text)}, title="t", subtitle="s", scale=1))
        for text in ("Impédance µ", "Impedance u")
    )
    assert np.array_equal(one, other)


@pytest.mark.real_data
def test_a_real_recording_of_seven_roles_fills_the_psg_layout(real_data, tmp_path):
    file = real_data / "edf_edge_cases" / "rsleep_noxturnal" / "subject1.edf"
    said = call(file, "--epoch", "1", "--layout", "psg-336", "--out", tmp_path / "e.png")
    assert "none" not in said
