"""Windows of evidence: whole nights and pieces, with gaps, through another recorder, and each place with its label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from spectral_files import write_spectral

from eegvlm.evidence import BANDS, beside_median, entries, evidence_vectors, measure_night
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.epochs.night_file import NightFile, NightLabels, one_hot
from eegvlm.lab.training.evidence_batches import EvidenceBatches, NightEvidence, write_evidence
from eegvlm.lab.training.evidence_recipe import EvidenceData
from eegvlm.lab.training.losses import stage_loss
from eegvlm.lab.training.objectives.evidence import EvidenceObjective
from eegvlm.lab.training.recipe import Phase
from eegvlm.lab.training.spectral_nights import read_spectral_nights
from eegvlm.lab.training.store import TrainingStore, write_night

NAMES = [entry.name for entry in entries()]
PLACES = {name: place for place, name in enumerate(NAMES)}
ALL = list(range(len(NAMES)))
RELATIVE = np.array([entry.relative for entry in entries()])
GROUP = np.array([entry.group for entry in entries()])
EPOCHS = 200
STILL = EvidenceData(
    epochs=80, pieces=0, gaps=0, jitter=0, relative_alone=0, eeg_alone=0, channel_drop=0, drop=0
)  # a window is as it is, wherever it lies


def night_entries(seed: int) -> np.ndarray:
    """Entries of a night: no two epochs are alike, and one has no signal."""
    vectors = np.random.default_rng(seed).normal(1, 1, (EPOCHS, len(NAMES))).astype(np.float32)
    sizes = [name.endswith("_largest") for name in NAMES]
    vectors[:, sizes] = np.abs(vectors[:, sizes])
    vectors[5] = np.nan
    return beside_median(vectors)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> NightEvidence:
    """Two nights, of which one lacks stages, in two versions each; no signal is read."""
    folder, rng = tmp_path_factory.mktemp("measured"), np.random.default_rng(0)
    nights, files = {}, []
    for number, name in enumerate(("whole", "parts")):
        stages = np.sort(rng.integers(0, 5, EPOCHS)).astype(np.int8)
        stages[rng.random(EPOCHS) < 0.2] = -1
        if name == "parts":
            stages[(stages == 1) | (stages == 4)] = -1
        allowed = np.array([True, name == "whole", True, True, name == "whole"])
        labels = NightLabels(name, stages, one_hot(stages), allowed)
        write_night(folder / f"{name}.npy", ["eeg"], {"eeg": np.zeros((EPOCHS, 1), np.float32)}, labels)
        nights[name] = [NightFile(folder / f"{name}.npy")]
        files.append([folder / f"{name}-{version}.npy" for version in range(2)])
        for version, file in enumerate(files[-1]):
            np.save(file, night_entries(10 * number + version))
    return NightEvidence(TrainingStore(nights, ["eeg"], soft_negatives={"parts": {"W": (0, 0, 0, 0, 0.5)}}), files)


def batches(measured: NightEvidence, data: EvidenceData | None = STILL, **changes) -> EvidenceBatches:
    return EvidenceBatches(measured, None, ALL, data, **changes)


def places_of(window: np.ndarray, measured: NightEvidence, night: int) -> np.ndarray:
    """Find the places of a window's epochs in its night, by the absolute entries; -1: absent."""
    found = np.full(len(window), -1)
    for version in range(2):
        whole = measured.whole(night, version)[:, ~RELATIVE]
        for k, epoch in enumerate(window[:, ~RELATIVE]):
            same = np.flatnonzero((whole == epoch).all(axis=1))
            found[k] = same[0] if len(same) else found[k]
    return found


def test_a_window_is_a_stretch_of_one_night_around_its_row_with_medians_of_its_own(measured):
    rows = [3, 40, len(measured.store) - 1]
    batch = batches(measured)(rows)
    assert batch["evidence"].shape == (3, 80, len(NAMES))
    for k, row in enumerate(rows):
        night, position = int(measured.store.night[row]), int(measured.store.position[row])
        window = batch["evidence"][k].numpy()
        places = places_of(window, measured, night)
        first = position - int(batch["place"][k])
        expected = np.arange(first, first + 80)
        assert (places[places >= 0] == expected[places >= 0]).all()
        assert set(expected[places < 0]) <= {5}
        np.testing.assert_array_equal(beside_median(window), window)


