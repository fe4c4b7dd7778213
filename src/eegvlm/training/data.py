"""From a recipe's data to batches: nights are made once, pictures are drawn when a batch is asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.images import ImageLayout, panel_signals
from eegvlm.model import EegVlmProcessor
from eegvlm.simulation import Randomisation, randomise, simulate_night
from eegvlm.training.recipe import SimulatedNights
from eegvlm.training.store import EpochStore, write_night

_OTHERS = ("EOG E1-M2", "EOG E2-M2", "EMG chin")


def prepare(
    nights: SimulatedNights, layout: ImageLayout, folder: Path, *, progress: Any = lambda items: items
) -> EpochStore:
    """Return the epochs of simulated nights; a night that a killed run had written is not made again.

    Parameters
    ----------
    nights
        How many, how long, from which seed.
    layout
        Its panels, rate and filters are what is stored.
    folder
        One file a night.
    progress
        Wraps the iterable of seeds to show how far it is.
    """
    panels = [panel.name for panel in layout.panels]
    files = []
    seeds: Iterable[int] = range(nights.first_seed, nights.first_seed + nights.nights)
    for seed in progress(seeds):
        file = folder / f"night-{seed:07d}.npy"
        if not file.is_file():
            eeg = nights.eeg[seed % len(nights.eeg)]
            night = simulate_night(hours=nights.hours, seed=seed, rate=layout.rate, channels=[eeg, *_OTHERS])
            recording = night.recording()
            signals = panel_signals(layout, recording, 0, recording.n_epochs)
            write_night(file, panels, signals, night.stages)
        files.append(file)
    return EpochStore(files, panels)


@dataclass(frozen=True)
class Batches:
    """Collator: indices of epochs to the model's inputs.

    Parameters
    ----------
    store, processor
        Where epochs come from, and how they are drawn and asked about.
    randomisation
        ``None`` for validation.
    channel_drop
        Probability, a panel other than EEG, that an epoch loses it.
    seed
        Of augmentation; together with the epochs of a batch it decides everything, so a resumed run repeats.
    """

    store: EpochStore
    processor: EegVlmProcessor
    randomisation: Randomisation | None = None
    channel_drop: float = 0.0
    seed: int = 0

    def __call__(self, indices: list[int]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``labels``, ``pixel_values``, ``stages`` of a batch."""
        where = np.asarray(indices)
        signals = self.store.signals(where)
        if self.randomisation is not None:
            rng = np.random.default_rng([self.seed, zlib.crc32(where.tobytes())])
            signals = {name: self._augment(name, values, self.randomisation, rng) for name, values in signals.items()}
        stages = torch.from_numpy(self.store.stages[where])
        pixel_values = self.processor.normalise(self.processor.draw(signals))
        return {**self._answers(stages), "pixel_values": pixel_values, "stages": stages}

    def _augment(
        self, panel: str, values: npt.NDArray[np.float32], spec: Randomisation, rng: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        layout = self.processor.layout
        values = randomise(values, rng, spec, rate=layout.rate)
        if not any(role.modality == "eeg" for role in layout.panel(panel).roles):
            values[rng.random(len(values)) < self.channel_drop] = np.nan
        return values

    def _answers(self, stages: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return prompts followed by the label token and the end; only these two are labels."""
        processor = self.processor
        prompt = processor.tokenizer(processor.prompts["direct"].replace(processor.image_token, processor.placeholder))
        prompts = torch.tensor(prompt["input_ids"]).expand(len(stages), -1)
        end = torch.full((len(stages), 1), processor.tokenizer.eos_token_id)
        answers = torch.cat([torch.tensor(processor.stage_token_ids)[stages][:, None], end], dim=1)
        labels = torch.cat([torch.full_like(prompts, -100), answers], dim=1)
        return {"input_ids": torch.cat([prompts, answers], dim=1), "labels": labels}
