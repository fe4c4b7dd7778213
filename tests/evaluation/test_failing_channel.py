"""A channel that fails: only it changes, in the share of each epoch that was asked for, and the fall is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from evaluation_nights import FakeNight, by_loudness, loudness_recording, staircase

from eegvlm.errors import InputError
from eegvlm.lab.evaluation.channel_failure import channel_failures, failure_tables
from eegvlm.lab.evaluation.failing_channel import KINDS, ROLES, failing
from eegvlm.lab.evaluation.failure_report import FailureReport
from eegvlm.lab.evaluation.perturbations import NotApplicableError
from eegvlm.signals import Recording, Role

RATE = 64.0


@pytest.fixture(scope="module")
def night() -> Recording:
    """Twenty minutes of noise in a channel of every role, at two rates."""
    rng = np.random.default_rng(0)
    labels = ("EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EOG E1-M2", "EOG E2-M2", "EMG chin", "ECG")
    rates = {label: 128.0 if label in ("EMG chin", "ECG") else RATE for label in labels}
    return Recording.from_arrays(
        {
            label: ((15 * rng.standard_normal(round(1200 * rate))).astype(np.float32), rate)
            for label, rate in rates.items()
        }
    )


def failed(night: Recording, role: Role, kind: str, share: float = 0.7) -> Recording:
    (piece,) = failing(role, kind, share).apply(night, np.random.default_rng(0)).pieces
    return piece.recording


def samples(recording: Recording, role: Role) -> np.ndarray:
    return recording.samples(recording.channel(role))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", KINDS)
def test_70_percent_of_each_epoch_of_one_channel_changes_and_no_other_sample(night, role, kind):
    changed = failed(night, role, kind)
    for other in ROLES:
        differs = samples(changed, other) != samples(night, other)
        if other is role:
            by_epoch = differs.reshape(night.n_epochs, -1).mean(axis=1)
            np.testing.assert_allclose(by_epoch, 0.7, atol=0.01)
        else:
            assert not differs.any()


def test_a_flat_stretch_is_zero_and_one_stretch(night):
    flat = samples(failed(night, Role.EEG_CENTRAL, "flat"), Role.EEG_CENTRAL).reshape(night.n_epochs, -1) == 0
    assert (np.abs(np.diff(flat.astype(int), axis=1)).sum(axis=1) <= 2).all()
    firsts = flat.argmax(axis=1)
    assert len(np.unique(firsts)) > night.n_epochs / 2, "stretches lie in different places"


def test_noise_is_ten_times_as_loud_and_saturation_stays_at_the_rails(night):
    own = samples(night, Role.EMG_CHIN)
    median = np.median(np.abs(own))
    noise = samples(failed(night, Role.EMG_CHIN, "noise"), Role.EMG_CHIN)
    assert noise[noise != own].std() == pytest.approx(10 * median, rel=0.05)
    saturated = samples(failed(night, Role.EMG_CHIN, "saturated"), Role.EMG_CHIN)
    assert np.abs(saturated).max() == pytest.approx(10 * median, rel=1e-5)
    assert (np.abs(saturated[saturated != own]) == np.abs(saturated).max()).mean() > 0.8


def test_swapped_samples_are_those_of_the_next_channel_of_another_kind_at_the_same_time(night):
    swapped = samples(failed(night, Role.EEG_OCCIPITAL, "swapped"), Role.EEG_OCCIPITAL)
    where = swapped != samples(night, Role.EEG_OCCIPITAL)
    assert np.array_equal(swapped[where], samples(night, Role.EOG_LEFT)[where])
    chin = samples(failed(night, Role.EMG_CHIN, "swapped", share=1.0), Role.EMG_CHIN)
    assert np.array_equal(chin, samples(night, Role.ECG))
    heart = samples(failed(night, Role.ECG, "swapped", share=1.0), Role.ECG)
    assert np.array_equal(heart[::2], samples(night, Role.EEG_FRONTAL)), "of half the rate"


def test_gaps_stay_gaps():
    signal = (15 * np.random.default_rng(0).standard_normal(round(600 * RATE))).astype(np.float32)
    signal[1000:3000] = np.nan
    gappy = Recording.from_arrays({"EEG C4-M1": (signal, RATE)})
    assert np.array_equal(
        np.isnan(samples(failed(gappy, Role.EEG_CENTRAL, "noise"), Role.EEG_CENTRAL)), np.isnan(signal)
    )


def test_what_is_not_there_cannot_fail_or_be_swapped():
    alone = loudness_recording(staircase(40))
    with pytest.raises(NotApplicableError, match="no channel of role ecg"):
        failed(alone, Role.ECG, "flat")
    with pytest.raises(NotApplicableError, match="another kind"):
        failed(alone, Role.EEG_CENTRAL, "swapped")


def nights():
    return [FakeNight(subject, subject, staircase(100, seed), rate=128.0) for seed, subject in enumerate("ab")]


def test_the_fall_is_that_of_a_system_that_reads_the_channel():
    rows = channel_failures(by_loudness, nights(), kinds=["flat", "noise"])
    assert [(row.role, row.kind, row.nights) for row in rows] == [
        (Role.EEG_CENTRAL, "flat", 2),
        (Role.EEG_CENTRAL, "noise", 2),
    ]
    for row in rows:
        assert (row.before.accuracy, row.before.kappa) == (1, 1)
        assert row.falls["kappa"].estimate == pytest.approx(row.after.kappa - 1)
        assert row.falls["accuracy"].estimate < -0.3
        assert row.falls["accuracy"].interval.high < 0
    whole = FailureReport({"model": "loudness"}, rows)
    assert [len(cells) for cells in whole.tables()[0].rows] == [len(whole.tables()[0].columns)] * 2
    assert "flat: no signal" in " ".join(whole.notes())


def test_a_system_that_does_not_read_the_channel_loses_nothing():
    class WithHeart(FakeNight):
        def recording(self, channels=None):
            return loudness_recording(self.stages, self.rate, labels=("EEG C4-M1", "ECG"))

    two = [WithHeart(name, name, staircase(100, k), rate=128.0) for k, name in enumerate("ab")]
    (row,) = channel_failures(by_loudness, two, roles=[Role.ECG], kinds=["noise"])
    assert [row.falls[name].estimate for name in ("accuracy", "balanced_accuracy", "kappa")] == [0, 0, 0]
    assert row.other_answers == 0


def test_what_the_answers_hang_on_is_the_mean_over_nights_and_written(tmp_path):
    worth = iter([{"eeg": (1.0, 0.2)}, {"eeg": (3.0, 0.4), "ecg": (0.5, 0.1)}])
    (row,) = channel_failures(by_loudness, nights(), kinds=["flat"], attributed=lambda *_: next(worth))
    assert row.hangs_on["eeg"] == pytest.approx((2.0, 0.3))
    assert row.hangs_on["ecg"] == (0.5, 0.1)
    assert failure_tables([row])[1].rows == (("eeg_central", "flat", "0.500 / 0.100", "2.000 / 0.300"),)
    file, page = FailureReport({"model": "loudness"}, [row]).write(tmp_path)
    told = json.loads(file.read_text())["rows"][0]
    assert told["panel_losses"]["eeg"] == pytest.approx({"intact": 2.0, "corrupted": 0.3})
    assert "2.000 / 0.300" in page.read_text()


def test_no_night_with_such_a_channel_and_an_impossible_share_are_refused():
    with pytest.raises(InputError, match="no night has such a channel"):
        channel_failures(by_loudness, nights(), roles=[Role.EMG_CHIN], kinds=["flat"])
    for share in (0, 1):
        with pytest.raises(InputError, match="share"):
            channel_failures(by_loudness, nights(), share=share)
