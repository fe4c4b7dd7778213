"""Rules from findings written by hand."""

from __future__ import annotations

import pytest

from eegvlm.hypnogram import Stage
from eegvlm.scoring import TABLE, Finding, FindingKind, Neighbours, supported_rules

K = FindingKind


def event(kind: FindingKind, start: float, length: float = 1.0) -> Finding:
    return Finding(kind, "C4", start, start + length, 1.0, "s")


def whole(kind: FindingKind, value: float, unit: str = "%", **more: float | str) -> Finding:
    return Finding(kind, "C4", 0.0, 30.0, value, unit, **more)


def alpha(time: float) -> Finding:
    return whole(K.BAND_SHARE, 40.0, band="alpha", time_percent=time)


CALM = (whole(K.AMPLITUDE, 30.0, "uV"), whole(K.SLOW_WAVE_SHARE, 0.0), alpha(10.0))


def test_no_findings_support_no_rule() -> None:
    assert supported_rules([]) == ()
    assert supported_rules([], Neighbours(previous_stage=Stage.N2)) == ()


@pytest.mark.parametrize(("percent", "holds"), [(20.0, True), (19.9, False)])
def test_n3_needs_slow_waves_in_a_fifth_of_the_epoch(percent: float, holds: bool) -> None:
    assert ("N3.1" in supported_rules([whole(K.SLOW_WAVE_SHARE, percent)])) is holds


@pytest.mark.parametrize(("time", "holds"), [(51.0, True), (50.0, False)])
def test_w1_needs_alpha_for_more_than_half(time: float, holds: bool) -> None:
    assert ("W.1" in supported_rules([alpha(time)])) is holds


@pytest.mark.parametrize(("here", "before", "holds"), [(5.0, None, True), (20.0, None, False), (None, 20.0, True)])
def test_n2_needs_its_event_in_the_first_half_or_the_last_half_before(
    here: float | None, before: float | None, holds: bool
) -> None:
    findings = [*CALM, *([event(K.SPINDLE, here)] if here is not None else [])]
    previous = [event(K.SPINDLE, before)] if before is not None else None
    assert ("N2.1" in supported_rules(findings, Neighbours(previous=previous))) is holds


def test_a_k_complex_that_an_arousal_follows_does_not_make_n2() -> None:
    bound = [*CALM, event(K.K_COMPLEX, 5.0), event(K.AROUSAL, 6.2, 5.0)]
    assert "N2.1" not in supported_rules(bound)


def test_rem_needs_low_tone_and_eye_movements_and_wake_the_same_with_tone() -> None:
    moving = [*CALM, event(K.RAPID_EYE_MOVEMENT, 5.0)]
    assert "R.1" in supported_rules([*moving, whole(K.CHIN_TONE, 40.0)])
    awake = supported_rules([*moving, whole(K.CHIN_TONE, 150.0)])
    assert "W.3" in awake
    assert "R.1" not in awake


def test_without_a_chin_channel_neither_rem_nor_wake_by_tone_is_supported() -> None:
    rules = supported_rules([*CALM, event(K.RAPID_EYE_MOVEMENT, 5.0)], Neighbours(previous_stage=Stage.R))
    assert not {"R.1", "R.2", "W.3"} & set(rules)


def test_n2_continues_until_an_arousal() -> None:
    after = Neighbours(previous_stage=Stage.N2)
    assert "N2.2" in supported_rules(CALM, after)
    assert "N2.2" not in supported_rules([*CALM, event(K.AROUSAL, 8.0, 4.0)], after)
    assert "N2.3" in supported_rules(CALM, Neighbours(previous_stage=Stage.N3))


def test_rem_continues_with_low_tone_and_without_spindles() -> None:
    around, low = Neighbours(previous_stage=Stage.R), whole(K.CHIN_TONE, 40.0)
    assert "R.2" in supported_rules([*CALM, low], around)
    assert "R.2" not in supported_rules([*CALM, low, event(K.SPINDLE, 20.0)], around)


def test_movement_for_more_than_half_of_the_epoch_hides_it() -> None:
    assert "X.1" in supported_rules([event(K.MOVEMENT, 3.0, 15.1)])
    assert "X.1" not in supported_rules([event(K.MOVEMENT, 3.0, 15.0)])


def test_rules_come_in_the_order_of_the_table() -> None:
    rules = supported_rules([alpha(80.0), *(event(K.BLINK, at, 0.3) for at in (1, 2)), event(K.MOVEMENT, 0.0, 20.0)])
    assert rules == ("W.1", "W.2", "X.1")
    assert list(rules) == [rule.id for rule in TABLE.rules if rule.id in rules]
