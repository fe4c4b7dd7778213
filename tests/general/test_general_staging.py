"""A general-purpose model in a folder with eegvlm.json is staged with as any other checkpoint is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from general_bases import BASES, LAYOUT, SETTINGS, llava_next

from eegvlm.errors import InputError
from eegvlm.images import panel_signals
from eegvlm.lab.simulation import simulate_night
from eegvlm.model import GeneralProcessor, StagerSettings
from eegvlm.model.night_inputs import EpochInputs
from eegvlm.signals import Recording
from eegvlm.staging import Stager


@pytest.fixture(scope="module")
def night() -> Recording:
    return simulate_night(hours=0.2, seed=5, channels=["EEG C4-M1", "EOG E1-M2"]).recording()


@pytest.fixture(scope="module", params=BASES)
def folder(request, tmp_path_factory) -> Path:
    folder = BASES[request.param](tmp_path_factory.mktemp("bases") / request.param)
    SETTINGS.write(folder)
    return folder


def three_pictures(folder: Path, copy: Path) -> Path:
    """Return the same checkpoint, shown an epoch between its neighbours."""
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).symlink_to(file)
    (copy / "eegvlm.json").unlink()
    dataclasses.replace(SETTINGS, context_epochs=1).write(copy)
    return copy


def test_every_epoch_gets_five_probabilities_whatever_the_batch(folder, night):
    stager = Stager.from_pretrained(folder, smooth="none", dtype="float32")
    staged = [stager.stage(night, batch_size=size).hypnogram for size in (24, 1, 7)]
    assert len(staged[0]) == 24
    assert staged[0].scored.all()
    np.testing.assert_allclose(staged[0].probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.ptp(staged[0].probabilities[:, 0]) > 1e-5, "a model that answers alike to everything proves nothing"
    for other in staged[1:]:
        np.testing.assert_allclose(other.probabilities, staged[0].probabilities, atol=1e-5)


def test_the_calibration_is_that_of_the_file(folder, night, tmp_path):
    plain = Stager.from_pretrained(folder, smooth="none", dtype="float32").stage(night).hypnogram.probabilities
    stager = Stager.from_pretrained(folder, smooth="none", dtype="float32")
    stager = dataclasses.replace(stager, processor=stager.processor.calibrated(stage_temperature=2.0))
    expected = np.sqrt(plain) / np.sqrt(plain).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(stager.stage(night).hypnogram.probabilities, expected, atol=1e-5)
    night_record = Stager.from_pretrained(folder).stage(night).summary()
    assert night_record["calibration"]["smoothing_strength"] == SETTINGS.smoothing_strength
    assert "Classify the PSG" in night_record["prompt"]


def test_an_epoch_is_shown_between_its_neighbours(folder, night, tmp_path):
    """The stager answers what the model answers to three pictures drawn by hand; beyond the ends they are empty."""
    stager = Stager.from_pretrained(three_pictures(folder, tmp_path / "three"), smooth="none", dtype="float32")
    staged = stager.stage(night, batch_size=5).hypnogram.probabilities
    signals = panel_signals(LAYOUT, night)
    beside = {name: np.pad(values, ((1, 1), (0, 0)), constant_values=np.nan) for name, values in signals.items()}
    pictures = stager.processor.draw(beside)
    for epoch in (0, 7, 23):
        shown = pictures[None, epoch : epoch + 3]
        logits = stager._reader.read(EpochInputs(shown))
        np.testing.assert_allclose(np.exp(logits[0]), staged[epoch], atol=1e-5)
    one = Stager.from_pretrained(folder, smooth="none", dtype="float32").stage(night).hypnogram.probabilities
    assert abs(one - staged).max() > 1e-4


def test_blocks_of_a_long_night_meet(folder, night, tmp_path, monkeypatch):
    stager = Stager.from_pretrained(three_pictures(folder, tmp_path / "three"), smooth="none", dtype="float32")
    whole = stager.stage(night).hypnogram.probabilities
    monkeypatch.setattr("eegvlm.images.night._BLOCK", 10)
    np.testing.assert_allclose(stager.stage(night).hypnogram.probabilities, whole, atol=1e-5)


def test_reasons_are_refused_in_one_sentence(folder, night):
    stager = Stager.from_pretrained(folder, dtype="float32")
    assert not stager.can_explain
    with pytest.raises(InputError, match="no reasoned prompt") as error:
        stager.stage(night, explain="all")
    assert "\n" not in str(error.value)


def test_a_model_without_a_chat_template_is_asked_after_its_pictures(tmp_path):
    processor = GeneralProcessor.from_pretrained(llava_next(tmp_path, template=None), SETTINGS)
    assert processor.question == "<image>\nClassify the PSG. Choose from: W, N1, N2, N3, REM.\n"
    labels = [processor.tokenizer.decode(list(tokens)) for tokens in processor.labels.tokens]
    assert labels == ["W", "N1", "N2", "N3", "REM"]


def test_grey_pictures_are_shown_in_three_channels(tmp_path):
    grey = {**LAYOUT.to_dict(), "channels": 1, "background": [0], "grid": []}
    grey["panels"] = [{**panel, "colour": [255]} for panel in grey["panels"]]
    settings = StagerSettings(type(LAYOUT).from_dict(grey))
    processor = GeneralProcessor.from_pretrained(llava_next(tmp_path), settings)
    pictures = torch.randint(0, 256, (2, 1, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    colour = GeneralProcessor(processor.hugging_face, SETTINGS)(pictures.expand(-1, 3, -1, -1))
    assert torch.equal(processor(pictures)["pixel_values"], colour["pixel_values"])


def test_settings_come_back_as_they_were_written(tmp_path):
    settings = dataclasses.replace(SETTINGS, context_epochs=2, stage_prior=(0.2,) * 5, smoothed_temperature=1.5)
    settings.write(tmp_path)
    assert StagerSettings.read(tmp_path) == settings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stage_labels": ["W", "N1", "N2", "N3"]}, "five different labels"),
        ({"stage_temperature": 0}, "positive number"),
        ({"context_epochs": 1.5}, "whole number"),
        ({"promt": "?"}, "holds exactly"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(tmp_path, change, said):
    SETTINGS.write(tmp_path)
    file = tmp_path / "eegvlm.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(InputError, match=said) as error:
        StagerSettings.read(tmp_path)
    assert "eegvlm.json" in str(error.value)


def test_a_folder_that_lacks_weights_is_refused(tmp_path):
    SETTINGS.write(llava_next(tmp_path))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(InputError, match="safetensors"):
        Stager.from_pretrained(tmp_path)
