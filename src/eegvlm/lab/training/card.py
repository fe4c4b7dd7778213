"""The model card that a run writes into its checkpoint: what it was trained on, and how it did."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers
import yaml

from eegvlm import __version__
from eegvlm.core.files import write_text
from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.agreement import agreement_of_matrix, agreement_of_stages, confusion_matrix
from eegvlm.hypnogram.bootstrap import Bootstrap, intervals_of
from eegvlm.hypnogram.calibration_error import expected_calibration_error
from eegvlm.hypnogram.smoothing import posterior
from eegvlm.lab.datasets import TrainingRecord
from eegvlm.lab.training.calibration import CalibrationNight, Fitted, softmax
from eegvlm.lab.training.checkpoints import read_log
from eegvlm.lab.training.recipe import Recipe
from eegvlm.lab.training.record import section
from eegvlm.lab.training.samplers import learnt_shares
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model.weights import packaged_models

_TEXT = """---
license: {license}
library_name: eeg-vlm
pipeline_tag: image-text-to-text
tags: [sleep-staging, eeg, polysomnography]
---

# {name}

Checkpoint trained by `eegvlm train` with the recipe below (eeg-vlm {version}, torch {torch},
transformers {transformers}, Python {python}). Research use; verify by a trained scorer.
{note}
## Intended use

Sleep stages of 30-s epochs, with probabilities, for research and as a draft for a trained scorer:
`eegvlm stage NIGHT --model FOLDER`. It is no medical device.

## Limits

What the sources below do not hold was not learnt and not tried: other ages and illnesses, derivations, recorders and
scorers. Of a stage in which a source has no epochs, its figures say nothing. They are of few persons, on whom the
probabilities were calibrated, too: judge the model on scored nights of your own
(`eegvlm evaluate FOLDER folder NIGHTS`); training on others goes on with `eegvlm train fine-tune`.

## Data

| part | source | nights | persons | epochs learnt | {labels} |
|---|---|---|---|---|{rules}
{data}

SHA-256 of the stored signals and labels: training `{digest}`, validation `{checked}`.

{persons}
## Validation

Nights of subjects that were not trained on, probabilities calibrated on these same nights (temperature
{temperature:.2f}; after posterior smoothing of strength {strength:.2f}, {smoothing}, temperature {smoothed:.2f}).
Simulated nights say that the model learnt, not how it does on patients.

| source | smoothing | epochs | accuracy | kappa | ECE | {labels} |
|---|---|---|---|---|---|{rules}
{rows}

(in brackets 95 % intervals over persons, by bootstrap; the last five columns: recall by stage)

Figures at the end of each phase, before calibration:

{phases}

Loss on the validation subjects by step:

{curves}

## Recipe

