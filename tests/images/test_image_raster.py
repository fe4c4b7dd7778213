"""The rasteriser, to the byte: what a pixel is worth, what moves with what, and that nothing else plays a part."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eegvlm.images import GridLines, ImageLayout, LayoutError, Panel, layout_names, load_layout, render
from eegvlm.images.raster import empty_picture
from eegvlm.signals import Role


def layout_of(
    *,
    width: int = 60,
    row_height: int = 16,
    rows: int = 1,
    rate: float = 10.0,
    microvolt_per_pixel: float = 1.0,
    line_width: float = 1.0,
    background: tuple[int, ...] = (0,),
    colour: tuple[int, ...] = (255,),
    grid: tuple[GridLines, ...] = (),
    negative_up: bool = False,
) -> ImageLayout:
    panel = Panel(
        name="eeg",
        roles=(Role.EEG_CENTRAL,),
        rows=rows,
        top=0,
        height=rows * row_height,
        microvolt_per_pixel=microvolt_per_pixel,
        band=(None, None),
        colour=colour,
        negative_up=negative_up,
    )
    return ImageLayout(
        name="test",
        width=width,
        height=rows * row_height,
        channels=len(colour),
        rate=rate,
        panels=(panel,),
        background=background,
        line_width=line_width,
        grid=grid,
    )


def draw(layout: ImageLayout, signal: object) -> np.ndarray:
    return render(layout, {"eeg": np.atleast_2d(np.asarray(signal, dtype=np.float32))}).numpy()


def pseudo_eeg(n: int, n_samples: int, seed: int = 0) -> torch.Tensor:
    """Make signals that are the same on every machine: sums of integer sequences, in quarters of a microvolt."""
    i = np.arange(n_samples, dtype=np.int64)
    rows = []
    for k in range(seed, seed + n):
        slow = np.abs((i * (3 + k % 5)) % 800 - 400) - 200
        fast = ((i + k) * (i + 3 * k) * 7919) % 241 - 120
        rows.append((slow + fast) / np.float32(4))
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def columns_of(picture: np.ndarray) -> list[list[int]]:
    assert (picture == picture[..., :1]).all(), "the columns differ"
    return picture[0, 0, :, 0].tolist()


def test_a_constant_at_a_pixel_border_covers_two_halves():
    # The line is one pixel high and lies on the border between rows 7 and 8.
    assert columns_of(draw(layout_of(), np.zeros(300))) == [0] * 7 + [128, 128] + [0] * 7


def test_a_constant_in_the_middle_of_a_pixel_covers_just_that_pixel():
    assert columns_of(draw(layout_of(), np.full(300, 0.5))) == [0] * 7 + [255] + [0] * 8


def test_a_quarter_of_a_microvolt_moves_a_quarter_of_the_coverage():
    assert columns_of(draw(layout_of(), np.full(300, 0.25))) == [0] * 7 + [192, 64] + [0] * 7


def test_the_line_width_is_the_vertical_thickness():
    layout = layout_of(line_width=2.5)
    assert columns_of(draw(layout, np.zeros(300))) == [0] * 6 + [64, 255, 255, 64] + [0] * 6


def test_positive_points_up_unless_the_panel_says_otherwise():
    up = draw(layout_of(), np.full(300, 4.5))
    assert up[0, 0].argmax(axis=0).tolist() == [3] * 60
    assert np.array_equal(draw(layout_of(negative_up=True), np.full(300, -4.5)), up)


def test_a_step_between_samples_is_joined_by_its_interpolation():
    # Five samples a column; the step lies between samples 149 and 150, exactly on the border of columns 29 and 30,
    # whose value is the mean of the two: each of the columns spans half of the step.
    signal = np.where(np.arange(300) < 150, 4.0, -4.0)
    picture = draw(layout_of(), signal)[0, 0]
    before, left, right, after = (picture[:, c].tolist() for c in (28, 29, 30, 31))
    assert before == [0] * 3 + [128, 128] + [0] * 11
    assert left == [0] * 3 + [128, 255, 255, 255, 255, 128] + [0] * 7
    assert right == [0] * 7 + [128, 255, 255, 255, 255, 128] + [0] * 3
    assert after == [0] * 11 + [128, 128] + [0] * 3


def test_a_ramp_covers_its_rise_in_every_column():
    # One sample a column rising by 1/4 pixel: a column spans 1/4 px, with the line 1 1/4 px.
    layout = layout_of(width=64, rate=64 / 30, row_height=32)
    picture = draw(layout, np.arange(64) / 4 - 8)[0, 0].astype(int)
    assert picture[:, 1:-1].sum(axis=0) == pytest.approx(np.full(62, 320), abs=2)
    # The value of column c is c/4 - 8 in its middle; zero is below pixel row 15.
    middle = (picture * (np.arange(32) + 0.5)[:, None]).sum(axis=0) / picture.sum(axis=0)
    assert middle[1:-1] == pytest.approx(16 - (np.arange(64) / 4 - 8)[1:-1], abs=0.06)


def test_one_microvolt_per_pixel_more_moves_the_picture_one_pixel_up():
    layout = layout_of(row_height=64, rate=20, microvolt_per_pixel=2.5)
    signal = pseudo_eeg(3, 600).numpy() / 4
    low, high = draw(layout, signal), draw(layout, signal + np.float32(2.5))
    assert np.array_equal(high[:, :, :-1], low[:, :, 1:])
    assert low[:, :, :1].max() == 0
    assert high[:, :, -1:].max() == 0


def test_what_leaves_the_row_is_drawn_whole_at_its_border():
    layout = layout_of(line_width=2.0)
    assert columns_of(draw(layout, np.full(300, 1e9))) == [255, 255] + [0] * 14
    assert columns_of(draw(layout, np.full(300, -1e9))) == [0] * 14 + [255, 255]
    assert columns_of(draw(layout, np.full(300, np.inf))) == [255, 255] + [0] * 14


def test_a_wrapped_epoch_reads_like_lines_of_text():
    wide, wrapped = layout_of(width=300), layout_of(width=60, rows=5)
    signal = pseudo_eeg(2, 300) / 16
    one_row = draw(wide, signal)
    rows = draw(wrapped, signal)
    for row in range(5):
        assert np.array_equal(rows[:, :, 16 * row : 16 * (row + 1)], one_row[..., 60 * row : 60 * (row + 1)])


@pytest.mark.parametrize("name", layout_names())
def test_any_batch_gives_the_bytes_of_each_epoch_alone(name):
    layout = load_layout(name)
    signals = {p.name: pseudo_eeg(37, round(30 * layout.rate), seed=5 * i) for i, p in enumerate(layout.panels)}
    together = render(layout, signals)
    for i in (0, 17, 36):
        alone = render(layout, {name: signal[i : i + 1] for name, signal in signals.items()})
        assert torch.equal(together[i], alone[0])
    assert torch.equal(render(layout, {name: s.double().numpy() for name, s in signals.items()}), together)


def test_drawing_into_a_given_tensor_overwrites_everything():
    layout = load_layout("psg-336")
    signals = {"eeg_central": pseudo_eeg(2, 6000), "ecg": pseudo_eeg(2, 6000, 3) * 10}
    out = torch.full((2, 3, 336, 336), 77, dtype=torch.uint8)
    assert render(layout, signals, out=out) is out
    assert torch.equal(out, render(layout, signals))


GOLDEN = {
    "eeg-vlm-336": "cf8f593f916255b8",
    "lossless": "31c23ebfdec2c52a",
    "nano": "26df9c20caa0d1c1",
    "psg-336": "9ddd31c655f38d83",
    "psg-448x224": "abd665d795dbae90",
}


@pytest.mark.parametrize("name", layout_names())
def test_the_bytes_are_those_that_models_were_trained_on(name):
    layout = load_layout(name)
    signals = {p.name: pseudo_eeg(3, round(30 * layout.rate), seed=7 * i) for i, p in enumerate(layout.panels)}
    signals[layout.panels[0].name][1, 500:700] = np.nan
    digest = hashlib.sha256(render(layout, signals).numpy().tobytes()).hexdigest()[:16]
    assert digest == GOLDEN[name], "the drawing has changed: every trained model sees other pictures"


@pytest.mark.parametrize("name", ["nano", "psg-336"])
def test_absent_and_nan_panels_are_empty(name):
    layout = load_layout(name)
    n_samples = round(30 * layout.rate)
    first, second = layout.panels[0], layout.panels[1]
    given = {first.name: torch.full((2, n_samples), torch.nan), second.name: pseudo_eeg(2, n_samples)}
    picture = render(layout, given).numpy()
    empty = empty_picture(layout)
    end = second.top + second.height
    assert np.array_equal(picture[0, :, : first.top + first.height], empty[:, : first.top + first.height])
    assert np.array_equal(picture[1, :, end:], empty[:, end:])
    assert (picture[0, :, second.top : end] != empty[:, second.top : end]).any()


def test_a_nan_empties_only_the_columns_it_touches():
    layout = layout_of(row_height=64)
    signal = pseudo_eeg(1, 300) / 4
    holed = signal.clone()
    holed[0, 100:120] = torch.nan
    whole, with_hole = draw(layout, signal)[0, 0], draw(layout, holed)[0, 0]
    # Samples 100-119 fill columns 20-23; the borders of their neighbours are interpolated from a NaN.
    assert with_hole[:, 19:25].max() == 0
    kept = [c for c in range(60) if not 19 <= c < 25]
    assert np.array_equal(with_hole[:, kept], whole[:, kept])


def test_the_grid_lies_under_the_trace_and_colour_blends_linearly():
    grid = (GridLines(every_s=1, colour=(220, 220, 220)), GridLines(every_s=5, colour=(180, 190, 200)))
    layout = layout_of(background=(255, 255, 255), colour=(0, 100, 255), grid=grid)
    picture = draw(layout, np.full(300, 0.25))[0].astype(int)
    # 2 columns a second: 1 s at column 2, 5 s at column 10; none at the left border.
    assert picture[:, 0, 0].tolist() == [255, 255, 255]
    assert picture[:, 0, 2].tolist() == [220, 220, 220]
    assert picture[:, 0, 10].tolist() == [180, 190, 200]
    for column, ground in ((3, (255, 255, 255)), (4, (220, 220, 220)), (20, (180, 190, 200))):
        for row, coverage in ((7, 192), (8, 64)):
            expected = [g + (c - g) * coverage / 255 for g, c in zip(ground, (0, 100, 255), strict=True)]
            assert picture[:, row, column] == pytest.approx(expected, abs=1)


def test_full_coverage_is_exactly_the_colour_whatever_the_ground():
    rng = np.random.default_rng(1)
    for _ in range(20):
        colour, ground, line = (tuple(int(v) for v in rng.integers(0, 256, 3)) for _ in range(3))
        layout = layout_of(background=ground, colour=colour, grid=(GridLines(every_s=2, colour=line),))
        picture = draw(layout, np.full(300, 0.5))[0]
        assert (picture[:, 7] == np.array(colour)[:, None]).all()
        assert np.array_equal(picture[:, :7], empty_picture(layout)[:, :7])


def reference_spans(layout: ImageLayout, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute each column's span by sampling the polyline densely, in pixels above the row's middle."""
    panel = layout.panels[0]
    n_columns = panel.rows * layout.width
    at_samples = (np.arange(len(signal)) + 0.5) / len(signal) * n_columns
    low, high = np.empty(n_columns), np.empty(n_columns)
    for c in range(n_columns):
        inside = signal[(at_samples >= c) & (at_samples < c + 1)]
        values = [*np.interp([c, c + 1], at_samples, signal), *inside]
        low[c], high[c] = min(values), max(values)
    return low / panel.microvolt_per_pixel, high / panel.microvolt_per_pixel


