"""A night through the model: draw, read, five probabilities an epoch.

Notable
-------
- Every epoch that holds signal is scored, the first and the last included; an epoch in a gap and an incomplete
  last one stay unscored and are counted.
- The stage is the softmax of the five label tokens at the answer position. No text is parsed.
- The night is walked in blocks of epochs: memory does not grow with its length.
- An epoch's result does not depend on the batch it was read in. On a CPU, bfloat16 kernels for a handful of rows
  round otherwise than those for many, so small batches are filled up with empty pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from eegvlm import __version__
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.images import panel_channels, panel_signals
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, checkpoint_path
from eegvlm.model.weights import weights_hash
from eegvlm.signals import EPOCH_S, Recording, RecordingError
from eegvlm.staging.journal import Journal
from eegvlm.staging.night import StagedNight
from eegvlm.staging.precision import choose_device, choose_dtype
from eegvlm.staging.smoothing import real_transitions
from eegvlm.staging.smoothing import smooth as smooth_posterior

Progress = Callable[[int, int], None]
Smoothing = Literal["none", "posterior"]

_FEWEST_ROWS = 16
_BLOCK = 256


@dataclass
class Stager:
    """A model, its processor, and where they run.

    Examples
    --------
    >>> stager = Stager.from_pretrained("nano")                  # doctest: +SKIP
    >>> night = stager.stage(read_recording("night.edf"))        # doctest: +SKIP
    >>> night.write("out")                                       # doctest: +SKIP
    """

    model: EegVlmForConditionalGeneration
    processor: EegVlmProcessor
    provenance: dict[str, Any]
    smooth: Smoothing = "posterior"
    _prompt: torch.Tensor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        text = self.processor.prompts["direct"].replace(self.processor.image_token, self.processor.placeholder)
        self._prompt = torch.tensor([self.processor.tokenizer(text)["input_ids"]], device=self.model.device)
        self._stage_ids = torch.tensor(self.processor.stage_token_ids, device=self.model.device)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path = "nano",
        *,
        smooth: Smoothing = "posterior",
        device: str = "auto",
        dtype: str = "auto",
    ) -> Stager:
        """Load a packaged model by name, or a checkpoint folder.

        Parameters
        ----------
        name_or_path
            ``"nano"``, or a folder.
        smooth
            ``"posterior"``: probabilities are those of a chain with the transitions of real nights
            (:mod:`eegvlm.staging.smoothing`). ``"none"``: each epoch stands alone.
        device, dtype
            See :mod:`eegvlm.staging.precision`.

        Raises
        ------
        InputError
            If there is no such model, its weights are incomplete, or the device is not at hand.
        """
        if smooth not in ("none", "posterior"):
            raise InputError("arguments", "smooth", smooth, "use none or posterior")
        folder = checkpoint_path(name_or_path)
        on, precision = choose_device(device), choose_dtype(dtype, choose_device(device))
        try:
            processor = EegVlmProcessor.from_pretrained(folder)
            model = EegVlmForConditionalGeneration.from_pretrained(folder, dtype=precision)
        except (OSError, ValueError) as error:
            hint = "use a folder with config.json, model.safetensors and the processor's files"
            raise InputError(folder, "model", error, hint) from error
        model = model.to(on).eval()
        if model.config.alignment != "none":
            model.model.enhancement.to(memory_format=torch.channels_last)
        provenance = {
            "software": f"eeg-vlm {__version__}",
            "model": Path(name_or_path).name,
            "weights_sha256": weights_hash(folder),
            "layout": processor.layout.name,
            "device": on.type,
            "dtype": str(precision).removeprefix("torch."),
            "smoothing": smooth,
            "stage_temperature": model.config.stage_temperature,
            "notice": "Research use; verify by a trained scorer.",
        }
        return cls(model, processor, provenance, smooth)

    def stage(
        self,
        recording: Recording,
        *,
        batch_size: int = 32,
        progress: Progress | None = None,
        journal: Path | None = None,
    ) -> StagedNight:
        """Stage every epoch of a recording.

        Parameters
        ----------
        recording
            At least one channel must serve the layout's EEG panel.
        batch_size
            Epochs the model reads at a time; the result does not depend on it.
        progress
            Called with (epochs done, epochs in all) after every batch.
        journal
            File that keeps what has been read, and from which a killed run goes on.

        Raises
        ------
        RecordingError
            If no EEG channel was found, or a channel that is needed cannot be used.
        """
        if batch_size < 1:
            raise InputError("arguments", "batch_size", batch_size, "give a positive number")
        layout = self.processor.layout
        channels = panel_channels(layout, recording)
        eeg_panels = [panel.name for panel in layout.panels if any(role.modality == "eeg" for role in panel.roles)]
        if all(channels[name] is None for name in eeg_panels):
            labels = ", ".join(channel.name for channel in recording.channels) or "none"
            hint = f"name it with --channels eeg=LABEL; the channels are {labels}"
            raise RecordingError(recording.path, "EEG channel", "none recognised", hint)
        diary = None
        logits = np.full((recording.n_epochs, 5), np.nan, dtype=np.float32)
        if journal is not None:
            diary = Journal(journal, self._key(recording))
            logits = diary.read(recording.n_epochs)
        scorable = recording.scorable
        spent = {"read_s": 0.0, "draw_s": 0.0, "model_s": 0.0}
        for first in range(0, recording.n_epochs, _BLOCK):
            count = min(_BLOCK, recording.n_epochs - first)
            unread = scorable[first : first + count] & np.isnan(logits[first : first + count, 0])
            if not unread.any():
                continue
            started = time.perf_counter()
            signals = panel_signals(layout, recording, first, count)
            spent["read_s"] += time.perf_counter() - started
            for begin in range(0, count, batch_size):
                rows = slice(begin, min(begin + batch_size, count))
                if not unread[rows].any():
                    continue
                started = time.perf_counter()
                pictures = self.processor.draw({name: s[rows] for name, s in signals.items()}, device=self.model.device)
                spent["draw_s"] += time.perf_counter() - started
                started = time.perf_counter()
                logits[first + rows.start : first + rows.stop] = self.read(pictures)
                spent["model_s"] += time.perf_counter() - started
                if diary is not None:
                    diary.write(np.where(scorable[:, None], logits, np.nan))
                if progress is not None:
                    progress(first + rows.stop, recording.n_epochs)
        if diary is not None:
            diary.close()
        return StagedNight(
            hypnogram=self._hypnogram(recording, logits, scorable),
            recording=recording.describe(),
            panels={name: channel.name if channel else None for name, channel in channels.items()},
            provenance=self.provenance,
            timing=spent,
        )

    @torch.inference_mode()
    def read(self, pictures: torch.Tensor) -> npt.NDArray[np.float32]:
        """Return the label logits (n, 5), in the order W, N1, N2, N3, R, of uint8 pictures (n, channels, h, w)."""
        rows = len(pictures)
        if rows < _FEWEST_ROWS:
            filler = pictures.new_zeros((_FEWEST_ROWS - rows, *pictures.shape[1:]))
            pictures = torch.cat([pictures, filler])
        outputs = self.model(
            input_ids=self._prompt.expand(len(pictures), -1),
            pixel_values=self.processor.normalise(pictures, self.model.dtype),
            logits_to_keep=1,
            use_cache=False,
        )
        logits: npt.NDArray[np.float32] = outputs.logits[:rows, -1, self._stage_ids].float().cpu().numpy()
        return logits

    def _hypnogram(
        self, recording: Recording, logits: npt.NDArray[np.float32], scorable: npt.NDArray[np.bool_]
    ) -> Hypnogram:
        """Return stages and calibrated probabilities; epochs without signal are unscored."""
        scaled = logits.astype(np.float64) / self.model.config.stage_temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        probabilities = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
        probabilities[~scorable] = np.nan
        if self.smooth == "posterior":
            probabilities = smooth_posterior(probabilities, real_transitions()).astype(np.float64)
        stages = np.where(scorable, np.nan_to_num(probabilities).argmax(axis=1), Stage.UNSCORED).astype(np.int8)
        notes = []
        if not scorable.all():
            notes.append(f"{int((~scorable).sum())} epochs are unscored: in a gap of the signal, or incomplete")
        return Hypnogram(
            stages,
            epoch_s=EPOCH_S,
            start=recording.start,
            probabilities=probabilities.astype(np.float32),
            notes=tuple(notes),
        )

    def _key(self, recording: Recording) -> dict[str, Any]:
        """Return what logits depend on, for the journal."""
        if not recording.path.is_file():
            raise InputError(
                recording.path, "journal", "a recording in memory", "only a recording on disk can be resumed"
            )
        file = recording.path.stat()
        return {
            "file": [str(recording.path.resolve()), file.st_size, file.st_mtime_ns],
            "recording": recording.describe(),
            "provenance": self.provenance,
        }