def test_every_place_has_its_own_label_and_what_is_not_known_or_measured_does_not_count(measured):
    store, rows = measured.store, list(range(0, len(measured.store), 7))
    batch = batches(measured, soft_negatives=1.0)(rows)
    for k, row in enumerate(rows):
        night, first = int(store.night[row]), int(store.position[row]) - int(batch["place"][k])
        own = store.rows_of(night)[first : first + 80]
        counted = batch["counts"][k].numpy() > 0
        assert (counted == ((own >= 0) & (np.arange(first, first + 80) != 5))).all()
        np.testing.assert_array_equal(batch["targets"][k].numpy()[counted], store.targets[own[counted]])
        np.testing.assert_allclose(batch["class_weights"][k].numpy()[counted], store.weights(own[counted], 1.0))
    assert (batch["stages"].numpy() == store.stages[rows]).all()
    assert (batch["source"].numpy() == store.source[rows]).all()


def test_the_same_rows_give_the_same_batch_and_others_another(measured):
    first, again, other = (batches(measured, EvidenceData(epochs=80))(rows) for rows in ([1, 2], [1, 2], [2, 1]))
    torch.testing.assert_close(again["evidence"], first["evidence"], equal_nan=True)
    assert first["evidence"].shape != other["evidence"].shape or not torch.allclose(
        first["evidence"].flip(0), other["evidence"], equal_nan=True
    )


def test_validation_windows_are_whole_nights_of_the_first_version_as_they_are(measured):
    batch = batches(measured, EvidenceData(), soft_negatives=0.5).as_they_are(measured)([3, len(measured.store) - 1])
    assert batch["evidence"].shape == (2, EPOCHS, len(NAMES))
    for k, row in enumerate((3, len(measured.store) - 1)):
        np.testing.assert_array_equal(batch["evidence"][k].numpy(), measured.whole(int(measured.store.night[row]), 0))
        assert int(batch["place"][k]) == measured.store.position[row]
    light = batches(measured).as_they_are(measured)([len(measured.store) - 1])["class_weights"][0]
    assert set(light[:, 4].tolist()) <= {0.0, 1.0}


def test_a_models_own_entries_are_given_in_its_own_order(measured):
    chosen = [PLACES["chin_rms"], PLACES["eeg_slope"]]
    some, every = (replace(batches(measured), columns=columns)([8])["evidence"] for columns in (chosen, ALL))
    np.testing.assert_array_equal(some.numpy(), every[:, :, chosen].numpy())


def test_pieces_have_the_lengths_that_the_recipe_states(measured):
    data = replace(STILL, pieces=1.0, piece_epochs=(20, 30))
    lengths = [batches(measured, data)([row])["evidence"].shape[1] for row in range(60)]
    assert (min(lengths), max(lengths)) == (20, 30)
    longer = replace(STILL, epochs=10_000, pieces=1.0, piece_epochs=(500, 900))
    assert batches(measured, longer)([0])["evidence"].shape[1] == EPOCHS
    some = replace(STILL, pieces=0.3, piece_epochs=(20, 30))
    share = np.mean([batches(measured, some)([row])["evidence"].shape[1] <= 30 for row in range(200)])
    assert share == pytest.approx(0.3, abs=0.1)


def test_windows_of_several_lengths_are_filled_up_with_nothing(measured):
    data = replace(STILL, pieces=0.5, piece_epochs=(20, 30))
    batch = batches(measured, data)(list(range(20)))
    assert batch["evidence"].shape[1] == 80
    lengths = 80 - batch["evidence"].isnan().all(dim=2).flip(1).int().cumprod(dim=1).sum(dim=1)
    assert set(lengths.tolist()) & set(range(19, 31))
    for k, length in enumerate(lengths.tolist()):
        assert not batch["counts"][k, length:].any()
        assert int(batch["place"][k]) < length


def test_windows_with_gaps_lack_stages_or_stretches_and_never_their_row(measured):
    store, lacking, medians = measured.store, 0, replace(STILL, gaps=1.0, epochs=EPOCHS)
    for row in range(0, len(store), 5):
        batch = batches(measured, medians)([row])
        window, place = batch["evidence"][0].numpy(), int(batch["place"][0])
        there = np.isfinite(window).any(axis=1)
        assert there[place] or store.position[row] == 5
        lacking += (~there).sum() > 5
        np.testing.assert_allclose(beside_median(window), window, atol=1e-6)
        assert (batch["counts"][0].numpy()[~there] == 0).all()
        assert there.sum() >= 10
    assert lacking > 0.9 * len(range(0, len(store), 5))


