"""The one table: what it says is what is measured, and a new entry is composed, parsed and verified."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import eegvlm
from eegvlm.evidence import arousals, artefacts, eyes, k_complexes, sawtooth_waves, slow_waves, spindles, vertex_waves
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.reasoning import acceptor, compose, describe, grounded, parse, true_sentences, verify
from eegvlm.report.details import kind_words
from eegvlm.scoring import (
    TABLE,
    Context,
    Epoch,
    Fact,
    Finding,
    FindingKind,
    Kind,
    Neighbours,
    Outcome,
    Rule,
    forms,
    limits,
    supported_rules,
)
from eegvlm.scoring.slots import CENTRAL_FIRST

K = FindingKind
BACKGROUND = (
    Finding(K.DOMINANT_RHYTHM, "C4", 0.0, 30.0, 6.0, "Hz", band="theta"),
    Finding(K.BAND_SHARE, "C4", 0.0, 30.0, 10.0, "%", band="alpha", time_percent=10.0),
    Finding(K.AMPLITUDE, "C4", 0.0, 30.0, 50.0, "uV"),
    Finding(K.SLOW_WAVE_SHARE, "C4", 0.0, 30.0, 5.0, "%"),
)
SPINDLE = Finding(K.SPINDLE, "C4", 3.0, 4.0, 13.0, "Hz")
K_COMPLEX = Finding(K.K_COMPLEX, "C4", 8.0, 9.0, 120.0, "uV")
AROUSAL = Finding(K.AROUSAL, "C4", 9.4, 14.0, 4.6, "s")
MEASURED = {str(kind.name): frozenset({"EEG"}) for kind in TABLE.kinds if kind.modality == "eeg"}
CONTEXT = Context({"C4": "EEG"}, MEASURED)
SEEN = "Not N1: a spindle or K-complex without arousal is seen."


def outcomes(text: str, findings: tuple[Finding, ...], context: Context = CONTEXT) -> set[Outcome]:
    reading = parse(text)
    assert reading.unread == ()
    return {one.outcome for one in verify(reading.claims, findings, context)}


def test_an_arousal_bound_k_complex_is_no_reason_for_n2_in_rule_rationale_and_verdict() -> None:
    bound = (*BACKGROUND, K_COMPLEX, AROUSAL)
    assert "N2.1" not in supported_rules(bound)
    assert SEEN not in compose(bound, CONTEXT, Stage.N2).sentences
    assert "against.N1.event" not in true_sentences(bound, CONTEXT)
    assert outcomes(SEEN, bound) == {Outcome.CONTRADICTED}
    assert outcomes("A K-complex of 120 µV starts at 8 s on the EEG.", bound) == {Outcome.CONFIRMED}


@pytest.mark.parametrize("events", [(K_COMPLEX,), (SPINDLE, AROUSAL), (SPINDLE, K_COMPLEX, AROUSAL)])
def test_a_k_complex_without_arousal_and_any_spindle_are(events: tuple[Finding, ...]) -> None:
    findings = (*BACKGROUND, *events)
    assert "N2.1" in supported_rules(findings)
    assert SEEN in compose(findings, CONTEXT, Stage.N2).sentences
    assert outcomes(SEEN, findings) == {Outcome.CONFIRMED}


def test_an_arousal_bound_k_complex_late_in_the_epoch_before_is_none_either() -> None:
    late = (
        *BACKGROUND,
        Finding(K.K_COMPLEX, "C4", 20.0, 21.0, 120.0, "uV"),
        Finding(K.AROUSAL, "C4", 21.2, 26.0, 4.8, "s"),
    )
    sentence = "The epoch before ends with a spindle or K-complex without arousal."
    for previous, outcome in ((late, Outcome.CONTRADICTED), (late[:-1], Outcome.CONFIRMED)):
        context = Context({"C4": "EEG"}, MEASURED, Neighbours(previous=previous))
        assert outcomes(sentence, BACKGROUND, context) == {outcome}
        assert ("neighbour.event" in true_sentences(BACKGROUND, context)) is (outcome is Outcome.CONFIRMED)


def test_the_text_of_w1_says_the_band_and_the_channels_that_are_measured() -> None:
    rule = TABLE.rule("W.1")
    assert rule is not None
    low, high = limits.BANDS["alpha"]
    assert f"({low:g}-{high:g} Hz)" in rule.text
    assert "on the EEG that shows most of it" in rule.text
    frontal = Finding(K.BAND_SHARE, "F4", 0.0, 30.0, 40.0, "%", band="alpha", time_percent=60.0)
    assert supported_rules([frontal]) == ("W.1",)


def test_frequencies_in_the_texts_of_rules_are_those_that_are_measured() -> None:
    measured = {f"{low:g}-{high:g}" for low, high in (*limits.BANDS.values(), limits.SPINDLE_HZ)}
    measured.add(f"{1 / limits.SLOW_WAVE_S[1]:g}-{1 / limits.SLOW_WAVE_S[0]:g}")
    for rule in TABLE.rules:
        assert set(re.findall(r"([\d.]+-[\d.]+) Hz", rule.text)) <= measured, rule.id


def test_a_limit_of_a_claim_is_the_limit_of_its_rule() -> None:
    """Both sides of every limit: the sentence and the rule change together."""
    for percent, is_slow in ((limits.SLOW_WAVE_PERCENT, True), (limits.SLOW_WAVE_PERCENT - 0.1, False)):
        findings = (Finding(K.SLOW_WAVE_SHARE, "C4", 0.0, 30.0, percent, "%"), *BACKGROUND[:3])
        assert ("N3.1" in supported_rules(findings)) is is_slow
        said = true_sentences(findings, CONTEXT)
        assert ("against.N2.slow" in said, "against.N3.slow" in said) == (is_slow, not is_slow)


def _constants(module: object) -> set[float]:
    """Return the numbers that a module's code holds."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    return {
        float(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    }


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (spindles, ("SPINDLE_LEAST_UV", "SPINDLE_HZ", "SPINDLE_S")),
        (slow_waves, ("SLOW_WAVE_LEAST_UV", "SLOW_WAVE_S")),
        (k_complexes, ("K_COMPLEX_LEAST_UV", "K_COMPLEX_S")),
        (vertex_waves, ("VERTEX_WAVE_LEAST_UV", "SLOW_WAVE_LEAST_UV")),
        (sawtooth_waves, ("SAWTOOTH_LEAST_UV",)),
        (eyes, ("RAPID_EYE_MOVEMENT_LEAST_UV", "SLOW_EYE_MOVEMENT_LEAST_UV", "BLINK_LEAST_UV")),
        (arousals, ("AROUSAL_S",)),
        (artefacts, ("SWING_UV", "POP_LEAST_UV", "FLAT_UV")),
    ],
)
def test_detectors_take_their_limits_from_the_one_place(module: object, names: tuple[str, ...]) -> None:
    for name in names:
        assert getattr(module, name) is getattr(limits, name)
    assert not {value for value in _constants(module) if value in (60.0, 75.0, 400.0)}


