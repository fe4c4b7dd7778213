"""A scored night as pandas, MNE and YASA hold it, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from eegvlm import Hypnogram
from eegvlm.hypnogram import HypnogramError, Stage
from eegvlm.signals import Lights

pd = pytest.importorskip("pandas")
START = datetime(2024, 5, 31, 22, 30)


def night(**fields) -> Hypnogram:
    stages = np.int8([0, 0, 1, 2, 2, 3, 4, -1])
    rows = np.random.default_rng(0).dirichlet(np.ones(5), len(stages)).astype(np.float32)
    rows[-1] = np.nan
    return Hypnogram(stages, **{"start": START, "onset_s": 60.0, "probabilities": rows, **fields})


def test_a_dataframe_has_one_row_an_epoch_numbered_as_scorers_do():
    table = night().to_dataframe()
    assert table.index.tolist() == list(range(1, 9))
    assert table["stage"].tolist() == night().labels
    assert table["onset_s"].iloc[0] == 60.0
    assert table["time"].iloc[0] == datetime(2024, 5, 31, 22, 31)
    np.testing.assert_array_equal(table[["p_W", "p_N1", "p_N2", "p_N3", "p_R"]], night().probabilities)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"start": None},
        {"probabilities": None},
        {"quality": ["good", "doubtful", *["good"] * 5, "unusable"]},
        {"epoch_s": 20.0},
    ],
)
def test_a_dataframe_of_ours_comes_back_as_it_was(fields):
    back = Hypnogram.from_dataframe(night(**fields).to_dataframe())
    assert (back.labels, back.start, back.onset_s, back.epoch_s, back.quality) == (
        *(night(**fields).labels, night(**fields).start, 60.0),
        *(night(**fields).epoch_s, night(**fields).quality),
    )
    np.testing.assert_array_equal(back.probabilities, night(**fields).probabilities)


def test_a_table_of_stretches_is_laid_on_epochs():
    table = pd.DataFrame({"onset": [0.0, 60.0, 120.0], "duration": [60.0, 60.0, 30.0], "stage": ["W", "N1", "N2"]})
    assert Hypnogram.from_dataframe(table, onset_unit="s").labels == ["W", "W", "N1", "N1", "N2"]


def test_an_index_of_times_says_when_rows_are():
    times = pd.date_range(START, periods=4, freq="30s")
    back = Hypnogram.from_dataframe(pd.DataFrame({"stage": ["W", "N1", "N2", "REM"]}, index=times))
    assert (back.labels, back.time_of(0)) == (["W", "N1", "N2", "R"], START)
    back = Hypnogram.from_dataframe(pd.DataFrame({"stage": ["W", "N1"]}, index=pd.to_timedelta([0, 30], unit="s")))
    assert back.labels == ["W", "N1"]


def test_one_column_is_one_stage_a_row_and_codes_need_a_coding():
    assert Hypnogram.from_dataframe(pd.DataFrame({"stage": ["W", "N2"]})).labels == ["W", "N2"]
    codes = pd.DataFrame({"stage": [0, 4]})
    with pytest.raises(HypnogramError, match="name theirs with coding="):
        Hypnogram.from_dataframe(codes)
    assert Hypnogram.from_dataframe(codes, coding="aasm").labels == ["W", "R"]


def test_the_column_of_stages_can_be_named():
    table = pd.DataFrame({"onset": [0.0, 30.0], "duration": [30.0, 30.0], "first": ["W", "N2"], "second": ["N1", "N3"]})
    assert Hypnogram.from_dataframe(table, stage="second").labels == ["N1", "N3"]
    with pytest.raises(HypnogramError, match="there are onset, duration, first, second"):
        Hypnogram.from_dataframe(table, stage="third")


def test_what_is_no_table_is_told_what_takes_it():
    with pytest.raises(TypeError, match="take a Series or a list"):
        Hypnogram.from_dataframe(pd.Series(["W", "N2"]))
    assert Hypnogram.from_strings(pd.Series(["W", "N2", None])).labels == ["W", "N2", "?"]
    assert Hypnogram.from_codes(pd.Series([0, 2]), coding="aasm").labels == ["W", "N2"]


def test_transitions_are_labelled_in_a_dataframe():
    assert night().transitions().to_dataframe().loc["N2", "N3"] == 1


class TestAnnotations:
    mne = pytest.importorskip("mne")

    def test_each_epoch_is_one_annotation_with_its_probabilities(self):
        notes = night().to_annotations()
        assert notes.description.tolist() == [f"Sleep stage {label}" for label in night().labels]
        assert notes.onset[0] == 60.0
        assert notes.orig_time == START.replace(tzinfo=UTC)
        assert notes.extras[0]["p_W"] == pytest.approx(float(night().probabilities[0, 0]))
        assert not notes.extras[-1]

    @pytest.mark.parametrize("start", [START, None])
    def test_they_come_back_as_the_same_stages(self, start):
        given = night(start=start, probabilities=None, lights=Lights(30.0, 270.0, "a test"))
        back = Hypnogram.from_annotations(given.to_annotations())
        assert (back.labels, back.start, back.onset_s) == (given.labels, start, 60.0)
        assert (back.lights.off_s, back.lights.on_s) == (30.0, 270.0)

    def test_a_raw_takes_them(self):
        info = self.mne.create_info(["C4-M1"], 100.0, "eeg")
        raw = self.mne.io.RawArray(np.zeros((1, 40_000)), info, verbose="error")
        raw.set_meas_date(START.replace(tzinfo=UTC))
        raw.set_annotations(night().to_annotations())
        assert Hypnogram.from_annotations(raw.annotations).labels == night().labels

    def test_annotations_without_a_stage_are_refused(self):
        with pytest.raises(HypnogramError, match="none of them a stage"):
            Hypnogram.from_annotations(self.mne.Annotations([0.0], [1.0], ["arousal"]))
        with pytest.raises(TypeError, match=r"raw\.annotations"):
            Hypnogram.from_annotations(["Sleep stage W"])


class TestYasa:
    @pytest.fixture
    def yasa(self):
        return pytest.importorskip("yasa")

    def test_it_comes_back_as_the_same_night(self, yasa):
        theirs = night().to_yasa()
        assert theirs.start == START + timedelta(seconds=60)
        assert theirs.hypno.tolist() == ["WAKE", "WAKE", "N1", "N2", "N2", "N3", "REM", "UNS"]
        back = Hypnogram.from_yasa(theirs)
        assert (back.labels, back.epoch_s, back.time_of(0)) == (night().labels, 30.0, night().time_of(0))
        np.testing.assert_allclose(back.probabilities, night().probabilities, atol=1e-6)

    def test_its_plots_and_statistics_take_it(self, yasa):
        theirs = night().to_yasa()
        assert theirs.sleep_statistics()["TST"] == night().statistics().tst_min
        matplotlib = pytest.importorskip("matplotlib")
        matplotlib.use("agg")
        theirs.plot_hypnogram()
        theirs.plot_hypnodensity()

    def test_artefacts_are_unscored_and_light_sleep_is_refused(self, yasa):
        assert Hypnogram.from_yasa(yasa.Hypnogram(["W", "ART", "N2"])).stages.tolist() == [0, Stage.UNSCORED, 2]
        with pytest.raises(HypnogramError, match="light sleep is N1 and N2 together"):
            Hypnogram.from_yasa(yasa.Hypnogram(["W", "LIGHT", "DEEP"], n_stages=4))

    def test_a_list_is_told_what_takes_it(self):
        with pytest.raises(TypeError, match="coding='yasa'"):
            Hypnogram.from_yasa([0, 1])
