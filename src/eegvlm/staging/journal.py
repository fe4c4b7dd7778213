"""What a killed staging had already read and written, so that the next one goes on from there."""

from __future__ import annotations

import json
import os
import time
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.signals import Recording

WRITE_EVERY_S = 10.0


@dataclass(frozen=True)
class Answers:
    """What the model has answered so far, an epoch a row.

    Parameters
    ----------
    logits
        Of the five labels after the direct prompt: float32 (n, 5), NaN where not read.
    texts
        Rationales: (n,) of str, "" where none was written.
    reasoned
        Logits of the five labels at the end of the rationale: float32 (n, 5), NaN where there is none.
    stages
        Stage in which the rationale ends: int8 (n,), -1 where there is none.
    tokens
        Tokens of the rationale that were chosen, and that were forced: int32 (n, 2).
    """

    logits: npt.NDArray[np.float32]
    texts: npt.NDArray[np.object_]
    reasoned: npt.NDArray[np.float32]
    stages: npt.NDArray[np.int8]
    tokens: npt.NDArray[np.int32]

    @classmethod
    def none(cls, n_epochs: int) -> Answers:
        """Return those of a night that has not begun."""
        return cls(
            logits=np.full((n_epochs, 5), np.nan, np.float32),
            texts=np.full(n_epochs, "", np.object_),
            reasoned=np.full((n_epochs, 5), np.nan, np.float32),
            stages=np.full(n_epochs, -1, np.int8),
            tokens=np.zeros((n_epochs, 2), np.int32),
        )

    @property
    def written(self) -> npt.NDArray[np.bool_]:
        """Which epochs have a rationale: bool (n,)."""
        return self.stages >= 0


def answers_key(recording: Recording, provenance: dict[str, Any]) -> dict[str, Any]:
    """Return what answers depend on: the file, how it is read, and the model.

    Raises
    ------
    InputError
        If the recording is not on disk.
    """
    if not recording.path.is_file():
        raise InputError(recording.path, "journal", "a recording in memory", "only a recording on disk can be resumed")
    file = recording.path.stat()
    return {
        "file": [str(recording.path.resolve()), file.st_size, file.st_mtime_ns],
        "recording": recording.describe(),
        "provenance": provenance,
    }


class AnswerJournal:
    """Answers so far, kept in one file that is replaced at once or not at all.

    Parameters
    ----------
    path
        The file; its folder is made when it is first written.
    key
        What the answers depend on: recording, channels, model, layout, precision. A file with another key is not used.
    """

    def __init__(self, path: Path, key: dict[str, Any]) -> None:
        self.path = path
        self._key = json.dumps(key, sort_keys=True)
        self._written = time.monotonic()

    def read(self, n_epochs: int) -> Answers:
        """Return what the last run had come to."""
        answers = Answers.none(n_epochs)
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as saved:
                arrays = {field.name: saved[field.name] for field in fields(answers)}
                fits = all(arrays[name].shape == getattr(answers, name).shape for name in arrays)
                if str(saved["key"]) == self._key and fits:
                    for name, values in arrays.items():
                        getattr(answers, name)[:] = values
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            pass  # no file, or one that another program wrote: begin at the first epoch
        return answers

    def write(self, answers: Answers) -> None:
        """Keep the answers, if the last writing was ``WRITE_EVERY_S`` ago."""
        if time.monotonic() - self._written < WRITE_EVERY_S:
            return
        arrays = {field.name: getattr(answers, field.name) for field in fields(answers)}
        arrays["texts"] = answers.texts.astype(np.str_)  # objects would be pickled
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(self.path.name + ".new")
        with partial.open("wb") as stream:
            np.savez(stream, key=np.array(self._key), **arrays)
        os.replace(partial, self.path)  # noqa: PTH105 (atomic on every system)
        self._written = time.monotonic()

    def close(self) -> None:
        """Remove the file: the night is finished."""
        self.path.unlink(missing_ok=True)
