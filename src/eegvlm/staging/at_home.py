"""The enhancement network for one recording."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from eegvlm.images import Correction, corrected, sampled_signals
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor
from eegvlm.model.enhancement import EnhancementNetwork
from eegvlm.signals import Recording


@torch.inference_mode()
def network_of(
    model: EegVlmForConditionalGeneration,
    processor: EegVlmProcessor,
    recording: Recording,
    corrections: Mapping[str, Correction],
) -> EnhancementNetwork:
    """Return the enhancement network that computes the vectors of a recording.

    Parameters
    ----------
    model, processor
        A checkpoint: its ``adaptation`` says how much of the recording's own batch statistics the network has
        (:meth:`~eegvlm.model.enhancement.EnhancementNetwork.adapted`).
    recording
        Pictures from all over it give the statistics.
    corrections
        What is done to its signals before they are drawn, by panel.
    """
    network: EnhancementNetwork = model.model.enhancement
    if not model.config.adaptation:
        return network
    signals = corrected(processor.layout, sampled_signals(processor.layout, recording), corrections)
    pixel_values = processor.normalise(processor.draw(signals, device=model.device), model.dtype)
    return network.adapted(pixel_values, int(recording.scorable.sum()), model.config.adaptation)
