"""The paper's system by its own recipe, on a stock LLaVA in small: cross-fitted, adapted, stopped, merged, resumed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from stock_llava import BACKBONE, write_stock_llava

from eegvlm.errors import InputError
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import Recipe, adapters, merge, read_recipe, train
from eegvlm.lab.training import run as running
from eegvlm.lab.training.build import build
from eegvlm.lab.training.packaged_recipes import RECIPES
from eegvlm.lab.training.parallel import StepModule
from eegvlm.lab.training.phase_recipe import Lora
from eegvlm.lab.training.run_folder import claim
from eegvlm.lab.training.trainable_weights import WEIGHTS, is_adapter
from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.staging import Stager
from eegvlm.staging.token_grammar import TokenizedWords

PAPER = RECIPES / "eeg-vlm-13b.yaml"
EMBEDDED, HEAD = "model.language_model.embed_tokens.weight", "lm_head.weight"


class Killed(BaseException):
    """The run's end before its time."""


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "llava"
    write_stock_llava(folder)
    return folder


def paper(base: Path, *changes: str) -> Recipe:
    """Return the paper's recipe on a small base, on few simulated epochs, for few steps."""
    return read_recipe(
        PAPER,
        [
            f"model.base={base}",
            f"model.enhancement={{backbone: {BACKBONE}, size: 64}}",
            "data.train={simulated: [{nights: 3, hours: 0.1}]}",
            "data.validation={simulated: [{nights: 1, hours: 0.1, first_seed: 900}]}",
            "phases.0.folds=2",
            "phases.0.steps=2",
            "phases.1.steps=4",
            "phases.1.batch_size=4",
            "phases.1.accumulate=2",
            "phases.1.lora.rank=4",
            "phases.1.projector_learning_rate=1.0e-2",
            "precision=float32",
            "checkpoint_steps=2",
            *changes,
        ],
    )


@pytest.fixture(scope="module")
def stopped(base, tmp_path_factory) -> tuple[Path, dict[str, set[str]]]:
    """Return the folder of a run that was killed in its last phase, and whom each network was trained on."""
    run, calls, seen = tmp_path_factory.mktemp("runs") / "paper", [], {}
    forward, run_phase = StepModule.forward, running.run_phase

    def die(self, inputs):
        if self.training:
            calls.append(self.objective.phase.name)
        if calls.count("reason") == 6:
            raise Killed
        return forward(self, inputs)

    def watched(objective, recipe, model, batches, folder, *rest, **named):
        store = batches.train.store
        seen[folder.name] = {store.persons[night] for night in store.night[batches.rows]}
        return run_phase(objective, recipe, model, batches, folder, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StepModule, "forward", die)
        patch.setattr(running, "run_phase", watched)
        with pytest.raises(Killed):
            train(paper(base), run)
    return run, seen


@pytest.fixture(scope="module")
def merged(stopped, tmp_path_factory) -> Path:
    return merge(stopped[0], tmp_path_factory.mktemp("merged") / "early")


@pytest.fixture(scope="module")
def finished(base, stopped, merged) -> Path:
    return train(paper(base), stopped[0], resume=True)


def test_a_stopped_run_is_merged_to_a_checkpoint_that_stages_and_says_where_it_stood(merged):
    night = Stager.from_pretrained(merged).stage(simulate_night(hours=0.1, seed=3).recording())
    assert night.hypnogram.scored.all()
    assert "stopped early. Phase reason stands at step 2 of 4" in (merged / "README.md").read_text()
    assert not [name for name in load_file(merged / "model.safetensors") if "lora" in name or "token_adapter" in name]


def test_a_run_that_went_on_ends_in_a_plain_checkpoint_with_reasons(finished, merged):
    stager = Stager.from_pretrained(finished)
    night = stager.stage(simulate_night(hours=0.1, seed=3).recording(), explain="all")
    assert len(night.rationales) == 12
    card = (finished / "README.md").read_text()
    assert "stopped" not in card
    assert "rank: 4" in card
    weights, earlier = load_file(finished / "model.safetensors"), load_file(merged / "model.safetensors")
    assert weights.keys() == earlier.keys()
    assert any((weights[name] != earlier[name]).any() for name in weights)


def test_what_a_phase_does_not_train_keeps_its_bits(base, finished):
    before, processor = build(paper(base))
    after = EegVlmForConditionalGeneration.from_pretrained(finished).state_dict()
    begun = {name: weight.to(torch.bfloat16) for name, weight in before.state_dict().items()}
    moved = {name for name, weight in begun.items() if (weight != after[name].to(torch.bfloat16)).any()}
    assert not [name for name in moved if "vision_tower" in name or ("norm" in name and "enhancement" not in name)]
    assert {name.split(".")[1] for name in moved if name != HEAD} >= {"multi_modal_projector", "language_model"}
    for table in (EMBEDDED, HEAD):
        rows = (begun[table] != after[table].to(torch.bfloat16)).any(dim=1).nonzero().flatten().tolist()
        assert set(rows) <= set(processor.stage_token_ids)
    assert HEAD in moved


def test_what_a_phase_leaves_behind_is_what_it_moved(stopped, finished):
    held = load_file(stopped[0] / "reason" / "weights" / WEIGHTS)
    assert held
    assert all("lora" in n or "trainable_tokens" in n or "multi_modal_projector" in n for n in held)
    assert all("enhancement" in name for name in load_file(stopped[0] / "enhance" / "weights" / WEIGHTS))


