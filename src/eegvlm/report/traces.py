"""Signal traces in few bytes: a night's pictures for a page of 3 MB.

Waves (EEG, eyes, ECG) are transformed epoch by epoch (DCT-II, as JPEG does with pictures), the frequencies that are
drawn are rounded to a step in microvolt, and deflate packs the whole numbers with those of the same frequency side by
side. Muscle, whose single waves no screen can show, is kept as the lowest and highest value of every 0.1 s,
rounded on a square-root scale. What the rounding costs is measured and goes onto the page.

Ahmed, Natarajan, Rao 1974, IEEE Trans. Comput. C-23(1):90-93.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eegvlm.images import Panel
from eegvlm.signals import EPOCH_S

CHUNK = 64
"""Epochs that are packed, and unpacked, together."""
ENVELOPE_BINS = 300
_ENVELOPE_UV = 0.25  # the square-root scale's unit: 1 uV is 2 steps, 100 uV are 20
_FINEST = {"eeg": 2.0, "eog": 4.0, "ecg": 10.0}  # step in uV of the DCT, at quality 1
_HIGHEST_HZ = {"eeg": 35.0, "eog": 15.0, "ecg": 30.0}
_DEAD_ZONE = 0.4  # added before rounding down: a little less than a half makes many zeros for little error
_COARSER = 1.1
_TRIED = 6  # one chunk in six is packed to find how coarse the steps must be
_MOST_COARSE = 24.0


@dataclass(frozen=True)
class TraceCoding:
    """How one panel's traces are kept.

    Parameters
    ----------
    kind
        ``"wave"`` or ``"envelope"``.
    numbers
        Whole numbers an epoch.
    step_uv
        What one of them is worth: rounding step of the orthonormal transform, or unit of the square-root scale.
    highest_hz
        Up to which frequency the trace is kept; None for an envelope.
    """

    kind: str
    numbers: int
    step_uv: float
    highest_hz: float | None


def panel_coding(panel: Panel, rate: float) -> TraceCoding:
    """Return the finest coding of a panel drawn at `rate` samples per second."""
    return coding_of(panel.roles[0].modality, panel.band[1], rate)


def coding_of(modality: str, high: float | None, rate: float) -> TraceCoding:
    """Return the finest coding of a modality, filtered up to `high` Hz, at `rate` samples per second."""
    if modality == "emg":
        return TraceCoding("envelope", 2 * ENVELOPE_BINS, _ENVELOPE_UV, None)
    highest = min(_HIGHEST_HZ.get(modality, 35.0), high or math.inf, rate / 2)
    return TraceCoding("wave", round(2 * highest * EPOCH_S), _FINEST.get(modality, 4.0), highest)


def encode(epochs: NDArray[np.float32], coding: TraceCoding) -> NDArray[np.int16]:
    """Return the whole numbers (numbers, n) of epochs (n, samples); zeros where there is no signal."""
    from scipy.fft import dct

    present = np.where(np.isfinite(epochs).all(axis=1, keepdims=True), epochs, np.float32(0))
    if coding.kind == "wave":
        transformed = dct(present, norm="ortho", axis=1)[:, : coding.numbers]
        return _rounded(np.asarray(transformed.T), coding.step_uv)
    bins = np.array_split(present, ENVELOPE_BINS, axis=1)
    ends = np.stack([f(part, axis=1) for part in bins for f in (np.min, np.max)])
    steps = np.sign(ends) * np.rint(np.sqrt(np.abs(ends) / coding.step_uv))
    return np.asarray(np.clip(steps, -127, 127).astype(np.int16))


def decode(numbers: NDArray[np.int16], coding: TraceCoding, samples: int) -> NDArray[np.float32]:
    """Return what a page shows: epochs (n, samples) of a wave, or lowest and highest values (n, bins, 2)."""
    from scipy.fft import idct

    values = numbers.astype(np.float32)
    if coding.kind == "wave":
        transformed = np.zeros((values.shape[1], samples), np.float32)
        transformed[:, : len(values)] = values.T * np.float32(coding.step_uv)
        return np.asarray(idct(transformed, norm="ortho", axis=1))
    ends = np.sign(values) * values**2 * np.float32(coding.step_uv)
    return np.asarray(ends.T.reshape(values.shape[1], ENVELOPE_BINS, 2))


def rounding_error(epochs: NDArray[np.float32], coding: TraceCoding, by: float) -> float | None:
    """Return the rms difference in uV between epochs and what the page shows of them; None for an envelope."""
    present = epochs[np.isfinite(epochs).all(axis=1)]
    if coding.kind != "wave" or not len(present):
        return None
    coarse = replace(coding, step_uv=coding.step_uv * by)
    numbers = encode(present, coding)
    decoded = decode(numbers if by == 1.0 else _rounded(numbers.astype(np.float32), by), coarse, present.shape[1])
    return float(np.sqrt(np.mean((decoded - present) ** 2, dtype=np.float64)))


def pack_traces(blocks: Sequence[Sequence[NDArray[np.int16]]], coarseness: Sequence[float]) -> list[bytes]:
    """Return one deflate stream a chunk.

    Parameters
    ----------
    blocks
        For each chunk one array (numbers, n) a panel, from :func:`encode`.
    coarseness
        By how much each panel's step grows; 1 leaves it.
    """
    return [_deflate(b"".join(_planes(numbers, by) for numbers, by in zip(chunk, coarseness, strict=True)))
            for chunk in blocks]  # fmt: skip


def fit(
    blocks: Sequence[Sequence[NDArray[np.int16]]], codings: Sequence[TraceCoding], most_bytes: int
) -> tuple[list[bytes], float]:
    """Pack traces as finely as `most_bytes` allow; return the chunks and how much coarser than the finest they are."""
    sample = blocks[::_TRIED] if len(blocks) >= 2 * _TRIED else blocks
    share = sum(chunk[0].shape[1] for chunk in sample if chunk) / max(
        1, sum(chunk[0].shape[1] for chunk in blocks if chunk)
    )
    fine, coarse = 0, math.ceil(math.log(_MOST_COARSE, _COARSER))  # powers of _COARSER
    while fine < coarse:
        middle = (fine + coarse) // 2
        if _size(sample, codings, _COARSER**middle) > share * most_bytes:
            fine = middle + 1
        else:
            coarse = middle
    by = _COARSER**fine
    packed = pack_traces(blocks, _coarseness(codings, by))
    while by < _MOST_COARSE and sum(map(len, packed)) > most_bytes:
        by *= _COARSER
        packed = pack_traces(blocks, _coarseness(codings, by))
    return packed, by


def _size(blocks: Sequence[Sequence[NDArray[np.int16]]], codings: Sequence[TraceCoding], by: float) -> int:
    return sum(map(len, pack_traces(blocks, _coarseness(codings, by))))


def _coarseness(codings: Sequence[TraceCoding], by: float) -> list[float]:
    return [by if coding.kind == "wave" else 1.0 for coding in codings]


def _rounded(values: NDArray[np.float32], step: float) -> NDArray[np.int16]:
    whole = np.floor(np.abs(values) / step + _DEAD_ZONE)
    return (np.sign(values) * np.minimum(whole, 32767)).astype(np.int16)


def _planes(numbers: NDArray[np.int16], by: float) -> bytes:
    """Lay out whole numbers as bytes: sign in the lowest bit, all low bytes first, then all high bytes."""
    coarse = numbers if by == 1.0 else _rounded(numbers.astype(np.float32), by)
    wide = coarse.astype(np.int32)
    folded = (wide << 1) ^ (wide >> 31)
    return (folded & 255).astype(np.uint8).tobytes() + (folded >> 8).astype(np.uint8).tobytes()


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31, 9, zlib.Z_FILTERED)
    return packer.compress(data) + packer.flush()
