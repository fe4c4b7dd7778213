"""Drawing with numpy alone: the same bytes as the rasteriser's."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from eegvlm.images import LayoutError, layout_names, load_layout, render
from eegvlm.images.columns import samples_per_epoch
from eegvlm.images.host_raster import draw


def signals(layout, n: int, *, without: int = -1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    drawn = {}
    for place, panel in enumerate(layout.panels):
        values = rng.normal(0, 60, (n, samples_per_epoch(layout))).astype(np.float32)
        values[0] = np.nan
        values[1, 100:200] = np.nan
        values[2] = 1e6
        values[3] = np.inf
        values[4] = 0
        values[5] *= 1e-3
        if place != without:
            drawn[panel.name] = values
    return drawn


@pytest.mark.parametrize("name", layout_names())
@pytest.mark.parametrize("without", [-1, 0])
def test_pictures_equal_those_of_the_rasteriser_to_the_byte(name, without):
    layout = load_layout(name)
    given = signals(layout, 9, without=without if len(layout.panels) > 1 else -1)
    assert np.array_equal(draw(layout, given), render(layout, given).numpy())


def test_a_signal_of_another_length_or_panel_is_refused():
    layout = load_layout("nano")
    with pytest.raises(ValueError, match="shape"):
        draw(layout, {"eeg": np.zeros((2, 10), np.float32)})
    with pytest.raises(LayoutError):
        draw(layout, {"nose": np.zeros((2, samples_per_epoch(layout)), np.float32)})
    with pytest.raises(ValueError, match="at least one"):
        draw(layout, {})


def test_drawing_does_not_load_torch():
    script = "import sys, eegvlm.images.host_raster; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
