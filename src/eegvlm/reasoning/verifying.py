"""Claims against the signal: what was said of an epoch beside what was measured in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from eegvlm.evidence import Finding, FindingKind, supported_rules
from eegvlm.reasoning.claim import Claim, Outcome, OwnKind, Verdict
from eegvlm.reasoning.context import Context
from eegvlm.reasoning.decision_statements import stage_of_rule
from eegvlm.reasoning.epoch import Epoch, largest, median_value, spindle_or_k_complex
from eegvlm.reasoning.facts import hidden_s
from eegvlm.reasoning.tolerances import BY_UNIT, COUNT, EDGE_S, ONSET, OVERLAP

K = FindingKind
_KINDS = {str(kind): kind for kind in K}

# what has to be measured before a rule can be said not to hold
_RULE_NEEDS: dict[str, tuple[FindingKind, ...]] = {
    "W.1": (K.BAND_SHARE,),
    "W.2": (K.BLINK,),
    "W.3": (K.RAPID_EYE_MOVEMENT, K.CHIN_TONE),
    "N1.1": (K.AMPLITUDE,),
    "N1.2": (K.DOMINANT_RHYTHM, K.VERTEX_WAVE, K.SLOW_EYE_MOVEMENT),
    "N2.1": (K.SPINDLE, K.K_COMPLEX),
    "N2.2": (K.AROUSAL,),
    "N2.3": (K.SLOW_WAVE_SHARE,),
    "N3.1": (K.SLOW_WAVE_SHARE,),
    "R.1": (K.AMPLITUDE, K.CHIN_TONE, K.RAPID_EYE_MOVEMENT),
    "R.2": (K.CHIN_TONE, K.SPINDLE, K.K_COMPLEX),
    "X.1": (K.MOVEMENT,),
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda measured, limit: measured < limit,
    "<=": lambda measured, limit: measured <= limit,
    ">": lambda measured, limit: measured > limit,
    ">=": lambda measured, limit: measured >= limit,
}


def verify(claims: Iterable[Claim], findings: Sequence[Finding], context: Context) -> list[Verdict]:
    """Compare claims with what was measured.

    Parameters
    ----------
    claims
        Of a text, as :func:`parse` reads them.
    findings
        Of the epoch.
    context
        The epoch's context; a claim about what its channels cannot show is not measurable.

    Returns
    -------
    list of Verdict
        One a claim, in their order. Tolerances are those of :mod:`eegvlm.reasoning.tolerances`.
    """
    epoch = Epoch(findings, context)
    return [_verdict(claim, epoch) for claim in claims]


def _verdict(claim: Claim, epoch: Epoch) -> Verdict:
    own = _OWN.get(claim.kind)
    if own is not None:
        return own(claim, epoch)
    kind = _KINDS.get(claim.kind)
    if kind is None or not epoch.measured(kind, claim.channel):
        return Verdict(claim, Outcome.NOT_MEASURABLE)
    if kind in (K.MOVEMENT, K.ELECTRODE_ARTEFACT) and claim.value is not None:
        return _number(claim, hidden_s(epoch.of(kind)))
    if claim.start_s == 0 and claim.end_s == 30 and not claim.negated and claim.value is not None:
        return _of_the_whole(claim, kind, epoch)
    return _event(claim, epoch.of(kind, claim.channel))


def _of_the_whole(claim: Claim, kind: FindingKind, epoch: Epoch) -> Verdict:
    if kind is K.DOMINANT_RHYTHM:
        (found, *_) = epoch.of(kind, claim.channel)
        near = BY_UNIT["Hz"].holds(claim.value or 0.0, found.value)
        # on the border of two bands the name is a matter of rounding
        return _judged(
            claim, near and (found.band == claim.band or abs((claim.value or 0.0) - found.value) <= 0.5), found.value
        )
    return _number(claim, largest(one.value for one in epoch.of(kind, claim.channel, band=claim.band)))


def _band_time(claim: Claim, epoch: Epoch) -> Verdict:
    return _number(claim, largest(one.time_percent for one in epoch.of(K.BAND_SHARE, claim.channel, band=claim.band)))


def _number(claim: Claim, measured: float | None) -> Verdict:
    if measured is None or claim.value is None:
        return Verdict(claim, Outcome.NOT_MEASURABLE)
    if claim.bound is not None:
        return _judged(claim, _COMPARE[claim.bound](measured, claim.value), measured)
    return _judged(claim, BY_UNIT[claim.unit or "%"].holds(claim.value, measured), measured)


def _event(claim: Claim, found: Sequence[Finding]) -> Verdict:
    if claim.negated:
        return _judged(claim, not found, float(len(found)))
    if not found:
        return Verdict(claim, Outcome.CONTRADICTED, None if claim.value is not None else 0.0)
    if claim.count is not None:
        return _several(claim, found)
    near = [one for one in found if _there(claim, one)]
    if claim.value is None:
        return _judged(claim, bool(near), float(len(found)))
    closest = min(near or found, key=lambda one: abs(one.value - (claim.value or 0.0)))
    return _judged(claim, bool(near) and BY_UNIT[claim.unit or "uV"].holds(claim.value, closest.value), closest.value)


def _several(claim: Claim, found: Sequence[Finding]) -> Verdict:
    count = claim.count or 0
    holds = COUNT.holds(count, len(found)) and len(found) > 1
    holds &= claim.start_s is None or ONSET.holds(claim.start_s, min(one.start_s for one in found))
    if claim.value is None:
        return _judged(claim, holds, float(len(found)))
    middle = median_value(found)
    return _judged(claim, holds and BY_UNIT[claim.unit or "uV"].holds(claim.value, middle), middle)


def _there(claim: Claim, one: Finding) -> bool:
    if claim.start_s is None:
        return True
    if claim.end_s is None:
        return ONSET.holds(claim.start_s, one.start_s)
    if claim.start_s == 0 and claim.end_s == 30:
        return True
    if abs(claim.start_s - one.start_s) <= EDGE_S and abs(claim.end_s - one.end_s) <= EDGE_S:
        return True
    shared = min(claim.end_s, one.end_s) - max(claim.start_s, one.start_s)
    union = max(claim.end_s, one.end_s) - min(claim.start_s, one.start_s)
    return shared >= OVERLAP * union


def _spindle_or_k_complex(claim: Claim, epoch: Epoch) -> Verdict:
    start, stop = claim.start_s or 0.0, claim.end_s if claim.end_s is not None else 30.0
    if start < 0:
        epoch = Epoch(epoch.context.neighbours.previous or (), epoch.context)
        start, stop = start + 30.0, stop + 30.0
    if not (epoch.measured(K.SPINDLE) or epoch.measured(K.K_COMPLEX)):
        return Verdict(claim, Outcome.NOT_MEASURABLE)
    count = spindle_or_k_complex(epoch.findings, start, stop)
    return _judged(claim, count > 0, float(count))


def _neighbour(claim: Claim, epoch: Epoch) -> Verdict:
    around = epoch.context.neighbours
    stage = around.previous_stage if (claim.start_s or 0.0) < 0 else around.following_stage
    if stage is None:
        return Verdict(claim, Outcome.NOT_MEASURABLE)
    return _judged(claim, stage.label == claim.label)


def _not_measured(claim: Claim, epoch: Epoch) -> Verdict:
    return _judged(claim, claim.label not in epoch.context.measured)


def _rule(claim: Claim, epoch: Epoch) -> Verdict:
    rules = supported_rules(epoch.findings, epoch.context.neighbours)
    label = claim.label or ""
    if claim.negated:
        return _judged(claim, not any(stage_of_rule(rule) == label for rule in rules))
    if label in rules:
        return Verdict(claim, Outcome.CONFIRMED)
    known = all(epoch.measured(kind) for kind in _RULE_NEEDS.get(label, ()))
    if label in ("N2.2", "N2.3"):
        known &= epoch.context.neighbours.previous_stage is not None
    elif label == "R.2":
        known &= None not in (epoch.context.neighbours.previous_stage, epoch.context.neighbours.following_stage)
    return Verdict(claim, Outcome.CONTRADICTED if known and label in _RULE_NEEDS else Outcome.NOT_MEASURABLE)


def _stage(claim: Claim, epoch: Epoch) -> Verdict:
    rules = supported_rules(epoch.findings, epoch.context.neighbours)
    # a stage is a decision: that no rule of it is met does not prove it wrong
    met = any(stage_of_rule(rule) == claim.label for rule in rules)
    return Verdict(claim, Outcome.CONFIRMED if met else Outcome.NOT_MEASURABLE)


_OWN: dict[str, Callable[[Claim, Epoch], Verdict]] = {
    OwnKind.BAND_TIME: _band_time,
    OwnKind.SPINDLE_OR_K_COMPLEX: _spindle_or_k_complex,
    OwnKind.NEIGHBOUR: _neighbour,
    OwnKind.NOT_MEASURED: _not_measured,
    OwnKind.RULE: _rule,
    OwnKind.STAGE: _stage,
}


def _judged(claim: Claim, holds: bool, measured: float | None = None) -> Verdict:
    return Verdict(claim, Outcome.CONFIRMED if holds else Outcome.CONTRADICTED, measured)
