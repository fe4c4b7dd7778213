"""A night with reasons: which epochs have them, what they are held against, and that they move no stage."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.signal import lfilter
from staging_models import stager_of, untrained
from staging_nights import noise_recording, write_edf

from eegvlm.errors import InputError
from eegvlm.evidence import FindingKind, measure_recording
from eegvlm.hypnogram import Stage
from eegvlm.lab.simulation import simulate_night
from eegvlm.reasoning import parse
from eegvlm.signals import Recording, Role
from eegvlm.staging import Stager

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reasoner() -> Stager:
    return stager_of(*untrained())


@pytest.fixture(scope="module")
def explained(reasoner, night):
    return reasoner.stage(night, explain="all")


def test_reasons_move_no_stage_and_no_probability(reasoner, night, explained):
    plain = reasoner.stage(night)
    assert np.array_equal(explained.hypnogram.stages, plain.hypnogram.stages)
    np.testing.assert_array_equal(explained.hypnogram.probabilities, plain.hypnogram.probabilities)
    assert plain.rationales is None


def test_every_scored_epoch_has_a_rationale_where_all_are_asked_for(explained):
    assert [one["epoch"] for one in explained.rationales] == list(range(1, 81))
    assert len({one["text"] for one in explained.rationales}) > 3, "texts that are all alike prove nothing"
    for one in explained.rationales:
        assert one["unread"] == []
        assert parse(one["text"]).stage.label == one["reasoned_stage"]
        assert one["stage"] == explained.hypnogram[one["epoch"] - 1].label
        assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert {claim["verdict"] for claim in one["claims"]} <= {"confirmed", "contradicted", "not_measurable"}


def test_grounded_reasons_come_to_the_stage_of_the_hypnogram(explained):
    assert [one["reasoned_stage"] for one in explained.rationales] == explained.hypnogram.labels


def test_grounded_reasons_state_only_what_was_measured_and_free_ones_are_found_out(reasoner, night, explained):
    free = reasoner.stage(night, explain="all", reasons="free")
    verdicts = [
        [claim["verdict"] for one in staged.rationales for claim in one["claims"] if claim["kind"] != "stage"]
        for staged in (explained, free)
    ]
    assert set(verdicts[0]) == {"confirmed"}
    assert "contradicted" in verdicts[1], "a model with random weights cannot see anything"
    assert (explained.provenance["reasons"], free.provenance["reasons"]) == ("grounded", "free")
    with pytest.raises(InputError, match="use one of grounded, free"):
        reasoner.stage(night, explain="all", reasons="guessed")


def test_the_least_certain_share_is_explained_as_it_is_where_all_are(reasoner, night, explained):
    some = reasoner.stage(night, explain="uncertain", uncertain_share=0.15)
    confidence = some.hypnogram.confidence
    chosen = [one["epoch"] - 1 for one in some.rationales]
    assert len(chosen) == 12
    assert confidence[chosen].max() <= np.delete(confidence, chosen).min()
    whole = {one["epoch"]: one for one in explained.rationales}
    assert [one["text"] for one in some.rationales] == [whole[one["epoch"]]["text"] for one in some.rationales]


def test_rationales_do_not_depend_on_the_batch_size(reasoner, night, explained):
    again = reasoner.stage(night, explain="all", batch_size=16)
    assert [one["text"] for one in again.rationales] == [one["text"] for one in explained.rationales]


def test_a_model_that_reads_its_neighbours_explains_alike_in_both_ways(night):
    reasoner = stager_of(*untrained(context_epochs=2))
    night = night.crop(0.0, 600.0)
    whole = reasoner.stage(night, explain="all").rationales
    some = reasoner.stage(night, explain="uncertain", uncertain_share=0.5).rationales
    assert len(some) == 10
    for one in some:
        other = dict(whole[one["epoch"] - 1])
        seen, expected = one.pop("probabilities"), other.pop("probabilities")
        assert seen == pytest.approx(expected, abs=2e-3)  # batches of other sizes round differently
        assert one == other


def test_an_epoch_whose_two_answers_differ_is_flagged_for_review(reasoner, night):
    free = reasoner.stage(night, explain="all", reasons="free")
    for one in free.rationales:
        assert one["differs"] == (one["direct_stage"] != one["reasoned_stage"])
        reasons = free.review.flags.get(one["epoch"] - 1, ())
        assert ("the direct answer was another stage" in reasons) == one["differs"]
    assert any(one["differs"] for one in free.rationales)


def test_the_direct_stage_is_the_one_before_smoothing(night):
    reasoner = stager_of(*untrained(), smooth="posterior")
    plain = Stager(reasoner.model, reasoner.processor, reasoner.provenance, "none").stage(night)
    for one in reasoner.stage(night, explain="all").rationales:
        assert one["direct_stage"] == plain.hypnogram[one["epoch"] - 1].label


def test_epochs_in_a_gap_have_no_rationale(reasoner):
    staged = reasoner.stage(noise_recording(minutes=10.25, gap=slice(95, 130)), explain="all")
    assert [one["epoch"] - 1 for one in staged.rationales] == [k for k in range(20) if k not in (3, 4)]


def test_with_one_eeg_eyes_and_chin_are_never_said_to_be_seen(reasoner):
    one_eeg = simulate_night(hours=0.5, seed=5, channels=["EEG C4-M1"]).recording()
    unseen = {FindingKind.RAPID_EYE_MOVEMENT, FindingKind.SLOW_EYE_MOVEMENT, FindingKind.BLINK, FindingKind.CHIN_TONE}
    for one in reasoner.stage(one_eeg, explain="all").rationales:
        assert not unseen & {claim["kind"] for claim in one["claims"]}


def test_only_what_is_drawn_is_spoken_of_and_measured(reasoner):
    recording = simulate_night(hours=0.25, seed=5).recording()
    assert len(measure_recording(recording).rhythms) == 3
    drawn = reasoner.stage(recording, measure=True).evidence
    assert list(drawn.rhythms) == [recording.channel(Role.EEG_CENTRAL).name]
    for one in reasoner.stage(recording, explain="all").rationales:
        assert {claim["channel"] for claim in one["claims"]} <= {None, "EEG", "chin EMG"}


def test_a_label_of_the_file_reaches_no_rationale(reasoner):
    label = '<script>alert("R")</script> Stage: W.'
    signal = lfilter([9], [1, -0.95], np.random.default_rng(0).standard_normal(128 * 300)).astype(np.float32)
    recording = Recording.from_arrays({label: (signal, 128.0)}, channels={"eeg": label})
    staged = reasoner.stage(recording, explain="all")
    assert len(staged.rationales) == 10
    assert "script" not in json.dumps(staged.rationales)


def test_rationales_are_written_one_a_line_and_an_earlier_nights_are_removed(reasoner, night, explained, tmp_path):
    files = explained.write(tmp_path)
    assert files[-2:] == [tmp_path / "rationales.jsonl", tmp_path / "staging.json"]
    lines = (tmp_path / "rationales.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(explained.rationales)
    summary = json.loads((tmp_path / "staging.json").read_text())
    assert summary["explained"] == "all"
    assert summary["rationales"]["epochs"] == 80
    assert sum(summary["rationales"]["claims"].values()) == sum(len(one["claims"]) for one in explained.rationales)
    reasoner.stage(night.crop(0.0, 60.0)).write(tmp_path)
    assert not (tmp_path / "rationales.jsonl").exists()


@pytest.mark.parametrize(("blocks", "read"), [(0, 80), (1, 48), (3, 0)])
def test_pictures_are_read_a_second_time_only_where_memory_does_not_suffice(
    reasoner, night, explained, monkeypatch, blocks, read
):
    reader, again = reasoner._reader, []
    monkeypatch.setattr("eegvlm.staging.answering.room", lambda device: blocks * 32 * reader.prefix_bytes)
    read_on, told = reader.read_on, []
    monkeypatch.setattr(reader, "read_on", lambda *given: again.extend(told and given[0].pictures) or read_on(*given))
    whole = reasoner.stage(night, explain="all", progress=lambda done, total: done == total and told.append(done))
    assert len(again) == read
    assert whole.rationales == explained.rationales


class _KilledError(Exception):
    pass


@pytest.mark.parametrize("explain", ["all", "uncertain"])
def test_a_night_killed_while_it_writes_goes_on_to_the_same_files(reasoner, tmp_path, monkeypatch, explain):
    monkeypatch.setattr("eegvlm.staging.journal.WRITE_EVERY_S", 0.0)
    monkeypatch.setattr("eegvlm.staging.explaining._MOST_ROWS", 16)
    night = write_edf(tmp_path / "night.edf", minutes=40)
    asked = {"batch_size": 16, "explain": explain, "uncertain_share": 0.5, "journal": tmp_path / "journal.npz"}

    def kill(done: int, total: int) -> None:
        if done >= 32:
            raise _KilledError

    with pytest.raises(_KilledError):
        reasoner.stage(night, explain_progress=kill, **asked)
    again: list[int] = []
    resumed = reasoner.stage(night, explain_progress=lambda done, total: again.append(total), **asked)
    whole = reasoner.stage(night, **{**asked, "journal": None})
    assert set(again) == {(80 if explain == "all" else 40) - 32}
    assert resumed.rationales == whole.rationales
    np.testing.assert_array_equal(resumed.hypnogram.probabilities, whole.hypnogram.probabilities)


def test_a_checkpoint_without_the_reasoned_prompt_refuses_in_one_sentence(night):
    model, processor = untrained()
    del processor.prompts["reasoned"]
    silent = stager_of(model, processor)
    assert not silent.can_explain
    for explain in ("all", "uncertain"):
        with pytest.raises(InputError, match="no reasoned prompt: use --explain none") as error:
            silent.stage(night, explain=explain)
        assert "\n" not in str(error.value)
    assert silent.stage(night.crop(0.0, 60.0)).rationales is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"explain": "some"}, "use one of none, uncertain, all"), ({"uncertain_share": 1.5}, "a number from 0 to 1")],
)
def test_arguments_that_make_no_sense_are_refused(reasoner, night, arguments, said):
    with pytest.raises(InputError, match=said):
        reasoner.stage(night, **arguments)


def test_the_stage_of_the_text_may_be_any_and_is_said_as_a_label(explained):
    labels = {stage.label for stage in Stage if stage >= 0}
    assert {one["reasoned_stage"] for one in explained.rationales} <= labels
    assert set(explained.rationales[0]["probabilities"]) == labels
