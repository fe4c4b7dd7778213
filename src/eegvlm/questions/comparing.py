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
    said = [_stages(night, place, other)]
    alike: list[tuple[str, list[Claim], list[Claim]]] = []
    for name, of_epoch in _SHARES.items():
        here, there = of_epoch(night, place), of_epoch(night, other)
        if here is None or there is None:
            if (here is None) != (there is None):
                lacking = place if here is None else other
                said.append(AnswerStatement(f"{name} was not measured in epoch {lacking + 1}.", Basis.UNKNOWN))
        elif abs(here[0] - there[0]) < _LEAST_PERCENT:
            alike.append((f"{name} ({here[0]:.0f} and {there[0]:.0f} %)", [here[1]], [there[1]]))
        else:
            text = f"{name}: {here[0]:.0f} % in epoch {place + 1}, {there[0]:.0f} % in epoch {other + 1}."
            said.append(_both(night, text, place, [here[1]], other, [there[1]]))
    for kind, name in _COUNTED.items():
        if kind not in night.contexts[place].measured or kind not in night.contexts[other].measured:
            continue
        counts = [sum(one.kind is kind for one in night.findings(k)) for k in (place, other)]
        of_both = _count(night, kind, place), _count(night, kind, other)
        if counts[0] == counts[1]:
            alike.append((f"{name} ({counts[0]})", *of_both))
            continue
        text = f"{name}: {counts[0]} in epoch {place + 1}, {counts[1]} in epoch {other + 1}."
        said.append(_both(night, text, place, of_both[0], other, of_both[1]))
    said.append(_rules(night, place, other))
    if alike:
        text = f"About the same in both: {'; '.join(name for name, *_ in alike)}."
        here_alike = [claim for _, claims, _ in alike for claim in claims]
        there_alike = [claim for _, _, claims in alike for claim in claims]
        said.append(_both(night, text, place, here_alike, other, there_alike))
    return said


def _stages(night: AskedNight, place: int, other: int) -> AnswerStatement:
    told = []
    for k in (place, other):
        stage, probabilities = night.stage(k), night.hypnogram.probabilities
        known = stage is not Stage.UNSCORED and probabilities is not None and np.isfinite(probabilities[k]).all()
        share = f" (probability {probabilities[k][stage]:.2f})" if known and probabilities is not None else ""
        told.append(f"epoch {k + 1} is {stage.label}{share}")
    text = f"{told[0]}, {told[1]}."
    return AnswerStatement(text[0].upper() + text[1:], Basis.MODEL)


def _rules(night: AskedNight, place: int, other: int) -> AnswerStatement:
    met = [supported_rules(night.findings(k), night.contexts[k].neighbours) for k in (place, other)]
    told = [f"{', '.join(rules) or 'none'} in epoch {k + 1}" for rules, k in zip(met, (place, other), strict=True)]
    claims = [[Claim(OwnKind.RULE, label=rule) for rule in rules] for rules in met]
    return _both(night, f"Rules met: {told[0]}, {told[1]}.", place, claims[0], other, claims[1])


def _both(
    night: AskedNight, text: str, place: int, of_place: list[Claim], other: int, of_other: list[Claim]
) -> AnswerStatement:
    checked = (*night.said(text, place, of_place).checked, *night.said(text, other, of_other).checked)
    return AnswerStatement(text, Basis.SIGNAL, checked)


def _count(night: AskedNight, kind: FindingKind, place: int) -> list[Claim]:
    """Return what a number of events claims of an epoch; a single one is claimed as such."""
    count = sum(one.kind is kind for one in night.findings(place))
    if count > 1:
        return [Claim(str(kind), count=count)]
    return [Claim(str(kind), start_s=_BEGIN_S, end_s=_END_S, negated=count == 0)]


Share = tuple[float, Claim]


def _largest(kind: FindingKind, *, band: str | None = None) -> Callable[[AskedNight, int], Share | None]:
    def of_epoch(night: AskedNight, place: int) -> Share | None:
        found = [one for one in night.findings(place) if one.kind is kind and one.band == band]
        values = [one.value if band is None else one.time_percent for one in found]
        known = [value for value in values if value is not None]
        if not known:
            return None
        value = round(max(known))
        named = str(kind) if band is None else str(OwnKind.BAND_TIME)
        claim = Claim(named, start_s=_BEGIN_S, end_s=_END_S, value=value, unit="%", band=band)
        return max(known), claim

    return of_epoch


_SHARES: dict[str, Callable[[AskedNight, int], Share | None]] = {
    "Time filled by slow waves": _largest(K.SLOW_WAVE_SHARE),
    "Time in which alpha stands out": _largest(K.BAND_SHARE, band="alpha"),
    "Time in which theta stands out": _largest(K.BAND_SHARE, band="theta"),
    "Chin tone, of the night's median": _largest(K.CHIN_TONE),
}
