"""Nights staged and judged: nothing that went wrong improves a figure."""

from __future__ import annotations

import json

import numpy as np
import pytest
from evaluation_nights import FakeNight, always, answers, by_loudness, loudness_recording, random_night, staircase

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.lab.evaluation import JudgedReading, evaluate, judge
from eegvlm.lab.evaluation.evaluation import FULL, RESTRICTED
from eegvlm.lab.evaluation.report import Report
from eegvlm.lab.evaluation.run import channels_read
from eegvlm.lab.evaluation.tables import notes


def nights(*subjects: str, n: int = 40, **more):
    return [FakeNight(one, f"{one} night", staircase(n, seed), **more) for seed, one in enumerate(subjects)]


def test_a_system_that_is_always_right_has_kappa_one():
    found = evaluate(by_loudness, nights("a", "b"))
    assert found.overall.pooled.kappa == 1
    assert found.overall.pooled.n_epochs == 80
    assert found.errors == {}


def test_epochs_without_signal_that_the_expert_scored_are_missing_answers():
    night = nights("a")[0]

    def with_a_gap(recording):
        hypnogram = by_loudness(recording)
        stages, probabilities = hypnogram.stages.copy(), hypnogram.probabilities.copy()
        stages[3:7], probabilities[3:7] = -1, np.nan
        return Hypnogram(stages, probabilities=probabilities)

    found = evaluate(with_a_gap, [night]).overall
    assert (found.pooled.n_missing, found.n_missing_without_signal) == (4, 0)
    assert found.pooled.accuracy == 36 / 40
    assert any("4 epochs without a valid answer are counted as wrong" in note for note in found.notes)


def test_a_night_that_cannot_be_opened_is_named_and_its_epochs_are_wrong():
    some = nights("a", "b", "c")
    some[1].broken = "truncated"
    found = evaluate(by_loudness, some)
    assert found.errors == {"b night": "b night: signal: truncated; copy it again"}
    assert found.overall.pooled.n_epochs == 120
    assert found.overall.pooled.n_missing == 40
    assert found.overall.pooled.accuracy == pytest.approx(2 / 3)
    assert found.overall.calibration.missing == 40
    assert found.overall.coverage.curve[-1][1] == pytest.approx(2 / 3)


def test_an_error_on_record_names_the_file_and_not_its_folders():
    def broken(recording):
        raise InputError("/home/someone/patients/night.edf", "signal", "flat", "check the electrodes")

    def sometimes(recording):
        return by_loudness(recording) if recording.n_epochs == 60 else broken(recording)

    found = evaluate(sometimes, [*nights("a"), *nights("b", n=60)])
    assert found.errors["a night"] == "night.edf: signal: flat; check the electrodes"


def test_a_night_whose_scoring_cannot_be_read_is_named_and_cannot_be_judged():
    some = nights("a", "b")
    some[0].unread = "no stages"
    found = evaluate(by_loudness, some)
    assert list(found.errors) == ["a night"]
    assert found.overall.pooled.n_epochs == 40


def test_if_no_night_can_be_staged_the_reason_is_raised():
    with pytest.raises(InputError, match="truncated"):
        evaluate(by_loudness, nights("a", "b", broken="truncated"))


def test_answers_of_another_length_are_an_error_of_that_night():
    def one_short(recording):
        return Hypnogram(by_loudness(recording).stages[:-1]) if recording.n_epochs == 40 else by_loudness(recording)

    found = evaluate(one_short, [*nights("a"), *nights("b", n=60)])
    assert "epochs in the answer: 39" in found.errors["a night"]
    assert found.overall.pooled.n_missing == 40


def test_no_nights_are_refused():
    with pytest.raises(InputError, match="at least one night"):
        evaluate(by_loudness, [])


def test_two_nights_of_one_name_are_refused():
    with pytest.raises(InputError, match="2 times"):
        judge([answers([0], [0], subject="a", night="x"), answers([0], [0], subject="b", night="x")])


def test_the_chosen_channels_reach_the_recording():
    night = nights("a")[0]
    evaluate(by_loudness, [night], channels={"eeg": "EEG C4-M1"})
    assert night.opened_with == [{"eeg": "EEG C4-M1"}]


def test_progress_tells_the_night_that_is_staged():
    told = []
    evaluate(by_loudness, nights("a", "b"), progress=lambda *what: told.append(what))
    assert told == [(0, 2, "a night"), (1, 2, "b night"), (2, 2, "")]


def test_the_channels_that_were_read_are_counted():
    def system(recording):
        return JudgedReading(by_loudness(recording), {"eeg": recording.channels[0].name, "eog": None})

    found = evaluate(system, nights("a", "b"))
    assert channels_read(found.nights) == {"eeg": {"C4-M1": 2}, "eog": {"none": 2}}


def test_a_system_without_probabilities_is_judged_even_where_a_night_fails():
    some = nights("a", "b")
    some[0].broken = "truncated"
    found = evaluate(always(2), some)
    assert found.overall.calibration is None
    assert found.overall.pooled.n_missing == 40


def test_the_order_of_the_nights_changes_nothing():
    rng = np.random.default_rng(0)
    some = [random_night(rng, subject=f"s{k}") for k in range(6)]
    shuffled = [some[k] for k in (3, 0, 5, 1, 4, 2)]
    assert judge(shuffled).to_dict() == judge(some).to_dict()


