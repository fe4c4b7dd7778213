"""Verdicts: both sides of every tolerance, and what cannot be measured."""

from __future__ import annotations

import pytest
from reasoning_epochs import MONTAGES, a_context

from eegvlm.evidence import Finding, FindingKind
from eegvlm.hypnogram import Stage
from eegvlm.reasoning import Claim, Outcome, parse, verify
from eegvlm.scoring import Neighbours

K = FindingKind
YES, NO, UNKNOWN = Outcome.CONFIRMED, Outcome.CONTRADICTED, Outcome.NOT_MEASURABLE
LABORATORY = a_context(MONTAGES[-1])
ONE_EEG = a_context(MONTAGES[0])
BACKGROUND = [
    Finding(K.AMPLITUDE, "C4-M1", 0.0, 30.0, 50.0, "uV"),
    Finding(K.AMPLITUDE, "F4-M1", 0.0, 30.0, 200.0, "uV"),
    Finding(K.DOMINANT_RHYTHM, "C4-M1", 0.0, 30.0, 6.0, "Hz", band="theta"),
    Finding(K.BAND_SHARE, "C4-M1", 0.0, 30.0, 40.0, "%", band="theta", time_percent=60.0),
    Finding(K.BAND_SHARE, "C4-M1", 0.0, 30.0, 20.0, "%", band="alpha", time_percent=30.0),
    Finding(K.SLOW_WAVE_SHARE, "F4-M1", 0.0, 30.0, 20.0, "%"),
    Finding(K.CHIN_TONE, "EMG chin", 0.0, 30.0, 60.0, "%"),
]
EVENTS = [
    Finding(K.SPINDLE, "C4-M1", 4.0, 5.0, 13.0, "Hz"),
    Finding(K.K_COMPLEX, "F4-M1", 8.0, 9.0, 100.0, "uV"),
    *(Finding(K.BLINK, None, 2.0 + k, 2.3 + k, 100.0, "uV") for k in range(8)),
    Finding(K.SLOW_EYE_MOVEMENT, None, 10.0, 16.0, 100.0, "uV"),
    Finding(K.MOVEMENT, "C4-M1", 20.0, 26.0, 6.0, "s"),
]
FINDINGS = [*BACKGROUND, *EVENTS]


def judge(text: str, findings=FINDINGS, context=LABORATORY):
    reading = parse(text)
    assert reading.unread == ()
    return [verdict.outcome for verdict in verify(reading.claims, findings, context)]


def rhythm(band: str = "Theta", hz: float = 6, uv: float = 50, word: str = "central EEG") -> str:
    return f"{band} at {hz} Hz dominates the {word}, {uv} µV peak to peak."


