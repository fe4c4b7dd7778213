"""Blank parts go to every part of the model that sees the picture; the night around and what was measured stay."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from general_bases import BASES, SETTINGS
from staging_models import stager_of, untrained

from eegvlm.attribution import Blanking, attribute
from eegvlm.staging import Stager


def log_probabilities(stager: Stager, logits: np.ndarray) -> np.ndarray:
    scaled = torch.from_numpy(logits).double() / stager.model.config.stage_temperature
    return scaled.log_softmax(dim=1).numpy()


@pytest.mark.slow
def test_the_night_s_own_answers_are_those_of_staging(stager, night):
    redrawing = stager.redrawing(night)
    staged = stager.stage(night).hypnogram.probabilities
    np.testing.assert_allclose(np.exp(redrawing.own_answers()), staged, atol=1e-5)
    own = redrawing.answers(20, redrawing.pictures(np.array([20])))
    np.testing.assert_allclose(np.exp(own[0]), staged[20], atol=1e-3)


def test_a_blank_panel_is_read_as_one_without_signal(night):
    """Blanking pixels and leaving the signal out draw the same picture, through different code.

    Of pictures alone: what was measured stays where pixels are blanked, and goes with a signal.
    """
    stager = Stager.from_pretrained("nano", inputs="picture")
    redrawing = stager.redrawing(night)
    rows = np.array([20])
    found = attribute(redrawing, rows, Blanking("panel", curves=False))
    signals = redrawing.night.signals(rows)
    for place, name in ((0, "eeg"), (1, "eog_left"), (3, "emg")):
        absent = {**signals, name: np.full_like(signals[name], np.nan)}
        inputs = redrawing.inputs.replaced(rows, absent)
        without = log_probabilities(stager, redrawing.reader.read(inputs))[0, found.stages[0]]
        assert found.panel_losses[0, place] == pytest.approx(np.log(found.probabilities[0]) - without, abs=1e-3)
    assert np.abs(found.panel_losses).max() > 1e-2, "channels that are worth nothing prove nothing"


def test_the_vector_of_the_epoch_is_that_of_the_blank_picture_and_its_neighbours_stay(stager, night):
    inputs = stager.redrawing(night).inputs
    rows = np.array([20])
    empty = torch.zeros_like(inputs.night.pictures(rows))
    blank, own = inputs.redrawn(rows, empty), inputs.rows(rows)
    around = blank.context.shape[1] // 2
    assert not torch.allclose(blank.context[:, around], own.context[:, around], atol=1e-2)
    assert torch.equal(blank.context[:, :around], own.context[:, :around])
    assert torch.equal(blank.context[:, around + 1 :], own.context[:, around + 1 :])
    assert not torch.allclose(blank.own, own.own, atol=1e-2)


@pytest.mark.parametrize("inputs", ["both", "picture"])
def test_what_was_measured_stays_unless_the_model_is_given_pictures_alone(night, inputs):
    model, processor = untrained(
        context_epochs=1, night_epochs=4, evidence="tokens", evidence_weight=1.0, classifier_weight=1.0
    )
    redrawing = stager_of(model, processor, inputs=inputs).redrawing(night)
    rows, high = np.array([10]), model.config.enhancement_channels
    read = redrawing.inputs.redrawn(rows, torch.zeros_like(redrawing.pictures(rows)))
    measured = read.context[0, 1, high:]
    assert torch.equal(measured.isnan(), redrawing.inputs.vectors[10, high:].isnan())
    assert measured.isnan().all() == (inputs == "picture")
    if inputs == "both":
        assert torch.equal(measured, redrawing.inputs.vectors[10, high:])


@pytest.mark.parametrize("base", BASES)
def test_general_models_are_looked_at_the_same_way(base, night, tmp_path):
    folder = BASES[base](tmp_path / base)
    SETTINGS.write(folder)
    stager = Stager.from_pretrained(folder, smooth="none", dtype="float32")
    found = attribute(stager.redrawing(night), np.array([3, 10]), Blanking("8", blank="other"))
    assert found.losses.shape == (2, 32)
    assert np.abs(found.losses).max() > 1e-4
    assert found.curves.shape == (2, 4, 11)
    staged = stager.stage(night).hypnogram.probabilities
    np.testing.assert_allclose(found.probabilities, staged[[3, 10], found.stages], atol=1e-4)
