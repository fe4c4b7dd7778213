"""Changes of a recording: that each does what its name says, and that the table compares like with like."""

from __future__ import annotations

import json

import numpy as np
import pytest
from evaluation_nights import FakeNight, by_loudness, loudness_recording, staircase
from scipy.signal import welch

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.lab.evaluation.perturbations import PERTURBATIONS, NotApplicableError, edited, keep_modalities
from eegvlm.lab.evaluation.robustness import robustness, robustness_notes, robustness_table
from eegvlm.signals import MODALITIES, Recording, Role

BY_NAME = {one.name: one for one in PERTURBATIONS}
RATE = 128.0


@pytest.fixture(scope="module")
def night() -> Recording:
    """Two and a half hours of noise in a channel of every role, and a breathing belt."""
    rng = np.random.default_rng(0)
    labels = ("EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EOG E1-M2", "EOG E2-M2", "EMG chin", "ECG", "Thorax")
    n = round(2.5 * 3600 * RATE)
    return Recording.from_arrays({label: ((15 * rng.standard_normal(n)).astype(np.float32), RATE) for label in labels})


def changed(night: Recording, name: str):
    return BY_NAME[name].apply(night, np.random.default_rng(0))


def central(recording: Recording) -> np.ndarray:
    return recording.samples(recording.channel(Role.EEG_CENTRAL))


def test_a_change_that_changes_nothing_keeps_every_sample_and_role(night):
    same = edited(night, lambda channel, samples: (samples, channel.rate))
    for channel in night.channels:
        if channel.role is not Role.OTHER:
            assert same.channel(channel.role).name == channel.name
            assert np.array_equal(same.samples(same.channel(channel.role)), night.samples(channel))
    assert (same.n_epochs, same.start, same.path) == (night.n_epochs, night.start, night.path)


@pytest.mark.parametrize("name", [name for name in BY_NAME if not name.endswith("EEG only")])
def test_a_change_keeps_a_channel_of_every_role(night, name):
    roles = {channel.role for channel in night.channels} - {Role.OTHER}
    assert roles == set(Role) - {Role.OTHER}
    for piece in changed(night, name).pieces:
        assert {channel.role for channel in piece.recording.channels} - {Role.OTHER} == roles


def test_taking_eeg_away_keeps_the_channels_that_are_no_eeg(night):
    (piece,) = changed(night, "frontal EEG only").pieces
    kept = {channel.role for channel in piece.recording.channels} - {Role.OTHER}
    assert kept == {Role.EEG_FRONTAL, Role.EOG_LEFT, Role.EOG_RIGHT, Role.EMG_CHIN, Role.ECG}


@pytest.mark.parametrize("factor", [0.5, 2])
def test_gain(night, factor):
    (piece,) = changed(night, f"gain x{factor:g}").pieces
    assert np.array_equal(central(piece.recording), central(night) * np.float32(factor))


def test_polarity(night):
    (piece,) = changed(night, "polarity").pieces
    assert np.array_equal(central(piece.recording), -central(night))


def test_low_pass_at_50_hz_keeps_what_lies_below_and_removes_what_lies_above(night):
    (piece,) = changed(night, "50-Hz low-pass").pieces
    frequencies, before = welch(central(night)[: 128 * 600], RATE, nperseg=512)
    _, after = welch(central(piece.recording)[: 128 * 600], RATE, nperseg=512)
    share = after / before
    assert share[(frequencies > 1) & (frequencies < 35)].min() > 0.9
    assert share[frequencies > 60].max() < 0.05


def test_low_pass_means_nothing_below_100_hz():
    with pytest.raises(NotApplicableError, match="nothing above 50 Hz"):
        changed(loudness_recording(staircase(40), 64.0), "50-Hz low-pass")


@pytest.mark.parametrize("rate", [64, 512])
def test_resampling_keeps_the_epochs_as_a_reader_sees_them(night, rate):
    (piece,) = changed(night, f"{rate} Hz input").pieces
    channel = piece.recording.channel(Role.EEG_CENTRAL)
    assert channel.rate == rate
    assert piece.recording.n_epochs == night.n_epochs
    before = night.epochs(night.channel(Role.EEG_CENTRAL), rate=100, band=(0.5, 25), first=3, count=2)
    after = piece.recording.epochs(channel, rate=100, band=(0.5, 25), first=3, count=2)
    assert np.sqrt(np.mean((after - before) ** 2)) < 0.05 * before.std()


