"""How a picture is cut: every pixel of a panel in one patch, no patch over a border."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.attribution import cut
from eegvlm.errors import InputError
from eegvlm.images import layout_names, load_layout


def test_a_picture_of_336_pixels_has_576_patches_of_14():
    patches = cut(load_layout("psg-336"), "14")
    assert len(patches) == 576
    assert set(np.bincount(patches.labels.ravel())) == {196}


def test_the_packaged_layout_has_256_patches_of_16():
    patches = cut(load_layout("nano"), "14")
    assert len(patches) == 256
    assert set(np.bincount(patches.labels.ravel())) == {256}


@pytest.mark.parametrize("name", ["14", "panel", "3s", "7s"])
@pytest.mark.parametrize("layout_name", layout_names())
def test_every_pixel_of_a_panel_belongs_to_a_patch_of_that_panel(layout_name, name):
    layout = load_layout(layout_name)
    patches = cut(layout, name)
    inside = np.zeros((layout.height, layout.width), bool)
    for panel in layout.panels:
        own = patches.labels[panel.top : panel.top + panel.height]
        assert {patches.panels[patch] for patch in np.unique(own)} == {panel.name}
        inside[panel.top : panel.top + panel.height] = True
    assert (patches.labels[~inside] == -1).all()
    assert np.array_equal(np.unique(patches.labels[inside]), np.arange(len(patches)))


def test_a_square_stays_within_a_row_of_a_wrapped_panel():
    layout = load_layout("nano")
    patches = cut(layout, "14")
    rows = np.arange(layout.height) // 32
    for patch in range(len(patches)):
        assert len(np.unique(rows[(patches.labels == patch).any(axis=1)])) == 1


def test_a_slice_of_time_follows_a_wrapped_panel_into_its_next_row():
    layout = load_layout("nano")  # rows of 6 s
    patches = cut(layout, "10s")
    second = patches.labels == 1  # 10 to 20 s of the EEG
    assert second[32:64, 171:].all()
    assert second[64:96].all()
    assert second[96:128, :85].all()
    assert not second[:32].any()
    assert not second[128:].any()


@pytest.mark.parametrize("name", ["3", "33", "0.1s", "31s", "squares", ""])
def test_patches_that_do_not_suit_the_layout_are_refused(name):
    with pytest.raises(InputError, match="patches"):
        cut(load_layout("nano"), name)
