"""The model card that a run writes into its checkpoint: what it was trained on, and how it did."""

from __future__ import annotations

import dataclasses
import platform
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers
import yaml

from eegvlm import __version__
from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.agreement import agreement_of_stages
from eegvlm.training.calibration import expected_calibration_error
from eegvlm.training.recipe import Recipe

_TEXT = """---
license: apache-2.0
library_name: eeg-vlm
pipeline_tag: image-text-to-text
tags: [sleep-staging, eeg, polysomnography]
---

# {name}

EEG-VLM checkpoint trained by `eegvlm train` with the recipe below (eeg-vlm {version}, torch {torch},
transformers {transformers}, Python {python}). Research use; verify by a trained scorer.

## Validation

{n} epochs of {nights} simulated nights of {nights} subjects that were not trained on. Simulated nights say
that the model learnt, not how it does on patients.

| accuracy | kappa | ECE | {labels} |
|---|---|---|{rules}
| {accuracy:.3f} | {kappa:.3f} | {ece:.3f} | {recalls} |

(the last five columns: recall by stage; probabilities are temperature-calibrated on these same epochs)

Figures at the end of each phase, before calibration:

{phases}

## Recipe

```yaml
{recipe}```
"""


def write_card(
    checkpoint: Path,
    recipe: Recipe,
    figures: dict[str, dict[str, float]],
    logits: npt.NDArray[np.float64],
    stages: npt.NDArray[np.int64],
) -> None:
    """Write ``README.md`` into a checkpoint.

    Parameters
    ----------
    checkpoint
        Its folder.
    recipe
        What was run.
    figures
        By phase, the figures on the validation subjects.
    logits, stages
        Calibrated label logits (n, 5) and true stages (n,) of the validation epochs.
    """
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    agreed = agreement_of_stages(stages.astype(np.int8), probabilities.argmax(axis=1).astype(np.int8))
    text = _TEXT.format(
        name=recipe.name,
        version=__version__,
        torch=torch.__version__,
        transformers=transformers.__version__,
        python=platform.python_version(),
        n=len(stages),
        nights=recipe.data.validation.nights,
        labels=" | ".join(stage.label for stage in STAGES),
        rules="---|" * len(STAGES),
        accuracy=agreed.accuracy,
        kappa=agreed.kappa or 0.0,
        ece=expected_calibration_error(probabilities, stages),
        recalls=" | ".join("-" if s.recall is None else f"{s.recall:.3f}" for s in agreed.stages),
        phases="\n".join(
            f"- {name}: accuracy {values['eval_accuracy']:.3f}, kappa {values['eval_kappa']:.3f}"
            for name, values in figures.items()
        ),
        recipe=yaml.safe_dump(_plain(dataclasses.asdict(recipe)), sort_keys=False),
    )
    (checkpoint / "README.md").write_text(text, encoding="utf-8")


def _plain(value: Any) -> Any:
    """Return tuples as lists, which YAML writes without tags."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
