"""A checkpoint of the packaged geometry with random weights, and recordings it can stage."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from staging_nights import noise_recording

from eegvlm.signals import Recording
from eegvlm.staging import Stager
from eegvlm.training.recipe import Phase, Recipe
from eegvlm.training.run import build


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    phase = Phase(name="none", objective="answer", trains=("language",), steps=1)
    model, processor = build(Recipe(name="test", phases=(phase,)))
    with torch.no_grad():  # random weights answer alike to everything; spread their answers
        model.model.multi_modal_projector.linear_2.weight.mul_(100)
        model.lm_head.weight.mul_(20)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def stager(checkpoint: Path) -> Stager:
    return Stager.from_pretrained(checkpoint, dtype="float32")


@pytest.fixture
def night() -> Recording:
    """Forty minutes of coloured noise on EEG and EOG, different in every epoch."""
    return noise_recording(minutes=40)
