"""A night as vectors by which epochs resemble each other: what the enhancement network sees, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.errors import InputError
from eegvlm.evidence import evidence_vectors, measure_night
from eegvlm.images import PreparedNight
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, checkpoint_path
from eegvlm.model.batch_norm_adaptation import adapted_network, night_vectors
from eegvlm.model.loading import UNREADABLE, load_eeg_vlm
from eegvlm.model.weights import weights_hash
from eegvlm.signals import Recording

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Encoder:
    """An EEG-VLM's enhancement network with what draws its pictures.

    Parameters
    ----------
    model, processor
        The EEG-VLM.
    name, weights_sha256
        Which one it is.
    """

    model: EegVlmForConditionalGeneration
    processor: EegVlmProcessor
    name: str
    weights_sha256: str

    @classmethod
    def load(cls, name_or_path: str | Path = "nano", *, device: torch.device | str = "cpu") -> Encoder:
        """Load a packaged model, or a checkpoint folder, in float32.

        Raises
        ------
        InputError
            If there is no such model, or it has no enhancement network.
        """
        folder = checkpoint_path(name_or_path)
        try:
            model, processor = load_eeg_vlm(folder, torch.float32)
        except UNREADABLE as error:
            raise InputError(folder, "encoder", error, "use an EEG-VLM, such as nano") from error
        if model.config.alignment == "none":
            raise InputError(folder, "alignment", "none", "it has no enhancement network: use another encoder")
        return cls(model.to(device).eval(), processor, str(name_or_path), weights_hash(folder))

    @torch.inference_mode()
    def __call__(self, recording: Recording, *, batch_size: int = 64) -> tuple[Vectors, Vectors]:
        """Encode a recording.

        Returns
        -------
        enhanced
            float32 (n_epochs, channels): the enhancement network's vectors, its batch statistics adapted to the
            recording as in staging; NaN where an epoch is not usable.
        measured
            float32 (n_epochs, entries): :func:`eegvlm.evidence.evidence_vectors`; NaN where an entry is absent.
        """
        night = PreparedNight.read(recording, self.processor.layout)
        at = {"device": self.model.device, "dtype": self.model.dtype}
        share = self.model.config.adaptation
        network = adapted_network(self.model.model.enhancement, self.processor, night, share, **at)
        enhanced, _ = night_vectors(network, self.processor, night, batch_size=batch_size, **at)
        measured = evidence_vectors(night, measure_night(night))
        return enhanced.numpy().astype(np.float32), measured
