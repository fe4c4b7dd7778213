"""What the page says of each epoch beside its picture: the rationale with its verdicts, and the measured findings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eegvlm.errors import InputError
from eegvlm.evidence import Evidence, Finding
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.scoring import TABLE, FindingKind, Neighbours, Outcome, supported_rules
from eegvlm.scoring.claim import OWN_WORDS

VERDICTS = tuple(outcome.value for outcome in Outcome)
_CLAIM_FIELDS = ("channel", "value", "unit", "verdict", "measured", "count", "band", "bound", "negated", "label")

Details = dict[str, Any]


def epoch_details(
    night: Hypnogram, evidence: Evidence | None, rationales: Sequence[Mapping[str, Any]] | None
) -> list[Details]:
    """Return one object an epoch, for the page's script.

    Parameters
    ----------
    night
        Gives the neighbours' stages.
    evidence
        What was measured; its findings are listed where it is given.
    rationales
        In the schema of ``rationales.jsonl``: ``epoch`` (from 1), ``stage``, ``text``, ``rules``, ``claims``,
        ``faithfulness``.

    Returns
    -------
    list of dict
        ``why`` (a rationale) and ``found`` (findings), each where there is one.

    Raises
    ------
    InputError
        Where evidence and night differ in length, or a rationale belongs to no epoch.
    """
    details: list[Details] = [{} for _ in range(len(night))]
    if evidence is not None:
        if evidence.n_epochs != len(night):
            hint = f"measure the recording that was staged: it has {len(night)} epochs"
            raise InputError("report", "evidence", f"{evidence.n_epochs} epochs", hint)
        for epoch, findings in enumerate(evidence.findings):
            if findings:
                details[epoch]["found"] = _found(night, evidence, epoch)
    for number, rationale in enumerate(rationales or ()):
        epoch = _epoch_of(rationale, number, len(night))
        details[epoch]["why"] = _why(rationale)
    return details


def kind_words(kind: str) -> str:
    """Return a kind of finding or claim in words: ``"rapid eye movement"``; one that is not known as it stands."""
    return TABLE.kind(kind).words if TABLE.knows(kind) else OWN_WORDS.get(kind, kind.replace("_", " "))


def _epoch_of(rationale: Mapping[str, Any], number: int, n_epochs: int) -> int:
    epoch = rationale.get("epoch") if isinstance(rationale, Mapping) else None
    if not isinstance(epoch, int) or not 1 <= epoch <= n_epochs:
        hint = f"give an object with epoch, a whole number from 1 to {n_epochs}"
        raise InputError("report", f"rationale {number + 1}: epoch", epoch, hint)
    if not all(isinstance(claim, Mapping) for claim in rationale.get("claims") or ()):
        raise InputError("report", f"rationale {number + 1}: claims", "no objects", "give each claim as an object")
    return epoch - 1


def _why(rationale: Mapping[str, Any]) -> Details:
    return {
        "stage": str(rationale.get("stage", "")),
        "text": str(rationale.get("text", "")),
        "rules": [[str(rule), _rule_text(str(rule))] for rule in rationale.get("rules") or ()],
        "claims": [_claim(claim) for claim in rationale.get("claims") or ()],
        "faithfulness": rationale.get("faithfulness"),
        "unread": [str(sentence) for sentence in rationale.get("unread") or ()],
    }


def _rule_text(rule: str) -> str:
    entry = TABLE.rule(rule)
    return entry.text if entry is not None else ""


def _claim(claim: Mapping[str, Any]) -> Details:
    values = {field: claim[field] for field in _CLAIM_FIELDS if claim.get(field) is not None}
    span = {"start": _seconds(claim.get("start_s")), "end": _seconds(claim.get("end_s"))}
    return {"kind": kind_words(str(claim.get("kind", ""))), **values, **span}


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return round(float(value), 2)


def _found(night: Hypnogram, evidence: Evidence, epoch: int) -> Details:
    findings = evidence.findings
    around = Neighbours(
        previous=findings[epoch - 1] if epoch else None,
        following=findings[epoch + 1] if epoch + 1 < len(findings) else None,
        previous_stage=_stage(night, epoch - 1),
        following_stage=_stage(night, epoch + 1),
    )
    epoch_findings = findings[epoch]
    return {
        "rules": list(supported_rules(epoch_findings, around)),
        "whole": _whole(epoch_findings),
        "events": [_event(finding) for finding in epoch_findings if not TABLE.kind(finding.kind).is_whole],
    }


def _stage(night: Hypnogram, epoch: int) -> Stage | None:
    return night[epoch] if 0 <= epoch < len(night) and night[epoch] is not Stage.UNSCORED else None


def _whole(findings: Sequence[Finding]) -> list[Details]:
    """Return what describes the whole epoch, one row a channel."""
    rows: dict[str, Details] = {}
    for finding in findings:
        if not TABLE.kind(finding.kind).is_whole:
            continue
        row = rows.setdefault(finding.channel or "", {"channel": finding.channel or "", "power": []})
        if finding.kind == FindingKind.BAND_SHARE:
            row["power"].append(f"{finding.value:.0f}")
        elif finding.kind == FindingKind.DOMINANT_RHYTHM:
            row["rhythm"] = _rhythm(finding)
        else:
            row[str(finding.kind)] = _value(finding.value, finding.unit)
    return list(rows.values())


def _rhythm(finding: Finding) -> str:
    phrases = [f"{finding.band} {finding.value:.1f} Hz"]
    if finding.amplitude_uv is not None:
        phrases.append(f"{finding.amplitude_uv:.0f} µV")
    if finding.time_percent is not None:
        phrases.append(f"{finding.time_percent:.0f} % of the time")
    return ", ".join(phrases)


def _value(value: float, unit: str) -> str:
    symbol = {"uV": "µV"}.get(unit, unit)
    if unit == "%" or (unit == "uV" and abs(value) >= 10):
        return f"{value:.0f} {symbol}"
    return f"{value:.1f} {symbol}"


def _event(finding: Finding) -> list[Any]:
    """Return an event: kind, channel, start, end, values in words."""
    values = [_value(finding.value, finding.unit)]
    if finding.amplitude_uv is not None and math.isfinite(finding.amplitude_uv) and finding.unit != "s":
        values.append(_value(finding.amplitude_uv, "uV"))
    return [
        kind_words(finding.kind),
        finding.channel,
        round(finding.start_s, 2),
        round(finding.end_s, 2),
        ", ".join(values),
    ]
