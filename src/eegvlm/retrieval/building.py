"""Scored nights to a store of epochs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eegvlm import __version__
from eegvlm.core.files import check_output_folder, make_folder, write_bytes, write_text
from eegvlm.core.temporary_names import holds_nothing
from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Hypnogram, Stage
from eegvlm.images import ImageLayout, PreparedNight
from eegvlm.retrieval.encoder import Encoder, Vectors
from eegvlm.retrieval.epoch_index import ABOUT, ARRAYS, FORMAT, PICTURES, EpochIndex, faiss, standardised
from eegvlm.signals import Recording
from eegvlm.signals.fingerprint import fingerprint

_LEAST_SCALE = 1e-3
_DRAWN = 60  # epochs at a time


class IndexedNight(Protocol):
    """A recording with an expert's stages."""

    @property
    def person(self) -> str:
        """The sleeper."""

    @property
    def name(self) -> str:
        """The night; unique."""

    def recording(self, channels: Any = None) -> Recording:
        """Open the recording."""

    def hypnogram(self) -> Hypnogram:
        """Read the expert's stages, one for each epoch of the recording."""


def build_index(
    nights: Iterable[IndexedNight],
    out: str | Path,
    *,
    encoder: Encoder,
    layout: ImageLayout | None = None,
    most_a_stage: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[EpochIndex, dict[str, str]]:
    """Write the scored, usable epochs of nights as a store.

    Parameters
    ----------
    nights
        At least one.
    out
        A new or an empty folder.
    encoder
        Whose vectors are kept.
    layout
        How pictures are drawn that a general-purpose model is shown; None: none are kept.
    most_a_stage
        Epochs of each stage that are kept of a night, from all over it; all where None.
    progress
        Called with nights done, nights in all, and the name of the night.

    Returns
    -------
    index
        The store.
    left_out
        Nights that could not be used, and why.

    Raises
    ------
    InputError
        If FAISS is missing, the folder holds something, it cannot be written, or no night can be used.
    """
    faiss()
    nights, folder = list(nights), Path(out)
    check_output_folder(folder, files=(ABOUT, ARRAYS))
    if folder.is_dir() and not holds_nothing(folder):
        raise InputError(folder, "index", "not empty", "name a new or an empty folder")
    indexed: list[dict[str, str]] = []
    left_out: dict[str, str] = {}
    enhanced: list[Vectors] = []
    measured: list[Vectors] = []
    stages, night_of, rows = [], [], []
    n_pictures = 0
    make_folder(folder / PICTURES if layout is not None else folder)
    for done, night in enumerate(nights):
        if progress is not None:
            progress(done, len(nights), night.name)
        try:
            recording, truth = night.recording(), night.hypnogram()
            enhanced_vectors, measured_vectors = encoder(recording)
            chosen = _chosen(truth, enhanced_vectors, most_a_stage)
            if layout is not None:
                prepared = PreparedNight.read(recording, layout)
                chosen = chosen[prepared.usable[chosen]]
                _write_pictures(folder / PICTURES, prepared, chosen, n_pictures)
                n_pictures += len(chosen)
        except InputError as error:
            left_out[night.name] = str(InputError(Path(error.path).name, error.field, error.value, error.hint))
            continue
        if not len(chosen):
            left_out[night.name] = "no scored epoch with a usable EEG"
            continue
        indexed.append({"person": night.person, "name": night.name, "fingerprint": fingerprint(recording.source)})
        enhanced.append(enhanced_vectors[chosen])
        measured.append(measured_vectors[chosen])
        stages.append(truth.stages[chosen])
        night_of.append(np.full(len(chosen), len(indexed) - 1, np.int32))
        rows.append(chosen.astype(np.int32))
    if progress is not None:
        progress(len(nights), len(nights), "")
    if not indexed:
        why = next(iter(left_out.values()), "no night")
        raise InputError(folder, "nights", "none can be used", why)
    every_enhanced, every_measured = np.concatenate(enhanced), np.concatenate(measured)
    centre, scale = _centre_and_scale(np.concatenate([every_enhanced, every_measured], axis=1))
    arrays = {
        "vectors": standardised(every_enhanced, every_measured, centre, scale),
        "stages": np.concatenate(stages).astype(np.int8),
        "night_of": np.concatenate(night_of),
        "row": np.concatenate(rows),
        "centre": centre,
        "scale": scale,
    }
    about = {
        "format": FORMAT,
        "software": f"eeg-vlm {__version__}",
        "encoder": encoder.name,
        "weights_sha256": encoder.weights_sha256,
        "layout": None if layout is None else layout.to_dict(),
        "nights": indexed,
    }
    _write_arrays(folder / ARRAYS, arrays)
    write_text(folder / ABOUT, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    return EpochIndex.read(folder), left_out


def _chosen(truth: Hypnogram, vectors: Vectors, most: int | None) -> np.ndarray[Any, Any]:
    """Return the scored epochs that have a vector, of each stage as many as are kept, from all over the night."""
    if len(truth) != len(vectors):
        hint = "lay the scoring on the epochs of the recording"
        raise InputError("index", "epochs", f"{len(truth)} scored of {len(vectors)}", hint)
    usable = np.isfinite(vectors).all(axis=1) & (truth.stages != Stage.UNSCORED)
    if most is None:
        return np.flatnonzero(usable)
    chosen = []
    for stage in STAGES:
        places = np.flatnonzero(usable & (truth.stages == stage))
        chosen.append(places[np.unique(np.linspace(0, len(places) - 1, min(most, len(places))).astype(int))])
    return np.sort(np.concatenate(chosen))


def _centre_and_scale(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Return what vectors are standardised with, absent entries aside; the scale of what hardly varies is 1."""
    is_measured = np.isfinite(vectors)
    counts = np.maximum(is_measured.sum(axis=0), 1)
    centre = np.where(is_measured, vectors, 0).sum(axis=0) / counts
    spread = np.sqrt(np.where(is_measured, (vectors - centre) ** 2, 0).sum(axis=0) / counts)
    return centre.astype(np.float32), np.where(spread > _LEAST_SCALE, spread, 1.0).astype(np.float32)


def _write_arrays(file: Path, arrays: dict[str, Any]) -> None:
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_bytes(file, content.getvalue())


def _write_pictures(folder: Path, night: PreparedNight, rows: np.ndarray[Any, Any], first: int) -> None:
    """Write a PNG of each epoch, counted on from ``first``."""
    for begin in range(0, len(rows), _DRAWN):
        pictures = night.pictures(rows[begin : begin + _DRAWN]).numpy()
        for number, picture in enumerate(pictures, first + begin):
            write_bytes(folder / f"{number:07d}.png", _png(picture))


def _png(picture: np.ndarray[Any, Any]) -> bytes:
    from PIL import Image

    image = Image.fromarray(picture[0]) if len(picture) == 1 else Image.fromarray(picture.transpose(1, 2, 0))
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=4)
    return stream.getvalue()
