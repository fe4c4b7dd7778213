"""What a model that reads evidence is given of a night: pictures, what was measured on it, or one of them alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from staging_models import stager_of, untrained
from staging_nights import noise_recording, write_edf

from eegvlm.errors import InputError
from eegvlm.evidence import beside_median, evidence_vectors, measure_night
from eegvlm.images import PreparedNight, load_layout
from eegvlm.model.night_inputs import NightInputs
from eegvlm.staging import Stager
from eegvlm.staging.reading import INPUTS

HIGH = 192
READS = {"evidence": "tokens", "evidence_hidden": 16}
MODELS = [READS, {**READS, "night_epochs": 4}, {**READS, "context_epochs": 2, "night_epochs": 4}]


def night(epochs: int = 12, seed: int = 0) -> PreparedNight:
    rng = np.random.default_rng(seed)
    loudness = rng.uniform(5, 40, (epochs, 1))
    noise = (rng.normal(size=(epochs, 3000)) * loudness).astype(np.float32)
    return PreparedNight.of_signals(load_layout("nano"), {"eeg": noise})


@pytest.fixture(scope="module", params=MODELS, ids=["alone", "with the night", "with neighbours"])
def model(request):
    return untrained(**request.param)


@pytest.fixture(scope="module")
def reads_all():
    return untrained(**MODELS[2])


@pytest.fixture(scope="module")
def stagers(reads_all) -> dict[str, Stager]:
    return {inputs: stager_of(*reads_all, inputs=inputs) for inputs in INPUTS}


@pytest.fixture(scope="module")
def recording():
    return noise_recording(minutes=12, seed=3)


def test_what_was_measured_stands_beside_the_vector_of_every_epoch(model):
    inputs = NightInputs(*model, night())
    evidence = measure_night(inputs.night)
    with torch.no_grad():
        expected = model[0].model.evidence(torch.from_numpy(evidence_vectors(inputs.night, evidence))[None])[0]
    assert inputs.vectors.shape == (12, HIGH + 2 * 16 + 5)
    torch.testing.assert_close(inputs.vectors[:, HIGH:], expected)
    assert inputs.evidence.n_epochs == 12
    assert inputs.seconds["measure_s"] > 0
    rows = np.array([7, 0])
    seen = inputs.rows(rows)
    middle = seen.context.shape[1] // 2
    assert middle == model[0].config.context_epochs
    assert torch.equal(seen.context[:, middle], inputs.vectors[rows])


def test_without_measurements_the_model_is_given_none(model):
    inputs, full = (NightInputs(*model, night(), measured=measured) for measured in (False, True))
    assert inputs.evidence is None
    assert inputs.unfamiliar is None
    assert inputs.vectors[:, HIGH:].isnan().all()
    torch.testing.assert_close(inputs.vectors[:, :HIGH], full.vectors[:, :HIGH])
    replaced = inputs.replaced(np.array([3]), inputs.night.signals(np.array([3])))
    if replaced.context is not None:
        assert replaced.context[:, replaced.context.shape[1] // 2, HIGH:].isnan().all()


def test_an_epoch_without_usable_eeg_has_no_evidence():
    held = night()
    signals = held.panels["eeg"][0].signals.copy()
    signals[4] = np.nan
    inputs = NightInputs(*untrained(**READS), PreparedNight.of_signals(held.layout, {"eeg": signals}))
    absent = inputs.vectors[:, HIGH:].isnan()
    assert absent[4].all()
    assert not absent[[0, 3, 5, 11]].any()


def test_a_models_entries_are_found_by_their_names():
    chosen = ["eeg_rms_delta_relative", "chin_rms", "eeg_rms_delta"]
    model = untrained(**READS, evidence_entries=chosen)
    inputs = NightInputs(*model, night())
    assert inputs._entries.shape == (12, 3)
    assert inputs._entries[:, 1].isnan().all()
    delta = inputs._entries[:, 2].numpy()
    np.testing.assert_allclose(inputs._entries[:, 0], (delta - np.median(delta)) * 12 / (12 + 60), atol=1e-6)


def test_an_epochs_own_signals_in_its_place_change_nothing(model):
    inputs = NightInputs(*model, night())
    rows = np.array([5, 6, 0])
    again, replaced = inputs.rows(rows), inputs.replaced(rows, inputs.night.signals(rows))
    torch.testing.assert_close(replaced.context, again.context, atol=1e-4, rtol=0, equal_nan=True)
    if again.own is not None:
        torch.testing.assert_close(replaced.own, again.own, atol=2e-3, rtol=0)


def test_other_signals_are_measured_in_their_place_beside_the_medians_of_the_night(reads_all):
    inputs = NightInputs(*reads_all, night(60))
    rows, source = np.array([50, 1, 3, 1]), np.array([2, 40, 41, 42])
    signals = inputs.night.signals(source)
    found = inputs.replaced(rows, signals).context[:, 2, HIGH:]
    whole = evidence_vectors(inputs.night, measure_night(inputs.night))
    for k, row in enumerate(rows):
        eeg = inputs.night.panels["eeg"][0].signals.copy()
        eeg[row] = signals["eeg"][k]
        changed = PreparedNight.of_signals(inputs.night.layout, {"eeg": eeg})
        entries = beside_median(evidence_vectors(changed, measure_night(changed)), of=whole)[row]
        with torch.no_grad():
            expected = reads_all[0].model.evidence.replaced(
                torch.from_numpy(whole), torch.tensor([row]), torch.from_numpy(entries)[None]
            )
        torch.testing.assert_close(found[k], expected[0], atol=1e-4, rtol=0)
    own = inputs.vectors[rows, HIGH:]
    assert ((found - own).abs().amax(dim=1) > 1e-2).all(), "signals that change nothing prove nothing"


def test_a_night_with_other_signals_at_its_places_keeps_all_others():
    held = night(20)
    before = held.panels["eeg"][0].signals.copy()
    signals = {"eeg": held.panels["eeg"][0].signals[[9, 10]] + 5}
    changed = held.replaced(np.array([2, 17]), signals)
    expected = before.copy()
    expected[[2, 17]] = signals["eeg"]
    np.testing.assert_array_equal(changed.panels["eeg"][0].signals, expected)
    np.testing.assert_array_equal(held.panels["eeg"][0].signals, before)


def test_evidence_alone_is_the_answer_of_its_encoder(stagers, reads_all, recording):
    staged = stagers["evidence"].stage(recording).hypnogram
    inputs = NightInputs(*reads_all, PreparedNight.read(recording, reads_all[1].layout))
    expected = inputs.vectors[:, -5:].softmax(dim=1).numpy()
    np.testing.assert_allclose(staged.probabilities, expected, atol=1e-5)
    assert len(np.unique(staged.stages)) > 1, "a model that answers alike to everything proves nothing"


def test_pictures_alone_are_read_as_where_nothing_was_measured(stagers, reads_all, recording):
    staged = stagers["picture"].stage(recording).hypnogram
    inputs = NightInputs(*reads_all, PreparedNight.read(recording, reads_all[1].layout), measured=False)
    logits = stagers["both"]._reader.read(inputs.rows(np.arange(recording.n_epochs)))
    np.testing.assert_allclose(staged.probabilities, torch.from_numpy(logits).softmax(dim=1).numpy(), atol=1e-4)


def agreement_of(model, inputs: NightInputs) -> int:
    with torch.no_grad():
        seen = model[0].model.enhancement.stage_logits(inputs.vectors[:, :HIGH].to(model[0].dtype)).argmax(dim=1)
    return int((seen == inputs.vectors[:, -5:].argmax(dim=1)).sum())


@pytest.mark.slow
@pytest.mark.parametrize(("nothing", "full"), [(0.0, 1.0), (0.2, 0.9), (0.0, 0.05), (0.99, 1.0)])
def test_pictures_count_by_how_often_they_and_the_evidence_agree(monkeypatch, nothing, full):
    model = untrained(**MODELS[1])
    monkeypatch.setattr(model[0].config, "picture_agreement", [nothing, full])
    inputs = NightInputs(*model, night(40))
    share = (agreement_of(model, inputs) + 10 * full) / (40 + 10)
    assert inputs.picture_weight == pytest.approx(np.clip((share - nothing) / (full - nothing), 0, 1))
    assert inputs.rows(np.array([3])).picture_weight == inputs.picture_weight


def test_pictures_count_in_full_where_no_limits_are_set_or_nothing_was_measured(reads_all):
    assert NightInputs(*reads_all, night(40)).picture_weight == 1
    assert NightInputs(*reads_all, night(40), measured=False).picture_weight == 1


def test_of_pictures_that_count_for_nothing_the_answer_is_the_evidences(reads_all):
    model, label = reads_all[0], torch.randn(3, 5)
    measured = torch.randn(3, 5).log_softmax(dim=1)
    measured[2] = torch.nan
    found = model.stage_logits(label, None, measured, picture_weight=0.0)
    torch.testing.assert_close(found[:2], measured[:2])
    torch.testing.assert_close(found[2], label[2])  # nothing was measured: the picture is all there is
    half = model.stage_logits(label, None, measured, picture_weight=0.5)
    torch.testing.assert_close(half[:2], (0.5 * label[:2] + measured[:2]) / 1.5)


def test_what_the_model_is_given_matters(stagers, recording):
    found = [stagers[inputs].stage(recording).hypnogram.probabilities for inputs in INPUTS]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(found[one] - found[other]).max() > 0.01


@pytest.mark.parametrize("inputs", INPUTS)
def test_reasons_move_no_probability_whatever_is_read(stagers, recording, inputs):
    short = recording.crop(0.0, 240.0)
    plain, explained = (stagers[inputs].stage(short, explain=explain) for explain in ("none", "all"))
    np.testing.assert_allclose(explained.hypnogram.probabilities, plain.hypnogram.probabilities, atol=1e-5)
    assert len(explained.rationales) == 8


def test_the_night_is_measured_once_where_reasons_need_it_too(stagers, recording, monkeypatch):
    short, calls = recording.crop(0.0, 120.0), []

    def counting(night):
        calls.append(night)
        return measure_night(night)

    for place in ("eegvlm.model.night_inputs", "eegvlm.staging.stager"):
        monkeypatch.setattr(f"{place}.measure_night", counting)
    for inputs in INPUTS:
        calls.clear()
        staged = stagers[inputs].stage(short, measure=True)
        assert staged.evidence.n_epochs == 4
        assert len(calls) == 1, inputs


def test_counterfactuals_of_an_epochs_own_signals_are_its_answers(stagers, recording):
    stager, short = stagers["both"], recording.crop(0.0, 240.0)
    opened, rows = stager.counterfactuals(short), np.arange(8)
    logits = opened.read(rows, opened.signals_of(rows))
    staged = stager.stage(short).hypnogram.probabilities
    np.testing.assert_allclose(torch.from_numpy(logits).softmax(dim=1).numpy(), staged, atol=2e-3)
    other = opened.read(rows, opened.signals_of(rows[::-1].copy()))
    assert np.abs(other - logits).max() > 0.1


def test_the_result_does_not_depend_on_the_batch_size(stagers, recording):
    short = recording.crop(0.0, 240.0)
    first, other = (stagers["both"].stage(short, batch_size=size).hypnogram for size in (16, 3))
    np.testing.assert_allclose(other.probabilities, first.probabilities, atol=1e-5)


@pytest.fixture(scope="module")
def written(reads_all, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "reads-evidence"
    for one in reads_all:
        one.save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_checkpoint_that_reads_evidence_can_be_given_a_part_and_says_so(written, stagers, recording):
    for inputs in INPUTS:
        stager = Stager.from_pretrained(written, smooth="none", dtype="float32", inputs=inputs)
        assert stager.provenance.get("inputs", "both") == inputs
        found, expected = (one.stage(recording).hypnogram.probabilities for one in (stager, stagers[inputs]))
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_inputs_that_there_are_not_are_refused_with_those_there_are(written):
    with pytest.raises(InputError, match="inputs: signal; use one of both, picture, evidence"):
        Stager.from_pretrained(written, inputs="signal")


@pytest.mark.parametrize("inputs", ["picture", "evidence"])
def test_a_checkpoint_that_reads_pictures_alone_has_no_part_to_choose(tmp_path, inputs):
    for one in untrained():
        one.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=f"inputs: {inputs}; this checkpoint reads pictures alone"):
        Stager.from_pretrained(tmp_path, inputs=inputs)


def test_answers_of_other_inputs_are_not_taken_from_a_journal(written, tmp_path, monkeypatch):
    monkeypatch.setattr("eegvlm.staging.journal.WRITE_EVERY_S", 0.0)
    file, held = tmp_path / "journal.npz", write_edf(tmp_path / "night.edf", minutes=8)

    def kill(done: int, total: int) -> None:
        raise KeyboardInterrupt

    both, evidence = (Stager.from_pretrained(written, dtype="float32", inputs=one) for one in ("both", "evidence"))
    with pytest.raises(KeyboardInterrupt):
        both.stage(held, batch_size=8, progress=kill, journal=file)
    read = []
    evidence.stage(held, batch_size=8, progress=lambda done, total: read.append(done), journal=file)
    assert read == [8, 16]
