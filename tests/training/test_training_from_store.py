"""A built epoch store trains as the recordings do from which it was built."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import edfio
import numpy as np
import pytest
import torch

from eegvlm.errors import InputError
from eegvlm.hypnogram import write_hypnogram
from eegvlm.images import ImageLayout, load_layout
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.epochs import build_store
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training.data import Augmentation, Batches
from eegvlm.lab.training.recipe import DataRecipe, Mixture, RecordedNights, SimulatedNightsRecipe
from eegvlm.lab.training.sources import prepare
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model import EegVlmProcessor, checkpoint_path

NANO = load_layout("nano")
CHECKS = Mixture((SimulatedNightsRecipe(nights=1, hours=0.1, first_seed=900),))
EPOCHS = 30


@pytest.fixture(scope="module")
def own_nights(tmp_path_factory) -> Path:
    """Three recordings with scorings; the last epoch of one is scored, but ends too early."""
    folder = tmp_path_factory.mktemp("own")
    for seed in (31, 32, 33):
        night = simulate_night(hours=EPOCHS / 120, seed=seed)
        file = folder / f"patient{seed}.edf"
        night.write(file)
        write_hypnogram(night.hypnogram(), folder / f"patient{seed}.csv", format="csv")
        if seed == 32:
            whole = edfio.read_edf(file)
            whole.slice_between_seconds(0, EPOCHS * 30 - 10)
            whole.write(file)
    return folder


@pytest.fixture(scope="module")
def built(own_nights, tmp_path_factory) -> Path:
    return store_of(own_nights, tmp_path_factory.mktemp("built"), NANO)


def store_of(recordings: Path, folder: Path, layout: ImageLayout, **options: float) -> Path:
    build_store(open_dataset("folder", recordings, **options), layout, folder)
    return folder


def prepared(source: RecordedNights, root: Path, run: Path) -> TrainingStore:
    return prepare(DataRecipe(train=Mixture((), (source,)), validation=CHECKS), NANO, run, {source.name: root})[0]


@pytest.mark.parametrize("dataset", ["folder", "epochs"])
def test_batches_are_those_of_the_recordings(own_nights, built, tmp_path, dataset):
    source = RecordedNights("own", stages=("W", "N2", "N3"))
    recorded = prepared(source, own_nights, tmp_path / "recorded")
    stored = prepared(replace(source, dataset=dataset), built, tmp_path / "stored")
    for field in ("nights", "persons"):
        assert getattr(stored, field) == getattr(recorded, field)
    for field in ("night", "position", "source", "stages", "targets", "allowed"):
        np.testing.assert_array_equal(getattr(stored, field), getattr(recorded, field), err_msg=field)
    assert EPOCHS - 1 not in stored.position[stored.night == 1], "an epoch without signal is not learnt"
    processor = EegVlmProcessor.from_pretrained(checkpoint_path("nano"))
    augmentation = Augmentation.of(DataRecipe(), seed=1)
    rows = np.random.default_rng(0).integers(len(stored), size=16).tolist()
    ours, theirs = (Batches(store, processor, augmentation)(rows) for store in (stored, recorded))
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        torch.testing.assert_close(ours[name], values, rtol=0, atol=0, equal_nan=True, msg=name)
    for night in range(3):
        whole = stored.whole_night(night, slice(None))
        for panel, values in recorded.whole_night(night, slice(None)).items():
            np.testing.assert_array_equal(whole[panel], values)


def test_phases_without_stages_read_every_epoch_with_signal(own_nights, built, tmp_path):
    stores = [prepared(RecordedNights("own"), root, tmp_path / root.name) for root in (own_nights, built)]
    recorded, stored = (TrainingStore(store.files, store.panels, unscored=True) for store in stores)
    assert len(stored) == 3 * EPOCHS - 1
    np.testing.assert_array_equal(stored.position, recorded.position)


@pytest.mark.parametrize(
    "chosen", [{"only": ("*3?",), "without": ("*32",)}, {"fold": "1/3"}, {"fold": "not 1/3", "without": ("*31",)}]
)
def test_the_same_persons_are_chosen(own_nights, built, tmp_path, chosen):
    source = RecordedNights("own", **chosen)
    recorded, stored = (prepared(source, root, tmp_path / root.name) for root in (own_nights, built))
    assert stored.persons == recorded.persons
    assert 0 < len(stored.persons) < 3


def test_nights_are_mapped_where_they_lie_and_nothing_is_copied(built, tmp_path):
    store = prepared(RecordedNights("own", only=("*33",)), built, tmp_path)
    before = store.signals(np.arange(4))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["simulated-0000900.labels.npz", "simulated-0000900.npy"]
    sent = pickle.dumps(store)
    assert len(sent) < 30_000, "another process gets names and stages, no signals"
    for panel, values in pickle.loads(sent).signals(np.arange(4)).items():
        np.testing.assert_array_equal(values, before[panel])


def test_a_store_of_the_format_before_is_refused_with_the_remedy(built, tmp_path):
    manifest = (built / "manifest.json").read_text().replace("eegvlm-epochs-2", "eegvlm-epochs-1")
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(InputError, match=r"eegvlm-epochs-1; .*`eegvlm dataset build` into a new folder"):
        prepared(RecordedNights("own"), tmp_path, tmp_path / "run")


def test_a_store_of_something_else_is_refused_with_the_command_that_builds_the_right_one(own_nights, built, tmp_path):
    def refusal(source: RecordedNights, folder: Path) -> str:
        with pytest.raises(InputError, match="eegvlm dataset build") as refused:
            prepared(source, folder, tmp_path / "run")
        return str(refused.value)

    source = RecordedNights("own")
    assert "not of shhs; build it anew: eegvlm dataset build shhs" in refusal(replace(source, dataset="shhs"), built)
    faster = store_of(own_nights, tmp_path / "faster", replace(NANO, rate=128))
    assert "at 128 Hz, not at 100 Hz" in refusal(source, faster)
    assert "--layout nano" in refusal(source, faster)
    wide = replace(NANO, panels=(replace(NANO.panels[0], band=(0.1, 40.0)), *NANO.panels[1:]))
    assert f"in which {NANO.panels[0].name} is absent" in refusal(source, store_of(own_nights, tmp_path / "w", wide))
    assert "whole nights, not wake cropped to 30 min" in refusal(replace(source, wake_crop_min=30.0), built)
    cropped = store_of(own_nights, tmp_path / "cropped", NANO, wake_crop_min=1.0)
    assert "wake cropped to 1 min, not whole nights" in refusal(source, cropped)
    assert prepared(replace(source, dataset="epochs"), cropped, tmp_path / "run").length(0) > 0
    assert "--grid recording" in refusal(replace(source, grid="recording"), built)
    assert "cut on the scorer's epochs" in refusal(replace(source, grid="recording"), built)
    assert "without extended 20-s epochs; build it anew" in refusal(replace(source, extend_20s=True), built)
    said = refusal(replace(source, scorer="bert"), built)
    assert "of the data set's first scorer, not of bert" in said
    assert "--scorer bert" in said


def test_a_folder_without_a_finished_store_says_what_to_do(built, tmp_path):
    with pytest.raises(InputError, match="no finished store lies here"):
        prepared(RecordedNights("own", dataset="epochs"), tmp_path, tmp_path / "run")
    (tmp_path / "build.jsonl").write_bytes((built / "build.jsonl").read_bytes())
    with pytest.raises(InputError, match="no finished store lies here"):
        prepared(RecordedNights("own"), tmp_path, tmp_path / "run")
