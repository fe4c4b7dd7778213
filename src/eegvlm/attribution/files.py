"""The files of an attribution: figures as JSON, maps as NPZ."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.attribution.attribution import KINDS, SHARES, Attribution
from eegvlm.attribution.summary import by_stage
from eegvlm.core.files import make_folder, write_together
from eegvlm.core.notice import NOTICE
from eegvlm.hypnogram import Stage

JSON_FILE, NPZ_FILE = "attribution.json", "attribution.npz"


def write_attribution(
    folder: str | Path, nights: Mapping[str, Attribution], provenance: Mapping[str, Any]
) -> list[Path]:
    """Write ``attribution.npz`` and ``attribution.json``; the JSON comes last, so that its presence means both.

    Parameters
    ----------
    folder
        Made where it does not exist.
    nights
        At least one, by name; of one layout, cut alike.
    provenance
        Of the model and of what was asked for.

    Returns
    -------
    list of Path
        The JSON and the NPZ. The NPZ holds ``night`` (n,), ``epoch`` (n,) from 1, ``stage``, ``answer``,
        ``probability``, ``losses`` (n, patches), ``panel_losses`` (n, panels), ``curves`` (n, 4, 11), and of the
        picture ``labels`` (height, width), the patch of each pixel, and ``panels``.

    Raises
    ------
    InputError
        If they cannot be written.
    """
    folder = make_folder(folder)
    attributions = list(nights.values())
    first = attributions[0]
    panels = [panel.name for panel in first.layout.panels]
    arrays: dict[str, Any] = {
        "night": np.repeat(list(nights), [len(night) for night in attributions]),
        "epoch": np.concatenate([night.epochs + 1 for night in attributions]),
        "stage": np.concatenate([night.stages for night in attributions]),
        "answer": np.concatenate([night.answers for night in attributions]),
        "probability": np.concatenate([night.probabilities for night in attributions]),
        "losses": np.concatenate([night.losses for night in attributions]),
        "panel_losses": np.concatenate([night.panel_losses for night in attributions]),
        "labels": first.patches.labels,
        "panels": np.array(panels),
    }
    if first.curves is not None:
        arrays["curves"] = np.concatenate([night.curves for night in attributions if night.curves is not None])
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    text = json.dumps(_figures(nights, provenance, panels), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    file, maps = folder / JSON_FILE, folder / NPZ_FILE
    write_together({maps: stream.getvalue(), file: text.encode()})
    return [file, maps]


def _figures(nights: Mapping[str, Attribution], provenance: Mapping[str, Any], panels: list[str]) -> dict[str, Any]:
    attributions = list(nights.values())
    first = attributions[0]
    return {
        **provenance,
        "patches": first.patches.name,
        "patches_a_picture": len(first.patches),
        "blank": first.blank,
        "draws": first.draws,
        "panels": panels,
        "curve_shares": SHARES.round(2).tolist(),
        "curves": list(KINDS),
        "stages": {
            "all" if summary.stage is None else summary.stage.label: summary.to_dict(panels)
            for summary in by_stage(attributions)
        },
        "epochs": [
            {
                "night": name,
                "epoch": int(night.epochs[k]) + 1,
                "stage": Stage(int(night.stages[k])).label,
                "answer": Stage(int(night.answers[k])).label,
                "probability": round(float(night.probabilities[k]), 4),
                "panel_losses": {
                    panel: round(float(loss), 4) for panel, loss in zip(panels, night.panel_losses[k], strict=True)
                },
            }
            for name, night in nights.items()
            for k in range(len(night))
        ],
        "notice": NOTICE,
    }
