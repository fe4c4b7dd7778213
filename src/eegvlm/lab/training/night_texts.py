"""Texts of a night's epochs: what they are composed from, and the file in which a run that goes on finds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import write_text
from eegvlm.evidence import Finding, measure
from eegvlm.hypnogram import Stage
from eegvlm.images import ImageLayout
from eegvlm.reasoning import Context, channel_words, compose, night_contexts


def kept_texts(file: Path, make: Callable[[], list[str]]) -> list[str]:
    """Return what a file holds; where it is not there, make the texts and write them.

    Parameters
    ----------
    file
        In a folder that exists.
    make
        Called where the file is not there.
    """
    if file.is_file():
        held: list[str] = json.loads(file.read_text(encoding="utf-8"))
        return held
    texts = make()
    write_text(file, json.dumps(texts))
    return texts


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
    shown = {roles[panel]: values for panel, values in signals.items() if not np.isnan(values).all()}
    evidence = measure(shown, rate=layout.rate)
    contexts = night_contexts(evidence, channel_words({role: role.value for role in shown}), stages)
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
        compose(found, context, Stage(stage)).text if stage >= 0 else ""
        for found, context, stage in zip(findings, contexts, stages.tolist(), strict=True)
    ]
