"""The systems that are judged: a model, and its enhancement network without tower and language model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.most_probable import most_probable
from eegvlm.hypnogram.smoothing import real_transitions, smooth
from eegvlm.lab.evaluation.run import JudgedReading
from eegvlm.signals import EPOCH_S, Recording

if TYPE_CHECKING:
    from eegvlm.staging import Stager


def whole_model(stager: Stager, *, batch_size: int = 32) -> Callable[[Recording], JudgedReading]:
    """Return the model as ``eegvlm stage`` runs it."""

    def read(recording: Recording) -> JudgedReading:
        night = stager.stage(recording, batch_size=batch_size)
        return JudgedReading(night.hypnogram, night.panels)

    return read


def enhancement_alone(
    stager: Stager, *, night: bool = False, batch_size: int = 64
) -> Callable[[Recording], JudgedReading]:
    """Return the model's enhancement network with its own stage classifier, without tower and language model.

    It sees the same pictures and is smoothed where the model is, so the difference to the whole model is the share of
    tower, language model and, unless it is asked for, night encoder. Its probabilities are as trained: the checkpoint's
    temperatures belong to the model's logits.

    Parameters
    ----------
    stager
        The model.
    night
        Whether the night encoder stands between network and classifier.
    batch_size
        Epochs that are read at a time.

    Raises
    ------
    InputError
        If the model has no enhancement network, or no night encoder where it is asked for.
    """
    import torch

    from eegvlm.images import PreparedNight
    from eegvlm.model import EegVlmProcessor
    from eegvlm.model.batch_norm_adaptation import adapted_network, night_vectors

    model, processor = stager.model, stager.processor
    name = stager.provenance.get("model", "model")
    if not isinstance(processor, EegVlmProcessor) or model.config.alignment == "none":
        raise InputError(name, "alignment", "none", "it has no enhancement network to be judged alone")
    if night and not model.config.night_epochs:
        raise InputError(name, "night_epochs", 0, "it has no night encoder to be judged")

    @torch.inference_mode()
    def read(recording: Recording) -> JudgedReading:
        prepared, body = PreparedNight.read(recording, processor.layout), model.model
        at = {"device": model.device, "dtype": model.dtype}
        network = adapted_network(body.enhancement, processor, prepared, model.config.adaptation, **at)
        vectors, _ = night_vectors(network, processor, prepared, batch_size=batch_size, **at)
        vectors = vectors.to(model.device)
        if night:
            unmeasured = vectors.new_full((len(vectors), model.config.evidence_channels), torch.nan)
            vectors = body.night(torch.cat([vectors, unmeasured], dim=1)[None])[0]
        usable = prepared.usable
        logits = network.stage_logits(vectors)
        probabilities = logits.float().softmax(dim=1).cpu().numpy()
        probabilities[~usable] = np.nan
        if stager.smooth == "posterior":
            config = model.config
            chain = real_transitions()
            probabilities = smooth(probabilities, chain, strength=config.smoothing_strength, prior=config.stage_prior)
        hypnogram = Hypnogram(most_probable(probabilities), EPOCH_S, recording.start, probabilities=probabilities)
        panels = {panel.name: prepared.panels.get(panel.name) for panel in processor.layout.panels}
        return JudgedReading(
            hypnogram, {name: channels[0].name if channels else None for name, channels in panels.items()}
        )

    return read