def test_no_tone_or_share_is_typed_again_in_scoring_reasoning_or_report() -> None:
    root = Path(eegvlm.__file__).parent
    files = [path for room in ("scoring", "reasoning") for path in (root / room).glob("*.py")]
    files += [root / "report" / name for name in ("details.py", "script_data.py")]
    typed = {
        f"{path.name}:{node.lineno}"
        for path in files
        if path.name != "limits.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and type(node.value) in (int, float)
        and node.value in (20, 50, 60, 65, 75, 90)
    }
    # the grain of counts goes to 60
    assert {place.partition(":")[0] for place in typed} <= {"slots.py"}


RIPPLE = Kind(
    "ripple",
    "eeg",
    "uV",
    "ripple",
    "ripple",
    ("ripple", "ripples"),
    fact=forms.waves("ripple", ("ripple", "ripples"), eeg=CENTRAL_FIRST, places={Stage.N3: 2}, description=3),
)
RIPPLES_MAKE_N3 = Rule(
    "N3.9",
    Stage.N3,
    "three or more ripples",
    "ripples come in threes",
    lambda epoch: len(epoch.of("ripple")) >= 3,
    asks=("ripple",),
    rests_on=("ripple",),
    gravity=6,
)
LARGER = TABLE.extended(kinds=[RIPPLE], rules=[RIPPLES_MAKE_N3])
RIPPLES = tuple(Finding("ripple", "C4", at, at + 0.2, 30.0, "uV") for at in (4.0, 9.0, 14.0))
WITH_RIPPLES = Context({"C4": "EEG"}, {**MEASURED, "ripple": frozenset({"EEG"})})


