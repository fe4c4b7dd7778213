"""Signing: read-only afterwards, reopened with a reason, and an audit that adds up to what was signed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from review_nights import Page

from eegvlm.hypnogram import read_hypnogram
from eegvlm.lab.datasets import open_dataset
from eegvlm.review.problems import ReviewError
from eegvlm.review.scoring_file import ReviewedScoringFile
from eegvlm.review.signing import SIGNED, scoring_hash


def audit_of(night: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (night / "audit.jsonl").read_text(encoding="utf-8").splitlines()]


def replayed(audit: list[dict[str, Any]]) -> list[str]:
    """Return the stages at the end of an audit; every change must begin where the one before it ended."""
    stages = list(audit[0]["stages"])
    for line in audit:
        if line.get("of") == "stage":
            assert stages[line["epoch"] - 1] == line["from"]
            stages[line["epoch"] - 1] = line["to"]
    return stages


def test_a_signature_names_who_when_and_the_hashes(page: Page, night: Path) -> None:
    page.score("R", 1)
    signature = page.sign()["signature"]
    recording = night.parent / "night.edf"
    assert signature["recording"]["sha256"] == hashlib.sha256(recording.read_bytes()).hexdigest()
    assert signature["model"] == {"name": "made-up", "weights_sha256": "0" * 64}
    assert signature["scoring_sha256"] == scoring_hash(ReviewedScoringFile(night / "review" / "main.jsonl").state)
    assert (signature["who"], signature["version"]) == ("AB", 1)
    assert signature["when"][:4].isdecimal()


def test_the_signed_files_hold_what_was_signed(page: Page, night: Path) -> None:
    page.score("N3", 2, 3)
    stages = page.edit("lights", off_s=60, on_s=1700)["stages"]
    assert page.sign()["outputs"]
    for name in SIGNED:
        assert read_hypnogram(night / name).labels == stages, name
    signed = read_hypnogram(night / "hypnogram.signed.json")
    assert signed.lights is not None
    assert (signed.lights.off_s, signed.lights.on_s) == (60, 1700)
    assert any("signed by AB" in note for note in signed.notes)
    assert signed.start == read_hypnogram(night / "hypnogram.json").start


def test_the_audit_adds_up_with_undone_edits_in_it(page: Page, night: Path) -> None:
    page.score("R", 1, 2, 3)
    page.score("W", 2)
    page.do("undo")
    page.do("undo")
    page.do("redo")
    page.who = "CD"
    to = "N1" if page.show()["stages"][8] != "N1" else "N2"
    stages = page.score(to, 9)["stages"]
    page.sign()
    audit = audit_of(night)
    assert replayed(audit) == stages
    (last,) = [line for line in audit if line.get("epoch") == 9]
    model = read_hypnogram(night / "hypnogram.json")
    assert (last["who"], last["to"], last["model"]) == ("CD", to, model[8].label)
    assert model.confidence is not None
    assert last["p"] == pytest.approx(float(model.confidence[8]), abs=1e-4)
    assert [line["action"] for line in audit if "of" not in line] == ["begin", "sign"]


def test_training_can_read_what_was_signed_and_nothing_that_was_reopened(page: Page, night: Path) -> None:
    assert [one.code for one in open_dataset("signed", night.parent).problems] == ["unsigned-night"]
    stages = page.score("N3", 2, 3)["stages"]
    page.sign()
    for name in ("signed", "folder"):
        (signed,) = open_dataset(name, night.parent).nights
        assert signed.hypnogram().labels == stages
        assert signed.recording().n_epochs == len(stages)
    page.do("reopen", reason="arousal overlooked")
    assert open_dataset("signed", night.parent).nights == ()


def test_a_signed_scoring_cannot_be_changed(page: Page) -> None:
    signed = page.sign()
    edit = {"what": "stage", "stage": "R", "epochs": [1]}
    for action, fields in (("edits", {"edit": edit}), ("undo", {}), ("redo", {}), ("sign", {"statement": "again"})):
        status, sentence = page.error(action, **fields)
        assert (status, "signed by AB; reopen it with a reason" in sentence) == (409, True), action
    assert page.show() == signed


def test_reopening_needs_a_reason_and_makes_a_new_version(page: Page, night: Path) -> None:
    page.sign()
    assert page.error("reopen", reason=" ")[1].endswith("say why the signed scoring is reopened")
    reopened = page.do("reopen", reason="arousal overlooked")
    assert (reopened["version"], reopened["signature"]) == (2, None)
    page.score("R", 1)
    assert page.sign()["signature"]["version"] == 2
    actions = [line["action"] for line in audit_of(night) if "of" not in line]
    assert actions == ["begin", "sign", "reopen", "sign"]
    assert audit_of(night)[2]["reason"] == "arousal overlooked"


def test_what_was_changed_in_another_window_is_not_signed_unseen(page: Page, night: Path) -> None:
    other = Page.of([night])
    other.show()
    page.score("R", 1)
    assert other.error("sign", statement="seen")[0] == 409
    assert not (night / "audit.jsonl").exists()


def test_a_night_has_one_signed_scoring(page: Page, night: Path) -> None:
    page.sign()
    second = Page.of([night], name="second")
    second.begin("blank")
    assert "the scoring main is signed; a night has one" in second.error("sign", statement="mine")[1]


def test_an_empty_statement_signs_nothing(page: Page) -> None:
    assert page.error("sign", statement="  ")[0] == 422
    assert page.show()["signature"] is None


def test_signed_files_that_could_not_be_written_are_said_and_written_later(page: Page, night: Path) -> None:
    (night / "hypnogram.signed.csv").mkdir()
    status, sentence = page.error("sign", statement="seen")
    assert (status, "there is a folder of this name" in sentence) == (422, True)
    assert (page.show()["signature"] is None, page.show()["outputs"]) == (False, False)
    (night / "hypnogram.signed.csv").rmdir()
    assert page.do("outputs")["outputs"]


def test_signed_files_of_an_earlier_version_are_not_taken_for_those_of_the_next(page: Page, night: Path) -> None:
    page.sign()
    page.do("reopen", reason="arousal overlooked")
    scoring = ReviewedScoringFile(night / "review" / "main.jsonl")
    earlier = {"model": None, "recording": {}, "statement": "killed before the files", "scoring_sha256": "0"}
    scoring.sign("AB", scoring.state.revision, earlier)
    assert not page.show()["outputs"]


def test_a_scoring_that_is_not_signed_has_no_signed_files(page: Page, night: Path) -> None:
    assert page.error("outputs")[0] == 422
    with pytest.raises(ReviewError, match="only a signed scoring is reopened"):
        ReviewedScoringFile(night / "review" / "main.jsonl").reopen("AB", 1, "no reason")
