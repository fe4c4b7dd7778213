"""``eegvlm.stage`` on a path, arrays and MNE's ``Raw``, and the night that it returns."""

from __future__ import annotations

import numpy as np
import pytest

import eegvlm
from eegvlm.errors import InputError
from eegvlm.signals import Recording
from eegvlm.staging import StagedNight, Stager


@pytest.fixture(scope="module")
def simulated():
    return eegvlm.simulate_night(hours=0.25, seed=5, channels=["EEG C4-M1", "EOG E1-M2"], rate=100)


@pytest.fixture(scope="module")
def staged(simulated, stager: Stager) -> StagedNight:
    return eegvlm.stage(simulated.recording(), model=stager)


def test_a_file_arrays_and_a_recording_are_staged_alike(simulated, staged, stager, tmp_path):
    of_arrays = eegvlm.stage(simulated.signals, sfreq=simulated.rate, model=stager, explain="none")
    np.testing.assert_array_equal(of_arrays.hypnogram.probabilities, staged.hypnogram.probabilities)
    simulated.write(tmp_path / "night.edf")
    of_file = eegvlm.stage(tmp_path / "night.edf", model=stager, explain="none")
    assert of_file.hypnogram.agreement(staged.hypnogram).accuracy > 0.95  # EDF rounds to 16 bits
    assert of_file.hypnogram.start == simulated.start


def test_a_raw_is_staged_as_its_volts(simulated, staged, stager):
    mne = pytest.importorskip("mne")
    labels = list(simulated.signals)
    volts = np.stack([simulated.signals[label] for label in labels]) * 1e-6
    raw = mne.io.RawArray(volts, mne.create_info(labels, simulated.rate, ["eeg", "eog"]), verbose="error")
    night = eegvlm.stage(raw, model=stager, explain="none")
    assert night.hypnogram.agreement(staged.hypnogram).accuracy > 0.95
    raw.set_annotations(night.hypnogram.to_annotations() + night.evidence.to_annotations())
    assert len(raw.annotations) >= len(night.hypnogram)


def test_channels_of_arrays_can_be_chosen(simulated, stager):
    arrays = {"left": simulated.signals["EEG C4-M1"], "right": simulated.signals["EOG E1-M2"]}
    with pytest.raises(InputError, match="none recognised"):
        eegvlm.stage(arrays, sfreq=simulated.rate, model=stager)
    night = eegvlm.stage(arrays, sfreq=simulated.rate, channels={"eeg": "left"}, model=stager, explain="none")
    assert night.panels["eeg"] == "left"


def test_measuring_arrays_is_measuring_the_recording(simulated):
    measured = eegvlm.measure(simulated.signals, sfreq=simulated.rate)
    assert measured.to_dataframe().equals(eegvlm.measure(simulated.recording()).to_dataframe())


def test_lights_are_the_callers_where_given(simulated, stager):
    night = eegvlm.stage(simulated.recording(), model=stager, explain="none", lights_off="60", lights_on="600")
    assert night.counted.statistics.tib_min == 9.0


def test_events_are_tables_with_channel_time_frequency_and_amplitude(staged):
    for table in (staged.evidence.spindles, staged.evidence.slow_waves, staged.evidence.k_complexes):
        assert table.columns.tolist() == [
            *("kind", "channel", "epoch", "onset_s", "duration_s", "frequency_hz", "amplitude_uv"),
        ]
    spindles = staged.evidence.spindles
    assert set(spindles["kind"]) == {"spindle"}
    assert spindles["frequency_hz"].between(10, 17).all()
    assert (spindles["epoch"] == spindles["onset_s"] // 30 + 1).all()


def test_a_staged_night_has_what_a_notebook_asks_for(staged, tmp_path):
    assert staged.hypnogram.n_epochs == 30
    assert staged.rationales is not None
    assert staged.quality.to_dataframe().shape == (30, 2)
    assert staged.report(tmp_path / "night.html").stat().st_size > 10_000
    assert repr(staged).startswith("<StagedNight: ")
    assert "\n" not in repr(staged)
    assert len(repr(staged)) < 400
    assert "<svg" in staged._repr_html_()


def test_an_epoch_is_drawn_with_its_channels_events_and_reasons(staged):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    explained = staged.rationales[0]["epoch"]
    figure = staged.plot_epoch(explained)
    assert len(figure.axes) == len(staged.prepared.layout.panels)
    assert f"Epoch {explained} of 30" in figure.get_suptitle()
    assert staged.rationales[0]["text"][:20] in figure.get_supxlabel()
    assert len(figure.axes[0].lines) == 1
    with pytest.raises(InputError, match="give 1 to 30"):
        staged.plot_epoch(0)
    pyplot.close("all")


def test_a_recording_that_is_open_already_is_taken_as_it_is(simulated):
    from eegvlm.signals import open_recording

    recording = simulated.recording()
    assert open_recording(recording) is recording
    assert isinstance(open_recording(simulated.signals, sfreq=simulated.rate), Recording)
