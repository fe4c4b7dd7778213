"""A short simulated night, staged once by the packaged model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eegvlm.lab.simulation import simulate_night
from eegvlm.questions import AskedNight
from eegvlm.signals import Recording
from eegvlm.staging import StagedNight, Stager

sys.path.append(str(Path(__file__).parents[1] / "general"))


@pytest.fixture(scope="session")
def recording_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("night") / "night.edf"
    simulate_night(hours=1, seed=7).write(file)
    return file


@pytest.fixture(scope="session")
def recording(recording_file: Path) -> Recording:
    from eegvlm.signals import read_recording

    return read_recording(recording_file)


@pytest.fixture(scope="session")
def staged(recording: Recording) -> StagedNight:
    return Stager.from_pretrained("nano", dtype="float32").stage(recording, measure=True)


@pytest.fixture(scope="session")
def night(staged: StagedNight, recording: Recording) -> AskedNight:
    return AskedNight.of_staged(staged, recording)
