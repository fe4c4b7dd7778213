"""A recipe is data, and what it cannot mean is refused by name."""

from __future__ import annotations

import pytest

from eegvlm.errors import InputError
from eegvlm.lab.training import read_recipe
from eegvlm.lab.training.packaged_recipes import RECIPES
from eegvlm.lab.training.recipe import migrated


@pytest.mark.parametrize("file", sorted(RECIPES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_recipe_reads(file):
    recipe = read_recipe(file)
    assert recipe.name == file.stem
    assert recipe.phases


def test_a_setting_is_replaced_from_the_command_line():
    recipe = read_recipe(RECIPES / "nano.yaml", ["data.train.simulated.0.nights=3", "phases.0.steps=7", "seed=5"])
    assert (recipe.data.train.simulated[0].nights, recipe.phases[0].steps, recipe.seed) == (3, 7, 5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("colour=red", "colour"),
        ("data.train.simulated.0.night=3", "night"),
        ("phases.0.steps=many", "phases"),
        ("phases.0.objective=follow", "objective follow; write sequence, as it is called now"),
        ("phases.0.objective=guess", "objective guess; there are contrastive, classify, sequence"),
        ("phases.90.steps=1", "no such setting"),
        ("seed", "key=value"),
        ("=", "setting: =; write it as key=value, such as seed=1"),
        ("=1", "write it as key=value"),
        ("seed..x=1", "write it as key=value"),
        ("a.b=", r"setting: a\.b=; unknown key a: a recipe has name, phases, model"),
        ("data.train.simulatd.0.nights=3", "unknown key simulatd: did you mean simulated"),
        ("seed.x=1", "seed is a whole number, and holds no x"),
        ("seed=many", r"nano\.yaml: seed: many; give a whole number"),
        ("seed=", "seed: null; give a whole number"),
        ("name=[", "the value is no YAML"),
        ("precision=half", "precision: half; give one of auto, bfloat16, float32"),
        ("data=", "data: null; give a mapping of settings"),
        ("phases=", "phases: null; give a list in brackets"),
        ("phases.0=3", r"phases\.0: 3; give a mapping of settings"),
        ("phases.90.steps=1", "phases has entries 0 to 9, named enhance"),
        (
            "phases.0.trains=enhancement",
            r"phases\.0\.trains: enhancement; give a list in brackets, each of them one of",
        ),
        ("data.train.unlabelled.0.only=a.edf", "states no entries of data.train.unlabelled"),
        ("data.stage_shares=[a, 1, 1, 1, 1]", r"nano\.yaml: data\.stage_shares\.0: a; give a number"),
        ("data.stage_shares=3", r"stage_shares: 3; give a list in brackets, each of them a number"),
        ("data.stage_shares=true", r"stage_shares: True; give a list"),
        ("data.stage_shares=[true, 1, 1, 1, 1]", r"stage_shares\.0: True; give a number"),
        ("seed=1.5", r"seed: 1\.5; give a whole number"),
        ("seed=true", r"seed: True; give a whole number"),
        ("seed='1'", r"seed: 1; give a whole number"),
        ("name=3", r"name: 3; give a text"),
        ("phases.0.learning_rate=1e-3", r"phases\.0\.learning_rate: 1e-3; give a number"),  # a text in YAML
        ("phases.1.name=enhance", "its own name"),
        ("data.train.recorded.0.soft_negatives={W: [0.1]}", "five numbers"),
        ("data.train.recorded.0.soft_negatives={W: [0, 0, 2, 0, 0]}", "from 0 to 1"),
        ("data.train.recorded.0.soft_negatives={N9: [0, 0, 0, 0, 0]}", "a stage of the source"),
        ("model.evidence=pictures", "model.evidence"),
        ("data.evidence.colour=red", "unknown key colour"),
        ("data.evidence.pieces=many", "data.evidence.pieces"),
        ("data.evidence.pieces=1.5", r"data\.evidence\.pieces: 1\.5; give a share from 0 to 1"),
        ("data.evidence.gaps=-0.1", r"data\.evidence\.gaps: -0\.1"),
        ("data.evidence.relative_alone=2", r"data\.evidence\.relative_alone: 2"),
        ("data.evidence.eeg_alone=-1", r"data\.evidence\.eeg_alone: -1"),
        ("data.evidence.channel_drop=1.1", r"data\.evidence\.channel_drop: 1\.1"),
        ("data.evidence.drop=.nan", r"data\.evidence\.drop: nan"),
        ("data.evidence.jitter=-0.2", r"data\.evidence\.jitter: -0\.2; give 0 or more"),
        ("data.evidence.jitter=.inf", r"data\.evidence\.jitter: inf"),
        ("data.evidence.epochs=0", r"data\.evidence\.epochs: 0; give 1 or more"),
        ("data.evidence.piece_epochs=[120, 20]", r"data\.evidence\.piece_epochs: \(120, 20\); .* the smaller first"),
        ("data.evidence.piece_epochs=[0, 20]", r"data\.evidence\.piece_epochs: \(0, 20\)"),
        ("data.evidence.piece_epochs=[20]", r"data\.evidence\.piece_epochs: \[20\]; give a list in brackets of 2"),
        ("data.evidence.piece_epochs=[1, 2, 3]", r"piece_epochs: \[1, 2, 3\]; give a list in brackets of 2"),
        ("data.train.simulated.0.true_n1=1.5", r"true_n1: 1\.5; give a share from 0 to 1"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(change, said):
    with pytest.raises(InputError, match=said) as error:
        read_recipe(RECIPES / "nano.yaml", [change])
    assert "\n" not in str(error.value)


def test_a_pattern_that_is_no_list_is_not_taken_for_its_letters(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text("name: x\ndata: {train: {recorded: [{name: own, dataset: folder, only: '*.edf'}]}}\nphases: []\n")
    with pytest.raises(InputError, match=r"recorded\.0\.only: \*\.edf; give a list in brackets, each of them a text"):
        read_recipe(file)


def test_an_entry_of_a_list_is_called_by_its_name_or_its_number():
    by_name = read_recipe(RECIPES / "fine-tune.yaml", ["phases.night.steps=7", "data.train.recorded.own.scorer=two"])
    assert by_name == read_recipe(RECIPES / "fine-tune.yaml", ["phases.1.steps=7", "data.train.recorded.0.scorer=two"])
    assert (by_name.phases[1].steps, by_name.data.train.recorded[0].scorer) == (7, "two")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "name: [", "\x00\x01", "name: x\n"])
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text):
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=r"recipe\.yaml"):
        read_recipe(file)


def test_all_that_is_wrong_is_named(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text("name: x\nsede: 1\nprecision: half\nphases: [{name: a, objective: classify, stepps: 2}]\n")
    with pytest.raises(InputError) as error:
        read_recipe(file)
    for part in ("unknown key sede; did you mean seed?", "precision: half", "unknown key stepps; did you mean steps?"):
        assert part in str(error.value)


def test_a_recipe_that_holds_itself_is_refused(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text("name: x\nphases: &p [*p]\n")
    with pytest.raises(InputError, match="write out what holds itself"):
        read_recipe(file)


def test_yaml_cannot_run_code(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text("name: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(InputError):
        read_recipe(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("phases.1.steps=0", "steps, or epochs"),
        ("phases.1.accumulate=3", "divisor of batch_size 64"),
        ("phases.6.folds=3", "phases of objective classify alone have it"),
        ("phases.0={name: enhance, objective: classify, trains: [enhancement], steps: 1, folds: 1}", "2 or more"),
        ("phases.0.lora={rank: 4}", "lora; phases of objective answer, reason alone have it"),
        ("phases.9={name: last, objective: reason, trains: [projector], steps: 1, lora: {rank: 4}}", "adapters need"),
        ("phases.0.member=-1", "counted from 1"),
        ("phases.0.folds=2", "all members in one phase"),
        ("phases.8.member=1", "member 1; phases of objective classify alone have it"),
        ("phases.7.trains=[language, night]", "trains night; it moves in phases of objective sequence alone"),
        ("model.enhancement.colour=red", "colour"),
        ("data.train.simulated.0.phases=[enhance, nowhere]", "phases nowhere"),
        ("data.validation.simulated.0.phases=[enhance]", "watched on all"),
        ("data.train.spectral.0.phases=[]", "source sleep-edf-features: phases none; name evidence phases"),
        ("data.train.spectral.0.phases=[evidence, answer]", "phases answer; name evidence phases of this recipe"),
        ("data.train.spectral.0.phases=[nowhere]", "phases nowhere; name evidence phases of this recipe"),
        (
            "data.validation.spectral=[{name: f, phases: [evidence]}]",
            "data.validation.spectral: nights without a signal",
        ),
        ("phases.4.objective=classify", "trains evidence; it moves in phases of objective evidence alone"),
        ("phases.4.trains=[evidence, night]", "trains night; it moves in phases of objective sequence alone"),
        (
            "phases.4.trains=[enhancement]",
            "trains enhancement; it moves in phases of objective classify",
        ),
        ("phases.8.trains=[language, evidence]", "trains evidence; it moves in phases of objective evidence alone"),
        ("phases.8.trains=[]", "trains nothing"),
        ("data.train={simulated: [{phases: [enhance]}]}", "phase enhance-long: no source"),
        (
            "phases.0={name: enhance, objective: classify, trains: [enhancement], steps: 1, folds: 2}",
            "learn from all nights",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(change, said):
    with pytest.raises(InputError, match=said):
        read_recipe(RECIPES / "nano.yaml", [change])


def test_the_papers_figures_stand_in_its_recipes():
    for size in ("7b", "13b"):
        recipe = read_recipe(RECIPES / f"eeg-vlm-{size}.yaml")
        enhance, reason = recipe.phases
        assert (enhance.optimiser_steps(5120), reason.optimiser_steps(5120)) == (30 * 640, 2 * 320)
        assert (reason.lora.rank, reason.lora.alpha, reason.lora.dropout) == (128, 256, 0.05)
        assert (reason.learning_rate, reason.projector_learning_rate) == (3e-4, 2e-5)
        assert recipe.model.base == f"llava-hf/llava-1.5-{size}-hf"


def test_a_preset_takes_the_place_of_the_base_and_nothing_else():
    recipe = read_recipe(RECIPES / "eeg-vlm-13b.yaml", ["model=tiny"])
    assert (recipe.model.base, recipe.model.preset, recipe.model.layout) == ("", "tiny", "eeg-vlm-336")
    assert read_recipe(RECIPES / "eeg-vlm-13b.yaml", ["model.base=", "model.preset=tiny"]).model.base == ""


def test_evidence_is_left_out_where_a_recipe_does_not_ask_for_it():
    recipe = read_recipe(RECIPES / "fine-tune.yaml")
    assert recipe.model.evidence == "none"
    assert not recipe.data.train.spectral
    nano = read_recipe(RECIPES / "nano.yaml")
    assert nano.model.evidence == "tokens"
    assert [phase.name for phase in nano.phases if phase.objective == "evidence"] == ["evidence"]
    assert [source.name for source in nano.data.train.spectral] == ["sleep-edf-features"]


def test_phases_in_folds_and_nights_without_a_signal_do_not_go_together(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text("""
name: folded
model: {preset: nano, evidence: tokens}
data:
  train:
    simulated: [{nights: 4}]
    spectral: [{name: features, phases: [evidence]}]
phases:
  - {name: enhance, objective: classify, trains: [enhancement], steps: 1, folds: 2}
  - {name: evidence, objective: evidence, trains: [evidence], steps: 1}
""")
    with pytest.raises(InputError, match="phase enhance: folds; let all phases learn from all nights"):
        read_recipe(file)
    assert read_recipe(file, ["phases.0.folds=0"]).phases[0].folds == 0


def test_settings_of_earlier_versions_are_read_by_their_names_of_today():
    stated = {"data": {"levelled": False, "train": {"recorded": [{"others": {"W": [0, 0, 0, 0, 0.1]}}]}}}
    of_today = {"data": {"normalised": False, "train": {"recorded": [{"soft_negatives": {"W": [0, 0, 0, 0, 0.1]}}]}}}
    assert migrated(stated) == of_today
