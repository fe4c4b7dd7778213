"""Answers of many nights in one file, so that what was staged once is not staged again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.core.files import write_bytes
from eegvlm.errors import InputError
from eegvlm.lab.evaluation.answers import NightAnswers

_ARRAYS = ("truth", "stages", "probabilities", "has_signal")
_FIELDS = ("subject", "night", "channels", "seconds", "error", "epoch_s")


def write_answers(file: Path, nights: Sequence[NightAnswers], about: Mapping[str, Any]) -> None:
    """Write answers; the file is there whole or not at all.

    Parameters
    ----------
    file
        An ``.npz`` archive: the arrays of night k under ``k/truth``, ``k/stages`` and so on, the rest as JSON.
    nights
        The answers.
    about
        What else belongs to them, for JSON.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    arrays: dict[str, Any] = {
        f"{number}/{name}": np.asarray(value)
        for number, night in enumerate(nights)
        for name in _ARRAYS
        if (value := getattr(night, name)) is not None
    }
    fields = [{name: getattr(night, name) for name in _FIELDS} for night in nights]
    head = json.dumps(
        {"about": dict(about), "nights": [record | {"channels": dict(record["channels"])} for record in fields]}
    )
    content = io.BytesIO()
    np.savez_compressed(content, head=np.array(head), **arrays)
    write_bytes(file, content.getvalue())


def read_answers(file: Path) -> tuple[list[NightAnswers], dict[str, Any]]:
    """Read what :func:`write_answers` wrote: the answers, and what else belongs to them.

    Raises
    ------
    InputError
        If it is no such file.
    """
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            head = json.loads(str(archive["head"]))
            nights = [
                NightAnswers(
                    **fields,
                    **{name: archive[key] for name in _ARRAYS if (key := f"{number}/{name}") in archive.files},
                )
                for number, fields in enumerate(head["nights"])
            ]
            return nights, dict(head["about"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(file, "answers", error, "delete it; these nights are staged again") from error
