"""Scored nights to a store of epochs."""

from __future__ import annotations

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
    told: list[dict[str, str]] = []
    left_out: dict[str, str] = {}
    enhanced: list[Vectors] = []
    measured: list[Vectors] = []
    stages, night_of, rows = [], [], []
    pictures = 0
    make_folder(folder / PICTURES if layout is not None else folder)
    for done, night in enumerate(nights):
        if progress is not None:
            progress(done, len(nights), night.name)
        try:
            recording, truth = night.recording(), night.hypnogram()
            seen, numbers = encoder(recording)
            chosen = _chosen(truth, seen, most_a_stage)
            if layout is not None:
                prepared = PreparedNight.read(recording, layout)
                chosen = chosen[prepared.usable[chosen]]
                for place in range(0, len(chosen), 60):
                    drawn = prepared.pictures(chosen[place : place + 60]).numpy()
                    for picture in drawn:
                        write_bytes(folder / PICTURES / f"{pictures:07d}.png", _png(picture))
                        pictures += 1
        except InputError as error:
            left_out[night.name] = str(InputError(Path(error.path).name, error.field, error.value, error.hint))
            continue
        if not len(chosen):
            left_out[night.name] = "no scored epoch with a usable EEG"
            continue
        mark = fingerprint(recording.source)
        told.append({"person": night.person, "name": night.name, "fingerprint": mark})
        enhanced.append(seen[chosen])
        measured.append(numbers[chosen])
        stages.append(truth.stages[chosen])
        night_of.append(np.full(len(chosen), len(told) - 1, np.int32))
        rows.append(chosen.astype(np.int32))
    if progress is not None:
        progress(len(nights), len(nights), "")
    if not told:
        why = next(iter(left_out.values()), "no night")
        raise InputError(folder, "nights", "none can be used", why)
    every, numbers = np.concatenate(enhanced), np.concatenate(measured)
    both = np.concatenate([every, numbers], axis=1)
    known = np.isfinite(both)
    counts = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, both, 0).sum(axis=0) / counts
    spread = np.sqrt(np.where(known, (both - centre) ** 2, 0).sum(axis=0) / counts)
    scale = np.where(spread > _LEAST_SCALE, spread, 1.0).astype(np.float32)
    arrays = {
        "vectors": standardised(every, numbers, centre.astype(np.float32), scale),
        "stages": np.concatenate(stages).astype(np.int8),
        "night_of": np.concatenate(night_of),
        "row": np.concatenate(rows),
        "centre": centre.astype(np.float32),
        "scale": scale,
    }
    about = {
        "format": FORMAT,
        "software": f"eeg-vlm {__version__}",
        "encoder": encoder.name,
        "weights_sha256": encoder.weights_sha256,
        "layout": None if layout is None else layout.to_dict(),
        "nights": told,
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
    kept = []
    for stage in STAGES:
        places = np.flatnonzero(usable & (truth.stages == stage))
        kept.append(places[np.unique(np.linspace(0, len(places) - 1, min(most, len(places))).astype(int))])
    return np.sort(np.concatenate(kept))


def _write_arrays(file: Path, arrays: dict[str, Any]) -> None:
    import io

    content = io.BytesIO()
    np.savez(content, **arrays)
    write_bytes(file, content.getvalue())


def _png(picture: np.ndarray[Any, Any]) -> bytes:
    import io

    from PIL import Image

    image = Image.fromarray(picture[0]) if len(picture) == 1 else Image.fromarray(picture.transpose(1, 2, 0))
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=4)
    return stream.getvalue()
