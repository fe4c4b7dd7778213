"""A general-purpose vision-language model as a stager: what its folder holds besides the model.

Such a checkpoint is any ``AutoModelForImageTextToText`` with its own Hugging Face processor and one file more,
``eegvlm.json``: how epochs are drawn, what is asked, what the stages are called, and the calibration.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eegvlm.core.files import write_text
from eegvlm.errors import InputError
from eegvlm.images import ImageLayout

if TYPE_CHECKING:  # settings alone do not wait for torch
    import torch

STAGER_FILE = "eegvlm.json"

PROMPTS = {
    "paper": "Classify the PSG. Choose from: W, N1, N2, N3, REM.",
    "ours": (
        "The picture shows 30 seconds of a polysomnogram at a fixed scale: EEG, eye movements, chin EMG and ECG, "
        "negative up, a line every second. Which sleep stage is it by the AASM rules: W, N1, N2, N3 or REM? "
        "Answer with the stage alone."
    ),
    "reasons": (
        "Say what is seen, which rule of the AASM it meets and what speaks against other stages, and end with the "
        "stage: W, N1, N2, N3 or R."
    ),
}


@dataclass(frozen=True)
class StagerSettings:
    """What makes a general-purpose model a stager; the content of ``eegvlm.json``.

    Parameters
    ----------
    layout
        How an epoch is drawn.
    prompt
        What is asked about the pictures; those in :data:`PROMPTS` are the paper's and one of our own.
    reasoned_prompt
        What is asked for a stage with its reasons; "" where the model has not learnt to give any.
    stage_labels
        What the model answers, in the order W, N1, N2, N3, R.
    context_epochs
        Neighbours on each side whose pictures are shown, too, in the order of time.
    evidence
        ``"text"``: what was measured in the epoch (:mod:`eegvlm.evidence.epoch_text`) stands in the prompt, before the
        question. ``"none"``: pictures alone.
    stage_temperature, stage_prior, smoothing, smoothing_strength, smoothed_temperature
        The calibration; see :class:`~eegvlm.model.EegVlmConfig`.

    Raises
    ------
    InputError
        If a setting cannot be meant.

    References
    ----------
    The paper's prompt: arXiv:2509.22810. Three pictures an epoch: SleepVLM, arXiv:2603.26738.
    """

    layout: ImageLayout
    prompt: str = PROMPTS["paper"]
    reasoned_prompt: str = ""
    stage_labels: tuple[str, ...] = ("W", "N1", "N2", "N3", "REM")
    context_epochs: int = 0
    evidence: Literal["none", "text"] = "none"
    stage_temperature: float = 1.0
    stage_prior: tuple[float, ...] | None = None
    smoothing: Literal["none", "posterior"] = "posterior"
    smoothing_strength: float = 0.7
    smoothed_temperature: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not self.prompt.strip():
            self._refuse("prompt", "write what is asked about the pictures")
        if type(self.reasoned_prompt) is not str:
            self._refuse("reasoned_prompt", 'write what is asked for reasons, or ""')
        labels = self.stage_labels
        named = isinstance(labels, tuple) and all(isinstance(label, str) and label.strip() == label for label in labels)
        if not named or len(labels) != 5 or len(set(labels)) != 5 or "" in labels:
            self._refuse("stage_labels", "give five different labels, in the order W, N1, N2, N3, R")
        if type(self.context_epochs) is not int or not 0 <= self.context_epochs <= 8:
            self._refuse("context_epochs", "use a whole number from 0 to 8")
        if self.evidence not in ("none", "text"):
            self._refuse("evidence", "use none or text")
        if self.smoothing not in ("none", "posterior"):
            self._refuse("smoothing", "use none or posterior")
        for field in ("stage_temperature", "smoothing_strength", "smoothed_temperature"):
            if not _positive(getattr(self, field)):
                self._refuse(field, "use a positive number")
        prior = self.stage_prior
        if prior is not None and not (isinstance(prior, tuple) and len(prior) == 5 and all(map(_positive, prior))):
            self._refuse("stage_prior", "give five positive shares, in the order W, N1, N2, N3, R")

    def _refuse(self, field: str, hint: str) -> None:
        raise InputError(STAGER_FILE, field, getattr(self, field), hint)

    def write(self, folder: Path) -> None:
        """Write ``eegvlm.json``."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        text = json.dumps({**fields, "layout": self.layout.to_dict()}, indent=1, ensure_ascii=False)
        write_text(folder / STAGER_FILE, text + "\n")

    @classmethod
    def read(cls, folder: Path) -> StagerSettings:
        """Read ``eegvlm.json``; one without ``evidence`` or ``reasoned_prompt`` is of a model that learnt neither.

        Raises
        ------
        InputError
            If it is not what :meth:`write` writes.
        """
        path = folder / STAGER_FILE
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(path, "settings", error, "take the file that training wrote") from error
        names = [field.name for field in dataclasses.fields(cls)]
        if isinstance(fields, dict):
            fields = {"evidence": "none", "reasoned_prompt": "", **fields}
        if not isinstance(fields, dict) or sorted(fields) != sorted(names):
            content = sorted(fields) if isinstance(fields, dict) else type(fields).__name__
            raise InputError(path, "settings", content, f"it holds exactly {', '.join(names)}")
        layout = ImageLayout.from_dict(fields.pop("layout"), path=path)
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
        }
        try:
            return cls(layout=layout, **settings)
        except InputError as error:
            raise InputError(path, error.field, error.value, error.hint) from error


def is_general(folder: Path) -> bool:
    """Say whether a folder holds a general-purpose model that was made a stager."""
    return (folder / STAGER_FILE).is_file()


def load_general_model(place: str | Path, dtype: torch.dtype) -> Any:
    """Load any image-text-to-text model; only safetensors are read and no code that comes with it is run.

    Parameters
    ----------
    place
        Its folder; a base may also be a hub's name.
    dtype
        Precision of its weights.

    Raises
    ------
    InputError
        If it is no such model, or weights are missing or of another shape.
    """
    from transformers import AutoModelForImageTextToText

    from eegvlm.model.progress_bars import without_progress_bar

    try:
        with without_progress_bar():
            model, info = AutoModelForImageTextToText.from_pretrained(
                place, dtype=dtype, use_safetensors=True, output_loading_info=True
            )
    except (OSError, ValueError, ImportError) as error:
        hint = "use a folder with config.json and safetensors of an image-text-to-text model that transformers knows"
        raise InputError(place, "model", error, hint) from error
    lacking = sorted(map(str, [*info["missing_keys"], *info["mismatched_keys"]]))
    if lacking:
        summary = f"{len(lacking)} ({', '.join(lacking[:3])} ...)"
        raise InputError(place, "missing or misshapen weights", summary, "use a complete checkpoint of this geometry")
    return model


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
