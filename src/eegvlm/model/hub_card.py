"""The card of a checkpoint as the Hub reads it: licence, data sets, base model, and figures as a ``model-index``.

The figures are those of the card's own table of validation, which training writes; nothing is computed here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from eegvlm.errors import InputError

_NUMBER = r"(\d*\.\d+|\d+)"
_FIGURE = re.compile(rf"{_NUMBER}(?:\s*\[{_NUMBER}, {_NUMBER}\])?")
_METRICS = {"accuracy": "accuracy", "kappa": "cohen_kappa", "ECE": "expected_calibration_error"}
_LEADING = ("source", "smoothing", "epochs", *_METRICS)
_TASK = {"type": "image-classification", "name": "Sleep staging of 30-s epochs"}


def hub_card(folder: Path, *, base_model: str | None = None) -> str:
    """Return a checkpoint's card with the metadata of the Hub.

    Parameters
    ----------
    folder
        The checkpoint; its ``README.md`` is what training wrote.
    base_model
        Repository of the model that it was made of; None: it is made of none on the Hub.

    Returns
    -------
    str
        The card. Its ``model-index`` has a result for each source and smoothing of the validation table: accuracy,
        kappa and calibration error, with their 95 % intervals over persons where the table has them.

    Raises
    ------
    InputError
        If there is no card, or it has no table of validation.
    """
    from huggingface_hub import ModelCard

    path = folder / "README.md"
    try:
        card = ModelCard(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(path, "card", error, "push a checkpoint that eegvlm train wrote") from error
    rows = _validation(path, card.text)
    data: dict[str, Any] = card.data.to_dict()
    data["datasets"] = list(dict.fromkeys(row["source"] for row in rows))
    if base_model is not None:
        data["base_model"] = base_model
    name = next((line[2:].strip() for line in card.text.splitlines() if line.startswith("# ")), folder.name)
    data["model-index"] = [{"name": name, "results": [_result(row) for row in rows]}]
    return _with_metadata(data, card.text)


def _validation(path: Path, text: str) -> list[dict[str, str]]:
    """Return the rows of the table of validation, by column."""
    section = text.partition("\n## Validation")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if len(cells) < 3 or tuple(cells[0][: len(_LEADING)]) != _LEADING:
        raise InputError(path, "validation", "no table", "push a checkpoint that eegvlm train wrote")
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def _result(row: dict[str, str]) -> dict[str, Any]:
    dataset = {"type": row["source"], "name": row["source"], "split": "validation", "args": {"epochs": row["epochs"]}}
    metrics = []
    for column, kind in _METRICS.items():
        if (match := _FIGURE.fullmatch(row[column])) is None:
            continue
        metric: dict[str, Any] = {
            "type": kind,
            "name": f"{column}, smoothing {row['smoothing']}",
            "value": float(match[1]),
        }
        if match[2] is not None:
            metric["args"] = {"interval_95_over_persons": [float(match[2]), float(match[3])]}
        metrics.append(metric)
    return {"task": _TASK, "dataset": dataset, "metrics": metrics}


def _with_metadata(data: dict[str, Any], text: str) -> str:
    import yaml

    return f"---\n{yaml.safe_dump(data, sort_keys=False, allow_unicode=True)}---\n{text}"
