"""The line of ``rationales.jsonl`` that an epoch gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eegvlm.hypnogram import Stage
from eegvlm.reasoning.composing import rules_of
from eegvlm.reasoning.parsing import parse
from eegvlm.reasoning.verifying import verify
from eegvlm.scoring import Context, Finding, faithfulness


def rationale_record(
    epoch: int, stage: Stage, text: str, findings: Sequence[Finding], context: Context
) -> dict[str, Any]:
    """Return what is written of an epoch's rationale; every value can be put into JSON.

    Parameters
    ----------
    epoch
        Its number as scorers count, from 1.
    stage
        The stage that the epoch has in the hypnogram; the text's own is among the claims.
    text
        The rationale, from whatever source.
    findings, context
        What was measured, to hold the text against.

    Returns
    -------
    dict
        ``epoch``, ``stage``, ``text``, ``rules`` (ids that the text names as met), ``claims`` (the fields of
        :class:`~eegvlm.reasoning.Claim`, with ``verdict`` and ``measured``), ``faithfulness`` (confirmed claims among
        those that could be measured, None where none could), ``unread`` (sentences that could not be read).
    """
    reading = parse(text)
    verdicts = verify(reading.claims, findings, context)
    measured = [None if verdict.measured is None else round(verdict.measured, 2) for verdict in verdicts]
    return {
        "epoch": epoch,
        "stage": stage.label,
        "text": text,
        "rules": list(rules_of(reading.claims)),
        "claims": [
            {**asdict(verdict.claim), "verdict": verdict.outcome.value, "measured": number}
            for verdict, number in zip(verdicts, measured, strict=True)
        ],
        "faithfulness": faithfulness(verdicts),
        "unread": list(reading.unread),
    }
