"""Nights of which band features are known alone: what a file holds, and what it cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from spectral_files import COLUMNS, spectral_arrays, write_spectral

from eegvlm.errors import InputError
from eegvlm.evidence import BANDS, beside_median, entries
from eegvlm.images import load_layout
from eegvlm.lab.training.recipe import DataRecipe, Mixture, RecordedNights, SimulatedNightsRecipe, SpectralNights
from eegvlm.lab.training.sources import prepare
from eegvlm.lab.training.spectral_nights import SpectralNight, read_spectral_nights

HELD = spectral_arrays()
PLACES = {entry.name: place for place, entry in enumerate(entries())}


@pytest.fixture
def nights(tmp_path) -> list[SpectralNight]:
    return read_spectral_nights("features", write_spectral(tmp_path))


def test_a_file_or_its_folder_holds_nights_with_their_persons_and_stages(nights, tmp_path):
    assert [night.key for night in nights] == ["features-00__1", "features-00__2"]
    assert [len(night) for night in nights] == [40, 30]
    assert [night.labels.person for night in nights] == ["sleep-edf:SC400", "sleep-edf:SC400"]
    assert np.array_equal(nights[1].labels.stages, HELD["stage"][40:])
    assert np.array_equal(nights[1].logs, HELD["features"][40:, :, :5])
    assert nights[0].labels.allowed.all()
    assert (nights[0].labels.targets.sum(axis=1) == (HELD["stage"][:40] >= 0)).all()
    again = read_spectral_nights("features", tmp_path / "band_features.npz")
    assert [night.digest() for night in again] == [night.digest() for night in nights]
    assert nights[0].digest() != nights[1].digest()


@pytest.mark.real_data
def test_the_153_nights_of_78_persons_are_read(real_data):
    nights = read_spectral_nights("features", real_data / "sleep_edf_153_nights")
    assert len(nights) == 153
    assert len({night.labels.person for night in nights}) == 78
    assert sum(len(night) for night in nights) == 195_767
    assert np.isfinite(nights[7].entries(2)[:, PLACES["eog_rms_delta_relative"]]).all()


@pytest.mark.parametrize("version", range(4))
def test_a_version_is_seen_through_one_derivation_and_every_second_pair_with_the_eyes(nights, version):
    night = nights[0]
    found, eeg = night.entries(version), night.logs[:, version % 2]
    share = eeg - np.log(np.exp(eeg).sum(axis=1, keepdims=True))
    for k, band in enumerate(BANDS):
        np.testing.assert_allclose(found[:, PLACES[f"eeg_rms_{band}_relative"]], eeg[:, k] / 2, rtol=1e-6)
        np.testing.assert_allclose(found[:, PLACES[f"eeg_share_{band}_relative"]], share[:, k], atol=1e-5)
        eyes = found[:, PLACES[f"eog_rms_{band}_relative"]]
        if version >= 2:
            np.testing.assert_allclose(eyes, night.logs[:, 2, k] / 2, rtol=1e-6)
        else:
            assert np.isnan(eyes).all()


def test_everything_but_what_is_relative_in_these_bands_is_absent(nights):
    found = beside_median(nights[0].entries(2))
    known = {f"{what}_{band}_relative" for what in ("eeg_rms", "eeg_share", "eog_rms") for band in BANDS}
    for name, place in PLACES.items():
        assert np.isnan(found[:, place]).all() == (name not in known), name


def test_no_signal_can_be_asked_of_such_a_night(nights):
    assert nights[0].heard().all()
    with pytest.raises(InputError, match="let only evidence phases learn from nights of band features"):
        nights[0].microvolt(0)


def test_a_name_cannot_lead_out_of_the_runs_folder(tmp_path):
    names = np.array(["../../home__1", "a/b__2"])
    nights = read_spectral_nights("features", write_spectral(tmp_path, night_name=names))
    assert [night.key for night in nights] == ["features-..%2F..%2Fhome__1", "features-a%2Fb__2"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"features": None}, "band features: .*give a file with features, stage, night, night_name and columns"),
        ({"stage": None}, "give a file with"),
        ({"night": None}, "give a file with"),
        ({"night_name": None}, "give a file with"),
        ({"columns": None}, "give a file with"),
        ({"night_name": np.array(["a", None], object)}, "give a file with"),
        ({"features": np.full((70, 3, 10), "x")}, "give a file with"),
        ({"stage": np.full(70, 0.5)}, "give a file with"),
        ({"columns": np.array(COLUMNS[5:] + COLUMNS[:5])}, "columns: rel_delta.*begin with log_delta, log_theta"),
        ({"columns": np.array("log_delta")}, "columns: log_delta"),
        ({"columns": np.array([], str)}, "columns: none"),
        ({"features": HELD["features"][:, :2]}, r"features: shape \(70, 2, 10\); give \(epochs, 3 channels"),
        ({"features": HELD["features"][:, :, :4]}, r"features: shape \(70, 3, 4\)"),
        ({"features": HELD["features"].reshape(70, 30)}, r"features: shape \(70, 30\)"),
        ({"stage": HELD["stage"][1:]}, r"stage: shape \(69,\); give one of each of the 70 epochs"),
        ({"night": HELD["night"][1:]}, r"night: shape \(69,\)"),
        ({"stage": np.where(np.arange(70) == 3, 300, 0)}, "stage: 300; give whole numbers from -1 to 4"),
        ({"stage": np.where(np.arange(70) == 3, -2, 0)}, "stage: -2"),
        ({"night": np.where(np.arange(70) == 3, 2, HELD["night"])}, "night: 2; give whole numbers from 0 to 1"),
        ({"night": np.zeros(70, int)}, "night_name: 00__2; leave out nights without epochs"),
        ({"night_name": np.array(["a__1", "a__1"])}, "night_name.*give every night its own"),
        ({"features": np.where(np.arange(10) == 2, np.inf, HELD["features"])}, "features: infinite"),
        (
            {"features": np.zeros((0, 3, 10)), "stage": np.zeros(0, int), "night": np.zeros(0, int), "night_name": []},
            "night_name: no nights",
        ),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence_with_file_field_and_remedy(tmp_path, changes, said):
    write_spectral(tmp_path, **changes)
    with pytest.raises(InputError, match=rf"band_features\.npz: .*{said}") as error:
        read_spectral_nights("features", tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not a file of arrays", b"PK\x03\x04 broken", b"\x93NUMPY"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "band_features.npz").write_bytes(content)
    with pytest.raises(InputError, match="give a file with features"):
        read_spectral_nights("features", tmp_path)


def test_a_truncated_file_a_single_array_and_an_empty_folder_are_refused(tmp_path):
    whole = (write_spectral(tmp_path / "whole") / "band_features.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    np.save(tmp_path / "single.npy", HELD["features"])
    (tmp_path / "empty").mkdir()
    for name in ("half.npz", "single.npy", "empty", "missing.npz"):
        with pytest.raises(InputError, match="give a file with features"):
            read_spectral_nights("features", tmp_path / name)


CHECKS = Mixture((SimulatedNightsRecipe(nights=1, hours=0.1, first_seed=900),))
FEATURES = SpectralNights("features", ("evidence",), weight=0.5)


def test_spectral_nights_come_last_among_the_sources_and_only_their_phases_learn_from_them(tmp_path):
    mixture = Mixture((SimulatedNightsRecipe(nights=1, hours=0.1),), spectral=(FEATURES,))
    roots = {"features": write_spectral(tmp_path / "features")}
    data = DataRecipe(train=mixture, validation=CHECKS)
    store = prepare(data, load_layout("nano"), tmp_path / "nights", roots)[0]
    assert mixture.weights == [1.0, 0.5]
    assert store.sources == ["simulated-0", "features"]
    assert isinstance(store.stored(1), SpectralNight)
    scored = HELD["stage"][:40] >= 0
    assert np.array_equal(store.rows_of(1) >= 0, scored)
    assert np.array_equal(store.stages[store.rows_of(1)[scored]], HELD["stage"][:40][scored])
    for phase, kept in (("evidence", [True, True]), ("answer", [True, False])):
        alone, learnt = mixture.of(phase)
        assert learnt == kept
        assert len(alone.spectral) == kept[1]
    assert store.only([True, False]).sources == ["simulated-0"]


def test_a_spectral_source_needs_a_folder_and_a_name_of_its_own(tmp_path):
    data = DataRecipe(train=Mixture(spectral=(FEATURES,)), validation=CHECKS)
    with pytest.raises(InputError, match="--data features=FOLDER"):
        prepare(data, load_layout("nano"), tmp_path / "nights", {})
    both = Mixture(recorded=(RecordedNights("features"),), spectral=(FEATURES,))
    with pytest.raises(InputError, match="two sources have this name"):
        prepare(DataRecipe(train=both, validation=CHECKS), load_layout("nano"), tmp_path / "nights", {})
