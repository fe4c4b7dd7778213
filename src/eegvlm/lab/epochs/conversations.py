"""Epochs as conversations about pictures, in the two JSON forms that trainers of vision-language models read.

A conversation asks for the stage, is given the label alone, asks for the reasons, and is given the rationale. LLaVA's
form is a list of ``{"id", "image", "conversations": [{"from", "value"}]}``; ShareGPT's, as LLaMA-Factory and others
read it, a list of ``{"messages": [{"role", "content"}], "images"}``, with ``dataset_info.json`` beside it. Paths are
relative to the export's folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import replacing, write_text

QUESTION = (
    "The picture shows 30 seconds of a polysomnogram. Which sleep stage is it: W, N1, N2, N3 or R? "
    "Answer with the stage alone."
)
WHY = "Give the reasons."
RATIONALES = "rationales.json"
INFO = "dataset_info.json"

Rationales = Callable[[Mapping[str, npt.NDArray[np.float32]], npt.NDArray[np.int8]], Sequence[str]]
"""Panel to (epochs, samples) µV as drawn, and int8 (epochs,) stages, to a text an epoch."""


@dataclass(frozen=True)
class Example:
    """One epoch.

    Parameters
    ----------
    picture
        Its file, relative to the export's folder.
    person, night, index
        Whose epoch it is, and which, from 0.
    answer
        Label of its stage.
    rationale
        The reasons.
    """

    picture: str
    person: str
    night: str
    index: int
    answer: str
    rationale: str

    def _texts(self, picture_token: str) -> tuple[str, ...]:
        """Return what the user and the model say in turn."""
        return (f"{picture_token}{QUESTION}", self.answer, WHY, self.rationale)

    @property
    def _about(self) -> dict[str, Any]:
        return {"person": self.person, "night": self.night, "index": self.index}

    def to_llava(self) -> dict[str, Any]:
        """Return the conversation in LLaVA's form."""
        turns = zip(("human", "gpt") * 2, self._texts("<image>\n"), strict=True)
        return {
            "id": Path(self.picture).with_suffix("").as_posix(),
            "image": self.picture,
            "conversations": [{"from": role, "value": text} for role, text in turns],
            **self._about,
        }

    def to_sharegpt(self) -> dict[str, Any]:
        """Return the conversation in ShareGPT's form, with OpenAI's names of roles."""
        turns = zip(("user", "assistant") * 2, self._texts("<image>"), strict=True)
        return {
            "messages": [{"role": role, "content": text} for role, text in turns],
            "images": [self.picture],
            **self._about,
        }


def write_conversations(folder: Path, examples: Mapping[str, Callable[[], Iterable[Example]]]) -> list[Path]:
    """Write ``llava-<part>.json`` and ``sharegpt-<part>.json`` of every part, and ``dataset_info.json``.

    Parameters
    ----------
    folder
        The export's.
    examples
        Part to what gives its epochs; called once for each form, so that a part is never held as a whole.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        If they cannot be written.
    """
    files: list[Path] = []
    for part, of_part in examples.items():
        for form, convert in (("llava", Example.to_llava), ("sharegpt", Example.to_sharegpt)):
            file = folder / f"{form}-{part}.json"
            _write_list(file, (convert(example) for example in of_part()))
            files.append(file)
    info = {
        f"sleep_stages_{part}": {
            "file_name": f"sharegpt-{part}.json",
            "formatting": "sharegpt",
            "columns": {"messages": "messages", "images": "images"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
            },
        }
        for part in examples
    }
    write_text(folder / INFO, json.dumps(info, indent=1) + "\n")
    return [*files, folder / INFO]


def _write_list(file: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write a JSON list a row a line, whole or not at all."""
    with replacing(file) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for number, row in enumerate(rows):
            stream.write((",\n" if number else "\n") + json.dumps(row, ensure_ascii=False))
        stream.write("\n]\n")
