"""From sources to batches: who is drawn how often, seen through which recorder, among which neighbours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, write_hypnogram
from eegvlm.images import PreparedNight, corrected, load_layout, panel_signals
from eegvlm.lab.simulation import Randomisation, read_band_powers, simulate_night
from eegvlm.lab.training.data import Augmentation
from eegvlm.lab.training.descriptions import describe_nights
from eegvlm.lab.training.night_vectors import NightVectors, cut, open_gaps, write_night_vectors
from eegvlm.lab.training.recipe import DataRecipe, Mixture, RecordedNights, SimulatedNightsRecipe, UnlabelledNights
from eegvlm.lab.training.samplers import SeededSampler, even_chances, row_chances
from eegvlm.lab.training.sources import prepare
from eegvlm.lab.training.store import TrainingStore
from eegvlm.lab.training.tokenizer import train_tokenizer
from eegvlm.model import EegVlmProcessor, preset
from eegvlm.model.enhancement import EnhancementNetwork
from eegvlm.signals import read_recording

pytestmark = pytest.mark.slow

NANO = load_layout("nano")
SIMULATED = SimulatedNightsRecipe(nights=2, hours=0.4, weight=0.75)
CHECKS = Mixture((SimulatedNightsRecipe(nights=1, hours=0.25, first_seed=900),))
SHARES = (0.2, 0.2, 0.2, 0.2, 0.2)


@pytest.fixture(scope="module")
def own_nights(tmp_path_factory) -> Path:
    """A folder of two recordings with scorings beside them, as a user has it."""
    folder = tmp_path_factory.mktemp("own")
    for seed in (31, 32):
        night = simulate_night(hours=0.4, seed=seed)
        night.write(folder / f"patient{seed}.edf")
        write_hypnogram(night.hypnogram(), folder / f"patient{seed}.csv", format="csv")
    return folder


def stores(
    mixture: Mixture, folder: Path, roots: dict[str, Path], **changes: object
) -> tuple[TrainingStore, TrainingStore]:
    data = replace(DataRecipe(train=mixture, validation=CHECKS), **changes)
    return prepare(data, NANO, folder, roots)


@pytest.fixture(scope="module")
def mixed(own_nights, tmp_path_factory) -> tuple[Mixture, TrainingStore]:
    mixture = Mixture((SIMULATED,), (RecordedNights("own", stages=("W", "N2"), weight=0.25),))
    return mixture, stores(mixture, tmp_path_factory.mktemp("nights"), {"own": own_nights})[0]


def test_epochs_of_stages_that_a_source_does_not_teach_are_kept_as_neighbours_alone(mixed):
    _, store = mixed
    own = store.source == store.sources.index("own")
    assert set(store.stages[own]) <= {0, 2}
    assert (store.allowed[own] == [True, False, True, False, False]).all()
    assert store.allowed[~own].all()
    recorded = [n for n, name in enumerate(store.nights) if name.startswith("own")]
    assert sum(store.length(night) for night in recorded) > own.sum()


def test_a_stage_that_a_source_lacks_is_compared_with_the_weight_that_the_recipe_states(own_nights, tmp_path):
    recorded = RecordedNights("own", stages=("W", "N2"), soft_negatives={"W": (0.0, 0.0, 0.0, 0.0, 0.25)})
    store = stores(Mixture(recorded=(recorded,)), tmp_path, {"own": own_nights})[0]
    for factor, weight in ((1.0, 0.25), (0.2, 0.05), (0.0, 0.0), (9.0, 1.0)):
        weights = store.weights(np.arange(len(store)), factor)
        np.testing.assert_allclose(weights[:, :4], np.tile([1, 0, 1, 0], (len(store), 1)))
        np.testing.assert_allclose(weights[:, 4], np.where(store.stages == 0, weight, 0), rtol=1e-6)
    assert not store.allowed[:, 4].any()


def test_sources_share_draws_by_weight_and_their_stages_by_the_recipes_shares(mixed):
    mixture, store = mixed
    chances = row_chances(store, mixture, SHARES)
    assert chances.sum() == pytest.approx(1)
    for place, weight in enumerate(mixture.weights):
        here = store.source == place
        assert chances[here].sum() == pytest.approx(weight)
        by_stage = [chances[here & (store.stages == s)].sum() for s in np.unique(store.stages[here])]
        np.testing.assert_allclose(by_stage, by_stage[0])
    even = even_chances(store, mixture)
    assert np.unique(even[store.source == 0]).size == 1


def test_draws_repeat_with_their_seed_and_follow_the_chances():
    chances = np.array([0.7, 0.1, 0.2])
    drawn = list(SeededSampler(chances, 4000, seed=3))
    assert drawn == list(SeededSampler(chances, 4000, seed=3))
    assert drawn != list(SeededSampler(chances, 4000, seed=4))
    np.testing.assert_allclose(np.bincount(drawn) / 4000, chances, atol=0.03)


def test_a_night_that_is_there_is_not_made_again(own_nights, tmp_path):
    mixture = Mixture((replace(SIMULATED, nights=1),))
    stores(mixture, tmp_path, {})
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    stores(mixture, tmp_path, {})
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


def test_scorings_are_learnt_where_their_clocks_lay_them_and_that_is_logged(tmp_path, caplog):
    night = simulate_night(hours=0.4, seed=33)
    night.write(tmp_path / "late.edf")
    hypnogram = night.hypnogram()
    later = Hypnogram(hypnogram.stages[20:], start=hypnogram.time_of(20), onset_s=0.0)
    write_hypnogram(later, tmp_path / "late.csv", format="csv")
    mixture = Mixture(recorded=(RecordedNights("own"),))
    store = stores(mixture, tmp_path / "nights", {"own": tmp_path})[0]
    np.testing.assert_array_equal(store.stages, hypnogram.stages[20:])
    np.testing.assert_array_equal(store.position, np.arange(20, 48))
    assert "data own: scorings laid on their recordings by: clock (1 night)" in caplog.text
    assert "night late: moved by +600 s" in caplog.text


def test_a_source_without_its_folder_says_how_to_give_it(tmp_path):
    with pytest.raises(InputError, match="--data own=FOLDER"):
        stores(Mixture((), (RecordedNights("own"),)), tmp_path, {})


def test_a_person_cannot_be_trained_and_validated_on(own_nights, tmp_path):
    with pytest.raises(InputError, match="trained on too"):
        stores(Mixture((SIMULATED,)), tmp_path, {}, validation=Mixture((replace(SIMULATED, nights=1),)))


def test_folds_part_persons_and_leave_none_out(own_nights, tmp_path):
    parts = {}
    for fold in ("1/2", "not 1/2", "2/2"):
        store = stores(Mixture((), (RecordedNights("own", fold=fold),)), tmp_path, {"own": own_nights})[0]
        parts[fold] = set(store.persons)
    assert len(parts["1/2"]) == len(parts["2/2"]) == 1
    assert parts["not 1/2"] == parts["2/2"] != parts["1/2"]


@pytest.mark.parametrize("fold", ["half", "3/2", "0/2", "not 1 of 2"])
def test_a_fold_that_means_nothing_is_refused(own_nights, tmp_path, fold):
    with pytest.raises(InputError, match="fold"):
        stores(Mixture((), (RecordedNights("own", fold=fold),)), tmp_path, {"own": own_nights})


def test_recordings_without_a_scoring_serve_phases_that_need_none(own_nights, tmp_path):
    mixture = Mixture((), (), (UnlabelledNights("raw"),))
    store = stores(mixture, tmp_path, {"raw": own_nights})[0]
    assert len(store) == 0
    everything = TrainingStore(store.files, store.panels, unscored=True)
    assert len(everything) == 2 * 48
    assert (everything.stages == -1).all()
    assert even_chances(everything, mixture).sum() == pytest.approx(1)


def test_nights_of_one_name_in_several_folders_stay_apart(tmp_path):
    root = tmp_path / "clinic"
    for seed, patient in enumerate(("anna", "bert")):
        (root / patient).mkdir(parents=True)
        simulate_night(hours=0.1, seed=seed).write(root / patient / "night.edf")
    scored, unscored = Mixture((), (RecordedNights("own"),)), Mixture((), (), (UnlabelledNights("own"),))
    for place, mixture in enumerate((scored, unscored)):
        store = stores(mixture, tmp_path / f"run-{place}", {"own": root})[0]
        assert len(set(store.nights)) == len(set(store.persons)) == 2
        anna, bert = (store.whole_night(night, slice(None))["eeg"] for night in range(2))
        assert (anna != bert).any()
        texts = describe_nights(store, NANO, tmp_path / f"texts-{place}")
        assert texts[0] != texts[1]
        assert describe_nights(store, NANO, tmp_path / f"texts-{place}") == texts


@pytest.mark.parametrize(
    ("mixture", "said"),
    [
        (Mixture((SIMULATED, replace(SIMULATED, first_seed=1))), "give simulated ones other seeds"),
        (Mixture((), (RecordedNights("own"), RecordedNights("own", stages=("W",)))), "two sources have this name"),
    ],
)
def test_no_source_silently_takes_the_nights_of_another(own_nights, tmp_path, mixture, said):
    with pytest.raises(InputError, match=said):
        stores(mixture, tmp_path, {"own": own_nights})


def test_what_is_stored_is_the_signal_to_a_sixteenth_of_a_microvolt(tmp_path):
    store = stores(Mixture((replace(SIMULATED, nights=1),)), tmp_path, {})[0]
    recording = simulate_night(
        hours=0.4, seed=0, rate=NANO.rate, channels=["EEG C4-M1", "EOG E1-M2", "EOG E2-M2", "EMG chin"]
    ).recording()
    expected = panel_signals(NANO, recording)
    held = store.signals(np.arange(len(store)))
    for panel, values in expected.items():
        assert np.nanmax(np.abs(held[panel] - values[store.position])) <= 1 / 32 + 1e-4


def test_training_brings_nights_to_the_level_at_which_they_are_staged(mixed, own_nights):
    _, store = mixed
    night = store.nights.index("own-patient31")
    rows = np.flatnonzero(store.night == night)[:3]
    recording = read_recording(own_nights / "patient31.edf")
    staged = PreparedNight.read(recording, NANO).drawn_signals(slice(None))
    taught = store.corrected(store.signals(rows), rows, NANO)
    assert set(taught) == set(staged)
    for panel, values in taught.items():
        scale = np.nanstd(staged[panel])
        assert np.nanmax(np.abs(values - staged[panel][store.position[rows]])) < 0.02 * scale + 0.2
    plain = load_layout("psg-336")
    assert store.corrected(store.signals(rows), rows, plain).keys() == taught.keys()
    assert store.corrections(night, plain) == {}


def test_a_recipe_may_train_on_amplitudes_as_they_are(tmp_path):
    one = Mixture((replace(SIMULATED, nights=1),))
    train, validation = stores(one, tmp_path, {}, normalised=False)
    rows = np.arange(3)
    assert train.corrections(0, NANO) == {}
    assert train.corrected(train.signals(rows), rows, NANO).keys() == train.signals(rows).keys()
    assert set(validation.corrections(0, NANO)) == {"eeg", "eog_left", "eog_right", "emg"}


def test_a_night_through_one_recorder_is_the_same_whole_or_in_parts(mixed):
    _, store = mixed

    class Drawing:
        layout = NANO

    quiet = replace(Randomisation(), pink_chance=0.0, white_chance=0.0)
    augmentation = Augmentation(quiet, 0.0, seed=1)
    whole = augmentation.night(store.whole_night(0, slice(0, 12)), Drawing(), 0, 1)
    part = augmentation.night(store.whole_night(0, slice(4, 7)), Drawing(), 0, 1)
    other = augmentation.night(store.whole_night(0, slice(4, 7)), Drawing(), 0, 2)
    for name, values in part.items():
        np.testing.assert_allclose(values, whole[name][4:7], atol=1e-3)
        assert not np.allclose(values, other[name], equal_nan=True)


def test_two_eog_leads_can_be_seen_as_one_against_the_other(mixed):
    _, store = mixed

    class Drawing:
        layout = NANO

    signals = store.whole_night(0, slice(0, 12))
    augmentation = Augmentation(Randomisation.none(), 0.0, seed=1, bipolar_eog=1.0)
    for seen in (augmentation.night(signals, Drawing(), 0, 1), augmentation.epochs(signals, Drawing(), np.arange(12))):
        assert np.isnan(seen["eog_right"]).all()
        np.testing.assert_allclose(seen["eeg"], signals["eeg"], atol=1e-2)
        taken, right = signals["eog_left"] - seen["eog_left"], signals["eog_right"]
        weight = float((taken * right).sum() / (right * right).sum())
        assert 0.6 <= weight <= 1.1
        np.testing.assert_allclose(seen["eog_left"], signals["eog_left"] - weight * right, atol=1e-1)


def test_an_eeg_panel_may_take_in_the_next_and_nothing_else_does():
    class Drawing:
        layout = load_layout("psg-336")

    rng = np.random.default_rng(0)
    panels = [panel.name for panel in Drawing.layout.panels]
    signals = {name: rng.normal(0, 20, (6, 6000)).astype(np.float32) for name in panels}
    eeg = [panel.name for panel in Drawing.layout.panels if panel.roles[0].modality == "eeg"]
    assert len(eeg) == 3
    half = replace(Randomisation.none(), mix_chance=1.0, mix_weight=(0.5, 0.5))
    augmentation = Augmentation(half, 0.0, seed=1)
    for seen in (augmentation.night(signals, Drawing(), 0, 1), augmentation.epochs(signals, Drawing(), np.arange(6))):
        for name in panels:
            follower = eeg[(eeg.index(name) + 1) % 3] if name in eeg else None
            mixed_in = 0.5 * signals[follower] if follower else 0
            np.testing.assert_allclose(seen[name], signals[name] + mixed_in, atol=1e-2)
    alone = augmentation.epochs(
        {name: signals[name] for name in panels if name not in eeg[1:]}, Drawing(), np.arange(6)
    )
    np.testing.assert_allclose(alone[eeg[0]], signals[eeg[0]], atol=1e-2)


def test_eeg_can_be_all_that_is_seen(mixed):
    _, store = mixed

    class Drawing:
        layout = NANO

    signals = store.whole_night(0, slice(0, 12))
    augmentation = Augmentation(Randomisation.none(), 0.0, seed=1, eeg_alone=1.0)
    for seen in (augmentation.night(signals, Drawing(), 0, 1), augmentation.epochs(signals, Drawing(), np.arange(12))):
        assert np.isfinite(seen["eeg"]).all()
        assert all(np.isnan(seen[name]).all() for name in ("eog_left", "eog_right", "emg"))


def test_vectors_are_those_of_a_network_that_is_at_home_in_the_night_or_in_a_piece_of_it(mixed, tmp_path):
    _, store = mixed
    config = preset("nano", night_epochs=3)
    torch.manual_seed(0)
    network = EnhancementNetwork(config).eval()
    processor = EegVlmProcessor.for_config(config, train_tokenizer(), NANO, image_mean=[0.0], image_std=[1.0])
    signals = corrected(NANO, store.whole_night(0, slice(None)), store.corrections(0, NANO))
    pixels, count = processor.normalise(processor.draw(signals)), store.length(0)

    def found(adaptation: float) -> list[np.ndarray]:
        folder = tmp_path / str(adaptation)
        device = torch.device("cpu")
        vectors = write_night_vectors(
            lambda night: network,
            processor,
            store,
            folder,
            epochs=3,
            device=device,
            versions=2,
            adaptation=adaptation,
        )
        return [np.load(file).astype(np.float32) for file in vectors.files[0]]

    with torch.no_grad():
        plain, at_home = network(pixels)[:, 0], network.adapted(pixels, count, 0.5)(pixels)[:, 0]
    np.testing.assert_allclose(found(0.0), [plain, plain], atol=5e-3)
    whole, piece = found(0.5)
    np.testing.assert_allclose(whole, at_home, atol=5e-3)
    assert np.abs(whole - plain.numpy()).max() > 0.05
    assert np.abs(piece - whole).max() > 0.01


def test_an_epoch_stands_between_its_neighbours(mixed, tmp_path):
    _, store = mixed
    files = []
    for night in range(len(store.nights)):
        numbered = np.repeat(np.arange(store.length(night), dtype=np.float16)[:, None], 3, axis=1)
        np.save(tmp_path / f"{night}.npy", numbered)
        files.append([tmp_path / f"{night}.npy"])
    vectors = NightVectors(store, files, epochs=2)
    rows = np.array([0, 10])
    around = vectors.around(rows, np.zeros(2, dtype=np.int64))
    at = store.position[rows][:, None] + np.arange(-2, 3)
    inside = (at >= 0) & (at < store.length(0))
    np.testing.assert_array_equal(around[..., 0][inside], at[inside])
    assert np.isnan(around[~inside]).all()


def test_cutting_the_context_takes_the_far_side_and_never_the_epoch_itself():
    vectors = np.zeros((400, 9, 2), np.float32)
    cut(vectors, 0.5, np.random.default_rng(0))
    absent = np.isnan(vectors[..., 0])
    assert not absent[:, 4].any()
    assert (np.diff(absent[:, :5].astype(int), axis=1) <= 0).all()
    assert (np.diff(absent[:, 4:].astype(int), axis=1) >= 0).all()
    alone = absent.sum(axis=1) == 8
    assert 0.2 < alone.mean() < 0.4
    assert 0.5 < absent[:, 0].mean() < 0.7


def test_gaps_open_anywhere_in_some_windows_and_never_at_the_epoch_itself():
    vectors = np.zeros((2000, 61, 2), np.float32)
    open_gaps(vectors, 0.5, np.random.default_rng(0))
    absent = np.isnan(vectors[..., 0])
    assert not absent[:, 30].any()
    assert 0.4 < absent.any(axis=1).mean() < 0.55
    share = np.delete(absent, 30, axis=1).mean(axis=0)
    assert share.min() > 0.2  # no place is spared ...
    assert share.max() < 0.3  # ... or preferred
    gaps = (np.diff(absent.astype(int), axis=1) == 1).sum(axis=1)
    assert gaps.max() > 8  # many short ones
    assert 0.1 < (gaps <= 1)[absent.any(axis=1)].mean() < 0.9  # or a long one


def test_a_night_off_the_grid_begins_within_an_epoch_of_the_night_on_it(tmp_path):
    one = replace(SIMULATED, nights=1)
    grid = stores(Mixture((one,)), tmp_path / "on", {})[0]
    off = stores(Mixture((replace(one, off_grid=True),)), tmp_path / "off", {})[0]
    assert off.length(0) == grid.length(0) - 1
    panel = next(name for name, values in grid.signals(np.array([0])).items() if np.isfinite(values).all())
    whole = grid.whole_night(0, slice(None))[panel].ravel()
    late = off.whole_night(0, slice(None))[panel].ravel()
    size = len(late) // off.length(0)
    apart = [np.abs(late[size:-size] - whole[size + begin :][: len(late) - 2 * size]).mean() for begin in range(size)]
    begin = int(np.argmin(apart))  # filtered from another start, it is the same signal but for its edges
    assert 0 < begin < size
    assert apart[begin] < 0.05 * np.abs(whole).mean()
    np.testing.assert_array_equal(off.stages, grid.stages[1:] if begin > size / 2 else grid.stages[:-1])


def test_a_simulated_night_follows_measured_spectra(tmp_path):
    rng = np.random.default_rng(0)
    stages = np.repeat([0, 2, 3, 2, 4], 40)
    powers = np.exp(rng.normal(0, 0.2, (200, 2, 5))) * [20.0, 4, 2, 0.5, 0.1]
    powers[stages == 3, :, 0] *= 12
    np.savez(tmp_path / "night.npz", y=stages, idx=np.arange(200), bp=powers, var=powers.sum(axis=2) * 8)
    spectra = read_band_powers(tmp_path / "night.npz")
    night = simulate_night(seed=4, rate=100, channels=["EEG Fpz-Cz"], spectra=spectra)
    assert (night.stages == spectra.stages).all()
    loud = night.epochs("EEG Fpz-Cz").std(axis=1)
    assert np.median(loud[night.stages == 3]) > 1.8 * np.median(loud[night.stages == 2])
    store = stores(Mixture((replace(SIMULATED, nights=1, spectra="powers"),)), tmp_path / "n", {"powers": tmp_path})[0]
    assert store.length(0) == len(spectra.stages)


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_band_powers_that_cannot_be_read_are_refused_by_name(tmp_path, content):
    file = tmp_path / "night.npz"
    if content is None:
        np.savez(file, y=np.zeros(3))
    else:
        file.write_bytes(content)
    with pytest.raises(InputError, match=r"night\.npz"):
        read_band_powers(file)


def test_the_teacher_gives_probabilities_of_every_epoch():
    pytest.importorskip("yasa")
    from eegvlm.lab.training.teacher import taught_probabilities

    night = simulate_night(hours=1, seed=5, rate=100, channels=["EEG C4-M1"])
    given = taught_probabilities(night.epochs("EEG C4-M1"), 100, seed=5)
    assert given.shape == (120, 5)
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-3)
    assert (given.argmax(axis=1) == night.stages).mean() > 0.3
