"""The store: who is in it, who is found, who never is."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.retrieval import EpochIndex, build_index, vote
from eegvlm.retrieval.voting import shares


@pytest.fixture(scope="module")
def first(scored, encoder, index):
    """The first night, and its vectors as they are compared."""
    recording = scored.nights[0].recording()
    vectors, usable = index.encode(*encoder(recording))
    return recording, vectors[usable]


@pytest.mark.slow
def test_every_scored_epoch_of_every_night_is_in_the_store(index, scored):
    assert len(index) == 3 * 60
    assert [one["person"] for one in index.about["nights"]] == [night.person for night in scored.nights]
    truth = np.concatenate([night.hypnogram().stages for night in scored.nights])
    np.testing.assert_array_equal(index.stages, truth)


def test_an_epoch_is_nearest_to_itself(index, first):
    _, vectors = first
    np.testing.assert_array_equal(index.nearest(vectors, 1)[:, 0], np.arange(len(vectors)))


def test_search_is_that_of_all_distances(index, first):
    _, vectors = first
    distances = ((vectors[:, None] - index.vectors[None]) ** 2).sum(axis=2)
    expected = np.sort(distances, axis=1)[:, :7]
    found = np.take_along_axis(distances, index.nearest(vectors, 7), axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_left_out_persons_are_never_found(index, scored, first):
    recording, vectors = first
    person = scored.nights[0].person
    for by_stage in (False, True):
        found = index.nearest(vectors, 5, without={person}, by_stage=by_stage)
        assert (index.night_of[found] != 0).all()
    from eegvlm.signals.fingerprint import fingerprint

    assert index.persons_of(fingerprint(recording.source)) == {person}


def test_by_stage_takes_the_nearest_of_each_stage_in_turn(index, first):
    _, vectors = first
    stages = np.unique(index.stages)
    found = index.nearest(vectors, len(stages), by_stage=True)
    for row in index.stages[found]:
        assert sorted(row) == sorted(stages)
    np.testing.assert_array_equal(found[:, 0], np.arange(len(vectors)))


def test_shares_are_counts_that_rule_nothing_out():
    np.testing.assert_allclose(shares(np.array([[2, 2, 3, 2]], np.int8))[0], np.array([0.5, 0.5, 3.5, 1.5, 0.5]) / 6.5)


def test_a_vote_beats_chance_on_persons_that_are_not_in_it(index, scored, encoder):
    """Simulated persons resemble each other: neighbours of others know the stage of most epochs."""
    night = scored.nights[0]
    voted = vote(index, night.recording(), 8, encoder=encoder)
    truth = night.hypnogram().stages
    most = np.bincount(truth).max() / len(truth)
    assert (voted.stages == truth).mean() > most
    assert voted.probabilities.min() > 0


def test_an_index_of_another_model_is_refused(index, encoder, tmp_path):
    shutil.copytree(index.folder, tmp_path / "other")
    about = json.loads((tmp_path / "other/index.json").read_text())
    (tmp_path / "other/index.json").write_text(json.dumps({**about, "weights_sha256": "0" * 64}))
    with pytest.raises(InputError, match="nano of another version; its vectors are of other weights"):
        EpochIndex.read(tmp_path / "other").check_encoder(encoder)


def test_what_is_no_index_is_named(tmp_path):
    with pytest.raises(InputError, match="make it with `eegvlm index"):
        EpochIndex.read(tmp_path)
    (tmp_path / "index.json").write_text('{"format": "eegvlm-index-1"}')
    (tmp_path / "epochs.npz").write_bytes(b"garbage")
    with pytest.raises(InputError, match="make it with `eegvlm index"):
        EpochIndex.read(tmp_path)


def test_too_few_epochs_of_others_are_said(index, scored, first):
    _, vectors = first
    with pytest.raises(InputError, match="epochs of other persons: 0; add nights"):
        index.nearest(vectors, 1, without={night.person for night in scored.nights})


def test_a_folder_that_holds_something_is_left_alone(index, scored, encoder):
    with pytest.raises(InputError, match="not empty"):
        build_index(scored.nights, index.folder, encoder=encoder)


def test_a_stage_can_have_a_limit_a_night(scored, encoder, tmp_path):
    made, _ = build_index(scored.nights[:1], tmp_path / "few", encoder=encoder, most_a_stage=2)
    assert np.unique(made.stages, return_counts=True)[1].max() == 2
    assert {Stage(int(stage)) for stage in made.stages} == {Stage(int(s)) for s in scored.nights[0].hypnogram().stages}
