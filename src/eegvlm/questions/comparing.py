"""Two epochs beside each other: what was measured in both, and where they differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eegvlm.hypnogram import Stage
from eegvlm.questions.answer import AnswerStatement, Basis
from eegvlm.questions.asked_night import AskedNight
from eegvlm.questions.question import NAMES
from eegvlm.reasoning import Claim, OwnKind
from eegvlm.scoring import FindingKind, supported_rules

K = FindingKind
_BEGIN_S, _END_S = 0.0, 30.0
_COUNTED = (
    *(K.SPINDLE, K.K_COMPLEX, K.VERTEX_WAVE, K.RAPID_EYE_MOVEMENT, K.SLOW_EYE_MOVEMENT, K.BLINK),
    K.AROUSAL,
)
_LEAST_PERCENT = 10.0


def compared(night: AskedNight, place: int, other: int) -> list[AnswerStatement]:
    """Compare two epochs, from 0; what is alike in both is named at the end."""
    statements = [_stages(night, place, other)]
    alike: list[tuple[str, list[Claim], list[Claim]]] = []
    for name, share_of in _SHARES.items():
        share, other_share = share_of(night, place), share_of(night, other)
        if share is None and other_share is None:
            continue
        if share is None or other_share is None:
            unmeasured = place if share is None else other
            text = f"{name} was not measured in epoch {unmeasured + 1}."
            statements.append(AnswerStatement(text, Basis.UNKNOWN))
            continue
        (percent, claim), (other_percent, other_claim) = share, other_share
        if abs(percent - other_percent) < _LEAST_PERCENT:
            alike.append((f"{name} ({percent:.0f} and {other_percent:.0f} %)", [claim], [other_claim]))
            continue
        text = f"{name}: {percent:.0f} % in epoch {place + 1}, {other_percent:.0f} % in epoch {other + 1}."
        statements.append(_both(night, text, place, [claim], other, [other_claim]))
    for kind in _COUNTED:
        if kind not in night.contexts[place].measured or kind not in night.contexts[other].measured:
            continue
        name = NAMES[kind].capitalize()
        count, other_count = (sum(finding.kind is kind for finding in night.findings(k)) for k in (place, other))
        claims, other_claims = _count_claims(kind, count), _count_claims(kind, other_count)
        if count == other_count:
            alike.append((f"{name} ({count})", claims, other_claims))
            continue
        text = f"{name}: {count} in epoch {place + 1}, {other_count} in epoch {other + 1}."
        statements.append(_both(night, text, place, claims, other, other_claims))
    statements.append(_rules(night, place, other))
    if alike:
        text = f"About the same in both: {'; '.join(name for name, *_ in alike)}."
        claims = [claim for _, of_place, _ in alike for claim in of_place]
        other_claims = [claim for _, _, of_other in alike for claim in of_other]
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
    text = f"{', '.join(parts)}."
    return AnswerStatement(text[0].upper() + text[1:], Basis.MODEL)


def _rules(night: AskedNight, place: int, other: int) -> AnswerStatement:
    met = [supported_rules(night.findings(k), night.contexts[k].neighbours) for k in (place, other)]
    parts = [f"{', '.join(rules) or 'none'} in epoch {k + 1}" for rules, k in zip(met, (place, other), strict=True)]
    claims = [[Claim(OwnKind.RULE, label=rule) for rule in rules] for rules in met]
    return _both(night, f"Rules met: {', '.join(parts)}.", place, claims[0], other, claims[1])


def _both(
    night: AskedNight, text: str, place: int, of_place: list[Claim], other: int, of_other: list[Claim]
) -> AnswerStatement:
    checked = (*night.said(text, place, of_place).checked, *night.said(text, other, of_other).checked)
    return AnswerStatement(text, Basis.SIGNAL, checked)


def _count_claims(kind: FindingKind, count: int) -> list[Claim]:
    """Return what a number of events claims of an epoch; a single one is claimed as such."""
    if count > 1:
        return [Claim(str(kind), count=count)]
    return [Claim(str(kind), start_s=_BEGIN_S, end_s=_END_S, negated=count == 0)]


Share = tuple[float, Claim]


def _largest(kind: FindingKind, *, band: str | None = None) -> Callable[[AskedNight, int], Share | None]:
    def of_epoch(night: AskedNight, place: int) -> Share | None:
        findings = [finding for finding in night.findings(place) if finding.kind is kind and finding.band == band]
        values = [finding.value if band is None else finding.time_percent for finding in findings]
        largest = max((value for value in values if value is not None), default=None)
        if largest is None:
            return None
        name = str(kind) if band is None else str(OwnKind.BAND_TIME)
        claim = Claim(name, start_s=_BEGIN_S, end_s=_END_S, value=round(largest), unit="%", band=band)
        return largest, claim

    return of_epoch


_SHARES: dict[str, Callable[[AskedNight, int], Share | None]] = {
    "Time filled by slow waves": _largest(K.SLOW_WAVE_SHARE),
    "Time in which alpha stands out": _largest(K.BAND_SHARE, band="alpha"),
    "Time in which theta stands out": _largest(K.BAND_SHARE, band="theta"),
    "Chin tone, of the night's median": _largest(K.CHIN_TONE),
}