@settings(max_examples=60)
@given(data=st.data())
def test_every_pixel_is_the_covered_share_of_its_height(data):
    height = data.draw(st.integers(8, 400), "row height")
    layout = layout_of(
        width=data.draw(st.integers(8, 50), "width"),
        rows=data.draw(st.integers(1, 3), "rows"),
        row_height=height,
        rate=data.draw(st.sampled_from([1, 2.5, 4, 7]), "rate"),
        microvolt_per_pixel=data.draw(st.floats(0.05, 20), "scale"),
        line_width=data.draw(st.floats(1, 3), "line"),
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6), "seed"))
    panel = layout.panels[0]
    signal = rng.normal(0, height / 5, round(30 * layout.rate)).cumsum() * panel.microvolt_per_pixel
    signal = (signal - signal.mean()).clip(-250 * panel.microvolt_per_pixel, 250 * panel.microvolt_per_pixel)
    signal = signal.astype(np.float32)

    low, high = reference_spans(layout, signal.astype(np.float64))
    reach = height / 2 - layout.line_width / 2
    top = height / 2 - high.clip(-reach, reach) - layout.line_width / 2
    bottom = height / 2 - low.clip(-reach, reach) + layout.line_width / 2
    y = np.arange(height)[:, None]
    expected = (np.minimum(bottom, y + 1) - np.maximum(top, y)).clip(0, 1) * 256
    expected = expected.reshape(height, panel.rows, -1).swapaxes(0, 1).reshape(layout.height, -1)
    # Rounding to 1/256 px moves an end by up to one step: the sample's, the border's weight and the value's.
    slope = np.abs(np.diff(signal)).max() / panel.microvolt_per_pixel
    assert np.abs(draw(layout, signal)[0, 0] - expected).max() <= 3 + slope