def test_resampling_keeps_gaps_where_they_are():
    signal = loudness_recording(staircase(40), 128.0).samples(loudness_recording(staircase(40), 128.0).channels[0])
    signal[128 * 60 : 128 * 90] = np.nan
    gappy = Recording.from_arrays({"EEG C4-M1": (signal, 128.0)})
    (piece,) = changed(gappy, "64 Hz input").pieces
    assert piece.recording.gaps == ((60.0, 90.0),)
    assert np.array_equal(piece.recording.scorable, gappy.scorable)


def test_noise_of_ten_microvolt_is_added_to_eeg_and_eog_and_not_to_emg(night):
    (piece,) = changed(night, "+10 µV white noise").pieces
    added = central(piece.recording) - central(night)
    assert added.std() == pytest.approx(10, rel=0.01)
    chin = night.channel(Role.EMG_CHIN)
    assert np.array_equal(piece.recording.samples(piece.recording.channel(Role.EMG_CHIN)), night.samples(chin))


def test_the_same_seed_gives_the_same_noise(night):
    first, second = (central(changed(night, "+10 µV white noise").pieces[0].recording) for _ in range(2))
    assert np.array_equal(first, second)


def test_an_equaliser_colours_each_channel_in_its_own_way_and_moves_nothing(night):
    (piece,) = changed(night, "3-dB equaliser").pieces
    gains, length = [], round(RATE * 600)
    span = slice(round(RATE * 60), round(RATE * 70))
    for channel in (one for one in night.channels if one.role.modality in MODALITIES):
        before, after = night.samples(channel), piece.recording.samples(piece.recording.channel(channel.role))
        assert before.shape == after.shape
        power = [np.abs(np.fft.rfft(some[:length])) ** 2 for some in (before, after)]
        octaves = np.array([0.7, 1.4, 2.8, 5.6, 11.3, 22.6]) * 600  # bins of 1/600 Hz
        bands = [10 * np.log10(some[round(low) : round(2 * low)].sum()) for some in power for low in octaves]
        gains.append(np.subtract(bands[6:], bands[:6]))
        lag = np.argmax(np.correlate(after[span], before[span], "same"))
        assert abs(lag - RATE * 5) <= 1
    assert 1.5 < np.std(gains) < 5
    assert np.abs(gains[0] - gains[1]).max() > 1


def test_a_shift_of_13_s_starts_later_and_gives_up_the_last_epoch(night):
    perturbed = changed(night, "13-s shift")
    (piece,) = perturbed.pieces
    assert np.array_equal(central(piece.recording), central(night)[round(13 * RATE) :])
    assert perturbed.compared.tolist() == [True] * (night.n_epochs - 1) + [False]


def test_excerpts_cover_the_night_once_and_none_is_shorter_than_a_quarter_of_an_hour(night):
    shorter = night.crop(0, 2.2 * 3600)
    pieces = changed(shorter, "30-min excerpts").pieces
    assert [piece.first for piece in pieces] == [0, 60, 120, 180]
    assert [piece.recording.n_epochs for piece in pieces] == [60, 60, 60, 84]
    with pytest.raises(NotApplicableError):
        changed(night.crop(0, 3000), "30-min excerpts")


def test_missing_minutes_are_gaps_and_their_epochs_are_not_compared(night):
    perturbed = changed(night, "missing minutes")
    (piece,) = perturbed.pieces
    assert piece.recording.gaps
    assert all(30 < stop - start < 600 for start, stop in piece.recording.gaps)
    assert np.array_equal(perturbed.compared, piece.recording.scorable)
    assert 0 < (~perturbed.compared).sum() < 60


def test_other_derivations(night):
    for place, role in (("frontal", Role.EEG_FRONTAL), ("occipital", Role.EEG_OCCIPITAL)):
        (piece,) = changed(night, f"{place} EEG only").pieces
        picked = piece.recording.pick((Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL))
        assert picked.role is role
        assert piece.recording.channel(Role.EOG_LEFT) is not None