def test_a_gap_can_take_all_of_some_stages(measured):
    store, kinds = measured.store, set()
    for row in np.flatnonzero(store.night == 0)[::4].tolist():
        batch = batches(measured, replace(STILL, gaps=1.0, epochs=EPOCHS))([row])
        there = np.isfinite(batch["evidence"][0].numpy()).any(axis=1)
        own = store.rows_of(0)
        held = {stage: there[(own >= 0) & (store.stages[own] == stage)].mean() for stage in range(5)}
        kinds.add(sum(share < 0.05 for share in held.values()))
    assert kinds >= {1, 2, 3, 4}


def test_another_recorder_moves_the_size_of_bands_by_constants_and_shares_with_it(measured):
    row = 30
    plain, other = (batches(measured, replace(STILL, jitter=jitter))([row]) for jitter in (0.0, 0.3))
    # the draws differ, so the window is found again
    night, first = int(measured.store.night[row]), int(measured.store.position[row]) - int(other["place"][0])
    for version in range(2):
        whole = measured.whole(night, version)[first : first + 80]
        kept = other["evidence"][0].numpy()
        if np.allclose(kept[:, PLACES["eeg_dominant_hz"]], whole[:, PLACES["eeg_dominant_hz"]], equal_nan=True):
            break
    else:
        raise AssertionError("the window is of neither version")
    moved = {name: kept[:, place] - whole[:, place] for name, place in PLACES.items()}
    sizes = [moved[f"eeg_rms_{band}"] for band in BANDS]
    for size in sizes:
        assert np.nanstd(size) < 1e-5
        assert abs(np.nanmean(size)) > 1e-3
    power = np.exp(2 * kept[:, [PLACES[f"eeg_rms_{band}"] for band in BANDS]])
    shares = np.log(np.maximum(power / power.sum(axis=1, keepdims=True), 1e-4))
    np.testing.assert_allclose(kept[:, [PLACES[f"eeg_share_{band}"] for band in BANDS]], shares, atol=1e-4)
    for name in ("chin_rms", "eog_rms_delta", "eog_opposition", "spindle_count", "k_complex_seconds"):
        np.testing.assert_allclose(kept[:, PLACES[name]], whole[:, PLACES[name]])
    np.testing.assert_allclose(beside_median(kept), kept, atol=1e-6)
    assert plain["evidence"].shape == other["evidence"].shape


def test_jitter_leaves_how_bands_rise_and_fall_within_the_window(measured):
    data = replace(STILL, jitter=0.5, epochs=EPOCHS)  # the whole night, so that medians are those of it
    kept = batches(measured, data)([0])["evidence"][0].numpy()
    plain = [np.array(measured.whole(0, version)) for version in range(2)]
    names = [PLACES[f"eeg_rms_{band}_relative"] for band in BANDS]
    assert any(np.allclose(kept[:, names], one[:, names], atol=1e-5, equal_nan=True) for one in plain)


@pytest.mark.parametrize(
    ("changes", "absent", "present"),
    [
        ({"eeg_alone": 1.0}, ("eog", "chin"), ("eeg",)),
        ({"channel_drop": 1.0}, ("eog", "chin"), ("eeg",)),
        ({}, (), ("eeg", "eog", "chin")),
    ],
)
def test_channels_are_left_out_as_the_recipe_states(measured, changes, absent, present):
    window = batches(measured, replace(STILL, **changes))([50])["evidence"][0].numpy()
    for group in absent:
        assert np.isnan(window[:, group == GROUP]).all()
    for group in present:
        assert np.isfinite(window[20, group == GROUP]).all()


def test_eyes_and_chin_are_left_out_apart(measured):
    data, found = replace(STILL, channel_drop=0.5), set()
    for row in range(60):
        window = batches(measured, data)([row])["evidence"][0].numpy()
        found.add(tuple(bool(np.isfinite(window[:, group == GROUP]).any()) for group in ("eog", "chin")))
    assert found == {(True, True), (True, False), (False, True), (False, False)}


def test_relative_entries_may_stand_alone(measured):
    window = batches(measured, replace(STILL, relative_alone=1.0))([50])["evidence"][0].numpy()
    assert np.isnan(window[:, ~RELATIVE]).all()
    assert np.isfinite(window[20, RELATIVE]).all()


