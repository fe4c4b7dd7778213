"""Signal traces in few bytes: a night's pictures for a page of 3 MB.

Waves (EEG, eyes, ECG) are transformed epoch by epoch (DCT-II, as JPEG does with pictures), the frequencies that are
drawn are rounded to a step in microvolt, and deflate packs the whole numbers with those of the same frequency side by
side (:mod:`.packed_numbers`). Muscle, whose single waves no screen can show, is kept as the lowest and highest value of
every 0.1 s, rounded on a square-root scale, as differences from the value before. What the rounding costs is measured
and goes onto the page.

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
from eegvlm.report.packed_numbers import pack_numbers
from eegvlm.signals import EPOCH_S

CHUNK = 64
"""Epochs that are packed, and unpacked, together."""
ENVELOPE_BINS = 300
_ENVELOPE_UV = 0.25  # the square-root scale's unit: 1 uV is 2 steps, 100 uV are 20
_FINEST = {"eeg": 2.0, "eog": 5.0, "ecg": 10.0}  # step in uV of the DCT, at quality 1
_HIGHEST_HZ = {"eeg": 35.0, "eog": 15.0, "ecg": 30.0}
_DEAD_ZONE = 0.4  # added before rounding down: a little less than a half makes many zeros for little error
_COARSER = 1.02
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
    clipped = np.clip(steps, -127, 127).astype(np.int16)
    clipped[2:] -= clipped[:-2].copy()  # a bin resembles the one before it
    return np.asarray(clipped)


def decode(numbers: NDArray[np.int16], coding: TraceCoding, samples: int) -> NDArray[np.float32]:
    """Return what a page shows: epochs (n, samples) of a wave, or lowest and highest values (n, bins, 2)."""
    from scipy.fft import idct

    values = numbers.astype(np.float32)
    if coding.kind == "wave":
        transformed = np.zeros((values.shape[1], samples), np.float32)
        transformed[:, : len(values)] = values.T * np.float32(coding.step_uv)
        return np.asarray(idct(transformed, norm="ortho", axis=1))
    values = np.cumsum(values.reshape(ENVELOPE_BINS, 2, -1), axis=0).reshape(numbers.shape)
    ends = np.sign(values) * values**2 * np.float32(coding.step_uv)
    return np.asarray(ends.T.reshape(numbers.shape[1], ENVELOPE_BINS, 2))


def rounding_error(epochs: NDArray[np.float32], coding: TraceCoding, by: float) -> float | None:
    """Return the rms difference in uV between epochs and what the page shows of them; None for an envelope."""
    present = epochs[np.isfinite(epochs).all(axis=1)]
    if coding.kind != "wave" or not len(present):
        return None
    coarse = replace(coding, step_uv=coding.step_uv * by)
    numbers = encode(present, coding)
    shown = decode(numbers if by == 1.0 else _rounded(numbers.astype(np.float32), by), coarse, present.shape[1])
    return float(np.sqrt(np.mean((shown - present) ** 2, dtype=np.float64)))


def pack_traces(blocks: Sequence[Sequence[NDArray[np.int16]]], coarseness: Sequence[float]) -> list[bytes]:
    """Return one deflate stream a chunk.

    Parameters
    ----------
    blocks
        For each chunk one array (numbers, n) a panel, from :func:`encode`.
    coarseness
        By how much each panel's step grows; 1 leaves it.
    """
    return [
        _deflate(b"".join(pack_numbers(_coarser(numbers, by)) for numbers, by in zip(chunk, coarseness, strict=True)))
        for chunk in blocks
    ]


def fit(
    blocks: Sequence[Sequence[NDArray[np.int16]]], codings: Sequence[TraceCoding], most_bytes: int
) -> tuple[list[bytes], float]:
    """Pack traces as finely as `most_bytes` allow; return the chunks and how much coarser than the finest they are."""
    fine, coarse = 0, math.ceil(math.log(_MOST_COARSE, _COARSER))  # powers of _COARSER
    packed = pack_traces(blocks, _coarseness(codings, 1.0))
    if sum(map(len, packed)) <= most_bytes:
        return packed, 1.0
    while fine < coarse:  # all chunks are packed each time: a few of them misjudge a night by a fifth
        middle = (fine + coarse) // 2
        packed = pack_traces(blocks, _coarseness(codings, _COARSER**middle))
        if sum(map(len, packed)) > most_bytes:
            fine = middle + 1
        else:
            coarse = middle
    by = _COARSER**fine
    return pack_traces(blocks, _coarseness(codings, by)), by


def _coarseness(codings: Sequence[TraceCoding], by: float) -> list[float]:
    return [by if coding.kind == "wave" else 1.0 for coding in codings]


def _rounded(values: NDArray[np.float32], step: float) -> NDArray[np.int16]:
    whole = np.floor(np.abs(values) / step + _DEAD_ZONE)
    return (np.sign(values) * np.minimum(whole, 32767)).astype(np.int16)


def _coarser(numbers: NDArray[np.int16], by: float) -> NDArray[np.int16]:
    return numbers if by == 1.0 else _rounded(numbers.astype(np.float32), by)


def _deflate(data: bytes) -> bytes:
    # Memory level 6: blocks of 4096 symbols have Huffman codes of their own, fit for their few frequencies.
    packer = zlib.compressobj(6, zlib.DEFLATED, 31, 6, zlib.Z_FILTERED)
    return packer.compress(data) + packer.flush()
