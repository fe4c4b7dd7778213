"""A general-purpose model is told what was measured: in its prompt, the same in training and staging."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from general_bases import BASES, LAYOUT, SETTINGS, llava_next
from test_general_training import small_recipe
from typer.testing import CliRunner

from eegvlm.cli.evaluate import evaluate
from eegvlm.errors import InputError
from eegvlm.evidence import NOTHING_MEASURED, epoch_texts, measure_night
from eegvlm.images import PreparedNight, panel_signals
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import train
from eegvlm.lab.training.build import build
from eegvlm.lab.training.checkpoints import read_log
from eegvlm.lab.training.data import Augmentation
from eegvlm.lab.training.estimate import estimate
from eegvlm.lab.training.evidence_texts import NightTexts, write_texts
from eegvlm.lab.training.general_base import build_general
from eegvlm.lab.training.general_data import GeneralBatches
from eegvlm.lab.training.label_texts import LabelTexts, answer_text
from eegvlm.lab.training.night_vectors import seen_night
from eegvlm.lab.training.sources import prepare
from eegvlm.model import GeneralProcessor, StagerSettings
from eegvlm.model.described_night import DescribedNight
from eegvlm.model.general import load_general_model
from eegvlm.signals import Recording
from eegvlm.staging import Stager

pytestmark = pytest.mark.slow

TOLD = dataclasses.replace(SETTINGS, evidence="text")


@pytest.fixture(scope="module")
def recording() -> Recording:
    return simulate_night(hours=0.25, seed=5, channels=["EEG C4-M1", "EOG E1-M2"]).recording()


@pytest.fixture(scope="module")
def texts(recording) -> list[str]:
    night = PreparedNight.read(recording, LAYOUT)
    return epoch_texts(night, measure_night(night))


@pytest.fixture(scope="module", params=BASES)
def folder(request, tmp_path_factory) -> Path:
    folder = BASES[request.param](tmp_path_factory.mktemp("bases") / request.param)
    TOLD.write(folder)
    return folder


def stager(folder: Path, **how) -> Stager:
    return Stager.from_pretrained(folder, smooth="none", dtype="float32", **how)


def prompt(processor: GeneralProcessor, ids: torch.Tensor) -> str:
    return processor.tokenizer.decode(ids.tolist()).replace(processor.tokenizer.pad_token, "")


def test_the_text_stands_between_pictures_and_question(tmp_path, texts):
    processor = GeneralProcessor.from_pretrained(llava_next(tmp_path), dataclasses.replace(TOLD, context_epochs=1))
    blank = torch.zeros((1, 3, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    said = prompt(processor, processor(blank, texts[:1])["input_ids"][0])
    pictures, rest = said.rsplit("<image>", 1)
    assert pictures.startswith("USER: <image>")
    assert rest.strip().endswith(f"judge the one in the middle. {texts[0]}\n{TOLD.prompt} ASSISTANT:")
    assert NOTHING_MEASURED in prompt(processor, processor(blank)["input_ids"][0])


def test_answers_do_not_depend_on_the_batch(folder, recording, texts):
    """Prompts differ in length, so that a batch is padded by its longest."""
    assert len({len(text) for text in texts}) > 5
    staged = [stager(folder).stage(recording, batch_size=size).hypnogram.probabilities for size in (30, 1, 7)]
    np.testing.assert_allclose(staged[0].sum(axis=1), 1, atol=1e-5)
    for other in staged[1:]:
        np.testing.assert_allclose(other, staged[0], atol=1e-5)


def test_of_its_inputs_one_can_be_left_out(folder, recording):
    both, picture, evidence = (
        stager(folder, inputs=inputs).stage(recording).hypnogram.probabilities
        for inputs in ("both", "picture", "evidence")
    )
    reader = stager(folder)
    pictures = reader.processor.draw(panel_signals(LAYOUT, recording))
    expected = reader._reader.read(dataclasses.replace(_inputs(reader, recording), texts=None, pictures=pictures))
    np.testing.assert_allclose(picture, np.exp(expected), atol=1e-5)
    assert abs(evidence - both).max() > 1e-4
    assert abs(picture - both).max() > 1e-4


def _inputs(reader: Stager, recording: Recording):
    night = PreparedNight.read(recording, LAYOUT)
    return reader._reader.open(night, 8).rows(np.arange(recording.n_epochs))


def test_without_pictures_the_answer_depends_on_the_text_alone(folder, recording):
    reader = stager(folder, inputs="evidence")
    inputs = _inputs(reader, recording)
    other = dataclasses.replace(inputs, pictures=255 - inputs.pictures)
    np.testing.assert_array_equal(reader._reader.read(inputs), reader._reader.read(other))


def test_a_checkpoint_that_reads_pictures_alone_refuses_to_leave_them_out(tmp_path):
    SETTINGS.write(llava_next(tmp_path))
    with pytest.raises(InputError, match="pictures alone"):
        stager(tmp_path, inputs="evidence")


def test_the_night_is_measured_once_and_kept_for_whoever_asks(folder, recording):
    staged = stager(folder).stage(recording, measure=True)
    assert staged.evidence is not None
    summary = staged.summary()
    assert summary["evidence"] == "text"
    assert summary["timing"]["measure_s"] > 0


@pytest.mark.parametrize("context", [0, 1])
def test_other_signals_in_an_epochs_place_change_its_picture_and_its_text(tmp_path, recording, context):
    base = llava_next(tmp_path)
    processor = GeneralProcessor.from_pretrained(base, dataclasses.replace(TOLD, context_epochs=context))
    night = PreparedNight.read(recording, LAYOUT)
    inputs = DescribedNight(load_general_model(base, torch.float32), processor, night, beside=context)
    rows = np.array([4, 9, 4])
    own = night.signals(rows)
    same, there = inputs.replaced(rows, own), inputs.rows(rows)
    assert same.texts == there.texts
    assert torch.equal(same.pictures, there.pictures)
    louder = {name: 3 * values for name, values in own.items()}
    changed = inputs.replaced(rows, louder)
    assert changed.texts == tuple(_alone(night, inputs, row, louder, k) for k, row in enumerate(rows))
    assert not set(changed.texts) & set(there.texts)
    if context:
        assert torch.equal(changed.pictures[:, 0], there.pictures[:, 0])
        assert not torch.equal(changed.pictures[:, 1], there.pictures[:, 1])


def _alone(night: PreparedNight, inputs: DescribedNight, row: int, signals: dict, k: int) -> str:
    changed = night.replaced(np.array([row]), {name: values[k, None] for name, values in signals.items()})
    return epoch_texts(changed, measure_night(changed), medians=inputs._medians, rows=[row])[0]


def test_a_tokenizer_without_a_pad_token_pads_with_its_end(tmp_path, texts):
    base = llava_next(tmp_path)
    whole = GeneralProcessor.from_pretrained(base, TOLD).hugging_face
    whole.tokenizer.pad_token = None
    processor = GeneralProcessor(whole, TOLD)
    inputs = processor(torch.zeros((2, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8), [texts[0], "short"])
    ids, mask = inputs["input_ids"][1], inputs["attention_mask"][1]
    assert (ids[mask == 0] == processor.tokenizer.eos_token_id).all()
    assert (mask == 0).any()
    assert mask[-1] == 1


def test_a_processor_that_pads_on_the_right_is_refused(tmp_path, texts, monkeypatch):
    processor = GeneralProcessor.from_pretrained(llava_next(tmp_path), TOLD)
    kind = type(processor.hugging_face)
    plain = kind.__call__
    monkeypatch.setattr(kind, "__call__", lambda self, **given: plain(self, **{**given, "padding_side": "right"}))
    blank = torch.zeros((2, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    with pytest.raises(InputError, match="pad prompts on the left"):
        processor(blank, [texts[0], "short"])


def test_texts_for_a_model_that_reads_none_are_refused(tmp_path):
    processor = GeneralProcessor.from_pretrained(llava_next(tmp_path), SETTINGS)
    with pytest.raises(ValueError, match="evidence none"):
        processor(torch.zeros((1, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8), ["text"])


def test_an_older_file_without_the_setting_is_of_a_model_that_reads_pictures_alone(tmp_path):
    TOLD.write(tmp_path)
    assert StagerSettings.read(tmp_path) == TOLD
    file = tmp_path / "eegvlm.json"
    held = json.loads(file.read_text())
    held.pop("evidence")
    file.write_text(json.dumps(held))
    assert StagerSettings.read(tmp_path) == SETTINGS
    file.write_text(json.dumps({**held, "evidence": "tokens"}))
    with pytest.raises(InputError, match="none or text"):
        StagerSettings.read(tmp_path)


@torch.no_grad()
@pytest.mark.parametrize("family", BASES)
def test_the_loss_of_a_padded_batch_is_that_of_its_epochs_alone(family, tmp_path, texts):
    base = BASES[family](tmp_path)
    processor, model = GeneralProcessor.from_pretrained(base, TOLD), load_general_model(base, torch.float32)
    pictures = torch.randint(0, 256, (3, 3, LAYOUT.height, LAYOUT.width), dtype=torch.uint8)
    stages, said = np.array([4, 0, 2]), [texts[3], NOTHING_MEASURED, texts[20]]
    answers = LabelTexts(processor.labels, processor.tokenizer.eos_token_id)

    def loss(part: slice) -> float:
        inputs = {
            "answer": answers.answers(stages[part]),
            "refused": answers.refused(stages[part], np.ones((len(stages[part]), 5), bool)),
            "asked": processor(pictures[part], said[part]),
        }
        return float(answer_text(model, inputs))

    assert loss(slice(None)) == pytest.approx(np.mean([loss(slice(k, k + 1)) for k in range(3)]), rel=1e-4)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """Return processor, training nights, augmentation and the texts of two versions."""
    folder = tmp_path_factory.mktemp("learnt")
    recipe = small_recipe("llava-next", llava_next(folder / "base"), "model.evidence=text", *VARIED)
    _, processor = build_general(recipe)
    nights, _ = prepare(recipe.data, processor.layout, folder / "nights", {})
    augmentation = Augmentation.of(recipe.data, recipe.seed)
    texts = write_texts(nights, processor, folder / "evidence", augmentation=augmentation, versions=2)
    return processor, nights, augmentation, texts


VARIED = (
    "data.train={simulated: [{nights: 2, hours: 0.25}]}",
    "data.randomisation={gain_db: 3, eq_db: 6, warp: [1, 1], shift_s: 0, pink_chance: 0, white_chance: 0}",
    "data.channel_drop=0.5",
)


@pytest.mark.parametrize("context", [0, 1])
def test_training_shows_the_version_that_was_measured(learnt, context):
    processor, nights, augmentation, texts = learnt
    processor = GeneralProcessor(processor.hugging_face, dataclasses.replace(TOLD, context_epochs=context))
    batches = GeneralBatches(nights, processor, augmentation, texts=texts)
    versions_seen = set()
    for rows in ([3, 40, 5], [1, 2, 44], [50, 51, 6], [7, 8, 35]):
        at = np.array(rows)
        versions = batches._versions(at)
        versions_seen |= set(versions.tolist())
        asked = batches(rows)["asked"]
        shown, described = [], []
        for row, version in zip(rows, versions, strict=True):
            night = seen_night(nights, processor, augmentation, int(nights.night[row]), int(version))
            place = int(nights.position[row])
            beside = range(place - context, place + context + 1)
            shown.append(night.pictures(np.array(beside)))
            described.append(epoch_texts(night, measure_night(night), rows=[place])[0])
        expected = processor(torch.stack(shown), described)
        assert torch.equal(asked["input_ids"], expected["input_ids"])
        assert torch.equal(asked["pixel_values"], expected["pixel_values"])
    assert versions_seen == {0, 1}


def test_processes_that_share_a_batch_read_the_texts_of_the_whole(learnt):
    processor, nights, augmentation, texts = learnt
    batches = GeneralBatches(nights, processor, augmentation, texts=texts, unmeasured=0.5)
    rows = [3, 1, 40, 5]
    whole, part = batches(rows)["asked"], batches.part(rows, slice(2, 4))["asked"]
    assert torch.equal(part["pixel_values"], whole["pixel_values"][2:])
    said = [prompt(processor, ids) for ids in whole["input_ids"]]
    assert [prompt(processor, ids) for ids in part["input_ids"]] == said[2:]


def test_a_share_of_the_epochs_is_told_nothing(learnt):
    processor, nights, augmentation, texts = learnt
    batches = GeneralBatches(nights, processor, augmentation, texts=texts, unmeasured=0.5)
    told = [batches._measured(np.arange(first, first + 12), np.zeros(12, int)) for first in range(0, 48, 12)]
    left_out = np.mean([text == NOTHING_MEASURED for some in told for text in some])
    assert 0.25 < left_out < 0.75


def test_texts_on_disk_are_not_measured_again(learnt, monkeypatch):
    processor, nights, augmentation, texts = learnt

    def refuse(night):
        raise AssertionError("measured again")

    monkeypatch.setattr("eegvlm.lab.training.evidence_texts.measure_night", refuse)
    folder = texts.files[0][0].parent
    again = write_texts(nights, processor, folder, augmentation=augmentation, versions=2)
    rows, versions = np.array([0, 7]), np.array([1, 0])
    assert isinstance(again, NightTexts)
    assert again.of(rows, versions) == texts.of(rows, versions)


@pytest.mark.parametrize(("family", "context"), [("llava-next", 1), ("qwen2.5-vl", 0)])
def test_a_recipe_with_evidence_runs_to_a_checkpoint_that_stages_and_is_judged(family, context, tmp_path):
    base = BASES[family](tmp_path / "base")
    changes = (
        "model.evidence=text",
        f"model.context_epochs={context}",
        "phases.0.batch_size=3",
        "data.validation={simulated: [{nights: 1, hours: 0.05, first_seed: 900}]}",
    )
    recipe = small_recipe(family, base, *changes)
    folder = train(recipe, tmp_path / "run")
    curve = read_log(tmp_path / "run" / "answer")
    losses = [entry["eval_loss"] for entry in curve if "eval_loss" in entry]
    assert losses[-1] < losses[0]
    assert StagerSettings.read(folder).evidence == "text"
    assert len(list((tmp_path / "run" / "evidence").rglob("*.npy"))) == recipe.data.context_versions + 1

    app = typer.Typer()
    app.command()(evaluate)
    arguments = [str(folder), "simulated:nights=1,seed=7,hours=0.05", "--resamples", "100", "--dtype", "float32"]
    arguments += ["--inputs", "both,picture,evidence", "--out", str(tmp_path / "judged")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    held = json.loads((tmp_path / "judged" / "evaluation.json").read_text())
    assert list(held["baselines"]) == ["inputs: picture", "inputs: evidence"]


@pytest.mark.parametrize("kind", ["preset", "general"])
def test_each_kind_of_base_takes_its_own_form_of_evidence_alone(kind, tmp_path):
    base = llava_next(tmp_path / "base")
    refused, change = ("text", "model=nano") if kind == "preset" else ("tokens", "seed=0")
    recipe = small_recipe("llava-next", base, change, f"model.evidence={refused}")
    for read in (build, estimate):
        with pytest.raises(InputError, match=r"model\.evidence") as caught:
            read(recipe)
        assert "\n" not in str(caught.value)


def test_what_a_run_will_cost_counts_the_texts(tmp_path):
    base = llava_next(tmp_path / "base")
    plain, told = (estimate(small_recipe("llava-next", base, f"model.evidence={one}"))[0] for one in ("none", "text"))
    assert plain.activations is not None
    assert told.activations is not None
    assert told.activations > 1.5 * plain.activations  # the tests' tokens are single bytes