def spindle(hz: float = 13, at: float = 4, word: str = "central EEG") -> str:
    return f"A spindle of {hz} Hz starts at {at} s on the {word}."


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        (rhythm(), [YES, YES]),
        (rhythm(hz=7), [YES, YES]),
        (rhythm(hz=7.1), [NO, YES]),
        (rhythm(hz=4.9), [NO, YES]),
        (rhythm(uv=60), [YES, YES]),
        (rhythm(uv=61), [YES, NO]),
        (rhythm(uv=39), [YES, NO]),
        (rhythm("Delta"), [YES, YES]),
        (rhythm("Delta", hz=5.4), [NO, YES]),
        (rhythm(word="frontal EEG", uv=240), [UNKNOWN, YES]),
        (rhythm(word="frontal EEG", uv=241), [UNKNOWN, NO]),
        (rhythm(word="occipital EEG"), [UNKNOWN, UNKNOWN]),
        ("Theta stands out in 70 % of the epoch on the central EEG.", [YES]),
        ("Theta stands out in 71 % of the epoch on the central EEG.", [NO]),
        ("Alpha stands out in 20 % of the epoch on the central EEG.", [YES]),
        ("Alpha stands out in 19 % of the epoch on the central EEG.", [NO]),
        (spindle(), [YES]),
        (spindle(hz=14), [YES]),
        (spindle(hz=14.1), [NO]),
        (spindle(at=5), [YES]),
        (spindle(at=5.1), [NO]),
        (spindle(at=2.9), [NO]),
        (spindle(word="frontal EEG"), [UNKNOWN]),
        (spindle(word="EEG"), [UNKNOWN]),
        ("A K-complex of 120 µV starts at 8 s on the frontal EEG.", [YES]),
        ("A K-complex of 121 µV starts at 8 s on the frontal EEG.", [NO]),
        ("A vertex wave of 40 µV starts at 8 s on the central EEG.", [NO]),
        ("Spindles number 2 on the central EEG, the first at 4 s, about 13 Hz.", [NO]),
        ("Blinks number 8, the first at 2 s.", [YES]),
        ("Blinks number 10, the first at 2 s.", [YES]),
        ("Blinks number 11, the first at 2 s.", [NO]),
        ("Blinks number 5, the first at 2 s.", [NO]),
        ("Blinks number 8, the first at 4 s.", [NO]),
        ("A blink is seen at 9 s.", [YES]),
        ("A blink is seen at 11 s.", [NO]),
        ("Slow eye movements run from 11 s to 17 s.", [YES]),
        ("Slow eye movements run from 12 s to 18 s.", [YES]),
        ("Slow eye movements run from 13 s to 19 s.", [NO]),
        ("Slow eye movements run from 16 s to 10 s.", [NO]),
        ("Movement hides 8 s of the epoch.", [YES]),
        ("Movement hides 9 s of the epoch.", [NO]),
        ("Electrode artefact hides 3 s of the epoch.", [NO]),
        ("Slow waves over 75 µV fill 30 % of the epoch on the frontal EEG.", [YES]),
        ("Slow waves over 75 µV fill 31 % of the epoch on the frontal EEG.", [NO]),
        ("Chin tone is low, 50 % of the night's median.", [YES]),
        ("Chin tone is low, 49 % of the night's median.", [NO]),
        ("No spindle or K-complex is seen.", [NO, NO]),
        ("No rapid eye movement is seen.", [YES]),
        ("An arousal runs from 3 s to 8 s.", [NO]),
        ("Chin tone could not be measured.", [NO]),
        ("Not N2: slow waves fill 20 % or more.", [YES]),
        ("Not N3: slow waves fill less than 20 %.", [NO]),
        ("Not W: alpha stands out in no more than half of the epoch.", [YES]),
        ("Not N1: alpha stands out in more than half of the epoch.", [NO]),
        ("Not N1: the eyes blink.", [YES]),
        ("Not N1: a spindle or K-complex without arousal is seen.", [YES]),
        ("Not N1: the eyes do not roll and no vertex wave is seen.", [NO, YES]),
    ],
)
def test_what_is_said_of_a_laboratory_epoch(text: str, outcomes: list[Outcome]) -> None:
    assert judge(text) == outcomes


@pytest.mark.parametrize(
    "text",
    [
        "Rapid eye movements number 3, the first at 4 s.",
        "No rapid eye movement is seen.",
        "Chin tone is low, 50 % of the night's median.",
        "Not W: chin tone is low.",
        "Slow eye movements run from 11 s to 17 s.",
        "The epoch before is N2.",
        "The epoch before ends with a spindle or K-complex without arousal.",
        "Rule R.1 applies: rapid eye movements come with low mixed activity and low chin tone.",
        "Rule N2.2 applies: N2 goes on until something ends it.",
        "Rule W.2 applies: the eyes blink.",
    ],
)
def test_what_one_eeg_without_known_neighbours_cannot_show_is_not_measurable(text: str) -> None:
    assert set(judge(text, BACKGROUND[:1], ONE_EEG)) == {UNKNOWN}


