"""Windows of evidence: what was measured in stretches of nights, as whole recordings, pieces and nights with gaps."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.random_streams import BatchStream
from eegvlm.evidence import BANDS, beside_median, entries, entry_places, evidence_vectors, measure_night
from eegvlm.lab.training.evidence_recipe import EvidenceData
from eegvlm.lab.training.night_files import night_files, version_names
from eegvlm.lab.training.night_vectors import seen_night
from eegvlm.lab.training.spectral_nights import SPECTRAL_VERSIONS, SpectralNight
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model import EegVlmProcessor
from eegvlm.scoring import TABLE

if TYPE_CHECKING:
    from eegvlm.lab.training.data import Augmentation

Floats = npt.NDArray[np.float32]

_LEAST_EPOCHS = 10
_CHECKED = 241  # every validation epoch is the middle of a window of its own; longer ones would take long
_WHOLE_STAGES = 0.6  # of windows with gaps, those in which whole stages are missing; the others lack stretches
_STAGES_KEPT = (0.15, 0.4, 0.3, 0.15)  # chances that one, two, three or four stages are left of five

_ENTRIES = entries()
_PLACES = entry_places()
_RELATIVE = np.array([entry.relative for entry in _ENTRIES])
_GROUPS = {group: np.array([entry.group == group for entry in _ENTRIES]) for group in ("eeg", "eog", "chin")}
_RMS = [_PLACES[f"eeg_rms_{band}"] for band in BANDS]
_SHARE = [_PLACES[f"eeg_share_{band}"] for band in BANDS]
_LARGEST = [_PLACES[f"{kind.name}_largest"] for kind in TABLE.kinds if kind.is_eeg_wave]


@dataclass(frozen=True)
class NightEvidence:
    """Evidence vectors of every night of a store, on disk.

    Parameters
    ----------
    store
        Whose nights.
    files
        By night, one file a version: float32 (epochs, entries).
    """

    store: TrainingStore
    files: list[list[Path]]

    def whole(self, night: int, version: int) -> Floats:
        """Return the vectors of a night, (epochs, entries)."""
        versions = self.files[night]
        vectors: Floats = np.load(versions[version % len(versions)], mmap_mode="r")
        return vectors


def write_evidence(
    store: TrainingStore,
    processor: EegVlmProcessor,
    folder: Path,
    *,
    augmentation: Augmentation | None = None,
    versions: int = 1,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
) -> NightEvidence:
    """Measure every night; those that a killed run had measured are not measured again.

    Parameters
    ----------
    store, processor
        The nights, and the layout whose panels' first roles say what each stored row is.
    folder
        One file a night and version.
    augmentation, versions
        How nights are seen; without augmentation there is one version.
    progress
        Wraps the list of nights.
    """
    stored = [store.stored(place) for place in range(len(store.nights))]
    counts = [
        SPECTRAL_VERSIONS if isinstance(night, SpectralNight) and augmentation is not None else versions
        for night in stored
    ]

    def compute(place: int, version: int) -> Floats:
        night = stored[place]
        if isinstance(night, SpectralNight):
            return night.entries(version)
        prepared = seen_night(store, processor, augmentation, place, version)
        return evidence_vectors(prepared, measure_night(prepared))

    names = version_names(store.nights, counts)
    return NightEvidence(store, night_files(folder, names, compute, progress=progress))


@dataclass(frozen=True)
class EvidenceBatches:
    """Collator: rows of a store to windows of evidence.

    Parameters
    ----------
    evidence
        Of the store's nights.
    processor
        The model's.
    columns
        Places of the model's entries among those of this version.
    data
        How windows vary; None: they do not, for validation.
    soft_negatives
        See :class:`~eegvlm.lab.training.phase_recipe.Phase`.
    """

    evidence: NightEvidence
    processor: EegVlmProcessor
    columns: list[int]
    data: EvidenceData | None = None
    soft_negatives: float = 0.0

    @property
    def store(self) -> TrainingStore:
        """Whose epochs."""
        return self.evidence.store

    def as_they_are(self, evidence: NightEvidence) -> EvidenceBatches:
        """Return validation batches of other nights."""
        return replace(self, evidence=evidence, data=None, soft_negatives=0.0)

    def __call__(self, indices: list[int]) -> dict[str, torch.Tensor]:
        """Return the model's inputs.

        Returns
        -------
        dict
            ``evidence`` (n, epochs, entries), NaN where absent; of every place in it ``targets`` and ``class_weights``
            (n, epochs, 5) and ``counts`` (n, epochs), 0 where nothing is learnt; ``place`` (n,) of the row in its
            window; ``stages`` and ``source`` (n,) of the row.
        """
        rows = np.asarray(indices, dtype=np.int64)
        rng = np.random.default_rng([zlib.crc32(rows.tobytes()), BatchStream.EVIDENCE])
        windows = [self._window(row, rng) for row in rows.tolist()]
        longest = max(len(places) for _, places, _ in windows)
        evidence = np.full((len(rows), longest, len(_ENTRIES)), np.nan, np.float32)
        row_at = np.full((len(rows), longest), -1, np.int64)
        for k, (vectors, places, _) in enumerate(windows):
            evidence[k, : len(places)], row_at[k, : len(places)] = vectors, places
        learnt = (row_at >= 0) & np.isfinite(evidence).any(axis=2)
        at = np.where(learnt, row_at, rows[:, None])
        return {
            "evidence": torch.from_numpy(evidence[:, :, self.columns]),
            "targets": torch.from_numpy(self.store.targets[at]),
            "class_weights": torch.from_numpy(
                self.store.weights(at.ravel(), self.soft_negatives).reshape(*at.shape, 5)
            ),
            "counts": torch.from_numpy(learnt.astype(np.float32)),
            "place": torch.tensor([place for _, _, place in windows]),
            "stages": torch.from_numpy(self.store.stages[rows]),
            "source": torch.from_numpy(self.store.source[rows]),
        }

    def _window(self, row: int, rng: np.random.Generator) -> tuple[Floats, npt.NDArray[np.int64], int]:
        """Return a window around a row: its vectors, the store's row of each place (-1: none), the row's own place."""
        night, position = int(self.store.night[row]), int(self.store.position[row])
        versions, length = len(self.evidence.files[night]), self.store.length(night)
        whole = self.evidence.whole(night, int(rng.integers(versions)) if self.data else 0)
        size = min(length, _CHECKED) if self.data is None else self.data.window(length, rng)
        before = size // 2 if self.data is None else int(rng.integers(size))
        first = int(np.clip(position - before, 0, length - size))
        vectors = np.array(whole[first : first + size])
        places = self.store.rows_of(night)[first : first + size]
        if self.data is not None:
            vectors = _varied(vectors, self._stages(places), position - first, self.data, rng)
        elif not np.isfinite(vectors[:, ~_RELATIVE]).any():
            vectors = beside_median(vectors)
        return vectors, places, position - first

    def _stages(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the likeliest stage of each place, -1 where it is not learnt."""
        return np.where(places >= 0, self.store.targets[np.maximum(places, 0)].argmax(axis=1), -1)