def test_signals_are_needed_and_must_fit():
    layout = load_layout("nano")
    with pytest.raises(ValueError, match="at least one"):
        render(layout, {})
    with pytest.raises(LayoutError, match="panel: ecg"):
        render(layout, {"ecg": np.zeros((1, 3000))})
    with pytest.raises(ValueError, match="'emg' has shape"):
        render(layout, {"eeg": np.zeros((2, 3000)), "emg": np.zeros((1, 3000))})
    with pytest.raises(ValueError, match="'eeg' has shape"):
        render(layout, {"eeg": np.zeros((2, 2999))})
    with pytest.raises(ValueError, match="contiguous uint8"):
        render(layout, {"eeg": np.zeros((2, 3000))}, out=torch.empty((2, 1, 256, 255), dtype=torch.uint8))


def test_no_epochs_make_no_pictures():
    assert render(load_layout("nano"), {"eeg": np.zeros((0, 3000))}).shape == (0, 1, 256, 256)


def test_drawing_needs_no_gradient_and_keeps_its_input():
    layout = load_layout("nano")
    signal = pseudo_eeg(2, 3000).requires_grad_()
    before = signal.detach().clone()
    assert not render(layout, {"eeg": signal}).requires_grad
    assert torch.equal(signal, before)


def test_drawing_in_inference_mode_leaves_nothing_behind_that_later_calls_cannot_use():
    layout = replace(load_layout("psg-448x224"), name="a fresh one")
    signals = {"eeg_central": pseudo_eeg(2, 6000)}
    with torch.inference_mode():
        first = render(layout, signals)
    assert torch.equal(render(layout, {"eeg_central": signals["eeg_central"].requires_grad_()}), first)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", layout_names())
def test_cuda_draws_the_same_bytes(name):
    layout = load_layout(name)
    signals = {p.name: pseudo_eeg(9, round(30 * layout.rate), seed=3 * i) for i, p in enumerate(layout.panels)}
    signals[layout.panels[0].name][2, 500:900] = torch.nan
    on_cuda = render(layout, signals, device="cuda")
    assert on_cuda.device.type == "cuda"
    assert torch.equal(on_cuda.cpu(), render(layout, signals))


def test_a_changed_scale_or_line_changes_the_bytes():
    layout = load_layout("nano")
    signal = {"eeg": pseudo_eeg(1, 3000)}
    other = replace(layout, line_width=2.0)
    assert not torch.equal(render(layout, signal), render(other, signal))
