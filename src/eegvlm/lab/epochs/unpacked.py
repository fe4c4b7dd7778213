"""Memory-mapped copies of shards, for reading rows at random."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import check_output_folder, make_folder, replacing
from eegvlm.lab.epochs.shard import Shards


class Unpacked:
    """Counts of shards as ``.npy`` files, named by the SHA-256 of the shard that they were made from.

    Parameters
    ----------
    folder
        Where they lie; made when needed.
    shards, digests
        What is unpacked.
    """

    def __init__(self, folder: Path, shards: Shards, digests: list[str]) -> None:
        self._folder, self._shards, self._digests = folder, shards, digests
        self._maps: dict[int, npt.NDArray[np.int16]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_maps": {}}

    def counts(self, shard: int) -> npt.NDArray[np.int16]:
        """Return int16 ``(rows, panels, samples)``, unpacked before where that was not done yet."""
        if shard not in self._maps:
            file = self._folder / f"{self._digests[shard]}.npy"
            if not self._is_whole(file, shard):
                self._unpack(shard, file)
            self._maps[shard] = np.load(file, mmap_mode="r")
        return self._maps[shard]

    def _shape(self, shard: int) -> tuple[int, int, int]:
        return int(self._shards.starts[shard][-1]), len(self._shards.panels), self._shards.samples

    def _is_whole(self, file: Path, shard: int) -> bool:
        try:
            stored = np.load(file, mmap_mode="r")
        except (OSError, ValueError, EOFError):
            return False
        return bool(stored.shape == self._shape(shard) and stored.dtype == np.int16)

    def _unpack(self, shard: int, file: Path) -> None:
        shape = self._shape(shard)
        # A mapped file that finds no room ends the process without a word.
        check_output_folder(self._folder, needs_bytes=2 * prod(shape))
        make_folder(self._folder)
        with replacing(file) as temporary:
            counts = np.lib.format.open_memmap(temporary, "w+", np.int16, shape)
            starts = self._shards.starts[shard]
            for group, (first, stop) in enumerate(pairwise(starts)):
                counts[first:stop] = self._shards.counts(shard, group)
            counts.flush()
            del counts
