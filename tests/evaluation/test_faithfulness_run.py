"""Reasons of whole nights under test: models with random weights, for the mechanics and not for the figures."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import typer
from evaluation_nights import FakeNight, loudness_recording, staircase
from typer.testing import CliRunner

from eegvlm.cli.evaluate import evaluate
from eegvlm.errors import InputError
from eegvlm.images import PreparedNight
from eegvlm.lab.evaluation import ConfusionBootstrap
from eegvlm.lab.evaluation.faithfulness import faithfulness
from eegvlm.lab.evaluation.faithfulness_tables import faithfulness_notes, faithfulness_tables
from eegvlm.reasoning import Outcome

pytestmark = pytest.mark.slow

DRAWS = ConfusionBootstrap(resamples=100)
STAGES = staircase(20)


def two_nights():
    return [FakeNight(subject, subject, staircase(20, seed), rate=128.0) for seed, subject in enumerate("ab")]


def shares(logits):
    return torch.from_numpy(logits).softmax(dim=1).numpy()


@pytest.fixture(scope="module")
def found(reasoner):
    return faithfulness(reasoner, two_nights(), bootstrap=DRAWS)


def test_an_epoch_read_with_its_own_signals_is_answered_and_explained_as_staging_does(reasoner):
    recording = loudness_recording(STAGES[:8], 128.0)
    staged, probe = reasoner.stage(recording, explain="all", reasons="free"), reasoner.counterfactuals(recording)
    epochs = np.array([0, 3, 7])
    own = probe.signals_of(epochs)
    assert probe.explain(epochs, own).texts.tolist() == [staged.rationales[k]["text"] for k in epochs]
    np.testing.assert_allclose(shares(probe.read(epochs, own)), staged.hypnogram.probabilities[epochs], atol=1e-5)


@torch.inference_mode()
def test_an_epoch_read_with_anothers_signals_keeps_its_neighbours_and_not_its_own_vector(reasoner):
    recording = loudness_recording(STAGES, 128.0)
    probe, model, processor = reasoner.counterfactuals(recording), reasoner.model, reasoner.processor
    given = probe.read(np.array([5]), probe.signals_of(np.array([15])))
    drawn = PreparedNight.read(recording, processor.layout).pictures(slice(None))
    pixel_values = processor.normalise(drawn)
    vectors = model.model.enhancement(pixel_values)[:, 0]
    prompt = torch.tensor([processor.encode_prompt("direct")])
    context = vectors[None, [3, 4, 15, 6, 7]]
    logits = model(input_ids=prompt, pixel_values=pixel_values[[15]], context=context).logits[0, -1]
    np.testing.assert_allclose(given[0], logits[processor.stage_token_ids], atol=1e-3)


def test_claims_are_those_that_staging_writes_down(reasoner, found):
    counts = dict.fromkeys(Outcome, 0)
    for night in two_nights():
        for line in reasoner.stage(night.recording(), explain="all", reasons="free").rationales:
            for claim in line["claims"]:
                counts[Outcome(claim["verdict"])] += 1
    whole = found.by_kind[0]
    assert whole.claims == sum(counts.values())
    for outcome in Outcome:
        assert whole.shares[outcome].value * whole.claims == pytest.approx(counts[outcome])


def test_every_text_reads_whole_and_is_in_line_with_its_stage(found):
    assert (found.subjects, found.nights, found.flaws.texts) == (2, 2, 40)
    assert (found.flaws.not_whole, found.flaws.contradictory) == (0, 0)
    assert 0 < found.swap.changed.value <= 1
    assert found.swap.pairs == 40


def test_both_answers_are_judged_on_the_same_epochs(found):
    for name in ("direct", "reasoned"):
        summary = found.answers[name].overall
        assert (summary.pooled.n_epochs, summary.pooled.n_missing) == (40, 0)
        assert summary.calibration.ece is not None
    assert found.comparison.differences["kappa"].interval is not None
    assert 0 < found.differ.value <= 1


def test_a_model_that_ignores_the_picture_says_the_same_of_every_epoch_and_after_every_swap():
    from staging_models import stager_of, untrained

    model, processor = untrained()
    with torch.no_grad():
        model.model.multi_modal_projector.linear_2.weight.zero_()
    found = faithfulness(stager_of(model, processor), two_nights()[:1], bootstrap=DRAWS)
    assert found.flaws.repeated.value == 1
    assert (found.swap.changed.value, found.swap.drop.value) == (0, 0)


def test_a_sample_is_drawn_by_the_seed_and_never_silent(reasoner):
    first, again = (
        faithfulness(reasoner, two_nights()[:1], epochs_a_night=3, bootstrap=ConfusionBootstrap(100, seed=1))
        for _ in range(2)
    )
    assert first.flaws.texts == 3
    assert "faithfulness: 3 of 20 scored epochs with signal were explained, at most 3 a night, drawn by seed 1" in (
        faithfulness_notes(first)
    )
    assert first.to_dict() == again.to_dict()


def test_grounded_reasons_are_all_confirmed_and_still_hang_on_the_picture(reasoner):
    found = faithfulness(reasoner, two_nights()[:1], reasons="grounded", bootstrap=DRAWS)
    assert found.by_kind[0].shares[Outcome.CONTRADICTED].value == 0
    assert found.swap.confirmed_after.value > 0.5
    assert found.swap.changed.value > 0
    assert "reasons were grounded" in " ".join(faithfulness_notes(found))


def test_epochs_without_an_experts_stage_are_left_out(reasoner):
    stages = STAGES.copy()
    stages[:14] = -1
    found = faithfulness(reasoner, [FakeNight("a", "a", stages, rate=128.0)], bootstrap=DRAWS)
    assert (found.scored, found.flaws.texts) == (6, 6)
    assert "one subject: no interval" in " ".join(faithfulness_notes(found))


def test_a_night_that_fails_is_left_out_and_named_and_only_all_of_them_are_an_error(reasoner):
    nights = two_nights()
    nights[0].broken = "truncated"
    told = []
    found = faithfulness(reasoner, nights, epochs_a_night=4, bootstrap=DRAWS, progress=lambda *what: told.append(what))
    assert found.nights == 1
    assert "night a is left out: a: signal: truncated" in " ".join(faithfulness_notes(found))
    assert [done for done, *_ in told] == [3, 4, 5, 6]
    with pytest.raises(InputError, match="truncated"):
        faithfulness(reasoner, nights[:1])
    with pytest.raises(InputError, match="no night has an epoch to explain"):
        faithfulness(reasoner, [FakeNight("a", "a", np.full(10, -1), rate=128.0)])


def test_all_of_it_goes_into_tables_and_json(found):
    for table in faithfulness_tables(found):
        assert {len(row) for row in table.rows} == {len(table.columns)}
    read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert read["claims_by_kind"][0]["name"] == "all"
    assert set(read["answers"]) == {"reasoned", "direct"}
    assert read["epochs_drawn_a_night"] == "all"


def test_a_model_without_reasons_is_refused_in_one_sentence(random_stager):
    with pytest.raises(InputError, match="no reasoned prompt: leave --faithfulness out") as error:
        faithfulness(random_stager, two_nights())
    assert "\n" not in str(error.value)


def run(*arguments) -> str:
    app = typer.Typer()
    app.command()(evaluate)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_prints_and_writes_it(reasoner, tmp_path):
    reasoner.model.save_pretrained(tmp_path / "model")
    reasoner.processor.save_pretrained(tmp_path / "model")
    nights = "simulated:nights=1,seed=3000000,hours=0.1"
    asked = ("--faithfulness", "--faithfulness-epochs", 8, "--modalities", "eeg", "--out", tmp_path)
    printed = run(tmp_path / "model", nights, *asked)
    for said in ("Claims of the rationales", "swap test", "Deletion test", "reasoned minus direct", "8 of 12 scored"):
        assert said in printed, said
    read = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert read["faithfulness"]["texts"]["texts"] == 8


def test_the_command_refuses_what_makes_no_sense(random_checkpoint):
    nights = "simulated:nights=1,hours=0.1"
    with pytest.raises(InputError, match="no reasoned prompt"):
        run(random_checkpoint, nights, "--faithfulness")
    with pytest.raises(InputError, match="give --faithfulness with it"):
        run(random_checkpoint, nights, "--faithfulness-epochs", 8)
