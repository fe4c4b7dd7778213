"""The store of scored epochs: vectors, stages, whose they are, and pictures to show to a model.

In the folder: ``index.json`` (which encoder, which layout, the nights), ``epochs.npz`` (arrays), and ``pictures/``, a
PNG an epoch, where pictures are kept. Search is exact (FAISS, flat), so an answer depends on nothing but the store.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.images import ImageLayout
from eegvlm.retrieval.encoder import Encoder, Vectors

FORMAT = "eegvlm-index-1"
ABOUT, ARRAYS, PICTURES = "index.json", "epochs.npz", "pictures"
Ids = npt.NDArray[np.int64]


def faiss() -> Any:
    """Return FAISS.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module("faiss")
    except ImportError as error:
        raise InputError("index", "faiss", "not installed", "pip install 'eeg-vlm[index]'") from error


@dataclass(frozen=True, eq=False)
class EpochIndex:
    """A store of scored epochs, opened.

    Parameters
    ----------
    folder
        Where it lies.
    about
        What ``index.json`` says: ``encoder``, ``weights_sha256``, ``layout`` (None without pictures), ``nights`` (each
        with ``person``, ``name``, ``fingerprint``).
    vectors
        float32 (n, dimensions), standardised and weighted.
    stages
        int8 (n,), the expert's.
    night_of
        int32 (n,): place in ``about["nights"]``.
    row
        int32 (n,): the epoch in its night, from 0.
    centre, scale
        float32 (dimensions,): what vectors are standardised with.
    """

    folder: Path
    about: Mapping[str, Any]
    vectors: Vectors
    stages: npt.NDArray[np.int8]
    night_of: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    centre: Vectors = field(repr=False)
    scale: Vectors = field(repr=False)

    @classmethod
    def read(cls, folder: str | Path) -> EpochIndex:
        """Open a store.

        Raises
        ------
        InputError
            If :func:`~eegvlm.retrieval.build_index` did not write it, or it is damaged.
        """
        folder = Path(folder)
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise ValueError(f"format {about['format']}")
            with np.load(folder / ARRAYS, allow_pickle=False) as file:
                arrays = {name: file[name] for name in ("vectors", "stages", "night_of", "row", "centre", "scale")}
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise InputError(folder, "index", error, "make it with `eegvlm index FOLDER --out INDEX`") from error
        return cls(folder, about, **arrays)

    def __len__(self) -> int:
        return len(self.stages)

    @property
    def layout(self) -> ImageLayout | None:
        """How its pictures are drawn; None where it holds none."""
        fields = self.about["layout"]
        return None if fields is None else ImageLayout.from_dict(fields, path=self.folder / ABOUT)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of what it holds, for records."""
        return sha256((self.folder / ARRAYS).read_bytes()).hexdigest()[:16]

    def check_encoder(self, encoder: Encoder) -> None:
        """Refuse an encoder that did not make the store's vectors.

        Raises
        ------
        InputError
            Naming both.
        """
        if encoder.weights_sha256 != self.about["weights_sha256"]:
            hint = f"its vectors are of other weights than {encoder.name} has now: make the index again"
            raise InputError(self.folder, "encoder", f"{self.about['encoder']} of another version", hint)

    def encode(self, enhanced: Vectors, measured: Vectors) -> tuple[Vectors, npt.NDArray[np.bool_]]:
        """Return an encoder's vectors as they are compared, (n, dimensions), and which epochs have one, bool (n,)."""
        usable = np.asarray(np.isfinite(enhanced).all(axis=1), np.bool_)
        return standardised(enhanced, measured, self.centre, self.scale), usable

    def persons_of(self, fingerprint: str) -> set[str]:
        """Return the persons whose night a recording is, by its samples; empty where it is in no night."""
        return {night["person"] for night in self.about["nights"] if night["fingerprint"] == fingerprint}

    def nearest(
        self,
        vectors: Vectors,
        k: int,
        *,
        without: Iterable[str] = (),
        by_stage: bool = False,
    ) -> Ids:
        """Find the nearest epochs.

        Parameters
        ----------
        vectors
            (n, dimensions), from :meth:`encode`.
        k
            How many.
        without
            Persons whose epochs are not looked at.
        by_stage
            Whether the k are spread over stages: the nearest of each stage in turn, the stage whose best is nearest
            first.

        Returns
        -------
        int64 (n, k)
            Their places, the nearest first.

        Raises
        ------
        InputError
            If fewer than k epochs of other persons are there.
        """
        left_out = set(without)
        is_left_out = np.array([night["person"] in left_out for night in self.about["nights"]], np.bool_)
        allowed = np.flatnonzero(~is_left_out[self.night_of])
        if len(allowed) < k:
            hint = "add nights of other persons to the index, or give a smaller --k"
            raise InputError(self.folder, "epochs of other persons", len(allowed), hint)
        if not by_stage:
            return self._search(vectors, allowed, k)[1]
        groups = [allowed[self.stages[allowed] == stage] for stage in STAGES]
        nearest = [self._search(vectors, group, min(k, len(group))) for group in groups if len(group)]
        return _in_turn(nearest, k)

    def pictures(self, ids: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Read pictures: uint8 (n, channels, height, width).

        Raises
        ------
        InputError
            If one is missing.
        """
        from PIL import Image

        pictures = []
        for place in ids:
            file = self.folder / PICTURES / f"{place:07d}.png"
            try:
                with Image.open(file) as image:
                    pixels = np.asarray(image, np.uint8)
            except OSError as error:
                raise InputError(file, "picture", error, "make the index again, with --layout") from error
            pictures.append(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))
        return np.stack(pictures)

    def _search(self, vectors: Vectors, among: Ids, k: int) -> tuple[Vectors, Ids]:
        """Return squared distances and places of the k nearest, each (n, k)."""
        library = faiss()
        flat = library.IndexFlatL2(self.vectors.shape[1])
        flat.add(np.ascontiguousarray(self.vectors[among]))
        distances, places = flat.search(np.ascontiguousarray(vectors), k)
        return distances, among[places]


def standardised(enhanced: Vectors, measured: Vectors, centre: Vectors, scale: Vectors) -> Vectors:
    """Return vectors of both kinds beside each other, each kind with the same say; absent entries are average."""
    both = (np.concatenate([enhanced, measured], axis=1) - centre) / scale
    widths = (enhanced.shape[1], measured.shape[1])
    weights = np.repeat(1 / np.sqrt(widths), widths)
    return np.nan_to_num(both * weights, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)


def _in_turn(nearest: Sequence[tuple[Vectors, Ids]], k: int) -> Ids:
    """Take the nearest of each stage, then the second of each, and so on until there are k."""
    rows = len(nearest[0][0])
    chosen = np.empty((rows, k), np.int64)
    for row in range(rows):
        order = sorted(nearest, key=lambda stage: stage[0][row, 0])
        ranked = [ids[row] for _, ids in order]
        longest = max(map(len, ranked))
        chosen[row] = [int(ids[depth]) for depth in range(longest) for ids in ranked if depth < len(ids)][:k]
    return chosen