def test_two_nights_of_one_subject_are_one_subject():
    rng = np.random.default_rng(0)
    some = [answers(random_night(rng, subject="s").truth, [0] * 200, subject="s", night=f"n{k}") for k in range(2)]
    overall = judge(some).overall
    assert (len(overall.subjects), overall.n_nights) == (1, 2)
    assert overall.subjects[0].nights == 2
    assert overall.subjects[0].figures.n_epochs == 400


def wake_and_deep(subject: str):
    truth = np.array([0, 0, 0, 3, 3] * 8)
    return answers(truth, np.where(truth == 3, 3, 2), subject=subject)


def test_labels_of_two_stages_make_no_five_stage_kappa():
    overall = judge([wake_and_deep("a"), wake_and_deep("b")]).overall
    assert overall.is_restricted
    assert "kappa" not in overall.spread
    assert overall.to_dict()["kappa_is_five_stage"] is False
    assert any("only W and N3" in note and "not five-stage figures" in note for note in overall.notes)
    assert [one.recall for one in overall.pooled.stages] == [0, None, None, 1, None]


def test_nights_of_chosen_stages_are_kept_apart_from_whole_nights():
    rng = np.random.default_rng(0)
    some = [random_night(rng, subject="whole"), wake_and_deep("a"), wake_and_deep("b")]
    some = [answers(one.truth, one.stages, subject=one.subject) for one in some]
    found = judge(some)
    assert set(found.views) == {FULL, RESTRICTED}
    assert found.views[FULL].n_nights == 1
    assert found.views[RESTRICTED].pooled.n_epochs == 80
    assert found.overall.spread["kappa"].subjects == 1
    assert judge(some[:1]).views == {}


def test_the_json_holds_the_same_after_it_was_written_and_read(tmp_path):
    rng = np.random.default_rng(0)
    some = [random_night(rng, subject=f"s{k}") for k in range(3)]
    report = Report(judge(some, about={"model": "none"}), {"again": judge(some)})
    files = report.write(tmp_path / "new")
    assert [file.name for file in files] == ["evaluation.json", "evaluation.md"]
    read = json.loads(files[0].read_text(encoding="utf-8"))
    assert read == report.to_dict()
    total = np.sum([night["confusion"] for night in read["nights"]], axis=0)
    assert total.tolist() == read["overall"]["confusion"]["counts"]
    assert read["differences"][0]["differences"]["kappa"]["estimate"] == 0


def test_a_page_without_a_defined_figure_can_be_written(tmp_path):
    report = Report(judge([answers([-1, -1], [0, 0])]))
    assert "nothing to judge" in report.markdown()
    report.write(tmp_path)


def test_the_page_says_what_was_judged_on_what():
    some = nights("a", "b")
    some[1].broken = "truncated"
    about = {"model": "nano", "weights_sha256": "f" * 64, "wake": "cropped to 30 min", "folds": "none"}
    found = evaluate(lambda r: JudgedReading(by_loudness(r), {"eeg": "C4-M1"}), some, about=about)
    page = Report(found, left_out=["c.edf has no scoring"]).markdown()
    for said in (
        "model: nano",
        "f" * 64,
        "wake: cropped to 30 min",
        "folds: none",
        "channels read: eeg C4-M1 (1)",
        "2 subjects, 2 nights, 80 scored epochs, 40 without a valid answer",
        "night b night: b night: signal: truncated",
        "not judged: c.edf has no scoring",
        "Research use; verify by a trained scorer.",
    ):
        assert said in page, said


def test_tables_in_markdown_have_as_many_cells_in_every_row():
    rng = np.random.default_rng(0)
    page = Report(judge([random_night(rng, subject=f"s|{k}") for k in range(3)])).markdown()
    for block in page.split("\n\n"):
        lines = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1


def test_the_fake_system_reads_what_the_fake_recording_says():
    assert by_loudness(loudness_recording(staircase(40))).stages.tolist() == staircase(40).tolist()


@pytest.mark.real_data
def test_real_nights_with_gaps_are_judged_on_the_epochs_that_the_expert_scored(real_data):
    from eegvlm.lab.datasets import open_dataset

    dataset = open_dataset("ucddb-epochs", real_data / "ucddb", only="ucddb01[48]")
    found = evaluate(always(0), dataset.nights)
    whole, chosen = found.views[FULL].pooled, found.views[RESTRICTED].pooled
    assert (whole.n_epochs, whole.stages[0].support) == (822, 328)
    assert (whole.accuracy, whole.kappa) == (328 / 822, 0)
    assert (chosen.n_epochs, chosen.stages_in_labels) == (165, ("W",))
    assert found.overall.pooled.n_missing == 0


def test_answers_that_would_fit_far_better_some_epochs_earlier_are_warned_of():
    truth = np.repeat(np.random.default_rng(4).integers(0, 5, 60), 6).astype(np.int8)
    answered = np.concatenate([truth[20:], np.zeros(20, np.int8)])
    evaluation = judge([answers(truth, answered, night="late")])
    (warned,) = (note for note in notes(evaluation) if "far better" in note)
    assert warned.startswith("warning: night late: the two would agree far better with the answers 20 epochs")
    assert not any("far better" in note for note in notes(judge([answers(truth, truth)])))
