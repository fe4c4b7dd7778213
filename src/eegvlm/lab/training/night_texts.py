"""Texts of a night's epochs, composed from what can be measured in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from eegvlm.evidence import Finding, measure
from eegvlm.hypnogram import Stage
from eegvlm.images import ImageLayout
from eegvlm.reasoning import Context, channel_words, compose, night_contexts


def measured(
    signals: dict[str, npt.NDArray[np.float32]], layout: ImageLayout, stages: npt.NDArray[np.int8] | None = None
) -> tuple[Sequence[Sequence[Finding]], Sequence[Context]]:
    """Measure a night as its pictures show it.

    Parameters
    ----------
    signals
        ``{panel: (epochs, samples) µV}``; a panel stands for the first of its roles.
    layout
        Of the pictures.
    stages
        (epochs,) as the scorer gave them, where a text may speak of them.

    Returns
    -------
    findings, contexts
        Of each epoch.
    """
    roles = {panel.name: panel.roles[0] for panel in layout.panels}
    by_role = {roles[panel]: values for panel, values in signals.items() if not np.isnan(values).all()}
    evidence = measure(by_role, rate=layout.rate)
    contexts = night_contexts(evidence, channel_words({role: role.value for role in by_role}), stages)
    return evidence.findings, contexts


def composed_rationales(
    signals: dict[str, npt.NDArray[np.float32]], layout: ImageLayout, stages: npt.NDArray[np.int8]
) -> list[str]:
    """Compose the reasons for each epoch's stage from what can be measured in a night as its pictures show it.

    Parameters
    ----------
    signals, layout
        As for :func:`measured`.
    stages
        (epochs,), -1 where unscored.

    Returns
    -------
    list of str
        One an epoch, ``""`` where it is unscored.
    """
    findings, contexts = measured(signals, layout, stages)
    return [
        compose(epoch_findings, context, Stage(stage)).text if stage >= 0 else ""
        for epoch_findings, context, stage in zip(findings, contexts, stages.tolist(), strict=True)
    ]
