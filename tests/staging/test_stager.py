"""A night is staged whole, alike in whatever pieces, and goes on after a kill."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from staging_models import stager_of, untrained
from staging_nights import noise_recording, write_edf

from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.hypnogram.smoothing import real_transitions, smooth, tempered
from eegvlm.images import PreparedNight
from eegvlm.signals import Recording, RecordingError
from eegvlm.staging import Stager


def test_every_epoch_is_scored_the_first_and_the_last_included(stager, night):
    staged = stager.stage(night)
    assert len(staged.hypnogram) == 80
    assert staged.hypnogram.scored.all()
    probabilities = staged.hypnogram.probabilities
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(probabilities.argmax(axis=1), staged.hypnogram.stages)
    assert len(np.unique(staged.hypnogram.stages)) > 1, "a model that answers alike to everything proves nothing"


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_result_does_not_depend_on_the_batch_size(checkpoint, night, dtype):
    stager = Stager.from_pretrained(checkpoint, smooth="none", dtype=dtype, device="cpu")
    night = night.crop(0.0, 720.0)
    results = [stager.stage(night, batch_size=size).hypnogram for size in (16, 1, 7, 24)]
    for other in results[1:]:
        assert np.array_equal(other.stages, results[0].stages)
        np.testing.assert_allclose(other.probabilities, results[0].probabilities, atol=1e-5)


@pytest.fixture(scope="module")
def following() -> Stager:
    """A model that reads tokens of two neighbours on each side, and follows the night."""
    return stager_of(*untrained(context_epochs=2, night_epochs=5))


@pytest.mark.slow
def test_a_crop_at_the_same_level_is_staged_as_the_whole_night_is(night, monkeypatch):
    stager = stager_of(*untrained(context_epochs=2))
    corrections = PreparedNight.read(night, stager.processor.layout).corrections
    monkeypatch.setattr("eegvlm.images.night.panel_correction", lambda panel, signals, rate: corrections[panel.name])
    whole = stager.stage(night).hypnogram
    crop = stager.stage(night.crop(600.0, 1800.0)).hypnogram
    assert len(crop) == 40
    edge = stager.model.config.context_epochs + 1  # nearer to the cut, neighbours that are read are gone
    assert np.array_equal(crop.stages[edge:-edge], whole.stages[20 + edge : 60 - edge])
    np.testing.assert_allclose(crop.probabilities[edge:-edge], whole.probabilities[20 + edge : 60 - edge], atol=1e-4)


@pytest.mark.slow
def test_a_network_has_statistics_of_the_recording_where_the_checkpoint_says_so(night):
    stager = stager_of(*untrained(context_epochs=2, night_epochs=5))
    plain = stager.stage(night).hypnogram.probabilities
    stager.model.config.adaptation = 0.5
    adapted = stager.stage(night).hypnogram.probabilities
    assert np.abs(adapted - plain).max() > 0.01
    drawn = PreparedNight.read(night, stager.processor.layout).pictures(slice(None))
    pictures = stager.processor.normalise(drawn)
    body = stager.model.model
    body.enhancement = body.enhancement.adapted(pictures, night.n_epochs, 0.5)
    stager.model.config.adaptation = 0.0
    np.testing.assert_allclose(stager.stage(night).hypnogram.probabilities, adapted, atol=1e-4)


@pytest.mark.slow
def band_noise(low: float, high: float, microvolt: float) -> np.ndarray:
    """Return noise of a band, for 130 epochs at 100 Hz."""
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(130 * 3000))
    hz = np.fft.rfftfreq(130 * 3000, 0.01)
    noise = np.fft.irfft(np.where((hz > low) & (hz < high), spectrum, 0))
    return (microvolt * noise / noise.std()).astype(np.float32)


def test_what_an_artefact_hides_is_not_read_and_the_night_says_so():
    stager = Stager.from_pretrained("nano", inputs="picture")  # of evidence there is none under an artefact
    walk = 20 * np.random.default_rng(0).normal(0, 1, 130 * 3000).cumsum() / 30
    brain = (walk - walk.mean() + band_noise(4, 8, 8)).astype(np.float32)
    muscle = band_noise(22, 30, 21)  # not a sine, which would be taken out
    clean, hidden = (stager.stage(Recording.from_arrays({"C4-M1": (eeg, 100.0)})) for eeg in (brain, brain + muscle))
    assert clean.summary()["narrowed"] == {}
    assert clean.hypnogram.notes == ()
    assert hidden.summary()["narrowed"] == {"eeg": [None, 18]}
    said = {limit.code: limit for limit in hidden.limits}["narrowed-band"]
    assert said.message.startswith("C4-M1 is read below 18 Hz only")
    assert "narrowed-band" not in {limit.code for limit in clean.limits}
    away = hidden.hypnogram.probabilities - clean.hypnogram.probabilities
    assert np.abs(away).mean() < 0.02


@pytest.mark.slow
def test_an_epoch_is_read_with_its_whole_night(following, night):
    whole, crop = (following.stage(some).hypnogram.probabilities for some in (night, night.crop(0.0, 1800.0)))
    assert np.abs(whole[:60] - crop).max() > 0.01, "the night does not matter"


def test_a_checkpoint_says_whether_nights_are_smoothed(following, tmp_path):
    for smoothing in ("none", "posterior"):
        following.model.config.smoothing = smoothing
        following.model.save_pretrained(tmp_path)
        following.processor.save_pretrained(tmp_path)
        assert Stager.from_pretrained(tmp_path).smooth == smoothing
        assert Stager.from_pretrained(tmp_path, smooth="none").provenance["smoothing"] == "none"


def test_epochs_in_a_gap_are_unscored_and_counted(stager):
    staged = stager.stage(noise_recording(minutes=10, gap=slice(95, 130)))
    assert np.flatnonzero(~staged.hypnogram.scored).tolist() == [3, 4]
    assert np.isnan(staged.hypnogram.probabilities[3:5]).all()
    assert any("2 epochs are unscored" in note for note in staged.hypnogram.notes)
    assert staged.summary()["unscored_epochs"] == 2


def test_an_incomplete_last_epoch_is_kept_as_unscored(stager):
    staged = stager.stage(noise_recording(minutes=5.25))
    assert len(staged.hypnogram) == 11
    assert staged.hypnogram[10] is Stage.UNSCORED
    assert staged.hypnogram.scored[:10].all()


def test_whoever_stages_a_night_from_python_is_warned_of_nothing(stager):
    recording = noise_recording(minutes=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stager.stage(recording, explain="all")


def test_a_recording_without_eeg_is_refused_with_its_channels(stager):
    signal = np.random.default_rng(0).standard_normal(128 * 60).astype(np.float32) * 20
    recording = Recording.from_arrays({"Airflow": (signal, 128.0), "SaO2": (signal, 128.0)})
    with pytest.raises(RecordingError, match=r"EEG.*--channels eeg=LABEL.*Airflow"):
        stager.stage(recording)


class _KilledError(Exception):
    pass


@pytest.mark.slow
def test_a_killed_night_goes_on_where_it_stood(stager, tmp_path, monkeypatch):
    night = write_edf(tmp_path / "night.edf", minutes=40)
    whole = stager.stage(night).hypnogram
    monkeypatch.setattr("eegvlm.staging.journal.WRITE_EVERY_S", 0.0)
    file = tmp_path / "journal.npz"

    def kill(done: int, total: int) -> None:
        if done >= 48:
            raise _KilledError

    with pytest.raises(_KilledError):
        stager.stage(night, batch_size=16, progress=kill, journal=file)
    assert file.is_file()
    read = []
    resumed = stager.stage(night, batch_size=16, progress=lambda done, total: read.append(done), journal=file)
    assert read == [64, 80]
    assert np.array_equal(resumed.hypnogram.stages, whole.stages)
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"not a journal", b"PK\x03\x04 broken"])
def test_a_damaged_journal_is_not_used(stager, tmp_path, content):
    file = tmp_path / "journal.npz"
    file.write_bytes(content)
    read = []
    night = write_edf(tmp_path / "night.edf", minutes=4)
    stager.stage(night, journal=file, progress=lambda done, total: read.append(done))
    assert read == [8]


def test_a_journal_of_another_night_is_not_used(stager, tmp_path, monkeypatch):
    night = write_edf(tmp_path / "night.edf", minutes=20)
    monkeypatch.setattr("eegvlm.staging.journal.WRITE_EVERY_S", 0.0)
    file = tmp_path / "journal.npz"

    def kill(done: int, total: int) -> None:
        raise _KilledError

    with pytest.raises(_KilledError):
        stager.stage(night, batch_size=16, progress=kill, journal=file)
    read = []
    other = write_edf(tmp_path / "other.edf", minutes=20, seed=5)
    stager.stage(other, batch_size=16, journal=file, progress=lambda done, total: read.append(done))
    assert read[0] == 16


@pytest.mark.slow
def test_the_temperature_softens_probabilities_and_moves_no_stage(checkpoint, night):
    stager = Stager.from_pretrained(checkpoint, smooth="none", dtype="float32")
    sharp = stager.stage(night).hypnogram
    stager.model.config.stage_temperature = 3.0
    soft = stager.stage(night).hypnogram
    assert np.array_equal(soft.stages, sharp.stages)
    assert (soft.confidence <= sharp.confidence + 1e-6).all()
    assert soft.confidence.mean() < sharp.confidence.mean()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name_or_path": "no-such-model"}, "no config.json there"),
        ({"device": "tpu9"}, "no such device"),
        ({"dtype": "float7"}, "use auto or one of"),
        ({"smooth": "viterbi"}, "use auto, none or posterior"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_sentence(checkpoint, arguments, said):
    with pytest.raises(InputError, match=said) as error:
        Stager.from_pretrained(**{"name_or_path": checkpoint, **arguments})
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_smoothing_is_said_and_leaves_gaps_unscored(checkpoint, stager, night):
    smoother = Stager.from_pretrained(checkpoint, smooth="posterior", dtype="float32")
    plain, smoothed = stager.stage(night), smoother.stage(night)
    assert (plain.provenance["smoothing"], smoothed.provenance["smoothing"]) == ("none", "posterior")
    config = smoother.model.config
    posterior = smooth(
        plain.hypnogram.probabilities, real_transitions(), strength=config.smoothing_strength, prior=config.stage_prior
    )
    expected = tempered(posterior, config.smoothed_temperature)
    np.testing.assert_allclose(smoothed.hypnogram.probabilities, expected, atol=1e-4)
    with_gap = smoother.stage(noise_recording(minutes=10, gap=slice(95, 130)))
    assert np.flatnonzero(~with_gap.hypnogram.scored).tolist() == [3, 4]


def test_a_night_read_elsewhere_for_pops_says_so(stager):
    night = noise_recording(minutes=20)
    signals = {channel.sources[0]: (night.samples(channel), channel.rate) for channel in night.channels}
    samples, rate = signals["EEG C4-M1"]
    popping = samples.reshape(-1, round(30 * rate)).copy()
    popping[:, 1000:1300] += 400 * np.exp(-np.arange(300) / 90)
    signals |= {"EEG C4-M1": (popping.reshape(-1), rate), "EEG F4-M1": (samples, rate)}
    staged = stager.stage(Recording.from_arrays(signals))
    assert staged.panels["eeg"] == "F4-M1"
    (problem,) = [one for one in staged.problems if one.code == "read-elsewhere"]
    assert problem.message == (
        "the night is read from F4-M1: C4-M1 is of doubtful quality in 40 of 40 epochs (electrode pops)"
    )
    (limit,) = [one for one in staged.limits if one.code == "stand-in-derivation"]
    assert "whose electrode pops" in limit.message
    assert limit.validated
