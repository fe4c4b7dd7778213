"""A few hundred damages of small recordings: read as before, with a word about it, or refused in one sentence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from damage_outcomes import FINDINGS, Outcome, Reading, judge_damage, read_as_staging_does
from mutations import MUTATIONS, mutate
from small_recordings import SMALL_RECORDINGS

_SEEDS = range(100)
# What one damage of a header or of the data changes without a trace (docs/troubleshooting.md): the start, and the label
# of one channel that became that of another, everywhere; records that are gone and counted anew; in files without
# onsets the duration of a record; ranges that are exchanged between modalities of one signal.
_TRACELESS = {"start", "roles", "roles, rates", "segments", "rates, segments"}
_EXCHANGED = "physical min, physical max of signals"


@pytest.fixture(params=list(SMALL_RECORDINGS))
def sound(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[bytes, Reading]:
    content = SMALL_RECORDINGS[request.param]().to_bytes()
    path = tmp_path / "sound.edf"
    path.write_bytes(content)
    return content, read_as_staging_does(path)


def test_the_sound_recordings_have_nothing_to_tell(sound: tuple[bytes, Reading]) -> None:
    codes = {code for code, _ in sound[1].problems}
    assert codes == {"gaps"}
    assert len(sound[1].roles) >= 6


@pytest.mark.slow
def test_damage_ends_in_a_recording_or_a_sentence(sound: tuple[bytes, Reading], tmp_path: Path) -> None:
    content, before = sound
    path = tmp_path / "night.edf"
    outcomes: Counter[Outcome] = Counter()
    for seed in _SEEDS:
        damaged, mutations = mutate(content, seed)
        path.write_bytes(damaged)
        outcome, detail = judge_damage(path, before)
        outcomes[outcome] += 1
        if outcome in FINDINGS and (outcome is not Outcome.SILENT or len(mutations) == 1):
            assert outcome is Outcome.SILENT, (seed, outcome, detail, mutations)
            exchanged = detail == "scale" and mutations[0].detail.startswith(_EXCHANGED)
            assert exchanged or detail in _TRACELESS, (seed, detail, mutations)
    assert outcomes[Outcome.REFUSED] > 5
    assert outcomes[Outcome.TOLD] > 20


def test_a_seed_is_one_damage_for_good(sound: tuple[bytes, Reading]) -> None:
    assert mutate(sound[0], 7) == mutate(sound[0], 7)
    assert mutate(sound[0], 7)[0] != mutate(sound[0], 8)[0]


def test_every_kind_of_damage_occurs(sound: tuple[bytes, Reading]) -> None:
    kinds = {mutation.kind for seed in range(600) for mutation in mutate(sound[0], seed)[1]}
    expected = {change.__name__.replace("_", " ") for change, _ in MUTATIONS}
    assert expected - kinds <= {"onset changed", "annotation damaged"}
