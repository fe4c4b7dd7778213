"""Who a checkpoint says it was trained on: hashes that find a person again and name nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.lab.datasets import TrainingRecord
from eegvlm.lab.datasets.training_record import read_record

PERSONS = ["ucddb:002", "ucddb:003", "sleep-edf:SC400", "simulated:0", "simulated:1", "simulated:7"]


def test_persons_are_found_again_in_the_part_they_were_in() -> None:
    record = TrainingRecord.of(PERSONS, ["ucddb:005", "simulated:900"])
    assert all(record.part_of(person) == "training" for person in PERSONS)
    assert record.part_of("ucddb:005") == record.part_of("simulated:900") == "validation"
    for stranger in ("ucddb:006", "hmc:002", "simulated:2", "simulated:901", "folder:SC400"):
        assert record.part_of(stranger) is None, stranger


def test_a_record_holds_no_name_and_no_hash_of_another_record() -> None:
    first, second = (TrainingRecord.of(["folder:Jane Doe"], ["folder:John Doe"]) for _ in range(2))
    text = json.dumps(first.to_dict())
    assert "Doe" not in text
    assert first.entries[0].training.hashes["folder"] != second.entries[0].training.hashes["folder"]


def test_simulated_subjects_are_ranges_of_seeds() -> None:
    record = TrainingRecord.of([f"simulated:{seed}" for seed in (*range(100), 7000)], [])
    assert record.entries[0].training.seeds == ((0, 100), (7000, 7001))
    assert record.counts("training") == {"simulated": 101}


@settings(max_examples=20)
@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_a_record_is_read_as_it_was_written(training: set[int], validation: set[int]) -> None:
    record = TrainingRecord.of((f"simulated:{k}" for k in training), (f"simulated:{k}" for k in validation))
    read = TrainingRecord.from_dict(json.loads(json.dumps(record.to_dict())))
    assert read == record
    assert {k for k in range(42) if read.part_of(f"simulated:{k}") is not None} == training | validation


def test_a_run_that_goes_on_from_a_checkpoint_knows_the_persons_of_both() -> None:
    base = TrainingRecord.of(["ucddb:002"], ["ucddb:003"])
    record = TrainingRecord.of(["ucddb:003"], ["hmc:SN001"]).after(base)
    assert record.part_of("ucddb:002") == "training"
    assert record.part_of("ucddb:003") == "training", "trained on beats validated on"
    assert record.counts("validation") == {"ucddb": 1, "hmc": 1}


def test_a_base_without_a_record_is_named() -> None:
    record = TrainingRecord.of(["a:1"], []).after(TrainingRecord((), ("old",)))
    assert TrainingRecord.from_dict(record.to_dict()).unknown_bases == ("old",)
    assert "old, which does not say who it was trained on" in " ".join(record.sentences())


def test_a_checkpoint_without_a_record_has_none(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert read_record(tmp_path) is None


@pytest.mark.parametrize(
    "held", [{"entries": [{}]}, {"entries": 3}, [], {"entries": [{"salt": "a", "training": 1, "validation": 2}]}]
)
def test_a_damaged_record_is_refused_by_name(tmp_path: Path, held: object) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"training_record": held}))
    with pytest.raises(InputError, match=r"config.json.*training_record.*eegvlm record"):
        read_record(tmp_path)
