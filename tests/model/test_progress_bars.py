"""Weights are read without a word, and what a user set for transformers' bars stays."""

from __future__ import annotations

import pytest
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from transformers.utils import logging

from eegvlm.model import EegVlmForConditionalGeneration, checkpoint_path
from eegvlm.model.progress_bars import without_progress_bar


@pytest.fixture(params=[True, False], ids=["bars on", "bars off"])
def bars(request):
    """Set transformers' bars and those of downloads as a user might, and put them back."""
    was_enabled, downloads = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    (logging.enable_progress_bar if request.param else logging.disable_progress_bar)()
    yield request.param
    (logging.enable_progress_bar if was_enabled else logging.disable_progress_bar)()
    (enable_progress_bars if downloads else disable_progress_bars)()


def test_loading_a_checkpoint_says_nothing_and_keeps_the_users_setting(bars, capfd):
    EegVlmForConditionalGeneration.from_pretrained(checkpoint_path("nano"))
    assert capfd.readouterr().err == ""
    assert logging.is_progress_bar_enabled() == bars


def test_downloads_keep_their_bars_meanwhile():
    with without_progress_bar():
        assert not logging.is_progress_bar_enabled()
        assert not are_progress_bars_disabled()


@pytest.mark.parametrize("bars", [True], indirect=True)
def test_downloads_that_a_user_wants_without_bars_stay_so(bars):
    disable_progress_bars()
    with without_progress_bar():
        assert are_progress_bars_disabled()
    assert are_progress_bars_disabled()
    assert logging.is_progress_bar_enabled()


def test_an_error_leaves_the_setting_as_it_was(bars):
    with pytest.raises(OSError, match="damaged"), without_progress_bar():
        raise OSError("damaged")
    assert logging.is_progress_bar_enabled() == bars