def test_nights_on_disk_are_not_changed_by_what_is_drawn_from_them(measured):
    before = [np.array(measured.whole(night, version)) for night in range(2) for version in range(2)]
    batches(measured, EvidenceData(gaps=1.0, jitter=1.0, relative_alone=1.0))(list(range(30)))
    after = [np.array(measured.whole(night, version)) for night in range(2) for version in range(2)]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def spectral(tmp_path_factory) -> NightEvidence:
    folder = tmp_path_factory.mktemp("spectral")
    store = TrainingStore({"features": read_spectral_nights("features", write_spectral(folder))}, ["eeg"])
    return write_evidence(store, None, folder / "evidence", augmentation=object(), versions=2)


def test_nights_of_band_features_have_four_versions_and_windows_of_relative_entries(spectral):
    assert [len(files) for files in spectral.files] == [4, 4]
    known = np.array([PLACES[f"eeg_rms_{band}_relative"] for band in BANDS])
    for row in (0, 20, 40):
        window = batches(spectral, EvidenceData())([row])["evidence"][0].numpy()
        assert np.isnan(window[:, ~RELATIVE]).all()
        there = np.isfinite(window[:, known[0]])
        count = there.sum()
        assert count >= 10
        np.testing.assert_allclose(np.median(window[there][:, known], axis=0), 0, atol=0.05)


def test_such_nights_are_beside_their_medians_in_validation_too(tmp_path):
    store = TrainingStore({"features": read_spectral_nights("features", write_spectral(tmp_path))}, ["eeg"])
    plain = write_evidence(store, None, tmp_path / "evidence")
    assert [len(files) for files in plain.files] == [1, 1]
    window = batches(plain, None)([0])["evidence"][0].numpy()
    np.testing.assert_allclose(window, beside_median(np.array(plain.whole(0, 0))))
    assert not np.allclose(window, plain.whole(0, 0), equal_nan=True)


def test_what_a_killed_run_had_measured_is_not_measured_again(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).normal(0, 20, (12, 3000)).astype(np.float32)
    labels = NightLabels("one", np.zeros(12, np.int8), one_hot(np.zeros(12, np.int8)), np.ones(5, bool))
    write_night(tmp_path / "one.npy", ["eeg"], {"eeg": noise}, labels)
    store = TrainingStore({"one": [NightFile(tmp_path / "one.npy")]}, ["eeg"], normalised=False)
    layout = load_layout("nano")

    class Drawer:
        def __init__(self) -> None:
            self.layout = layout

    first = write_evidence(store, Drawer(), tmp_path / "evidence")
    seen = PreparedNight.of_signals(layout, store.whole_night(0, slice(None)), {})
    np.testing.assert_array_equal(first.whole(0, 0), evidence_vectors(seen, measure_night(seen)))
    monkeypatch.setattr("eegvlm.lab.training.evidence_batches.measure_night", None)
    again = write_evidence(store, Drawer(), tmp_path / "evidence")
    np.testing.assert_array_equal(again.whole(0, 0), first.whole(0, 0))
    assert list(Path(tmp_path / "evidence").iterdir()) == first.files[0]


def test_the_loss_is_the_mean_of_each_readers_own_over_what_counts(measured):
    batch = batches(measured)([3, 9])
    batch["counts"] = torch.zeros_like(batch["counts"])
    batch["counts"][0, 7] = batch["counts"][1, 60] = 1.0
    generator = torch.Generator().manual_seed(0)
    answers = torch.randn(2, 2, 80, 5, generator=generator)

    class Encoder:
        def by_reader(self, night):
            assert night is batch["evidence"]
            return answers

    class Body:
        evidence = Encoder()

    class Model:
        model, training = Body(), True

    loss, logits = EvidenceObjective(Phase("evidence", "evidence", ("evidence",))).loss(Model(), batch)
    rows = [batch["place"][k] for k in range(2)]
    torch.testing.assert_close(logits, torch.stack([answers[:, k, rows[k]].mean(dim=0) for k in range(2)]))
    at = ((0, 7), (1, 60))
    class_weights, targets = (torch.stack([batch[key][place] for place in at]) for key in ("class_weights", "targets"))
    expected = []
    for reader in answers:
        logits_at = torch.stack([reader[place] for place in at]).masked_fill(class_weights == 0, -torch.inf)
        expected.append(stage_loss(logits_at.log_softmax(dim=1), targets, class_weights, 0.0))
    torch.testing.assert_close(loss, torch.stack(expected).mean())
