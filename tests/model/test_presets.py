"""The presets have the papers' geometries."""

from __future__ import annotations

import pytest
import torch

from eegvlm.model import EegVlmForConditionalGeneration, preset


@pytest.mark.parametrize(
    ("name", "millions", "visual_tokens"),
    [("nano", (4, 10), 64), ("llava-1.5-7b", (7_050, 7_100), 1152), ("llava-1.5-13b", (13_330, 13_400), 1152)],
)
def test_a_preset_has_the_size_of_its_name(name, millions, visual_tokens):
    config = preset(name)
    with torch.device("meta"):
        model = EegVlmForConditionalGeneration(config)
    assert millions[0] < sum(p.numel() for p in model.parameters()) / 1e6 < millions[1]
    assert sum(config.visual_blocks) == visual_tokens


def test_a_setting_replaces_the_presets():
    assert preset("nano", alignment="concat").visual_blocks == [64, 1]


def test_an_unknown_preset_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="nano"):
        preset("giga")
