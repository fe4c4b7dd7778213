"""``metadata.parquet``: what Hugging Face's ``imagefolder`` reads beside PNG files, with the stages' names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eegvlm.core.files import replacing
from eegvlm.hypnogram import STAGES
from eegvlm.lab.epochs.problems import optional


def write_metadata(file: Path, nights: Iterable[Mapping[str, list[Any]]]) -> None:
    """Write a table, a row a picture, whole or not at all.

    Its schema says that ``stage`` is a ``ClassLabel`` of the five stages, -1 where unscored; ``label`` is the text.

    Parameters
    ----------
    file
        In a folder that exists.
    nights
        The columns ``file_name, subject, night, index, onset_s, stage, hash, label`` of each.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    arrow, parquet = optional("pyarrow"), optional("pyarrow.parquet")
    text = arrow.string()
    types = {
        "file_name": text,
        "subject": text,
        "night": text,
        "index": arrow.int32(),
        "onset_s": arrow.float64(),
        "stage": arrow.int64(),  # what ClassLabel stores
        "hash": text,
        "label": text,
    }
    features: dict[str, Any] = {name: {"dtype": str(kind), "_type": "Value"} for name, kind in types.items()}
    features["onset_s"]["dtype"] = "float64"  # arrow calls it double
    features["stage"] = {"names": [stage.label for stage in STAGES], "_type": "ClassLabel"}
    schema = arrow.schema(types).with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    with replacing(file) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        for night in nights:
            writer.write_table(arrow.table(dict(night), schema=schema))
