"""Models of the packaged geometry with random weights: one that only answers, and one that also explains."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from eegvlm.lab.training.recipe import Phase, Recipe
from eegvlm.lab.training.run import build
from eegvlm.staging import Stager

sys.path.append(str(Path(__file__).parents[1] / "staging"))  # models that can explain are made there


@pytest.fixture(scope="session")
def random_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluated") / "random"
    torch.manual_seed(0)
    phase = Phase(name="none", objective="answer", trains=("language",), steps=1)
    model, processor = build(Recipe(name="test", phases=(phase,)))
    with torch.no_grad():  # random weights answer alike to everything; spread their answers
        model.model.multi_modal_projector.linear_2.weight.mul_(100)
        model.lm_head.weight.mul_(20)
        for member in model.model.enhancement.members:
            member.classifier.weight.mul_(1000)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def random_stager(random_checkpoint: Path) -> Stager:
    return Stager.from_pretrained(random_checkpoint, dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def reasoner() -> Stager:
    """A model that can explain, and reads two neighbours on each side."""
    from staging_models import stager_of, untrained

    return stager_of(*untrained(context_epochs=2))


@pytest.fixture(scope="session")
def measuring_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that reads evidence beside pictures, and follows the night."""
    from staging_models import untrained

    folder = tmp_path_factory.mktemp("evaluated") / "measuring"
    for part in untrained(evidence="tokens", evidence_hidden=16, night_epochs=3):
        part.save_pretrained(folder)
    return folder