```yaml
{recipe}```
"""


def write_card(
    checkpoint: Path,
    recipe: Recipe,
    run: Path,
    stores: dict[str, TrainingStore],
    figures: dict[str, dict[str, float]],
    nights: list[CalibrationNight],
    fitted: Fitted,
    record: TrainingRecord,
    *,
    note: str = "",
) -> None:
    """Write ``README.md`` into a checkpoint.

    Parameters
    ----------
    checkpoint
        Its folder.
    recipe
        What was run.
    run
        Folder of the run, where the phases left their curves.
    stores
        The epochs of ``training`` and ``validation``.
    figures
        By phase, the figures on the validation subjects.
    nights
        Label logits and stages of the validation nights.
    fitted
        The calibration.
    record
        Who was trained and validated on.
    note
        What else has to be known first: that the run was stopped early.
    """
    prior = learnt_shares(recipe.data, stores["training"])
    text = _TEXT.format(
        name=recipe.name,
        license="apache-2.0" if recipe.model.base in ("", *packaged_models()) else "other",  # the base has its own
        version=__version__,
        torch=torch.__version__,
        transformers=transformers.__version__,
        python=platform.python_version(),
        note=f"\n**{note}**\n" if note else "",
        temperature=fitted.stage_temperature,
        strength=fitted.smoothing_strength,
        smoothing="which is the default" if fitted.smoothing == "posterior" else "which is not the default",
        smoothed=fitted.smoothed_temperature,
        labels=" | ".join(stage.label for stage in STAGES),
        rules="---|" * len(STAGES),
        rows="\n".join(_rows(nights, stores["validation"].persons, fitted, prior)),
        data="\n".join(row for part, store in stores.items() for row in _sources(part, store)),
        digest=stores["training"].digest(),
        checked=stores["validation"].digest(),
        persons=section(record),
        curves="\n".join(f"- {phase}: {_curve(run / phase)}" for phase in figures),
        phases="\n".join(
            f"- {phase}: "
            + ", ".join(
                f"{name.removeprefix('eval_')} {value:.3f}"
                for name, value in values.items()
                if name == "eval_loss" or "kappa" in name or "recall" in name
            )
            for phase, values in figures.items()
        ),
        recipe=yaml.safe_dump(_plain(dataclasses.asdict(recipe)), sort_keys=False),
    )
    write_text(checkpoint / "README.md", text)


def _sources(part: str, store: TrainingStore) -> Iterator[str]:
    """Yield a table row for each source."""
    for place, name in enumerate(store.sources):
        in_source = store.source == place
        nights = len(store.files[name])
        first = sum(len(store.files[earlier]) for earlier in store.sources[:place])
        persons = len(set(store.persons[first : first + nights]))
        counts = " | ".join(str(int((store.stages[in_source] == stage).sum())) for stage in STAGES)
        yield f"| {part} | {name} | {nights} | {persons} | {in_source.sum()} | {counts} |"


def _curve(phase: Path) -> str:
    """Return step and loss of each evaluation of a phase, from its folder."""
    losses = {entry["step"]: entry["eval_loss"] for entry in read_log(phase) if "eval_loss" in entry}
    return ", ".join(f"{step}: {loss:.3f}" for step, loss in losses.items())


def _rows(
    nights: list[CalibrationNight], persons: Sequence[str], fitted: Fitted, prior: Sequence[float]
) -> Iterator[str]:
    """Yield a table row for each source, without and with smoothing; of each night, its person."""
    for source in sorted({night.source for night in nights if night.source}):
        source_nights = [night for night in nights if night.source == source]
        sleepers = np.repeat(
            [person for night, person in zip(nights, persons, strict=True) if night.source == source],
            [len(night.stages) for night in source_nights],
        )
        stages = np.concatenate([night.stages for night in source_nights])
        alone = [softmax(night.logits, fitted.stage_temperature) for night in source_nights]
        smoothed = [
            posterior(
                unsmoothed, strength=fitted.smoothing_strength, prior=prior, temperature=fitted.smoothed_temperature
            )
            for unsmoothed in alone
        ]
        for name, probabilities in (("none", alone), ("posterior", smoothed)):
            scored = stages >= 0
            pooled = np.concatenate(probabilities)[scored]
            answers = pooled.argmax(axis=1)
            scorings = stages[scored].astype(np.int8), answers.astype(np.int8)
            agreed = agreement_of_stages(*scorings)
            accuracy, kappa = _intervals(*scorings, sleepers[scored])
            error = expected_calibration_error(pooled.max(axis=1), answers == stages[scored])
            recalls = " | ".join("-" if s.recall is None else f"{s.recall:.3f}" for s in agreed.stages)
            yield (
                f"| {source} | {name} | {scored.sum()} | {agreed.accuracy:.3f}{accuracy} "
                f"| {agreed.kappa or 0:.3f}{kappa} | {error:.3f} | {recalls} |"
            )


def _intervals(
    stages: npt.NDArray[np.int8], answers: npt.NDArray[np.int8], sleepers: npt.NDArray[np.str_]
) -> tuple[str, str]:
    """Return the 95 % intervals over persons of accuracy and kappa, in brackets; empty where there is one person."""
    persons = np.unique(sleepers)
    if len(persons) < 2:
        return "", ""
    apart = np.stack([confusion_matrix(stages[sleepers == person], answers[sleepers == person]) for person in persons])
    resamples = [agreement_of_matrix(counts.astype(np.int64)) for counts in Bootstrap().sums(apart)]
    accuracy = np.array([agreed.accuracy for agreed in resamples])
    kappa = np.array([np.nan if agreed.kappa is None else agreed.kappa for agreed in resamples])
    intervals = intervals_of({"accuracy": accuracy, "kappa": kappa}, len(persons))
    texts = {name: f" {interval.text}" for name, interval in intervals.items()}
    return texts["accuracy"], texts.get("kappa", "")


def _plain(value: Any) -> Any:
    """Return tuples as lists, which YAML writes without tags."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
