"""Temperature calibration of the stage probabilities, on subjects not trained on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize_scalar

from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.training.data import Batches


@torch.inference_mode()
def stage_logits(
    model: EegVlmForConditionalGeneration, batches: Batches, *, batch_size: int = 64
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return label logits (n, 5) and stages (n,) of every epoch of a store."""
    model.eval()
    ids = batches.processor.stage_token_ids
    rows = []
    for first in range(0, len(batches.store), batch_size):
        inputs = batches(list(range(first, min(first + batch_size, len(batches.store)))))
        outputs = model(
            input_ids=inputs["input_ids"][:, :-2].to(model.device),
            pixel_values=inputs["pixel_values"].to(model.device, model.dtype),
            logits_to_keep=1,
            use_cache=False,
        )
        rows.append(outputs.logits[:, -1, ids].double().cpu().numpy())
    return np.concatenate(rows), batches.store.stages


def negative_log_likelihood(
    logits: npt.NDArray[np.float64], stages: npt.NDArray[np.int64], temperature: float
) -> float:
    """Return the mean negative log-likelihood (nats an epoch) of stages under ``softmax(logits / temperature)``."""
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    log_probabilities = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return float(-log_probabilities[np.arange(len(stages)), stages].mean())


def fit_temperature(logits: npt.NDArray[np.float64], stages: npt.NDArray[np.int64]) -> float:
    """Return the temperature that makes stages most likely.

    Parameters
    ----------
    logits
        (n, 5), of subjects not trained on.
    stages
        (n,), the scorer's.

    References
    ----------
    Guo et al. 2017, On Calibration of Modern Neural Networks, ICML.
    """
    result = minimize_scalar(
        lambda log_t: negative_log_likelihood(logits, stages, float(np.exp(log_t))),
        bounds=(-3.0, 3.0),
        method="bounded",
    )
    return float(np.exp(result.x))


def expected_calibration_error(
    probabilities: npt.NDArray[np.float64], stages: npt.NDArray[np.int64], *, bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy over equal-width bins of confidence, by share of epochs."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == stages
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (which == b).mean() * abs(confidence[which == b].mean() - right[which == b].mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))
