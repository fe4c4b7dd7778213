"""What phases read of nights beside their pictures: vectors, evidence and texts, computed once and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eegvlm.lab.simulation import Randomisation
from eegvlm.lab.training.crossfit import CrossFit, network_digest
from eegvlm.lab.training.data import Augmentation
from eegvlm.lab.training.evidence_batches import NightEvidence, write_evidence
from eegvlm.lab.training.evidence_states import with_evidence
from eegvlm.lab.training.evidence_texts import NightTexts, write_texts
from eegvlm.lab.training.night_vectors import NightVectors, with_night_states, write_night_vectors
from eegvlm.lab.training.precision import use_bfloat16
from eegvlm.lab.training.recipe import Recipe
from eegvlm.lab.training.store import TrainingStore


@dataclass(frozen=True)
class TrainingNightInputs:
    """The nights of a run, and the vectors that its model computes from them after the phases so far.

    Parameters
    ----------
    recipe, out
        What is run, and the folder of the run.
    model, processor
        The model under training and its processor.
    nights, checks
        Epochs to learn and to validate on.
    progress
        ``progress(items, what)`` wraps lists of nights.
    cross
        Enhancement networks by person, where they were cross-fitted.
    """

    recipe: Recipe
    out: Path
    model: Any
    processor: Any
    nights: TrainingStore
    checks: TrainingStore
    progress: Callable[[list[Any], str], Iterable[Any]]
    cross: CrossFit | None = None

    @property
    def vectors_given(self) -> bool:
        """Whether the model is given high-level vectors of the nights instead of computing an epoch's own."""
        return self.model.config.reads_night or self.cross is not None

    @property
    def unmeasured(self) -> float:
        """Share of what is learnt from that is seen without evidence."""
        return self.recipe.data.evidence.drop if self.model.config.reads_evidence else 0.0

    def augmentation(self, randomisation: Randomisation | None = None) -> Augmentation:
        """Return how training nights are seen, by another randomisation than the data's where one is given."""
        return Augmentation.of(self.recipe.data, self.recipe.seed, randomisation)

    def training_vectors(self, augmentation: Augmentation, around: int) -> NightVectors:
        """Return the vectors of the training nights, through the network that serves each.

        Parameters
        ----------
        augmentation
            How the versions of a night are seen.
        around
            Neighbours on each side that are read.
        """
        network, cross = self.model.model.enhancement.eval(), self.cross
        digest = network_digest(network) if cross is None else cross.digest()
        vectors = write_night_vectors(
            (lambda night: network) if cross is None else cross.of,
            self.processor,
            self.nights,
            self._context(digest),
            epochs=around,
            device=self.model.device,
            augmentation=augmentation,
            versions=self.recipe.data.context_versions,
            bfloat16=use_bfloat16(self.recipe.precision),
            adaptation=self.model.config.adaptation,
            progress=lambda items: self.progress(items, "context"),
        )
        return self._measured(vectors, augmentation)

    def validation_vectors(self, around: int) -> NightVectors:
        """Return the validation nights' vectors, from the network that ships."""
        network = self.model.model.enhancement.eval()
        vectors = write_night_vectors(
            lambda night: network,
            self.processor,
            self.checks,
            self._context(network_digest(network)) / "validation",
            epochs=around,
            device=self.model.device,
            bfloat16=use_bfloat16(self.recipe.precision),
            adaptation=self.model.config.adaptation,
        )
        return self._measured(vectors, None)

    def validation_context(self) -> NightVectors | None:
        """Return what the model is given of the validation nights; None where it computes its own vectors."""
        config = self.model.config
        return self.followed(self.validation_vectors(config.context_epochs)) if config.reads_night else None

    def followed(self, vectors: NightVectors, seed: int | None = None) -> NightVectors:
        """Return vectors with the night encoder's output, if there is one; a seed has some nights read in pieces."""
        if not self.model.config.night_epochs:
            return vectors
        encoder = self.model.model.night.eval()
        folder = vectors.files[0][0].parent / f"night-{network_digest(encoder)[:12]}"
        return with_night_states(vectors, encoder, folder, seed)

    def evidence(self, nights: TrainingStore, augmentation: Augmentation | None = None) -> NightEvidence:
        """Return what was measured on nights, each version through its recorder."""
        return write_evidence(nights, self.processor, **self._evidence_files(nights, augmentation))

    def evidence_texts(self, nights: TrainingStore, augmentation: Augmentation | None = None) -> NightTexts | None:
        """Return texts of what was measured on nights, each version through its recorder; None if they are not read."""
        if not self.processor.reads_evidence:
            return None
        return write_texts(nights, self.processor, **self._evidence_files(nights, augmentation))

    def _evidence_files(self, nights: TrainingStore, augmentation: Augmentation | None) -> dict[str, Any]:
        """Return where what is measured on nights is kept, and through which recorders they are seen."""
        keys = hashlib.sha256(" ".join(nights.nights).encode()).hexdigest()[:12]
        return {
            "folder": self.out / "evidence" / (keys if augmentation else f"{keys}-plain"),
            "augmentation": augmentation,
            "versions": self.recipe.data.context_versions if augmentation else 1,
            "progress": lambda items: self.progress(items, "evidence"),
        }

    def _measured(self, vectors: NightVectors, augmentation: Augmentation | None) -> NightVectors:
        """Return vectors, followed by the evidence encoder's of the same nights if there is one."""
        if not self.model.config.reads_evidence:
            return vectors
        encoder, columns = self.model.model.evidence.eval(), self.model.config.evidence_columns
        folder = vectors.files[0][0].parent / f"evidence-{network_digest(encoder)[:12]}"
        seed = None if augmentation is None else self.recipe.seed
        return with_evidence(vectors, self.evidence(vectors.store, augmentation), encoder, columns, folder, seed)

    def _context(self, digest: str) -> Path:
        """Return the folder of the vectors of a network."""
        share = self.model.config.adaptation
        return self.out / "context" / (f"{digest[:12]}-{share:g}" if share else digest[:12])
