"""What a killed staging had already read, so that the next one goes on from there."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WRITE_EVERY_S = 10.0


class Journal:
    """Label logits of the epochs read so far, kept in one file that is replaced at once or not at all.

    Parameters
    ----------
    path
        The file; its folder is made when it is first written.
    key
        What the logits depend on: recording, channels, model, layout, precision. A file with another key is
        not used.
    """

    def __init__(self, path: Path, key: dict[str, Any]) -> None:
        self.path = path
        self._key = json.dumps(key, sort_keys=True)
        self._written = time.monotonic()

    def read(self, n_epochs: int) -> npt.NDArray[np.float32]:
        """Return logits (n_epochs, 5) of the last run, NaN where it had not come to."""
        logits = np.full((n_epochs, 5), np.nan, dtype=np.float32)
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as saved:
                if str(saved["key"]) == self._key and saved["logits"].shape == logits.shape:
                    logits[:] = saved["logits"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            pass  # no file, or one that another program wrote: begin at the first epoch
        return logits

    def write(self, logits: npt.NDArray[np.float32]) -> None:
        """Keep the logits, if the last writing was ``WRITE_EVERY_S`` ago."""
        if time.monotonic() - self._written < WRITE_EVERY_S:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(self.path.name + ".new")
        with partial.open("wb") as stream:
            np.savez(stream, logits=logits, key=np.array(self._key))
        os.replace(partial, self.path)  # noqa: PTH105 (atomic on every system)
        self._written = time.monotonic()

    def close(self) -> None:
        """Remove the file: the night is finished."""
        self.path.unlink(missing_ok=True)
