"""Splits: no person on both sides, every person tested once, and the same folds from the same seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegvlm.lab.datasets import (
    PROTOCOLS,
    DatasetError,
    Night,
    Split,
    hold_out,
    leave_one_subject_out,
    published_splits,
    split_by_subject,
)
from eegvlm.lab.datasets.sources import RecordingFile

SILENT = RecordingFile(Path("none.edf"))


def night(dataset: str, subject: str, number: int, population: str | None = None) -> Night:
    return Night(dataset, population or dataset, subject, f"{subject}-{number}", SILENT, ())


def many(subjects: int, nights: int = 2, dataset: str = "hmc") -> list[Night]:
    return [night(dataset, f"S{s:02d}", n) for s in range(subjects) for n in range(nights)]


def persons(nights: tuple[Night, ...]) -> set[str]:
    return {one.person for one in nights}


@settings(max_examples=60)
@given(st.data(), st.integers(0, 2**31))
def test_no_person_is_ever_on_both_sides_and_each_is_tested_once(data: st.DataObject, seed: int) -> None:
    subjects = data.draw(st.lists(st.integers(0, 12), min_size=2, max_size=40).filter(lambda x: len(set(x)) > 1))
    nights = [night("hmc", f"S{subject}", number) for number, subject in enumerate(subjects)]
    folds = data.draw(st.integers(2, len(set(subjects))))

    splits = split_by_subject(nights, folds=folds, seed=seed)

    assert len(splits) == folds
    for split in splits:
        assert not persons(split.train) & persons(split.test)
        assert len(split.train) + len(split.test) == len(nights)
    tested = [one.name for split in splits for one in split.test]
    assert sorted(tested) == sorted(one.name for one in nights)
    sizes = [len(persons(split.test)) for split in splits]
    assert max(sizes) - min(sizes) <= 1


def test_folds_follow_from_the_seed_and_not_from_the_order_of_nights() -> None:
    nights = many(11)
    assert split_by_subject(nights, folds=4, seed=3) == split_by_subject(nights[::-1], folds=4, seed=3)
    assert split_by_subject(nights, folds=4, seed=3) != split_by_subject(nights, folds=4, seed=4)


def test_equal_numbers_in_two_data_sets_are_two_persons_unless_the_patients_are_the_same() -> None:
    two = [night("isruc", "1", 1), night("dreams", "1", 1)]
    assert len(leave_one_subject_out(two)) == 2
    same = [night("ucddb", "002", 1), night("ucddb-epochs", "002", 1, population="ucddb"), night("ucddb", "003", 1)]
    for split in leave_one_subject_out(same):
        assert not persons(split.train) & persons(split.test)
    assert len(leave_one_subject_out(same)) == 2


def test_a_split_that_tears_a_person_apart_cannot_be_made() -> None:
    first, second = many(1)
    with pytest.raises(DatasetError, match="subjects on both sides: hmc:S00"):
        Split("mine", (first,), (second,))


def test_hold_out_keeps_the_share_of_persons_and_at_least_one_on_each_side() -> None:
    split = hold_out(many(10), share=0.2, seed=1)
    assert (len(persons(split.test)), len(persons(split.train))) == (2, 8)
    assert len(persons(hold_out(many(2), share=0.01).test)) == 1
    assert len(persons(hold_out(many(2), share=0.99).train)) == 1


@pytest.mark.parametrize("folds", [0, 1, 4])
def test_more_folds_than_subjects_or_fewer_than_two_are_refused(folds: int) -> None:
    with pytest.raises(
        DatasetError, match="nights of 3 persons, who can make 2 to 3 folds: ask for fewer, or add persons"
    ):
        split_by_subject(many(3), folds=folds)


def test_one_person_cannot_be_split() -> None:
    with pytest.raises(DatasetError, match="train: no night"):
        leave_one_subject_out(many(1))
    with pytest.raises(DatasetError, match="train: no night"):
        hold_out(many(1), share=0.5)
    with pytest.raises(DatasetError, match="between 0 and 1"):
        hold_out(many(3), share=1.0)


def cassette(subjects: int) -> list[Night]:
    # the first nights of subjects 36 and 52 and the second of 13 were lost
    lost = {(36, 1), (52, 1), (13, 2)}
    numbers = [s for s in range(83) if s not in (39, 68, 69, 78, 79)][:subjects]
    return [
        replace(night("sleep-edf", f"SC4{s:02d}", n), name=f"SC4{s:02d}{n}")
        for s in numbers
        for n in (1, 2)
        if (s, n) not in lost
    ]


def test_sleep_edf_20_is_leave_one_subject_out_over_its_first_twenty_subjects() -> None:
    splits = published_splits([*cassette(78), night("sleep-edf", "ST701", 1)], "sleep-edf-20")
    assert len(splits) == 20
    assert {one.subject for split in splits for one in split.test} == {f"SC4{s:02d}" for s in range(20)}
    assert sum(len(split.test) for split in splits) == 39
    with pytest.raises(DatasetError, match="without SC419; complete the data set first"):
        published_splits(cassette(19), "sleep-edf-20")


def test_sleep_edf_78_has_ten_folds_over_153_nights() -> None:
    splits = published_splits([*cassette(78), night("sleep-edf", "ST701", 1)], "sleep-edf-78")
    assert len(splits) == 10
    assert sum(len(split.test) for split in splits) == 153
    with pytest.raises(DatasetError, match="subjects: 77"):
        published_splits(cassette(77), "sleep-edf-78")


def test_five_times_eighty_twenty_keeps_both_visits_of_a_subject_together() -> None:
    visits = many(20, nights=2, dataset="shhs")
    splits = published_splits(visits, "5x80-20")
    assert [len(split.test) for split in splits] == [8] * 5
    assert len({frozenset(persons(split.test)) for split in splits}) > 1


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DatasetError, match=f"choose one of {', '.join(PROTOCOLS)}"):
        published_splits(many(3), "sleep-edf-100")
