"""Claims against the signal: what was said of an epoch beside what was measured in it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence

from eegvlm.reasoning.tolerances import BY_UNIT, COUNT, EDGE_S, ONSET, OVERLAP
from eegvlm.scoring import (
    TABLE,
    Claim,
    Context,
    Epoch,
    Finding,
    FindingKind,
    Outcome,
    OwnKind,
    Table,
    Verdict,
)
from eegvlm.scoring.epoch import largest
from eegvlm.scoring.forms import median_value
from eegvlm.scoring.limits import EPOCH_S

K = FindingKind

_COMPARE: dict[str, Callable[[float, float], bool]] = {  # of what was measured and the limit
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def verify(
    claims: Iterable[Claim], findings: Sequence[Finding], context: Context, *, table: Table = TABLE
) -> list[Verdict]:
    """Compare claims with what was measured.

    Parameters
    ----------
    claims
        Of a text, as :func:`parse` reads them.
    findings
        Of the epoch.
    context
        The epoch's context; a claim about what its channels cannot show is not measurable.
    table
        What is known of kinds and rules.

    Returns
    -------
    list of Verdict
        One a claim, in their order. Tolerances are those of :mod:`eegvlm.reasoning.tolerances`.
    """
    epoch = Epoch(findings, context, table)
    return [_verdict(claim, epoch) for claim in claims]


def _verdict(claim: Claim, epoch: Epoch) -> Verdict:
    verdict_of = _VERDICT_OF.get(claim.kind)
    if verdict_of is not None:
        return verdict_of(claim, epoch)
    if not epoch.table.knows(claim.kind) or not epoch.measured(claim.kind, claim.channel):
        return Verdict(claim, Outcome.NOT_MEASURABLE)
    if epoch.table.kind(claim.kind).hides and claim.value is not None:
        return _number(claim, epoch.hidden_s(claim.kind))
    if _is_whole(claim) and not claim.negated and claim.value is not None:
        return _of_the_whole(claim, epoch)
    return _event(claim, epoch.of(claim.kind, claim.channel))


def _is_whole(claim: Claim) -> bool:
    return claim.start_s == 0 and claim.end_s == EPOCH_S


def _of_the_whole(claim: Claim, epoch: Epoch) -> Verdict:
    if claim.kind == K.DOMINANT_RHYTHM:
        (rhythm, *_) = epoch.of(claim.kind, claim.channel)
        near = BY_UNIT["Hz"].holds(claim.value or 0.0, rhythm.value)
        # on the border of two bands the name is a matter of rounding
        same_band = rhythm.band == claim.band or abs((claim.value or 0.0) - rhythm.value) <= 0.5
        return _judged(claim, near and same_band, rhythm.value)
    return _number(claim, largest(finding.value for finding in epoch.of(claim.kind, claim.channel, band=claim.band)))


def _band_time(claim: Claim, epoch: Epoch) -> Verdict:
    shares = epoch.of(K.BAND_SHARE, claim.channel, band=claim.band)
    return _number(claim, largest(share.time_percent for share in shares))


def _number(claim: Claim, measured: float | None) -> Verdict:
    if measured is None or claim.value is None:
        return Verdict(claim, Outcome.NOT_MEASURABLE)
    if claim.bound is not None:
        return _judged(claim, _COMPARE[claim.bound](measured, claim.value), measured)
    return _judged(claim, BY_UNIT[claim.unit or "%"].holds(claim.value, measured), measured)


def _event(claim: Claim, findings: Sequence[Finding]) -> Verdict:
    if claim.negated:
        return _judged(claim, not findings, float(len(findings)))
    if not findings:
        return Verdict(claim, Outcome.CONTRADICTED, None if claim.value is not None else 0.0)
    if claim.count is not None:
        return _several(claim, findings)
    near = [finding for finding in findings if _there(claim, finding)]
    if claim.value is None:
        return _judged(claim, bool(near), float(len(findings)))
    closest = min(near or findings, key=lambda finding: abs(finding.value - (claim.value or 0.0)))
    return _judged(claim, bool(near) and BY_UNIT[claim.unit or "uV"].holds(claim.value, closest.value), closest.value)


def _several(claim: Claim, findings: Sequence[Finding]) -> Verdict:
    count = claim.count or 0
    holds = COUNT.holds(count, len(findings)) and len(findings) > 1
    holds &= claim.start_s is None or ONSET.holds(claim.start_s, min(finding.start_s for finding in findings))
    if claim.value is None:
        return _judged(claim, holds, float(len(findings)))
    middle = median_value(findings)
    return _judged(claim, holds and BY_UNIT[claim.unit or "uV"].holds(claim.value, middle), middle)


def _there(claim: Claim, finding: Finding) -> bool:
    if claim.start_s is None:
        return True
    if claim.end_s is None:
        return ONSET.holds(claim.start_s, finding.start_s)
    if _is_whole(claim):
        return True
    if abs(claim.start_s - finding.start_s) <= EDGE_S and abs(claim.end_s - finding.end_s) <= EDGE_S:
        return True
    shared = min(claim.end_s, finding.end_s) - max(claim.start_s, finding.start_s)
    union = max(claim.end_s, finding.end_s) - min(claim.start_s, finding.start_s)
    return shared >= OVERLAP * union


def _spindle_or_k_complex(claim: Claim, epoch: Epoch) -> Verdict:
    start, stop = claim.start_s or 0.0, claim.end_s if claim.end_s is not None else EPOCH_S
    if start < 0:
        epoch, start, stop = epoch.before, start + EPOCH_S, stop + EPOCH_S
    if not (epoch.measured(K.SPINDLE) or epoch.measured(K.K_COMPLEX)):
        return Verdict(claim, Outcome.NOT_MEASURABLE)
    count = epoch.n2_events(start, stop)
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
    label, neighbours = claim.label or "", epoch.context.neighbours
    if claim.negated:
        return _judged(claim, label not in _stages_met(epoch))
    if label in epoch.rules:
        return Verdict(claim, Outcome.CONFIRMED)
    rule = epoch.table.rule(label)
    stages = {"previous": neighbours.previous_stage, "following": neighbours.following_stage}
    could_be_met = (
        rule is not None
        and all(epoch.measured(kind) for kind in rule.asks)
        and all(stages[side] is not None for side in rule.asks_neighbours)
    )
    return Verdict(claim, Outcome.CONTRADICTED if could_be_met else Outcome.NOT_MEASURABLE)


def _stage(claim: Claim, epoch: Epoch) -> Verdict:
    # a stage is a decision: that no rule of it is met does not prove it wrong
    return Verdict(claim, Outcome.CONFIRMED if claim.label in _stages_met(epoch) else Outcome.NOT_MEASURABLE)


def _stages_met(epoch: Epoch) -> set[str]:
    """Return the labels of the stages of which a rule is met."""
    stages = (epoch.table.stage_of(rule) for rule in epoch.rules)
    return {stage.label for stage in stages if stage is not None}


_VERDICT_OF: dict[str, Callable[[Claim, Epoch], Verdict]] = {
    OwnKind.BAND_TIME: _band_time,
    OwnKind.SPINDLE_OR_K_COMPLEX: _spindle_or_k_complex,
    OwnKind.NEIGHBOUR: _neighbour,
    OwnKind.NOT_MEASURED: _not_measured,
    OwnKind.RULE: _rule,
    OwnKind.STAGE: _stage,
}


def _judged(claim: Claim, holds: bool, measured: float | None = None) -> Verdict:
    return Verdict(claim, Outcome.CONFIRMED if holds else Outcome.CONTRADICTED, measured)