def test_a_made_up_kind_and_rule_are_composed_parsed_and_verified() -> None:
    findings = (*BACKGROUND, *RIPPLES)
    rationale = compose(findings, WITH_RIPPLES, Stage.N3, table=LARGER)
    assert "Ripples number 3 on the EEG, the first at 4 s." in rationale.sentences
    assert "Rule N3.9 applies: ripples come in threes." in rationale.sentences
    assert rationale.rules == ("N3.9",)
    reading = parse(rationale.text, table=LARGER)
    assert (reading.unread, reading.claims, reading.stage) == ((), rationale.claims, Stage.N3)
    verdicts = verify(reading.claims, findings, WITH_RIPPLES, table=LARGER)
    assert {one.outcome for one in verdicts} == {Outcome.CONFIRMED}


def test_it_is_contradicted_where_it_was_looked_for_in_vain_and_not_measurable_where_it_was_not() -> None:
    text = "A ripple of 30 µV starts at 4 s on the EEG. Rule N3.9 applies: ripples come in threes."
    claims = parse(text, table=LARGER).claims
    for context, outcome in ((WITH_RIPPLES, Outcome.CONTRADICTED), (CONTEXT, Outcome.NOT_MEASURABLE)):
        assert {one.outcome for one in verify(claims, BACKGROUND, context, table=LARGER)} == {outcome}


def test_it_weighs_against_other_stages_is_accepted_grounded_and_described() -> None:
    findings = (*BACKGROUND, *RIPPLES)
    assert "Rule N3.9 is met, but seems weaker." in compose(findings, WITH_RIPPLES, Stage.W, table=LARGER).sentences
    text = compose(findings, WITH_RIPPLES, Stage.N3, table=LARGER).text
    machine = acceptor(["EEG"], table=LARGER)
    end = machine.advance(machine.start, text)
    assert end is not None
    assert machine.finished(end)
    words = grounded(findings, WITH_RIPPLES, Stage.N3, table=LARGER)
    assert "Ripples" in words.words(words.start)
    assert "ripples" in describe(findings, WITH_RIPPLES, table=LARGER).lower()


def test_without_the_entries_nothing_of_it_is_known() -> None:
    text = "A ripple of 30 µV starts at 4 s on the EEG."
    assert parse(text).unread == (text,)
    assert "N3.9" not in {rule.id for rule in TABLE.rules}


def test_every_kind_has_one_entry_and_every_rule_asks_for_kinds_of_the_table() -> None:
    assert sorted(str(kind.name) for kind in TABLE.kinds) == sorted(map(str, FindingKind))
    for rule in TABLE.rules:
        assert all(TABLE.knows(kind) for kind in (*rule.asks, *rule.rests_on)), rule.id
        assert all(TABLE.kind(kind).fact for kind in rule.rests_on), rule.id
    assert len({rule.id for rule in TABLE.rules}) == len(TABLE.rules)


def test_places_of_facts_and_arguments_are_unambiguous() -> None:
    for stage in STAGES:
        places = [fact.places[stage] for fact in TABLE.facts if stage in fact.places]
        assert sorted(places) == list(range(1, len(places) + 1))
        arguments = [one.places[stage] for one in TABLE.arguments if stage in one.places]
        assert sorted(arguments) == list(range(1, len(arguments) + 1))


def test_a_fact_is_told_only_where_there_is_one() -> None:
    empty = Epoch([], Context({}, {}))
    told = {kind.name for kind in TABLE.kinds if kind.fact is not None and kind.fact.tell(empty) is not None}
    assert told == set()
    assert isinstance(TABLE.kind("spindle").fact, Fact)


def test_the_report_reads_words_from_the_table() -> None:
    assert kind_words("k_complex") == TABLE.kind("k_complex").words == "K-complex"
    assert kind_words("something_else") == "something else"
