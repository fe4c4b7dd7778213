"""Batches: what recorders do to the epochs that are drawn, and what the model is asked."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.random_streams import BatchStream, RunStream
from eegvlm.lab.simulation import Randomisation, randomise
from eegvlm.lab.training.descriptions import Descriptions
from eegvlm.lab.training.night_vectors import NightVectors, cut
from eegvlm.lab.training.recipe import DataRecipe
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model import EegVlmProcessor, GeneralProcessor
from eegvlm.signals import Role

if TYPE_CHECKING:
    from eegvlm.lab.training.rationales import Rationales

Signals = dict[str, npt.NDArray[np.float32]]
AnyProcessor = EegVlmProcessor | GeneralProcessor

_RIGHT_LEAD = (0.6, 1.1)


@dataclass(frozen=True)
class Augmentation:
    """What recorders do to a signal, and which channels they lack.

    Parameters
    ----------
    randomisation, channel_drop, emg_gain_db, bipolar_eog, eeg_alone
        See :class:`~eegvlm.lab.training.recipe.DataRecipe`.
    seed
        Together with the epochs of a batch, or the night and its version, it decides everything.
    """

    randomisation: Randomisation
    channel_drop: float
    seed: int
    emg_gain_db: float = 0.0
    bipolar_eog: float = 0.0
    eeg_alone: float = 0.0

    @classmethod
    def of(cls, data: DataRecipe, seed: int, randomisation: Randomisation | None = None) -> Augmentation:
        """Take a recipe's, with another randomisation where one is given."""
        recorder = randomisation or data.randomisation
        return cls(recorder, data.channel_drop, seed, data.emg_gain_db, data.bipolar_eog, data.eeg_alone)

    def epochs(self, signals: Signals, processor: AnyProcessor, rows: npt.NDArray[np.int64]) -> Signals:
        """Show every epoch through a recorder of its own."""
        rng = np.random.default_rng([self.seed, zlib.crc32(rows.tobytes())])
        recorded: Signals = {}
        alone = rng.random(len(rows)) < self.eeg_alone
        derived = self._derived(signals, processor, rng, rng.random(len(rows)) < self.bipolar_eog)
        for name in derived:
            recorded[name] = self._recorded(derived, name, processor, rng, per="epoch")
            if not _is_eeg(processor, name):
                recorded[name][alone | (rng.random(len(rows)) < self.channel_drop)] = np.nan
        return recorded

    def night(self, signals: Signals, processor: AnyProcessor, night: int, version: int) -> Signals:
        """Show epochs of one night through one recorder: the version's."""
        recorded = {}
        rng = np.random.default_rng([self.seed, RunStream.NIGHT_DERIVATIONS, night, version])
        bipolar = np.full(len(next(iter(signals.values()))), rng.random() < self.bipolar_eog)
        alone = rng.random() < self.eeg_alone
        derived = self._derived(signals, processor, rng, bipolar)
        for place, name in enumerate(derived):
            rng = np.random.default_rng([self.seed, RunStream.PANEL_RECORDER, night, version, place])
            dropped = not _is_eeg(processor, name) and (alone or rng.random() < self.channel_drop)
            recorded[name] = self._recorded(derived, name, processor, rng, per="night")
            if dropped:
                recorded[name][:] = np.nan
        return recorded

    def by_night(
        self,
        signals: Signals,
        processor: AnyProcessor,
        nights: npt.NDArray[np.int64],
        versions: npt.NDArray[np.int64],
    ) -> Signals:
        """Show epochs of several nights, (n,), each through the recorder of its night's version, the same for all."""
        recorded = {name: values.copy() for name, values in signals.items()}
        for night in np.unique(nights):
            rows = np.flatnonzero(nights == night)
            of_night = {name: values[rows] for name, values in signals.items()}
            for name, values in self.night(of_night, processor, int(night), int(versions[rows[0]])).items():
                recorded[name][rows] = values
        return recorded

    def _recorded(
        self, signals: Signals, panel: str, processor: AnyProcessor, rng: np.random.Generator, *, per: str
    ) -> npt.NDArray[np.float32]:
        """Return a panel's signal as the recorders drawn for it, one for each epoch or for the night, write it."""
        spec, partner = self._recorder(processor, panel), _partner(signals, processor, panel)
        return randomise(signals[panel], rng, spec, rate=processor.layout.rate, per=per, partner=partner)

    def _recorder(self, processor: AnyProcessor, panel: str) -> Randomisation:
        """Return what may happen to a panel's signal."""
        if panel != _panel_of(processor, Role.EMG_CHIN):
            return self.randomisation
        return replace(self.randomisation, gain_db=float(np.hypot(self.randomisation.gain_db, self.emg_gain_db)))

    def _derived(
        self,
        signals: Signals,
        processor: AnyProcessor,
        rng: np.random.Generator,
        bipolar: npt.NDArray[np.bool_],
    ) -> Signals:
        """Store the EOG of the chosen epochs as left against right; a recorder's leads are never quite alike."""
        left, right = (_panel_of(processor, role) for role in (Role.EOG_LEFT, Role.EOG_RIGHT))
        if left not in signals or right not in signals or left == right or not bipolar.any():
            return signals
        weight = np.float32(rng.uniform(*_RIGHT_LEAD))
        derived = {**signals, left: signals[left].copy(), right: signals[right].copy()}
        derived[left][bipolar] -= weight * signals[right][bipolar]
        derived[right][bipolar] = np.nan
        return derived


