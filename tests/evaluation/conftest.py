"""A checkpoint of the packaged geometry with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from eegvlm.staging import Stager
from eegvlm.training.recipe import Phase, Recipe
from eegvlm.training.run import build


@pytest.fixture(scope="session")
def random_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluated") / "random"
    torch.manual_seed(0)
    phase = Phase(name="none", objective="answer", trains=("language",), steps=1)
    model, processor = build(Recipe(name="test", phases=(phase,)))
    with torch.no_grad():  # random weights answer alike to everything; spread their answers
        model.model.multi_modal_projector.linear_2.weight.mul_(100)
        model.lm_head.weight.mul_(20)
        model.model.enhancement.classifier.weight.mul_(1000)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def random_stager(random_checkpoint: Path) -> Stager:
    return Stager.from_pretrained(random_checkpoint, dtype="float32", device="cpu")
