"""A second reader: found by its name, compared epoch by epoch, written beside ours."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.second_opinion import SecondOpinion
from eegvlm.signals import Recording
from eegvlm.staging import SecondReader, ask_second_reader, second_reader_named
from eegvlm.staging.second_reader import second_reader_names

CLINIC = """
import numpy as np
from eegvlm.hypnogram import Hypnogram


class ClinicReader:
    name, version = "clinic", "3.1"

    def stage(self, recording):
        return Hypnogram(np.full(recording.n_epochs, 2, np.int8))
"""


def install(folder: Path, package: str, entry: str, code: str = CLINIC) -> None:
    """Lay out a package with an entry point as pip leaves it."""
    module = entry.split("=")[1].split(":")[0].strip()
    (folder / f"{module}.py").write_text(code)
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[eegvlm.second_readers]\n{entry}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which packages are imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def recording(n_epochs: int = 12) -> Recording:
    noise = np.random.default_rng(0).normal(0, 20, n_epochs * 3000)
    return Recording.from_arrays({"C4-M1": (noise, 100.0)})


def opinion(ours: list[int], second: list[int]) -> SecondOpinion:
    first, other = (Hypnogram(np.array(stages, np.int8)) for stages in (ours, second))
    return SecondOpinion.of(first, other, reader="clinic", version="3.1")


def test_a_package_s_reader_is_found_by_its_entry_point(site: Path):
    install(site, "clinic-stager", "clinic = clinic_found:ClinicReader")
    reader = second_reader_named("clinic")
    assert isinstance(reader, SecondReader)
    assert "clinic" in second_reader_names()
    told = ask_second_reader(reader, recording(), Hypnogram(np.array([2] * 9 + [1] * 3, np.int8)))
    assert (told.reader, told.version, told.differing) == ("clinic", "3.1", (9, 10, 11))


def test_yasa_is_named_whether_or_not_it_is_installed():
    assert second_reader_names()[0] == "yasa"


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="second reader: nobody; use one of yasa"):
        second_reader_named("nobody")


def test_a_name_that_two_packages_offer_is_refused(site: Path):
    install(site, "one-stager", "twice = clinic_one:ClinicReader")
    install(site, "other-stager", "twice = clinic_other:ClinicReader")
    with pytest.raises(InputError, match="one-stager and other-stager offer one of that name"):
        second_reader_named("twice")


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [
        ("clinic_broken", "import a_module_that_nobody_has", "a_module_that_nobody_has"),
        ("clinic_empty", "", "ClinicReader"),
        ("clinic_bare", "class ClinicReader: pass", "it must have name, version and stage"),
        ("clinic_greedy", "class ClinicReader:\n    def __init__(self, weights): pass", "weights"),
    ],
)
def test_a_reader_that_cannot_be_used_names_its_package(site: Path, module: str, code: str, said: str):
    install(site, "clinic-stager", f"clinic = {module}:ClinicReader", code)
    with pytest.raises(InputError, match=rf"clinic-stager: second reader clinic: .*{said}"):
        second_reader_named("clinic")


class Answers:
    """A reader that gives the answer it was made with."""

    name, version = "fixed", "0"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def stage(self, recording: Recording) -> Hypnogram:
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Hypnogram(np.zeros(11, np.int8)), "11 instead of 12"),
        (Hypnogram(np.zeros(12, np.int8), epoch_s=20.0), "20 s from 0 s on"),
        (Hypnogram(np.zeros(12, np.int8), onset_s=30.0), "30 s from 30 s on"),
        (["W"] * 12, "list"),
        (None, "NoneType"),
    ],
)
def test_an_answer_that_is_not_one_stage_an_epoch_is_refused(answer: object, said: str):
    with pytest.raises(InputError, match=f"second reader fixed: .*{said}"):
        ask_second_reader(Answers(answer), recording(), Hypnogram(np.zeros(12, np.int8)))


def test_epochs_that_either_leaves_unscored_neither_agree_nor_differ():
    told = opinion([0, 1, 2, -1, 3, -1], [0, 2, -1, 2, 3, -1])
    assert told.differing == (1,)
    assert told.agreement is not None
    assert (told.agreement.n_compared, told.agreement.n_excluded) == (3, 3)


def test_the_sentence_says_percent_agreement_kappa_and_number_of_epochs():
    assert opinion([0, 0, 2, 2], [0, 0, 2, 0]).sentence == "clinic 3.1 agrees on 75.0 % of 4 epochs, kappa 0.50"
    assert opinion([0, 0], [0, 0]).sentence.endswith("of 2 epochs, kappa is undefined (one stage throughout)")


def test_readers_without_a_common_epoch_are_not_compared():
    told = opinion([0, -1], [-1, 0])
    assert told.agreement is None
    assert told.differing == ()
    assert told.sentence == "clinic 3.1: no epoch is scored by both readers"
    assert told.to_dict()["agreement"] is None


def test_what_is_written_in_the_summary_counts_epochs_from_one_and_is_plain_json():
    told = json.loads(json.dumps(opinion([0, 1, 2, -1], [0, 2, -1, 2]).to_dict(), allow_nan=False))
    assert told["differing_epochs"] == [2]
    assert (told["reader"], told["version"], told["has_probabilities"]) == ("clinic", "3.1", False)
    assert told["unscored_epochs"] == 1
    assert told["agreement"]["accuracy"] == 0.5


def test_the_table_holds_both_stages_and_whether_they_agree(tmp_path: Path):
    ours = Hypnogram(np.array([0, 1, 2, -1], np.int8))
    told = opinion([0, 1, 2, -1], [0, 2, -1, 2])
    text = told.write_csv(tmp_path, ours).read_text(encoding="utf-8").splitlines()
    assert text[0] == "# second reader clinic 3.1"
    rows = list(csv.DictReader(text[1:]))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["onset_s"] for row in rows] == ["0.0", "30.0", "60.0", "90.0"]
    assert [(row["stage"], row["ours"], row["agree"]) for row in rows] == [
        ("W", "W", "yes"),
        ("N2", "N1", "no"),
        ("?", "N2", ""),
        ("N2", "?", ""),
    ]
    assert {row["p_W"] for row in rows} == {""}


def test_the_table_is_read_back_as_the_second_reader_s_hypnogram(tmp_path: Path):
    shares = np.random.default_rng(0).dirichlet([0.5] * 5, 20).astype(np.float32)
    shares[7] = np.nan
    stages = np.where(np.isnan(shares[:, 0]), Stage.UNSCORED, np.nan_to_num(shares).argmax(axis=1)).astype(np.int8)
    start = datetime(2020, 1, 1, 22, 30)
    ours = Hypnogram(np.zeros(20, np.int8), start=start)
    second = Hypnogram(stages, start=start, probabilities=shares, notes=("read C4-M1 as EEG",))
    told = SecondOpinion.of(ours, second, reader="clinic", version="3.1")
    read = read_hypnogram(told.write_csv(tmp_path, ours))
    np.testing.assert_array_equal(read.stages, second.stages)
    np.testing.assert_array_equal(read.probabilities, second.probabilities)
    assert read.start == start
    assert read.notes == ("second reader clinic 3.1", "read C4-M1 as EEG")


def test_a_name_with_commas_and_line_breaks_stays_in_one_cell(tmp_path: Path):
    ours = Hypnogram(np.zeros(2, np.int8))
    told = SecondOpinion.of(ours, ours, reader='a,b"\nc', version="1|2")
    assert told.write_csv(tmp_path, ours).read_text().splitlines()[0] == "# second reader a b c 1 2"


def test_a_scorers_file_lies_beside_ours_by_its_clock(tmp_path: Path):
    start = datetime(2024, 5, 31, 22, 30)
    noise = np.random.default_rng(0).normal(0, 20, 40 * 3000)
    night = Recording.from_arrays({"C4-M1": (noise, 100.0)}, start=start)
    scored = Hypnogram([2, 2, 3, 3] * 5, start=start + timedelta(minutes=10))
    write_hypnogram(scored, tmp_path / "technician.csv")
    reader = second_reader_named(str(tmp_path / "technician.csv"))
    assert isinstance(reader, SecondReader)
    assert reader.name == "technician.csv"
    assert reader.version.startswith("sha256 ")
    opinion = ask_second_reader(reader, night, Hypnogram([2] * 40, start=start))
    assert opinion.hypnogram.labels == [*"?" * 20, *["N2", "N2", "N3", "N3"] * 5]
    assert opinion.hypnogram.notes[0] == "laid on the recording by clock"
    assert "technician.csv sha256" in opinion.sentence
    assert "agrees on 50.0 % of 20 epochs" in opinion.sentence


def test_a_scorers_file_that_seems_shifted_is_warned_of(tmp_path: Path):
    drawn = np.random.default_rng(2)
    stages = np.repeat(drawn.integers(0, 5, 40), 6).astype(np.int8)
    night = recording(240)
    write_hypnogram(Hypnogram(stages[20:]), tmp_path / "technician.csv")
    reader = second_reader_named(str(tmp_path / "technician.csv"))
    opinion = ask_second_reader(reader, night, Hypnogram(stages))
    assert "Warning: the two would agree far better with technician.csv 20 epochs (600 s) later" in opinion.sentence


def test_a_scorers_file_that_needs_an_option_names_the_command_that_has_it(tmp_path: Path):
    path = tmp_path / "expert.csv"
    path.write_text("epoch,anna,bert\n" + "".join(f"{k},W,N1\n" for k in range(1, 41)))
    with pytest.raises(InputError, match='--scorer "anna" of eegvlm convert, and give what it writes'):
        second_reader_named(str(path)).stage(recording(40))


def test_a_scorers_file_of_another_night_is_refused(tmp_path: Path):
    write_hypnogram(Hypnogram([2, 2], start=datetime(2020, 1, 1, 22)), tmp_path / "other.csv")
    night = Recording.from_arrays({"C4-M1": (np.zeros(6000) + 1, 100.0)}, start=datetime(2024, 5, 31, 22))
    with pytest.raises(InputError, match=r"other\.csv: time: .*does not overlap"):
        ask_second_reader(second_reader_named(str(tmp_path / "other.csv")), night, Hypnogram([2, 2]))
