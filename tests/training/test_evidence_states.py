"""What an evidence encoder is given to begin with, and what it hands on: standards, familiarity, vectors on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from eegvlm.evidence import beside_median, entries
from eegvlm.lab.epochs.night_file import NightFile, NightLabels, one_hot
from eegvlm.lab.training import evidence_states
from eegvlm.lab.training.evidence_batches import EvidenceBatches, NightEvidence
from eegvlm.lab.training.evidence_recipe import EvidenceData
from eegvlm.lab.training.evidence_states import LEAST_PERSONS, fit_familiarity, fit_standards, with_evidence
from eegvlm.lab.training.night_vectors import NightVectors, pieces
from eegvlm.lab.training.store import TrainingStore, write_night
from eegvlm.model import preset
from eegvlm.model.evidence_encoder import EvidenceEncoder
from eegvlm.model.familiarity import Familiarity

NAMES = [entry.name for entry in entries()]
ALL = list(range(len(NAMES)))
CHIN = [place for place, name in enumerate(NAMES) if name.startswith("chin")]
EPOCHS = 60


def evidence_of(folder: Path, persons: int, versions: int = 2) -> NightEvidence:
    """Nights of so many persons, each at a level of its own."""
    rng, written, files = np.random.default_rng(0), [], []
    for person in range(persons):
        stages = rng.integers(0, 5, EPOCHS).astype(np.int8)
        labels = NightLabels(f"person {person}", stages, one_hot(stages), np.ones(5, bool))
        file = folder / f"{person}.npy"
        write_night(file, ["eeg"], {"eeg": np.zeros((EPOCHS, 1), np.float32)}, labels)
        written.append(NightFile(file))
        files.append([folder / f"{person}-{version}.npy" for version in range(versions)])
        level = rng.normal(3, 0.5)
        for target in files[-1]:
            held = rng.normal(level, 0.5, (EPOCHS, len(NAMES))).astype(np.float32)
            held[:, CHIN] = np.nan
            held[3] = np.nan
            np.save(target, beside_median(held))
    return NightEvidence(TrainingStore({"nights": written}, ["eeg"]), files)


def encoder_of(**changes: object) -> EvidenceEncoder:
    torch.manual_seed(0)
    return EvidenceEncoder(preset("nano", evidence="tokens", evidence_hidden=8, **changes)).eval()


@pytest.fixture(scope="module")
def evidence(tmp_path_factory) -> NightEvidence:
    return evidence_of(tmp_path_factory.mktemp("evidence"), LEAST_PERSONS)


def test_standards_are_mean_and_spread_of_training_windows_and_absent_entries_keep_0_and_1(evidence):
    encoder = encoder_of()
    whole = EvidenceData(epochs=EPOCHS, pieces=0, gaps=0, jitter=0, relative_alone=0, eeg_alone=0, channel_drop=0)
    batches = EvidenceBatches(evidence, None, ALL, whole)
    rows = list(range(0, 96))
    fit_standards(encoder, batches, rows, 8)
    held = torch.cat([batches(rows[first : first + 8])["evidence"].flatten(0, 1) for first in range(0, 96, 8)]).double()
    for place in range(len(NAMES)):
        values = held[:, place][torch.isfinite(held[:, place])]
        if place in CHIN:
            assert (encoder.mean[place], encoder.scale[place]) == (0, 1)
            continue
        assert float(encoder.mean[place]) == pytest.approx(float(values.mean()), abs=1e-4)
        assert float(encoder.scale[place]) == pytest.approx(float(values.std(correction=0)), rel=1e-4)
    shown = encoder.standardise(held.float())
    assert shown[:, CHIN].isnan().all()
    assert float(shown.nanmean()) == pytest.approx(0, abs=0.01)


def test_an_entry_that_never_varies_is_not_divided_by_nothing(evidence):
    class Constant:
        def __call__(self, rows):
            return {"evidence": torch.full((len(rows), 4, len(NAMES)), 2.5)}

    encoder = encoder_of()
    fit_standards(encoder, Constant(), list(range(8)), 4)
    assert (encoder.mean == 0).all()
    assert (encoder.scale == 1).all()


def test_no_more_windows_are_read_than_a_dozen_batches():
    read = []

    class Counting:
        def __call__(self, rows):
            read.append(rows)
            return {"evidence": torch.randn(len(rows), 4, len(NAMES))}

    fit_standards(encoder_of(), Counting(), list(range(1000)), 8)
    assert [row for rows in read for row in rows] == list(range(96))


def test_familiarity_learns_every_version_of_every_night_whole_and_in_three_pieces(evidence, monkeypatch):
    given = []
    monkeypatch.setattr(Familiarity, "fit", lambda self, described, groups: given.append((described, groups)))
    fit_familiarity(Familiarity(NAMES), evidence, ALL, (20, 30), seed=0)
    ((described, groups),) = given
    assert len(described) == LEAST_PERSONS * 2 * (1 + 3)
    assert np.bincount(groups).tolist() == [8] * LEAST_PERSONS
    held = Familiarity(NAMES)
    np.testing.assert_allclose(described[0], held.medians(evidence.whole(0, 0)))
    assert not any(np.allclose(one, described[0]) for one in described[1:4])


def test_a_recording_at_the_level_of_the_nights_is_familiar_and_one_far_above_is_not(evidence):
    familiarity = Familiarity(NAMES)
    fit_familiarity(familiarity, evidence, ALL, (20, 30), seed=0)
    assert familiarity.is_fitted
    usual = np.random.default_rng(5).normal(3, 0.5, (EPOCHS, len(NAMES)))
    assert not familiarity.of(usual).is_unfamiliar
    assert familiarity.of(usual + 5).is_unfamiliar


def test_of_too_few_persons_it_is_not_known_what_a_recording_is_like(tmp_path):
    familiarity = Familiarity(NAMES)
    few = evidence_of(tmp_path, LEAST_PERSONS - 1)
    fit_familiarity(familiarity, few, ALL, (20, 30), seed=0)
    assert not familiarity.is_fitted
    assert familiarity.of(np.array(few.whole(0, 0))) is None


def test_nights_without_absolute_entries_do_not_count(tmp_path):
    evidence = evidence_of(tmp_path, LEAST_PERSONS)
    relative = np.array([entry.relative for entry in entries()])
    for file in evidence.files[0]:
        held = np.load(file)
        held[:, ~relative] = np.nan
        np.save(file, held)
    familiarity = Familiarity(NAMES)
    fit_familiarity(familiarity, evidence, ALL, (20, 30), seed=0)
    assert not familiarity.is_fitted  # one person too few


@pytest.fixture
def vectors(evidence, tmp_path) -> NightVectors:
    """High-level vectors of the nights, in two versions."""
    rng, files = np.random.default_rng(1), []
    for night in range(len(evidence.store.nights)):
        files.append([tmp_path / f"{night}-{version}.npy" for version in range(2)])
        for file in files[-1]:
            np.save(file, rng.normal(size=(EPOCHS, 4)).astype(np.float16))
    return NightVectors(evidence.store, files, epochs=1)


def test_vectors_of_the_evidence_stand_beside_the_high_level_ones_of_the_same_night_and_version(
    evidence, vectors, tmp_path, monkeypatch
):
    monkeypatch.setattr("eegvlm.lab.training.night_vectors.PIECES", (7, 7))
    encoder = encoder_of()
    both = with_evidence(vectors, evidence, encoder, ALL, tmp_path / "both", seed=0)
    for night, version in ((0, 0), (3, 0), (0, 1), (3, 1)):
        held = np.load(both.files[night][version])
        assert held.dtype == np.float16
        assert held.shape == (EPOCHS, 4 + 2 * 8 + 5)
        np.testing.assert_array_equal(held[:, :4], np.load(vectors.files[night][version]))
        whole, lengths = np.array(evidence.whole(night, version)), [EPOCHS]
        if version:
            lengths = pieces(EPOCHS, 0, night)
            assert lengths[0] == 7
        parts = np.split(whole, np.cumsum(lengths)[:-1])
        with torch.no_grad():
            states = [encoder(torch.from_numpy(beside_median(part))[None])[0] for part in parts]
        np.testing.assert_allclose(held[:, 4:], torch.cat(states).numpy(), atol=2e-3)
        assert np.isnan(held[3, 4:]).all()
    assert both.epochs == vectors.epochs
    around = both.around(np.array([10]), np.array([0]))
    assert around.shape == (1, 3, 4 + 2 * 8 + 5)


def test_without_a_seed_every_version_is_read_whole(evidence, vectors, tmp_path):
    encoder = encoder_of()
    both = with_evidence(vectors, evidence, encoder, ALL, tmp_path / "both")
    with torch.no_grad():
        expected = encoder(torch.from_numpy(np.array(evidence.whole(2, 1)))[None])[0]
    np.testing.assert_allclose(np.load(both.files[2][1])[:, 4:], expected.numpy(), atol=2e-3)


def test_what_is_written_is_not_computed_again(evidence, vectors, tmp_path, monkeypatch):
    encoder = encoder_of()
    before = with_evidence(vectors, evidence, encoder, ALL, tmp_path / "both", seed=0)
    held = before.around(np.arange(20), np.ones(20, int))
    monkeypatch.setattr(evidence_states, "beside_median", None)
    again = with_evidence(vectors, evidence, encoder, ALL, tmp_path / "both", seed=0)
    np.testing.assert_array_equal(again.around(np.arange(20), np.ones(20, int)), held)