def test_no_person_is_seen_by_the_network_that_gives_the_persons_vectors(base, stopped, tmp_path):
    folder, trained_on = stopped
    assert trained_on["enhance"] == {"simulated:0", "simulated:1", "simulated:2"}
    run = running.TrainingRun.begin(paper(base), folder, {}, lambda items, what: items)
    run.phase(run.phases[0])
    held = {k: load_file(folder / "enhance" / f"fold-{k}" / "weights" / WEIGHTS) for k in (1, 2)}
    for night, person in enumerate(run.nights.persons):
        name, weight = next(iter(run.cross.of(night).network.named_parameters()))
        served = [k for k, weights in held.items() if torch.equal(weights[f"model.enhancement.{name}"], weight)]
        assert len(served) == 1
        assert person not in trained_on[f"fold-{served[0]}"]
    batch = run.objective(run.phases[1]).batches(run.inputs)[0]([0, 1, 30])
    assert batch["context"].shape == (3, 1, 16)


def test_merged_logits_are_those_of_the_adapters(base):
    model, processor = build(paper(base))
    model.eval()
    ids = torch.tensor([processor.encode_prompt("direct") + processor.stage_token_ids])
    inputs = {"input_ids": ids, "pixel_values": torch.randn(1, 3, 336, 336)}
    plain = model(**inputs).logits.detach()
    adapted = adapters.put_in(model, Lora(rank=4), processor.stage_token_ids)
    model.eval()
    torch.testing.assert_close(model(**inputs).logits.detach(), plain)
    for name, weight in model.named_parameters():
        if is_adapter(name):
            weight.data.normal_(std=0.3)
    moved = model(**inputs).logits.detach()
    assert not torch.allclose(moved, plain, atol=1e-2)
    adapters.merge(adapted)
    torch.testing.assert_close(model(**inputs).logits.detach(), moved, atol=1e-4, rtol=1e-4)


def test_an_epochs_own_vector_can_be_given_instead_of_computed(base):
    model, processor = build(paper(base))
    model.eval()
    pixels = torch.randn(2, 3, 336, 336)
    inputs = {"input_ids": torch.tensor([processor.encode_prompt("direct")] * 2), "pixel_values": pixels}
    with torch.no_grad():
        computed = model(**inputs).logits
        given = model(**inputs, context=model.model.enhancement(pixels)).logits
        other = model(**inputs, context=model.model.enhancement(pixels) + 1).logits
    torch.testing.assert_close(given, computed)
    assert not torch.allclose(other, computed)


def test_every_label_is_one_token_that_the_grammar_can_write(base, tmp_path):
    model, processor = build(paper(base))
    tokenizer = processor.tokenizer
    assert tokenizer.decode(tokenizer.encode("Stage: N1. Not W.", add_special_tokens=False)) == "Stage: N1. Not W."
    rows = processor.stage_token_ids
    assert max(rows) < model.get_input_embeddings().num_embeddings
    assert model.config.text_config.vocab_size == model.get_output_embeddings().weight.shape[0]
    TokenizedWords(tokenizer, rows)  # refuses labels that it cannot write
    processor.save_pretrained(tmp_path)
    again = type(processor).from_pretrained(tmp_path)
    assert again.stage_token_ids == rows
    assert again.image_std == [0.2, 0.2, 0.1]


@pytest.mark.parametrize(
    ("switch", "blocks", "prompts"),
    [
        ("model.alignment=add", [16, 16], {"direct", "reasoned"}),
        ("model.alignment=none", [16], {"direct", "reasoned"}),
        ("model.alignment=concat", [16, 1], {"direct", "reasoned"}),
        ("phases.1.objective=answer", [16, 16], {"direct"}),
    ],
)
def test_each_ablation_is_one_switch(base, switch, blocks, prompts, tmp_path):
    run = running.TrainingRun.begin(paper(base, switch), tmp_path, {}, lambda items, what: items)
    assert run.model.config.visual_blocks == run.processor.visual_blocks == blocks
    assert set(run.processor.prompts) == prompts
    assert [phase.name for phase in run.phases] == (["reason"] if len(blocks) == 1 else ["enhance", "reason"])


def test_the_paper_s_other_backbone_is_a_switch_and_a_preset_takes_the_base_s_place():
    with torch.device("meta"):
        model, _ = build(read_recipe(PAPER, ["model=tiny", "model.enhancement.backbone=convnext-base"]))
    assert model.config.enhancement_config.model_type == "convnext"
    assert model.config.enhancement_channels == model.config.vision_config.hidden_size == 32
    own, _ = build(read_recipe(PAPER, ["model=tiny"]))
    assert own.config.enhancement_config.hidden_sizes == [8, 16]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["model.base=nano"], "keeps its geometry"),
        (["model.base=no/such/place"], "no config.json"),
        (["model=giant"], "there are"),
        (["model.enhancement.backbone=vgg"], "resnet-18"),
        (["model.layout=nano"], "tower takes 336x336x3"),
    ],
)
def test_a_model_that_cannot_be_built_is_refused_by_name(base, changes, said):
    with pytest.raises(InputError, match=said):
        build(paper(base, *changes))


def test_adapters_for_a_layer_that_is_not_there_are_refused(base):
    model, processor = build(paper(base))
    with pytest.raises(InputError, match="query_key_value"):
        adapters.put_in(model, Lora(targets=("query_key_value",)), processor.stage_token_ids)


def test_a_run_that_has_not_come_to_answers_is_not_merged(base, tmp_path):
    claim(paper(base), tmp_path / "run", resume=False)
    with pytest.raises(InputError, match="no phase has taught"):
        merge(tmp_path / "run", tmp_path / "out")
    with pytest.raises(InputError, match="folder of a run"):
        merge(tmp_path, tmp_path / "out")
