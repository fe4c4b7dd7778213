"""Two epochs beside each other: what was measured in both, and where they differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eegvlm.hypnogram import Stage
from eegvlm.questions.answer import AnswerStatement, Basis
from eegvlm.questions.asked_night import AskedNight
from eegvlm.reasoning import Claim, OwnKind
from eegvlm.scoring import FindingKind, supported_rules

K = FindingKind
_BEGIN_S, _END_S = 0.0, 30.0
_COUNTED = {
    K.SPINDLE: "Spindles",
    K.K_COMPLEX: "K-complexes",
    K.VERTEX_WAVE: "Vertex waves",
    K.RAPID_EYE_MOVEMENT: "Rapid eye movements",
    K.SLOW_EYE_MOVEMENT: "Slow eye movements",
    K.BLINK: "Blinks",
    K.AROUSAL: "Arousals",
}
_LEAST_PERCENT = 10.0


def compared(night: AskedNight, place: int, other: int) -> list[AnswerStatement]:
    """Compare two epochs, from 0; what is alike in both is named at the end."""
    statements = [_stages(night, place, other)]
    alike: list[tuple[str, list[Claim], list[Claim]]] = []
    for name, of_epoch in _SHARES.items():
        share, other_share = of_epoch(night, place), of_epoch(night, other)
        if share is None or other_share is None:
            if (share is None) != (other_share is None):
                lacking = place if share is None else other
                statements.append(AnswerStatement(f"{name} was not measured in epoch {lacking + 1}.", Basis.UNKNOWN))
        elif abs(share[0] - other_share[0]) < _LEAST_PERCENT:
            alike.append((f"{name} ({share[0]:.0f} and {other_share[0]:.0f} %)", [share[1]], [other_share[1]]))
        else:
            text = f"{name}: {share[0]:.0f} % in epoch {place + 1}, {other_share[0]:.0f} % in epoch {other + 1}."
            statements.append(_both(night, text, place, [share[1]], other, [other_share[1]]))
    for kind, name in _COUNTED.items():
        if kind not in night.contexts[place].measured or kind not in night.contexts[other].measured:
            continue
        counts = [sum(finding.kind is kind for finding in night.findings(k)) for k in (place, other)]
        of_both = _count(night, kind, place), _count(night, kind, other)
        if counts[0] == counts[1]:
            alike.append((f"{name} ({counts[0]})", *of_both))
            continue
        text = f"{name}: {counts[0]} in epoch {place + 1}, {counts[1]} in epoch {other + 1}."
        statements.append(_both(night, text, place, of_both[0], other, of_both[1]))
    statements.append(_rules(night, place, other))
    if alike:
        text = f"About the same in both: {'; '.join(name for name, *_ in alike)}."
        claims = [claim for _, claims, _ in alike for claim in claims]
        other_claims = [claim for _, _, claims in alike for claim in claims]
        statements.append(_both(night, text, place, claims, other, other_claims))
    return statements


def _stages(night: AskedNight, place: int, other: int) -> AnswerStatement:
    parts = []
    for k in (place, other):
        stage, probabilities = night.stage(k), night.hypnogram.probabilities
        has_probability = (
            stage is not Stage.UNSCORED and probabilities is not None and np.isfinite(probabilities[k]).all()
        )
        share = f" (probability {probabilities[k][stage]:.2f})" if has_probability and probabilities is not None else ""
        parts.append(f"epoch {k + 1} is {stage.label}{share}")
    text = f"{parts[0]}, {parts[1]}."
    return AnswerStatement(text[0].upper() + text[1:], Basis.MODEL)


def _rules(night: AskedNight, place: int, other: int) -> AnswerStatement:
    met = [supported_rules(night.findings(k), night.contexts[k].neighbours) for k in (place, other)]
    rule_lists = [
        f"{', '.join(rules) or 'none'} in epoch {k + 1}" for rules, k in zip(met, (place, other), strict=True)
    ]
    claims = [[Claim(OwnKind.RULE, label=rule) for rule in rules] for rules in met]
    return _both(night, f"Rules met: {rule_lists[0]}, {rule_lists[1]}.", place, claims[0], other, claims[1])


def _both(
    night: AskedNight, text: str, place: int, of_place: list[Claim], other: int, of_other: list[Claim]
) -> AnswerStatement:
    checked = (*night.said(text, place, of_place).checked, *night.said(text, other, of_other).checked)
    return AnswerStatement(text, Basis.SIGNAL, checked)


def _count(night: AskedNight, kind: FindingKind, place: int) -> list[Claim]:
    """Return the claim that an epoch holds a number of events; a single event, or none, without a count."""
    count = sum(finding.kind is kind for finding in night.findings(place))
    if count > 1:
        return [Claim(str(kind), count=count)]
    return [Claim(str(kind), start_s=_BEGIN_S, end_s=_END_S, negated=count == 0)]


Share = tuple[float, Claim]


def _largest(kind: FindingKind, *, band: str | None = None) -> Callable[[AskedNight, int], Share | None]:
    def of_epoch(night: AskedNight, place: int) -> Share | None:
        findings = [finding for finding in night.findings(place) if finding.kind is kind and finding.band == band]
        values = [finding.value if band is None else finding.time_percent for finding in findings]
        measured = [value for value in values if value is not None]
        if not measured:
            return None
        value = round(max(measured))
        named = str(kind) if band is None else str(OwnKind.BAND_TIME)
        claim = Claim(named, start_s=_BEGIN_S, end_s=_END_S, value=value, unit="%", band=band)
        return max(measured), claim

    return of_epoch


_SHARES: dict[str, Callable[[AskedNight, int], Share | None]] = {
    "Time filled by slow waves": _largest(K.SLOW_WAVE_SHARE),
    "Time in which alpha stands out": _largest(K.BAND_SHARE, band="alpha"),
    "Time in which theta stands out": _largest(K.BAND_SHARE, band="theta"),
    "Chin tone, of the night's median": _largest(K.CHIN_TONE),
}
