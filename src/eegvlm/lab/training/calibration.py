"""Calibration on subjects not trained on: a temperature for epochs alone, a strength and a temperature for smoothing.

The network's label logits are divided by one temperature. Posterior smoothing then weighs them by a strength, and
as its posteriors are surer than they should be, a second temperature follows it. Strength and second temperature are
chosen on whole nights and on the same nights cut into half hours, so that excerpts are served too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize_scalar

from eegvlm.hypnogram.smoothing import real_transitions, smooth, tempered
from eegvlm.lab.training.data import Batches
from eegvlm.lab.training.general_data import GeneralBatches
from eegvlm.model import EegVlmForConditionalGeneration

# Neighbours say partly the same, so that their evidence never counts for more than the chain assumes. Simulated nights
# alone would have more of it, and patients would lose what smoothing gives.
_STRENGTHS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
_EXCERPT = 60

Floats = npt.NDArray[np.float64]
Stages = npt.NDArray[np.int64]
_Piece = tuple[str, Floats, Stages]  # source, probabilities and stages of consecutive epochs


@dataclass(frozen=True)
class CalibrationNight:
    """Label logits (n, 5) of consecutive epochs of one night, NaN where there is none, and stages (n,), -1 likewise."""

    source: str
    logits: Floats
    stages: Stages


@dataclass(frozen=True)
class Fitted:
    """What calibration found; see :class:`~eegvlm.model.EegVlmConfig`."""

    stage_temperature: float
    smoothing: Literal["none", "posterior"]
    smoothing_strength: float
    smoothed_temperature: float


@torch.inference_mode()
def scored_nights(
    model: EegVlmForConditionalGeneration, batches: Batches | GeneralBatches, *, batch_size: int = 64
) -> list[CalibrationNight]:
    """Return the label logits of every epoch of a store, night by night."""
    model.eval()
    ids, store = batches.processor.stage_token_ids, batches.store  # no ids where labels are texts
    rows = []
    for first in range(0, len(store), batch_size):
        inputs = batches(list(range(first, min(first + batch_size, len(store)))))
        if isinstance(batches, GeneralBatches):
            rows.append(batches.label_log_probabilities(model, inputs).double().cpu().numpy())
            continue
        context, night_vector = (
            inputs[name].to(model.device) if name in inputs else None for name in ("context", "own")
        )
        pixel_values = batches.pixel_values(inputs["microvolt"], model.device).to(model.dtype)
        prompts = inputs["input_ids"][:, :-2].to(model.device)
        logits = model.read_stages(prompts, pixel_values, context, ids, night_vector, use_cache=False)
        rows.append(logits.double().cpu().numpy())
    logits_of_rows, nights = np.concatenate(rows), []
    for night in range(len(store.nights)):
        in_night = store.night == night
        whole = np.full((store.length(night), 5), np.nan)
        stages = np.full(len(whole), -1)
        whole[store.position[in_night]] = logits_of_rows[in_night]
        stages[store.position[in_night]] = store.stages[in_night]
        source = store.sources[int(store.source[in_night][0])] if in_night.any() else ""
        nights.append(CalibrationNight(source, whole, stages))
    return nights


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Return probabilities (n, 5) of logits (n, 5); NaN rows stay NaN."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def negative_log_likelihood(probabilities: npt.NDArray[np.floating], stages: Stages) -> float:
    """Return the mean negative log-likelihood (nats) of the scored epochs' stages; no probability counts below 1e-6."""
    scored = stages >= 0
    return float(-np.log(np.maximum(probabilities[scored, stages[scored]], 1e-6)).mean())


def fit(nights: list[CalibrationNight], prior: Sequence[float] | None = None, *, least: float = 0.0) -> Fitted:
    """Fit both temperatures and the strength, and say whether smoothing helps; every source counts alike.

    Parameters
    ----------
    nights
        Of subjects not trained on.
    prior
        Shares of the stages among the epochs that were learnt.
    least
        Temperature of the probabilities at the least. 1 for what is a pool already: that it could be surer of recorders
        like those that were learnt from says nothing of others.

    References
    ----------
    Guo et al. 2017, On Calibration of Modern Neural Networks, ICML.
    """
    unsmoothed = [(night.source, softmax(night.logits), night.stages) for night in nights]
    alone, loss_alone = _best_temperature(unsmoothed, least)
    trials = []
    for strength in _STRENGTHS:
        pieces: list[_Piece] = []
        for night in nights:
            probabilities = softmax(night.logits, alone)
            for length in (len(night.stages), _EXCERPT):
                for first in range(0, len(night.stages), length):
                    part = slice(first, first + length)
                    posterior = smooth(probabilities[part], real_transitions(), strength=strength, prior=prior)
                    pieces.append((night.source, posterior.astype(np.float64), night.stages[part]))
        after, loss = _best_temperature(pieces)
        trials.append((loss, strength, after))
    loss, strength, after = min(trials)
    return Fitted(alone, "none" if loss_alone <= loss else "posterior", strength, after)


def _best_temperature(pieces: list[_Piece], least: float = 0.0) -> tuple[float, float]:
    """Return the temperature between 0.05 and 20 that makes the stages most likely, and the mean loss over sources."""
    sources = {source for source, _, stages in pieces if (stages >= 0).any()}
    joined = [
        (
            np.concatenate([logits for name, logits, _ in pieces if name == source]),
            np.concatenate([stages for name, _, stages in pieces if name == source]),
        )
        for source in sorted(sources)
    ]

    def loss(log_temperature: float) -> float:
        temperature = float(np.exp(log_temperature))
        return float(
            np.mean([negative_log_likelihood(tempered(logits, temperature), stages) for logits, stages in joined])
        )

    result = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    if np.exp(result.x) < least:
        return least, loss(float(np.log(least)))
    return float(np.exp(result.x)), float(result.fun)
