"""What can be said of neighbours, rules, alternatives and the decision: the last four steps of a rationale."""

from __future__ import annotations

from eegvlm.evidence import RULES, FindingKind
from eegvlm.hypnogram import STAGES
from eegvlm.reasoning.claim import OwnKind
from eegvlm.reasoning.slots import CHIN_WORD, EYE_WORDS, STAGE
from eegvlm.reasoning.statement import ClaimPattern, Statement, Step, claims

K = FindingKind
_EPOCH = {"start_s": 0.0, "end_s": 30.0}
_BEFORE = {"start_s": -30.0, "end_s": 0.0}
_AFTER = {"start_s": 30.0, "end_s": 60.0}

GLOSSES = {
    "W.1": "alpha fills more than half of the epoch",
    "W.2": "the eyes blink",
    "W.3": "the eyes move rapidly while the chin is tense",
    "N1.1": "activity is low and mixed, without alpha for half of the epoch",
    "N1.2": "theta, vertex waves or slow eye movements mark drowsiness",
    "N2.1": "a spindle or K-complex comes in time",
    "N2.2": "N2 goes on until something ends it",
    "N2.3": "N3 has ended, neither W nor R has begun",
    "N3.1": "slow waves fill a fifth or more of the epoch",
    "R.1": "rapid eye movements come with low mixed activity and low chin tone",
    "R.2": "R goes on beside R while the chin stays low",
    "X.1": "more than half of the epoch is hidden",
}
"""What each rule of ``evidence.RULES`` says, in a few words."""


_EYES, _CHIN = EYE_WORDS, (CHIN_WORD,)
_CHANNELS_OF_RULE = {"W.2": (_EYES,), "W.3": (_EYES, _CHIN), "R.1": (_EYES, _CHIN), "R.2": (_CHIN,)}


def stage_of_rule(rule: str) -> str:
    """Return the label of the stage that a rule is for; "" for a rule of any stage."""
    label = rule.partition(".")[0]
    return "" if label == "X" else label


def _neighbour(name: str, wordings: tuple[str, ...], *spans: dict[str, float]) -> Statement:
    says = tuple(claims(OwnKind.NEIGHBOUR, **span, label="{stage}") for span in spans)
    return Statement(f"neighbour.{name}", Step.NEIGHBOURS, wordings, says, {"stage": STAGE})


NEIGHBOURS = (
    _neighbour("before", ("The epoch before is {stage}.", "It follows an epoch of {stage}."), _BEFORE),
    _neighbour("after", ("The epoch after is {stage}.", "An epoch of {stage} comes next."), _AFTER),
    _neighbour(
        "around",
        ("The epochs before and after are {stage}.", "Both neighbouring epochs are {stage}."),
        _BEFORE,
        _AFTER,
    ),
    Statement(
        "neighbour.event",
        Step.NEIGHBOURS,
        (
            "The epoch before ends with a spindle or K-complex.",
            "Late in the epoch before, a spindle or K-complex is seen.",
        ),
        (claims(OwnKind.SPINDLE_OR_K_COMPLEX, start_s=-15.0, end_s=0.0),),
    ),
)


def _rule(rule: str) -> Statement:
    gloss = GLOSSES[rule]
    return Statement(
        f"rule.{rule}",
        Step.RULE,
        (f"Rule {rule} applies: {gloss}.", f"This meets rule {rule}: {gloss}.", f"It fits rule {rule}: {gloss}."),
        (claims(OwnKind.RULE, label=rule),),
        decides=stage_of_rule(rule),
        needs=_CHANNELS_OF_RULE.get(rule, ()),
    )


def _unsupported(stage: str) -> Statement:
    open_ = f"No {stage} rule is met by what was measured"
    other = f"What was measured meets no {stage} rule"
    return Statement(
        f"unsupported.{stage}",
        Step.RULE,
        (f"{open_}; {stage} is only the likeliest.", f"{other}; {stage} is only the likeliest."),
        (claims(OwnKind.RULE, label=stage, negated=True),),
        expert_wordings=(f"{open_}; the expert scored {stage}.", f"{other}; {stage} is the expert's scoring."),
        decides=stage,
    )


LABELS = tuple(stage.label for stage in STAGES)
RULE = (*(_rule(rule) for rule in RULES), *(_unsupported(stage) for stage in LABELS))


def _against(
    name: str,
    alternative: str,
    serves: str,
    reasons: tuple[str, ...],
    *says: ClaimPattern,
    needs: tuple[tuple[str, ...], ...] = (),
) -> Statement:
    wordings = tuple(f"Not {alternative}: {reason}." for reason in reasons)
    return Statement(
        f"against.{name}",
        Step.ALTERNATIVES,
        (*wordings, f"This is not {alternative}, as {reasons[0]}."),
        says,
        rejects=alternative,
        serves=frozenset(serves.split()),
        needs=needs,
    )


