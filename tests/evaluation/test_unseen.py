"""Persons that a model has met are left out, and the report says how many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.lab.datasets import TrainingRecord, open_dataset
from eegvlm.lab.datasets.training_record import read_record
from eegvlm.lab.evaluation import NightAnswers
from eegvlm.lab.evaluation.answer_file import read_answers, write_answers
from eegvlm.lab.evaluation.unseen import unseen
from eegvlm.model import checkpoint_path


@dataclass(frozen=True)
class Slept:
    person: str
    name: str


NIGHTS = [Slept(f"ucddb:{k:03d}", f"{k}-{night}") for k in range(4) for night in (1, 2)]


def test_all_nights_of_persons_trained_or_validated_on_are_left_out() -> None:
    found = unseen(NIGHTS, TrainingRecord.of(["ucddb:000", "ucddb:001"], ["ucddb:003"]), "m")
    assert {night.person for night in found.nights} == {"ucddb:002"}
    assert found.sentence == "3 of 4 persons (2 trained on and 1 validated on) are left out"


def test_nobody_left_is_refused_before_work_begins() -> None:
    with pytest.raises(InputError, match=r"m: persons: 4 of 4 persons \(4 trained on\) .*--judge-known"):
        unseen(NIGHTS, TrainingRecord.of([night.person for night in NIGHTS], []), "m")


def test_known_persons_that_are_judged_all_the_same_are_named() -> None:
    found = unseen(NIGHTS, TrainingRecord.of(["ucddb:000"], []), "m", keep_known=True)
    assert len(found.nights) == len(NIGHTS)
    assert found.sentence.startswith("1 of 4 persons (1 trained on) are judged all the same")


def test_strangers_and_models_that_say_nothing_are_told_apart() -> None:
    assert unseen(NIGHTS, TrainingRecord.of(["hmc:1"], []), "m").sentence == "none"
    assert unseen(NIGHTS, None, "m").sentence.startswith("not known")
    after = TrainingRecord.of(["hmc:1"], []).after(TrainingRecord((), ("old",)))
    assert "old, from which it goes on, does not say" in unseen(NIGHTS, after, "m").sentence


@pytest.mark.real_data
def test_of_the_patients_at_hand_the_packaged_model_has_met_all_but_one(real_data) -> None:
    nights = open_dataset("ucddb-epochs", real_data / "ucddb", look_inside=False).nights
    found = unseen(nights, read_record(checkpoint_path("nano")), "nano")
    assert [night.name for night in found.nights] == ["ucddb018"]
    assert found.sentence == "19 of 20 persons (14 trained on and 5 validated on) are left out"


def test_answers_are_read_as_they_were_written(tmp_path) -> None:
    truth = np.array([0, 1, -1, 2], np.int8)
    shares = np.full((4, 5), 0.2, np.float32)
    staged = NightAnswers("p1", "a", truth, np.array([0, 1, 1, 4]), shares, truth >= 0, {"eeg": "C4"}, 1.5)
    failed = NightAnswers.failed("p2", "b", truth, "no channel")
    write_answers(tmp_path / "answers.npz", [staged, failed], {"fold": 2})
    read, about = read_answers(tmp_path / "answers.npz")
    assert about == {"fold": 2}
    for before, after in zip((staged, failed), read, strict=True):
        assert after.to_dict() == before.to_dict()
        np.testing.assert_array_equal(after.probabilities, before.probabilities)
    (tmp_path / "answers.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"answers\.npz.*delete it"):
        read_answers(tmp_path / "answers.npz")
