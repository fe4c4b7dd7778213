"""Writing: what is said of an epoch, what is left unsaid, and that it holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reasoning_epochs import CHANCE, MONTAGES, a_context, some_epoch

from eegvlm.errors import InputError
from eegvlm.evidence import Finding, FindingKind, measure, measure_recording
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.lab.simulation import simulate_night
from eegvlm.reasoning import (
    Outcome,
    channel_words,
    compose,
    describe,
    faithfulness,
    night_contexts,
    rationale_record,
    verify,
)
from eegvlm.scoring import Neighbours
from eegvlm.signals import Role

K = FindingKind
ONE_EEG, LABORATORY = MONTAGES[0], MONTAGES[-1]
NAMES = {"frontal": "F4-M1", "central": "C4-M1", "occipital": "O2-M1"}


def background(name: str = "C4-M1", *, band: str = "theta", hz: float = 6.2, uv: float = 43.0, alpha: float = 10.0):
    shares = {"delta": 40.0, "theta": 30.0, "alpha": 10.0, "sigma": 5.0, "beta": 15.0}
    return [
        Finding(K.DOMINANT_RHYTHM, name, 0.0, 30.0, hz, "Hz", band=band),
        *(
            Finding(K.BAND_SHARE, name, 0.0, 30.0, share, "%", band=one, time_percent=alpha if one == "alpha" else 20.0)
            for one, share in shares.items()
        ),
        Finding(K.AMPLITUDE, name, 0.0, 30.0, uv, "uV"),
    ]


def slow(percent: float, name: str = "C4-M1") -> Finding:
    return Finding(K.SLOW_WAVE_SHARE, name, 0.0, 30.0, percent, "%")


def spindle(at: float, hz: float = 13.1, name: str = "C4-M1") -> Finding:
    return Finding(K.SPINDLE, name, at, at + 1.0, hz, "Hz")


def chin(percent: float) -> Finding:
    return Finding(K.CHIN_TONE, "EMG chin", 0.0, 30.0, percent, "%")


def test_an_n2_epoch_of_one_eeg_reads_as_a_technologist_would_write_it() -> None:
    findings = [*background(), slow(4.0), spindle(4.2), Finding(K.K_COMPLEX, "C4-M1", 8.1, 9.0, 118.0, "uV")]
    assert compose(findings, a_context(ONE_EEG), Stage.N2).sentences == (
        "Theta at 6 Hz dominates the EEG, 45 µV peak to peak.",
        "A spindle of 13 Hz starts at 4 s on the EEG.",
        "A K-complex of 120 µV starts at 8 s on the EEG.",
        "Slow waves over 75 µV fill 5 % of the epoch on the EEG.",
        "Rule N2.1 applies: a spindle or K-complex comes in time.",
        "Not N1: a spindle or K-complex without arousal is seen.",
        "Not N3: slow waves fill less than 20 %.",
        "Stage: N2.",
    )


def test_n2_without_events_rests_on_the_epoch_before() -> None:
    around = Neighbours(previous_stage=Stage.N2)
    rationale = compose([*background(), slow(0.0)], a_context(ONE_EEG, around), Stage.N2)
    assert rationale.rules == ("N2.2",)
    assert "No spindle or K-complex is seen." in rationale.sentences
    assert "The epoch before is N2." in rationale.sentences


def test_n2_by_a_spindle_of_the_epoch_before_says_so() -> None:
    around = Neighbours(previous=[spindle(25.0)])
    rationale = compose([*background(), slow(0.0)], a_context(ONE_EEG, around), Stage.N2)
    assert rationale.rules == ("N2.1",)
    assert "The epoch before ends with a spindle or K-complex without arousal." in rationale.sentences


def test_an_epoch_at_the_nights_edge_says_nothing_of_neighbours() -> None:
    for stage in STAGES:
        claims = compose([*background(), slow(0.0)], a_context(ONE_EEG, Neighbours()), stage).claims
        assert not any(claim.kind == "neighbour" for claim in claims)


def test_where_no_rule_is_met_the_text_admits_it_in_the_voice_that_fits() -> None:
    findings = [*background(uv=90.0, band="beta", hz=20.0), slow(3.0), Finding(K.SPINDLE, "C4-M1", 20, 21, 13.0, "Hz")]
    alone = compose(findings, a_context(ONE_EEG), Stage.N2)
    scored = compose(findings, a_context(ONE_EEG, expert=True), Stage.N2)
    assert alone.rules == scored.rules == ()
    assert "No N2 rule is met by what was measured; N2 is only the likeliest." in alone.sentences
    assert "No N2 rule is met by what was measured; the expert scored N2." in scored.sentences
    assert alone.claims == scored.claims


def test_a_rule_that_speaks_for_another_stage_is_not_hidden() -> None:
    rationale = compose([*background(), slow(25.0), spindle(3.0)], a_context(ONE_EEG, expert=True), Stage.N2)
    assert "Rule N3.1 is met, but the expert decided against it." in rationale.sentences
    assert not any("Not N3" in sentence for sentence in rationale.sentences)


@pytest.mark.parametrize(
    ("percent", "word"),
    [(0.0, "low"), (62.0, "low"), (65.0, "low"), (65.1, "moderate"), (89.9, "moderate"), (90.0, "full")],
)
def test_chin_tone_is_low_up_to_65_percent_and_full_from_90(percent: float, word: str) -> None:
    sentences = compose([chin(percent)], a_context({Role.EMG_CHIN: "EMG chin"}), Stage.R).sentences
    assert sum(f"Chin tone is {word}" in sentence for sentence in sentences) == 1


def test_n1_rests_on_rolling_eyes_rather_than_on_the_lack_of_alpha() -> None:
    findings = [*background("C4-M1"), slow(0.0, "F4-M1"), Finding(K.SLOW_EYE_MOVEMENT, None, 5.2, 9.0, 90.0, "uV")]
    rationale = compose(findings, a_context(LABORATORY), Stage.N1)
    assert rationale.rules == ("N1.2",)
    assert "Slow eye movements run from 5 s to 9 s." in rationale.sentences
    without = [*background("C4-M1", band="delta", hz=2.0), slow(0.0, "F4-M1")]
    assert compose(without, a_context(LABORATORY), Stage.N1).rules == ("N1.1",)


def test_alpha_is_given_for_the_channel_where_there_is_most() -> None:
    findings = [*background("F4-M1", alpha=30.0), *background("C4-M1", alpha=55.0), *background("O2-M1", alpha=40.0)]
    sentences = compose(findings, a_context(LABORATORY), Stage.W).sentences
    assert "Alpha stands out in 55 % of the epoch on the central EEG." in sentences


def test_a_second_or_two_of_movement_is_not_worth_a_sentence() -> None:
    for seconds, said in ((2.4, False), (3.0, True)):
        moved = Finding(K.MOVEMENT, "C4-M1", 2.0, 2.0 + seconds, seconds, "s")
        assert ("Movement" in compose([*background(), moved], a_context(ONE_EEG), Stage.N2).text) is said


def test_slow_waves_in_a_fifth_of_the_epoch_leave_no_rival_to_n3() -> None:
    alpha = [*background(alpha=60.0), slow(40.0)]
    assert compose(alpha, a_context(ONE_EEG), Stage.N3).rules == ("N3.1",)
    assert compose([*alpha[:-1], slow(10.0)], a_context(ONE_EEG), Stage.N3).rules == ("W.1",)


def test_what_the_rule_rests_on_is_said_before_anything_else() -> None:
    findings = [
        *background("C4-M1", band="beta", hz=20.0, uv=90.0),
        Finding(K.MOVEMENT, "C4-M1", 1.0, 6.0, 5.0, "s"),
        Finding(K.ELECTRODE_ARTEFACT, "C4-M1", 10.0, 16.0, 6.0, "s"),
        Finding(K.RAPID_EYE_MOVEMENT, None, 7.0, 8.0, 90.0, "uV"),
        *(Finding(K.BLINK, None, at, at + 0.4, 120.0, "uV") for at in (20.0, 24.0)),
    ]
    rationale = compose(findings, a_context(LABORATORY), Stage.W)
    assert rationale.rules == ("W.2",)
    assert "Blinks number 2, the first at 20 s." in rationale.sentences


def test_n1_with_rules_of_w_and_n2_admits_both() -> None:
    findings = [*background(alpha=70.0), slow(0.0), spindle(3.0)]
    rationale = compose(findings, a_context(ONE_EEG), Stage.N1)
    assert rationale.rules[1:] == ("N2.1", "W.1")
    assert "Rule W.1 is met, but seems weaker." in rationale.sentences


def test_of_r_with_one_eeg_only_that_eyes_and_chin_were_not_measured() -> None:
    text = compose([*background(), slow(0.0)], a_context(ONE_EEG), Stage.R).text
    assert "Eye movements and chin tone could not be measured." in text
    assert text.count("chin") == text.count("ye movement") == 1


def test_r_of_a_laboratory_montage_rests_on_eyes_and_chin() -> None:
    findings = [
        *(one for name in NAMES.values() for one in background(name)),
        slow(0.0, "F4-M1"),
        chin(40.0),
        Finding(K.RAPID_EYE_MOVEMENT, None, 7.6, 8.0, 120.0, "uV"),
    ]
    rationale = compose(findings, a_context(LABORATORY), Stage.R)
    assert rationale.sentences[1:] == (
        "A rapid eye movement is seen at 8 s.",
        "Chin tone is low, 40 % of the night's median.",
        "Rule R.1 applies: rapid eye movements come with low mixed activity and low chin tone.",
        "Not W: chin tone is low.",
        "Not N1: the eyes move rapidly with a slack chin.",
        "Stage: R.",
    )


def test_the_background_is_that_of_the_place_which_decides_the_stage() -> None:
    findings = [one for name in NAMES.values() for one in background(name)]
    context = a_context(LABORATORY)
    places = {stage: compose(findings, context, stage).claims[0].channel for stage in (Stage.W, Stage.N2, Stage.N3)}
    assert places == {Stage.W: "occipital EEG", Stage.N2: "central EEG", Stage.N3: "frontal EEG"}


def test_a_hidden_epoch_follows_its_neighbours() -> None:
    around = Neighbours(previous_stage=Stage.W, following_stage=Stage.W)
    hidden = Finding(K.MOVEMENT, "C4-M1", 2.0, 22.0, 20.0, "s")
    rationale = compose([*background(), hidden], a_context(ONE_EEG, around), Stage.W)
    assert rationale.sentences[2:] == (
        "Movement hides 20 s of the epoch.",
        "The epochs before and after are W.",
        "Rule X.1 applies: more than half of the epoch is hidden.",
        "Stage: W.",
    )


def test_without_any_finding_only_the_missing_rule_and_the_stage_are_said() -> None:
    rationale = compose([], a_context({}), Stage.N1)
    assert rationale.sentences == (
        "No N1 rule is met by what was measured; N1 is only the likeliest.",
        "Stage: N1.",
    )
    assert describe([], a_context({})) == ""


def test_an_unscored_epoch_is_refused() -> None:
    with pytest.raises(InputError, match="stage"):
        compose([], a_context({}), Stage.UNSCORED)


@pytest.mark.slow
@settings(max_examples=2000)
@given(CHANCE, st.integers(0, 2**32))
def test_nothing_that_is_said_is_contradicted_by_what_was_measured(random, seed) -> None:
    findings, context, stage = some_epoch(random)
    rationale = compose(findings, context, stage, rng=np.random.default_rng(seed))
    for verdict in verify(rationale.claims, findings, context):
        assert verdict.outcome is not Outcome.CONTRADICTED
        assert verdict.outcome is Outcome.CONFIRMED or verdict.claim.kind == "stage"


@settings(max_examples=300)
@given(CHANCE, st.integers(0, 2**32))
def test_wording_varies_but_facts_do_not(random, seed) -> None:
    findings, context, stage = some_epoch(random)
    plain = compose(findings, context, stage)
    other = compose(findings, context, stage, rng=np.random.default_rng(seed))
    assert plain.claims == other.claims
    assert plain.text == compose(findings, context, stage).text


def test_different_draws_give_different_texts() -> None:
    findings, context = [*background(), slow(4.0), spindle(4.2)], a_context(ONE_EEG)
    texts = {compose(findings, context, Stage.N2, rng=np.random.default_rng(seed)).text for seed in range(50)}
    assert len(texts) > 40


def test_a_description_names_the_rhythm_and_one_thing_that_stands_out() -> None:
    findings = [*background(), slow(4.0), spindle(4.2), Finding(K.K_COMPLEX, "C4-M1", 8.1, 9.0, 118.0, "uV")]
    assert describe(findings, a_context(ONE_EEG)) == (
        "Theta at 6 Hz dominates the EEG, 45 µV peak to peak. A spindle of 13 Hz starts at 4 s on the EEG."
    )
    drawn = {describe(findings, a_context(ONE_EEG), rng=np.random.default_rng(seed)) for seed in range(60)}
    assert {"spindle" in text or "K-complex" in text or "alpha" in text.lower() for text in drawn} == {True}
    assert len({"K-complex" in text for text in drawn}) == 2


def test_the_only_eeg_is_called_eeg_and_of_several_each_by_its_place() -> None:
    assert channel_words(ONE_EEG) == {"C4-M1": "EEG"}
    assert channel_words({Role.EEG_OCCIPITAL: "Pz-Oz", Role.EEG_FRONTAL: "Fpz-Cz", Role.ECG: "ECG"}) == {
        "Fpz-Cz": "frontal EEG",
        "Pz-Oz": "occipital EEG",
    }


def test_contexts_of_a_night_know_channels_neighbours_and_what_could_be_measured() -> None:
    night = simulate_night(hours=0.25, seed=2)
    evidence = measure_recording(night.recording())
    words = {name: "central EEG" for name in evidence.rhythms if name.startswith("C4")}
    stages = [Stage.W, Stage.UNSCORED, *([Stage.N2] * (evidence.n_epochs - 2))]
    contexts = night_contexts(evidence, words, stages, expert=True)
    assert len(contexts) == evidence.n_epochs
    assert all(context.expert for context in contexts)
    assert contexts[0].measured.keys() == evidence.measurable
    assert contexts[0].measured[K.SPINDLE] == {"central EEG"}
    assert (contexts[0].neighbours.previous, contexts[0].neighbours.previous_stage) == (None, None)
    assert contexts[1].neighbours.previous_stage is Stage.W
    assert contexts[2].neighbours.previous_stage is None
    assert contexts[1].neighbours.following is evidence.findings[2]
    assert contexts[-1].neighbours.following is contexts[-1].neighbours.following_stage is None
    assert set(contexts[0].words) == {"central EEG", "left EOG", "right EOG"}
    numbers = night_contexts(evidence, words, np.array(stages, np.int8), expert=True)
    assert [one.neighbours.following_stage for one in numbers] == [one.neighbours.following_stage for one in contexts]
    with pytest.raises(InputError, match="one for each of the"):
        night_contexts(evidence, words, [Stage.W])


def test_a_record_holds_the_text_its_claims_and_their_verdicts() -> None:
    findings, context = [*background(), slow(4.0), spindle(4.2)], a_context(ONE_EEG)
    text = "A spindle of 13 Hz starts at 4 s on the EEG. A K-complex of 90 µV starts at 8 s on the EEG. Hm. Stage: N2."
    record = rationale_record(7, Stage.N2, text, findings, context)
    assert (record["epoch"], record["stage"], record["text"], record["rules"]) == (7, "N2", text, [])
    assert record["unread"] == ["Hm."]
    spindle_claim, k_claim, stage = record["claims"]
    assert {
        key: spindle_claim[key]
        for key in ("kind", "channel", "start_s", "end_s", "value", "unit", "verdict", "measured")
    } == {
        "kind": "spindle",
        "channel": "EEG",
        "start_s": 4.0,
        "end_s": None,
        "value": 13.0,
        "unit": "Hz",
        "verdict": "confirmed",
        "measured": 13.1,
    }
    assert (k_claim["verdict"], k_claim["measured"]) == ("contradicted", None)
    assert stage["verdict"] == "confirmed"
    assert record["faithfulness"] == pytest.approx(2 / 3)


def test_nothing_measured_gives_no_faithfulness() -> None:
    assert faithfulness([]) is None


@pytest.mark.real_data
def test_every_claim_about_a_real_night_of_one_eeg_is_confirmed(real_data) -> None:
    with np.load(real_data / "ucddb" / "ucddb018.npz") as data:
        signal = (data["eeg_counts"].astype(np.float32) - 282) * 0.1954
        stages = [Stage(int(one)) for one in data["stage"]]
    evidence = measure({Role.EEG_CENTRAL: signal}, rate=128)
    contexts = night_contexts(evidence, {"eeg_central": "EEG"}, stages, expert=True)
    rng = np.random.default_rng(0)
    for findings, context, stage in zip(evidence.findings, contexts, stages, strict=True):
        rationale = compose(findings, context, stage, rng=rng)
        outcomes = {(one.claim.kind, one.outcome) for one in verify(rationale.claims, findings, context)}
        assert all(outcome is Outcome.CONFIRMED or kind == "stage" for kind, outcome in outcomes)
        assert len(rationale.text) <= 520