_ALPHA = {"value": 50.0, "unit": "%", "band": "alpha", **_EPOCH}
_SLOW = {"value": 20.0, "unit": "%", **_EPOCH}
_LOW_CHIN = claims(K.CHIN_TONE, channel=CHIN_WORD, value=65.0, unit="%", bound="<=", **_EPOCH)
_FULL_CHIN = claims(K.CHIN_TONE, channel=CHIN_WORD, value=90.0, unit="%", bound=">=", **_EPOCH)
_EYES_MOVE = claims(K.RAPID_EYE_MOVEMENT, **_EPOCH)


RIVAL_RULES = ("N3.1", "R.1", "N2.1", "W.1", "W.3")
"""Rules that weigh against another stage where they are met, the gravest first."""


def _rival(rule: str) -> Statement:
    met = f"Rule {rule} is met"
    return Statement(
        f"rival.{rule}",
        Step.ALTERNATIVES,
        (f"{met}, but seems weaker.", f"{met}, yet less likely."),
        (claims(OwnKind.RULE, label=rule),),
        expert_wordings=(f"{met}, but the expert decided against it.", f"{met}, yet the expert scored otherwise."),
        serves=frozenset(label for label in LABELS if label != stage_of_rule(rule)),
        needs=_CHANNELS_OF_RULE.get(rule, ()),
    )


ALTERNATIVES = (
    *(_rival(rule) for rule in RIVAL_RULES),
    _against(
        "W.tone",
        "W",
        "R",
        ("chin tone is low", "the chin is slack"),
        _LOW_CHIN,
        needs=(_CHIN,),
    ),
    _against(
        "W.alpha",
        "W",
        "N1 N2 R",
        ("alpha stands out in no more than half of the epoch", "alpha does not fill more than half of the epoch"),
        claims(OwnKind.BAND_TIME, **_ALPHA, bound="<="),
    ),
    _against(
        "N1.alpha",
        "N1",
        "W",
        ("alpha stands out in more than half of the epoch", "alpha fills more than half of the epoch"),
        claims(OwnKind.BAND_TIME, **_ALPHA, bound=">"),
    ),
    _against(
        "N1.tone",
        "N1",
        "W",
        ("the eyes move rapidly with a tense chin", "rapid eye movements come with full chin tone"),
        _EYES_MOVE,
        _FULL_CHIN,
        needs=(_EYES, _CHIN),
    ),
    _against("N1.blink", "N1", "W", ("the eyes blink", "a blink is seen"), claims(K.BLINK, **_EPOCH), needs=(_EYES,)),
    _against(
        "N1.drowsy",
        "N1",
        "W R",
        ("the eyes do not roll and no vertex wave is seen", "no slow eye movement or vertex wave is seen"),
        claims(K.SLOW_EYE_MOVEMENT, **_EPOCH, negated=True),
        claims(K.VERTEX_WAVE, **_EPOCH, negated=True),
        needs=(_EYES,),
    ),
    _against(
        "N1.vertex",
        "N1",
        "W R",
        ("no vertex wave is seen", "vertex waves are absent"),
        claims(K.VERTEX_WAVE, **_EPOCH, negated=True),
    ),
    _against(
        "N1.event",
        "N1",
        "N2",
        ("a spindle or K-complex is seen", "there is a spindle or K-complex"),
        claims(OwnKind.SPINDLE_OR_K_COMPLEX, **_EPOCH),
    ),
    _against(
        "N1.arousal",
        "N1",
        "N2",
        ("no arousal ends N2", "N2 is not ended by an arousal"),
        claims(K.AROUSAL, **_EPOCH, negated=True),
    ),
    _against(
        "N1.eyes",
        "N1",
        "R",
        ("the eyes move rapidly with a slack chin", "rapid eye movements come with low chin tone"),
        _EYES_MOVE,
        _LOW_CHIN,
        needs=(_EYES, _CHIN),
    ),
    _against(
        "N2.none",
        "N2",
        "W N1 R",
        ("no spindle or K-complex is seen", "spindles and K-complexes are absent"),
        claims(K.SPINDLE, **_EPOCH, negated=True),
        claims(K.K_COMPLEX, **_EPOCH, negated=True),
    ),
    _against(
        "N2.slow",
        "N2",
        "N3",
        ("slow waves fill 20 % or more", "slow waves fill at least a fifth of the epoch"),
        claims(K.SLOW_WAVE_SHARE, **_SLOW, bound=">="),
    ),
    _against(
        "N3.slow",
        "N3",
        "N2",
        ("slow waves fill less than 20 %", "slow waves fill less than a fifth of the epoch"),
        claims(K.SLOW_WAVE_SHARE, **_SLOW, bound="<"),
    ),
)

DECISION = tuple(
    Statement(
        f"stage.{label}", Step.DECISION, (f"Stage: {label}.",), (claims(OwnKind.STAGE, label=label),), decides=label
    )
    for label in LABELS
)