def _varied(
    vectors: Floats, stages: npt.NDArray[np.int64], place: int, data: EvidenceData, rng: np.random.Generator
) -> Floats:
    """Return a window through a recorder of its own, with gaps and without some channels."""
    if data.jitter:
        _colour(vectors, data.jitter, rng)
    if rng.random() < data.gaps:
        vectors[~_kept(stages, place, rng)] = np.nan
    vectors = beside_median(vectors)
    if rng.random() < data.eeg_alone:
        vectors[:, _GROUPS["eog"] | _GROUPS["chin"]] = np.nan
    else:
        for group in ("eog", "chin"):
            if rng.random() < data.channel_drop:
                vectors[:, _GROUPS[group]] = np.nan
    if rng.random() < data.relative_alone:
        vectors[:, ~_RELATIVE] = np.nan
    return vectors


def _colour(vectors: Floats, spread: float, rng: np.random.Generator) -> None:
    """Change, in place, what an amplifier, an electrode or a skull changes: the size of every band.

    An equaliser moves log amplitudes by a constant. What a change of the spectrum does to slope, mobility and
    complexity is drawn beside it, by the size that random equalisers had on simulated nights.
    """
    shift = rng.normal(0, spread, len(_RMS)) + rng.normal(0, spread)
    vectors[:, _RMS] += shift.astype(np.float32)
    power = 2 * vectors[:, _RMS]
    top = np.nanmax(power, axis=1, keepdims=True, initial=-1e9)
    total = top + np.log(np.exp(power - top).sum(axis=1, keepdims=True))
    vectors[:, _SHARE] = np.maximum(power - total, np.log(1e-4))
    size = shift[:3].mean()
    vectors[:, _PLACES["eeg_peak_to_peak"]] += size
    for name, part in (("slope", 1.2), ("mobility", 0.6), ("complexity", 0.4)):
        vectors[:, _PLACES[f"eeg_{name}"]] += rng.normal(0, part * spread)
    vectors[:, _LARGEST] = np.log1p(np.expm1(vectors[:, _LARGEST]) * np.exp(size))


def _kept(stages: npt.NDArray[np.int64], place: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which epochs of a window stay where stages, or stretches, are missing; ``place`` always does."""
    present = np.ones(len(stages), np.bool_)
    if rng.random() < _WHOLE_STAGES:
        present = np.isin(stages, rng.permutation(5)[: rng.choice([1, 2, 3, 4], p=_STAGES_KEPT)])
    else:
        for _ in range(int(rng.integers(1, 4))):
            first = int(rng.integers(len(stages)))
            present[first : first + 1 + int(rng.exponential(40))] = False
    present[place] = True
    return present if present.sum() >= min(_LEAST_EPOCHS, len(present)) else np.ones(len(stages), np.bool_)