def _panel_of(processor: AnyProcessor, role: Role) -> str | None:
    return next((panel.name for panel in processor.layout.panels if role in panel.roles), None)


def _partner(signals: Signals, processor: AnyProcessor, panel: str) -> npt.NDArray[np.float32] | None:
    """Return what may be mixed into an EEG panel: the next EEG panel's signal; None where the layout has one alone."""
    eeg = [name for name in signals if _is_eeg(processor, name)]
    if panel not in eeg or len(eeg) == 1:
        return None
    return signals[eeg[(eeg.index(panel) + 1) % len(eeg)]]


def _is_eeg(processor: AnyProcessor, panel: str) -> bool:
    return any(role.modality == "eeg" for role in processor.layout.panel(panel).roles)


@dataclass(frozen=True)
class Batches:
    """Collator: rows of a store to the model's inputs.

    Parameters
    ----------
    store, processor
        Where epochs come from, and how they are drawn and asked about.
    augmentation
        ``None`` for validation.
    context
        Vectors of the neighbours, where the model reads them; epochs are then augmented as their night was.
    context_drop
        See :class:`~eegvlm.lab.training.recipe.DataRecipe`.
    descriptions
        By night and epoch, for the phase that learns them.
    rationales, reasoned
        By night, version and epoch, and the share of batches that ask for them.
    soft_negatives
        See :class:`~eegvlm.lab.training.phase_recipe.Phase`.
    own_channels, unmeasured
        Width of the high-level vectors, and the share of epochs that are seen without what stands beside them in
        ``context``, the evidence.
    """

    store: TrainingStore
    processor: EegVlmProcessor
    augmentation: Augmentation | None = None
    context: NightVectors | None = None
    context_drop: float = 0.0
    descriptions: Descriptions | None = None
    rationales: Rationales | None = None
    reasoned: float = 0.5
    soft_negatives: float = 1.0
    own_channels: int = 0
    unmeasured: float = 0.0

    def __call__(self, indices: list[int]) -> dict[str, torch.Tensor]:
        """Return the model's inputs, and ``stages``, ``source``, ``targets`` and ``class_weights`` for the objectives.

        Instead of pictures it holds ``microvolt`` (n, panels, samples), which :meth:`pixel_values` draws on the device.
        """
        rows = np.asarray(indices, dtype=np.int64)
        signals = self.store.signals(rows)
        inputs: dict[str, torch.Tensor] = {}
        rng = np.random.default_rng([zlib.crc32(rows.tobytes()), BatchStream.PICTURES])
        versions = np.zeros(len(rows), dtype=np.int64)
        if self.context is not None:
            versions = rng.integers(self.context.versions, size=len(self.store.nights))[self.store.night[rows]]
            vectors = self.context.around(rows, versions)
            cut(vectors, self.context_drop, rng)
            if self.unmeasured:
                vectors[rng.random(len(rows)) < self.unmeasured, :, self.own_channels :] = np.nan
            inputs["context"] = torch.from_numpy(vectors)
            states = self.context.states(rows, versions)
            if states is not None:
                inputs["own"] = torch.from_numpy(states)
            if self.augmentation is not None:
                signals = self.augmentation.by_night(signals, self.processor, self.store.night[rows], versions)
        elif self.augmentation is not None:
            signals = self.augmentation.epochs(signals, self.processor, rows)
        inputs["stages"] = torch.from_numpy(self.store.stages[rows])
        inputs["source"] = torch.from_numpy(self.store.source[rows])
        inputs["targets"] = torch.from_numpy(self.store.targets[rows])
        soft_negatives = 0.0 if self.augmentation is None else self.soft_negatives
        inputs["class_weights"] = torch.from_numpy(self.store.weights(rows, soft_negatives))
        at_level = self.store.corrected(signals, rows, self.processor.layout)
        inputs["microvolt"] = torch.from_numpy(np.stack([at_level[panel] for panel in self.store.panels], axis=1))
        if self.descriptions is not None:
            places = zip(self.store.night[rows], self.store.position[rows], strict=True)
            texts = [self.descriptions[night][position] for night, position in places]
            encoded = self.processor.tokenizer(texts, padding=True, return_tensors="pt")
            return {**inputs, "descriptions": encoded["input_ids"], "description_mask": encoded["attention_mask"]}
        if self.rationales is not None and rng.random() < self.reasoned:
            keys = zip(self.store.night[rows], versions, self.store.position[rows], strict=True)
            return {**inputs, **self._reasons([self.rationales[n][version][at] for n, version, at in keys])}
        return {**inputs, **self._answers(inputs["stages"])}

    def pixel_values(self, microvolt: torch.Tensor, device: torch.device) -> torch.Tensor:
        """Draw a batch's signals (n, panels, samples) on a device: float32 (n, channels, height, width) there."""
        on_device = microvolt.to(device, non_blocking=True)
        pictures = self.processor.draw({panel: on_device[:, place] for place, panel in enumerate(self.store.panels)})
        return self.processor.normalise(pictures)

    def _answers(self, stages: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return prompts followed by the label token and the end; only these two are labels."""
        processor = self.processor
        prompt = processor.tokenizer(processor.prompts["direct"].replace(processor.image_token, processor.placeholder))
        prompts = torch.tensor(prompt["input_ids"]).expand(len(stages), -1)
        end = torch.full((len(stages), 1), processor.tokenizer.eos_token_id)
        answers = torch.cat([torch.tensor(processor.stage_token_ids)[stages][:, None], end], dim=1)
        labels = torch.cat([torch.full_like(prompts, -100), answers], dim=1)
        return {"input_ids": torch.cat([prompts, answers], dim=1), "labels": labels}

    def _reasons(self, texts: list[str]) -> dict[str, torch.Tensor]:
        """Return the prompt for reasons, each text and the end token, padded on the right; the text is the label."""
        tokenizer = self.processor.tokenizer
        encoded = [self.processor.encode_rationale(text) for text in texts]
        longest = max(len(prompt) + len(answer) for prompt, answer in encoded)
        ids = torch.full((len(texts), longest), tokenizer.pad_token_id)
        labels = torch.full((len(texts), longest), -100)
        for row, (prompt, answer) in enumerate(encoded):
            ids[row, : len(prompt) + len(answer)] = torch.tensor([*prompt, *answer])
            labels[row, len(prompt) : len(prompt) + len(answer)] = torch.tensor(answer)
        mask = torch.arange(longest) < torch.tensor([len(prompt) + len(answer) for prompt, answer in encoded])[:, None]
        prompt_length = torch.full((len(texts),), len(encoded[0][0]))
        return {"input_ids": ids, "labels": labels, "attention_mask": mask.long(), "prompt_length": prompt_length}