def test_of_an_epoch_without_signal_nothing_is_measurable() -> None:
    for text in (spindle(word="EEG"), "No spindle or K-complex is seen.", "Not N3: slow waves fill less than 20 %."):
        assert set(judge(text, [], ONE_EEG)) == {UNKNOWN}
    assert judge("No rapid eye movement is seen.", [], LABORATORY) == [UNKNOWN]


def test_that_eyes_and_chin_could_not_be_measured_is_checked_too() -> None:
    text = "Eye movements and chin tone could not be measured."
    assert judge(text, BACKGROUND, ONE_EEG) == [YES, YES]
    assert judge(text) == [NO, NO]


def test_neighbours_are_checked_where_they_are_known() -> None:
    around = Neighbours(
        previous=[*BACKGROUND[:1], Finding(K.SPINDLE, "C4-M1", 20.0, 21.0, 13.0, "Hz")],
        previous_stage=Stage.N2,
        following_stage=Stage.N3,
    )
    context = a_context(MONTAGES[0], around)
    assert judge("The epoch before is N2.", FINDINGS, context) == [YES]
    assert judge("The epoch before is W.", FINDINGS, context) == [NO]
    assert judge("The epochs before and after are N2.", FINDINGS, context) == [YES, NO]
    assert judge("The epoch before ends with a spindle or K-complex without arousal.", FINDINGS, context) == [YES]
    early = a_context(
        MONTAGES[0], Neighbours(previous=[*BACKGROUND[:1], Finding(K.SPINDLE, "C4-M1", 2.0, 3.0, 13.0, "Hz")])
    )
    assert judge("The epoch before ends with a spindle or K-complex without arousal.", FINDINGS, early) == [NO]


def test_rules_are_confirmed_by_evidence_and_contradicted_only_where_all_they_need_was_measured() -> None:
    n3, n2 = (
        "Rule N3.1 applies: slow waves fill a fifth or more of the epoch.",
        "No N2 rule is met by what was measured",
    )
    assert judge(n3) == [YES]
    assert judge(n3, BACKGROUND[:1], ONE_EEG) == [UNKNOWN]
    assert judge("Rule R.1 applies: rapid eye movements come with low mixed activity and low chin tone.") == [NO]
    assert judge(f"{n2}; N2 is only the likeliest.") == [YES]
    assert judge(
        n3.replace("N3.1", "W.1")
        .replace("slow waves fill a fifth or", "alpha fills")
        .replace("alpha fills more of the epoch", "alpha fills more than half of the epoch")
    ) == [NO]


def test_a_stage_is_confirmed_by_a_rule_and_never_contradicted() -> None:
    assert judge("Stage: N3.") == [YES]
    assert judge("Stage: W.", BACKGROUND) == [UNKNOWN]


def test_verdicts_carry_what_was_measured() -> None:
    text = " ".join(
        [
            rhythm(hz=9, band="Alpha"),
            spindle(hz=15),
            "Blinks number 3, the first at 2 s.",
            "No spindle or K-complex is seen.",
        ]
    )
    measured = [verdict.measured for verdict in verify(parse(text).claims, FINDINGS, LABORATORY)]
    assert measured == [6.0, 50.0, 13.0, 8.0, 1.0, 1.0]


def test_claims_of_unknown_kinds_or_made_by_hand_are_judged_without_raising() -> None:
    odd = [
        Claim("ufo"),
        Claim("rule", label="Q.9"),
        Claim("rule"),
        Claim("spindle"),
        Claim("band_time"),
        Claim("slow_wave_share", start_s=0.0, end_s=30.0),
        Claim("neighbour"),
        Claim("not_measured"),
        Claim("spindle_or_k_complex"),
        Claim("movement"),
        Claim("stage"),
    ]
    outcomes = [verdict.outcome for verdict in verify(odd, FINDINGS, LABORATORY)]
    assert outcomes[:4] == [UNKNOWN, UNKNOWN, UNKNOWN, YES]
    assert len(outcomes) == len(odd)
