"""Epochs of a long night in a temporary file: memory that a night of 24 hours would else take for its whole staging."""

from __future__ import annotations

import errno
import tempfile
import threading
import weakref
from itertools import pairwise
from typing import IO

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


class EpochFile:
    """Epochs of one channel in a temporary file, written and read by rows.

    Plain reads, no memory map: pages of a map count as memory of the process. The file has no name where the system
    allows that, is readable by nobody else, and is gone with this object or with the process.

    Parameters
    ----------
    n_epochs, samples
        Shape.

    Raises
    ------
    OSError
        Where the temporary folder (``TMPDIR``) cannot be written, or has no room.
    """

    def __init__(self, n_epochs: int, samples: int) -> None:
        self.shape = n_epochs, samples
        self.first_samples = np.full(n_epochs, np.nan, np.float32)
        self._row_bytes = samples * np.dtype(np.float32).itemsize
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="eegvlm-", buffering=0)  # noqa: SIM115 - it lives as long as this
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()  # threads share the place in the file

    def __len__(self) -> int:
        return self.shape[0]

    def __setitem__(self, rows: slice, epochs: Samples) -> None:
        """Write consecutive epochs, float32 (n, samples)."""
        start, stop, step = rows.indices(len(self))
        if step != 1:
            raise ValueError(f"only consecutive epochs are written, not every {step}th")
        if epochs.shape != (stop - start, self.shape[1]):
            raise ValueError(f"epochs of shape {epochs.shape} for rows {start} to {stop} of {self.shape}")
        self.first_samples[start:stop] = epochs[:, 0]
        view = np.ascontiguousarray(epochs, np.float32).reshape(-1).data.cast("B")
        with self._lock:
            self._file.seek(start * self._row_bytes)
            while view:
                view = view[self._file.write(view) :]

    def __getitem__(self, rows: slice | npt.NDArray[np.intp]) -> Samples:
        """Read epochs, float32 (n, samples), by a slice or by their places."""
        places = np.arange(len(self))[rows]
        epochs = np.empty((len(places), self.shape[1]), np.float32)
        breaks = (np.flatnonzero(np.diff(places) != 1) + 1).tolist()
        for begin, end in pairwise([0, *breaks, len(places)] if len(places) else []):
            with self._lock:
                self._file.seek(int(places[begin]) * self._row_bytes)
                self._fill(epochs[begin:end].reshape(-1).data.cast("B"))
        return epochs

    def _fill(self, view: memoryview) -> None:
        while view:
            count = self._file.readinto(view)  # type: ignore[attr-defined]
            if not count:
                raise OSError(errno.EIO, "epochs are read that were not written")
            view = view[count:]
