"""``eegvlm evaluate --examples``: the persons who are judged give none, under whatever name they are in the index."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from eegvlm.cli.evaluate import evaluate
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.pooling import pooled
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.datasets.training_record import read_record
from eegvlm.lab.evaluation.perturbations import edited
from eegvlm.lab.evaluation.with_examples import apart_from, with_examples
from eegvlm.model import checkpoint_path
from eegvlm.retrieval import EpochIndex, build_index
from eegvlm.retrieval.voting import shares
from eegvlm.signals.fingerprint import fingerprint
from eegvlm.staging import Stager
from eegvlm.staging.examples import ExampleSource

JUDGED = "nights=1,seed=3000000,hours=0.25"


def run(*arguments) -> str:
    app = typer.Typer()
    app.command()(evaluate)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@dataclass(frozen=True)
class UnderAnotherName:
    """A night whose person and name the index does not know, with its samples."""

    night: Any
    person: str = "elsewhere:1"
    name: str = "copy"

    def recording(self, channels=None):
        return self.night.recording(channels)

    def hypnogram(self):
        return self.night.hypnogram()


def test_judged_persons_are_taken_out_by_name_and_by_samples(scored, encoder, index):
    source = ExampleSource(index, encoder, 4)
    first, second, third = scored.nights
    for judged, out in (((first,), {first.person}), ((UnderAnotherName(second),), {second.person})):
        apart, said = apart_from(source, judged)
        assert set(apart.without) & {night.person for night in scored.nights} == out
        assert said == f"4 of index {index.digest}; 1 of 3 persons of the index are judged and give no example"
        vectors = index.vectors[index.night_of == 0]
        found = index.nearest(vectors, 4, without=apart.without)
        names = {index.about["nights"][night]["person"] for night in index.night_of[found].ravel()}
        assert names == {night.person for night in (first, second, third)} - out


def test_a_judged_person_gives_no_example_to_a_changed_night_either(scored, encoder, index):
    """A change of the signal changes its samples, so that the night itself is not recognised any more."""
    night = scored.nights[0]
    everyone = int((index.night_of != 0).sum())
    apart, _ = apart_from(ExampleSource(index, encoder, everyone), [night])
    changed = edited(night.recording(), lambda channel, samples: (1.1 * samples, channel.rate))
    assert not index.persons_of(fingerprint(changed.source))
    answer = apart.voted(changed, _even(changed.n_epochs))
    of_all_others = pooled(_even(1), _even(1, shares(index.stages[None, index.night_of != 0])[0]))
    np.testing.assert_allclose(answer.probabilities, np.repeat(of_all_others.probabilities, 60, axis=0), rtol=1e-5)


def _even(count: int, each: Any = (0.2,) * 5) -> Hypnogram:
    return Hypnogram(np.zeros(count, np.int8), probabilities=np.full((count, 5), each, np.float32))


def test_an_index_of_the_judged_alone_is_refused_before_the_work(scored, encoder, index):
    said = r"persons: 3 of 3 persons of the index are judged, so that 0 epochs of others are left for 4 examples; make"
    with pytest.raises(InputError, match=said):
        apart_from(ExampleSource(index, encoder, 4), scored.nights)
    with pytest.raises(InputError, match="60 epochs of others are left for 61 examples"):
        apart_from(ExampleSource(index, encoder, 61), scored.nights[:2])


def test_the_answers_are_those_of_staging_with_the_same_examples(scored, encoder, index):
    stager, night = Stager.from_pretrained("nano", dtype="float32"), scored.nights[0]
    source, _ = apart_from(ExampleSource(index, encoder, 4), [night])
    read = with_examples(stager, source)(night.recording())
    expected = source.voted(night.recording(), stager.stage(night.recording()).hypnogram)
    np.testing.assert_array_equal(read.hypnogram.probabilities, expected.probabilities)
    assert read.channels["eeg"]


def test_the_command_judges_with_examples_and_says_whose(index, tmp_path):
    common = ("--dtype", "float32", "--resamples", "100")
    printed = run("nano", "simulated", JUDGED, "--examples", index.folder, "--k", "4", *common, "--out", tmp_path / "4")
    assert f"examples: 4 of index {index.digest}; no person of the index is judged" in printed
    run("nano", "simulated", JUDGED, "--examples", index.folder, "--k", "0", *common, "--out", tmp_path / "0")
    run("nano", "simulated", JUDGED, *common, "--out", tmp_path / "plain")
    with_, none, plain = (
        json.loads((tmp_path / name / "evaluation.json").read_text(encoding="utf-8")) for name in ("4", "0", "plain")
    )
    assert none["overall"] == plain["overall"]
    assert with_["overall"] != plain["overall"]
    assert with_["about"]["persons known to the index's encoder"] == "none"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--faithfulness",), "--faithfulness: with --examples"),
        (("--inputs", "both,picture"), "--inputs: with --examples"),
        (("--k", "65"), "--k: 65"),
    ],
)
def test_what_does_not_go_together_is_refused(index, options, said):
    with pytest.raises(InputError, match=said):
        run("nano", "simulated", JUDGED, "--examples", index.folder, *options)


@pytest.fixture(scope="module")
def pictured(scored, encoder, tmp_path_factory) -> EpochIndex:
    from general_bases import LAYOUT

    folder = tmp_path_factory.mktemp("pictured") / "store"
    return build_index(scored.nights, folder, encoder=encoder, layout=LAYOUT, most_a_stage=3)[0]


def test_a_base_as_it_was_published_is_shown_examples_before_it_writes(pictured, tmp_path):
    from general_bases import LAYOUT, llava_next

    base = llava_next(tmp_path / "base")
    (tmp_path / "layout.json").write_text(LAYOUT.to_json())
    common = ("--layout", tmp_path / "layout.json", "--dtype", "float32", "--resamples", "100")
    held = {}
    for k in (0, 2):
        out = tmp_path / str(k)
        run(base, "simulated", JUDGED, *common, "--examples", pictured.folder, "--k", k, "--out", out)
        held[k] = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    likeliest = [held[k]["baselines"]["likeliest label"]["overall"] for k in (0, 2)]
    assert likeliest[0] != likeliest[1]
    refused = [next(t for t in held[k]["more"] if t["title"].startswith("Answers that are no")) for k in (0, 2)]
    assert refused[0]["rows"] != refused[1]["rows"]


def test_persons_whom_the_encoder_has_learnt_from_are_not_judged(pictured, tmp_path):
    """A base that was never trained has met nobody, but what finds its examples has."""
    from general_bases import LAYOUT, llava_next

    record = read_record(checkpoint_path("nano"))
    seed = record.entries[0].training.seeds[0][0]
    (tmp_path / "layout.json").write_text(LAYOUT.to_json())
    base, drawn = llava_next(tmp_path / "base"), ("--layout", tmp_path / "layout.json")
    with pytest.raises(InputError, match=r"encoder nano: persons: 1 of 1 persons \(1 trained on\)"):
        run(base, "simulated", f"nights=1,seed={seed},hours=0.1", *drawn, "--examples", pictured.folder)


def test_simulated_nights_of_one_seed_are_one_person(scored):
    """What the tests above rest on: an index by seed 11 to 13, judged from seed 3,000,000 on."""
    judged = open_dataset("simulated", JUDGED).nights
    assert not {night.person for night in judged} & {night.person for night in scored.nights}
