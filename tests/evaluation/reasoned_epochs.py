"""Epochs whose findings are known, and true and false words about them."""

from __future__ import annotations

import numpy as np

from eegvlm.evidence import Finding, FindingKind
from eegvlm.hypnogram import Stage
from eegvlm.lab.evaluation.claim_verdicts import JudgedText, judge_texts
from eegvlm.reasoning import Context, compose

K = FindingKind
EEG = "C4-M1"
MEASURED = (
    K.AMPLITUDE,
    K.DOMINANT_RHYTHM,
    K.BAND_SHARE,
    K.SPINDLE,
    K.K_COMPLEX,
    K.SLOW_WAVE_SHARE,
    K.VERTEX_WAVE,
    K.AROUSAL,
)
CONTEXT = Context({EEG: "EEG"}, {kind: frozenset({"EEG"}) for kind in MEASURED})


def epoch(*spindles_s: float) -> list[Finding]:
    """Findings of an epoch with a spindle of one second at each of the given onsets, and no other event."""
    return [
        Finding(K.AMPLITUDE, EEG, 0.0, 30.0, 80.0, "uV"),
        Finding(K.DOMINANT_RHYTHM, EEG, 0.0, 30.0, 6.0, "Hz", band="theta", time_percent=60.0),
        Finding(K.SLOW_WAVE_SHARE, EEG, 0.0, 30.0, 4.0, "%"),
        *(Finding(K.SPINDLE, EEG, at, at + 1.0, 13.0, "Hz", amplitude_uv=30.0) for at in spindles_s),
    ]


def words(findings: list[Finding], stage: Stage = Stage.N2, seed: int = 0) -> str:
    return compose(findings, CONTEXT, stage, rng=np.random.default_rng(seed)).text


def judged(*texts: str, findings: list[Finding]) -> tuple[JudgedText, ...]:
    return judge_texts(texts, [findings] * len(texts), [CONTEXT] * len(texts))