def test_another_derivation_means_nothing_where_there_is_one():
    with pytest.raises(NotApplicableError, match="no other EEG"):
        changed(loudness_recording(staircase(40)), "central EEG only")


def test_modalities_that_are_not_kept_are_as_if_never_recorded(night):
    alone = keep_modalities(night, ("eeg",))
    assert alone.channel(Role.EOG_LEFT) is None
    assert alone.channel(Role.EMG_CHIN) is None
    assert alone.channel(Role.EEG_CENTRAL) == night.channel(Role.EEG_CENTRAL)


def rows(nights, *names, system=by_loudness):
    found = robustness(system, nights, [BY_NAME[name] for name in names])
    return {row.name: row for row in found}


def nights(n=100):
    return [FakeNight(subject, subject, staircase(n, seed), rate=128.0) for seed, subject in enumerate("ab")]


def test_a_system_that_reads_loudness_is_robust_to_polarity_and_not_to_gain():
    found = rows(nights(), "polarity", "gain x2")
    assert (found["polarity"].clean, found["polarity"].changed, found["polarity"].kappa.estimate) == (1, 1, 0)
    assert found["polarity"].other_answers == 0
    assert found["gain x2"].kappa.estimate < -0.5
    assert found["gain x2"].kappa.interval.high < 0
    assert found["gain x2"].other_answers == pytest.approx(0.8, abs=0.05)


def test_epochs_that_a_change_took_away_are_not_held_against_the_system():
    found = rows(nights(120), "missing minutes", "13-s shift")
    missing = found["missing minutes"]
    assert missing.epochs < 240
    assert missing.kappa.estimate == 0
    assert found["13-s shift"].epochs == 238


def test_excerpts_are_put_together_to_the_night():
    found = rows(nights(150), "30-min excerpts")["30-min excerpts"]
    assert (found.nights, found.epochs, found.kappa.estimate) == (2, 300, 0)


def test_a_system_that_needs_the_whole_night_is_found_out():
    def hates_excerpts(recording):
        return by_loudness(recording) if recording.n_epochs > 100 else Hypnogram(np.zeros(recording.n_epochs, np.int8))

    found = rows(nights(150), "30-min excerpts", system=hates_excerpts)["30-min excerpts"]
    assert found.kappa.estimate < -0.2


def test_a_night_that_fails_after_a_change_counts_as_missing_answers_and_is_named():
    def only_128(recording):
        if recording.channels[0].rate != 128:
            raise InputError("night", "rate", recording.channels[0].rate, "give 128 Hz")
        return by_loudness(recording)

    row = rows(nights(), "64 Hz input", system=only_128)["64 Hz input"]
    assert row.changed == 0
    assert set(row.failed) == {"a", "b"}
    assert any("night a failed" in note for note in robustness_notes([row]))


def test_a_night_that_cannot_be_staged_as_it_is_is_left_out_and_only_all_of_them_are_an_error():
    some = nights()
    some[0].broken = "truncated"
    assert rows(some, "polarity")["polarity"].nights == 1
    with pytest.raises(InputError, match="truncated"):
        rows(some[:1], "polarity")


def test_labels_of_two_stages_are_compared_by_recall():
    stages = np.tile([0, 0, 3], 30).astype(np.int8)
    row = rows([FakeNight("a", "a", stages, rate=128.0)], "gain x2")["gain x2"]
    assert row.kappa is None
    assert row.balanced_accuracy.estimate == -1


def test_changes_that_mean_nothing_are_said_and_the_table_is_whole():
    found = robustness(by_loudness, nights(), [BY_NAME["frontal EEG only"], BY_NAME["polarity"]])
    assert found[0].skipped == {"no frontal EEG channel": 2}
    table = robustness_table(found)
    assert [len(row) for row in table.rows] == [len(table.columns)] * 2
    assert json.loads(json.dumps([row.to_dict() for row in found], allow_nan=False))[0]["nights"] == 0


def test_progress_counts_every_staging():
    told = []
    robustness(by_loudness, nights(), [BY_NAME["polarity"]], progress=lambda *what: told.append(what))
    assert told[0] == (0, 4, "a: as it is")
    assert told[-1] == (4, 4, "")


def test_every_change_has_its_own_name():
    assert len(BY_NAME) == len(PERTURBATIONS)
