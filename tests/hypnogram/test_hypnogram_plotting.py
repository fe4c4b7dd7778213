"""Hypnogram and hypnodensity as matplotlib draws them."""

from __future__ import annotations

import sys
from datetime import datetime

import numpy as np
import pytest

from eegvlm import Hypnogram
from eegvlm.core.extras import MissingExtraError
from eegvlm.hypnogram import HypnogramError

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def night(**fields) -> Hypnogram:
    stages = np.int8([0] * 60 + [2] * 120 + [-1] * 30 + [4] * 30)
    rows = np.full((len(stages), 5), 0.2, np.float32)
    rows[stages < 0] = np.nan
    return Hypnogram(stages, probabilities=rows, **fields)


def test_stages_are_drawn_in_rows_with_wake_on_top():
    ax = night().plot()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["W", "R", "N1", "N2", "N3"]
    assert ax.yaxis_inverted()
    assert ax.get_xlim() == (0.0, 2.0)
    assert len(ax.collections) == 3  # one bar a stretch of W, N2 and R
    assert ax.get_xlabel() == "Hours"


def test_time_is_that_of_the_clock_where_it_is_known():
    ax = night(start=datetime(2024, 5, 31, 22, 30)).plot()
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["23:00", "00:00"]


def test_probabilities_are_stacked_to_one_and_gaps_stay_empty():
    ax = night().plot_hypnodensity()
    assert ax.get_ylim() == (0.0, 1.0)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["W", "R", "N1", "N2", "N3"]
    assert len(ax.patches) == 2 * 5  # two stretches, five layers


def test_it_is_drawn_into_given_axes():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert night().plot(ax) is ax


def test_a_hypnodensity_needs_probabilities():
    with pytest.raises(HypnogramError, match=r"Hypnogram\.plot draws its stages"):
        Hypnogram(np.int8([0, 2])).plot_hypnodensity()


@pytest.mark.parametrize("name", ["matplotlib.pyplot", "pandas"])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    call, extra = {"pandas": ("to_dataframe", "pandas"), "matplotlib.pyplot": ("plot", "figures")}[name]
    with pytest.raises(MissingExtraError) as raised:
        getattr(night(), call)()
    assert str(raised.value) == (
        f"Hypnogram.{call}: {name.partition('.')[0]}: not installed; pip install 'eeg-vlm[{extra}]'"
    )
