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
from eegvlm.hypnogram.smoothing import real_transitions, tempered
from eegvlm.hypnogram.smoothing import smooth as smooth_posterior
from eegvlm.images import panel_channels
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, checkpoint_path
from eegvlm.model.weights import weights_hash
from eegvlm.signals import EPOCH_S, Recording, RecordingError
from eegvlm.staging.blocks import LookAround, filled_up, night_blocks
from eegvlm.staging.journal import Journal
from eegvlm.staging.night import StagedNight
from eegvlm.staging.precision import choose_device, choose_dtype

Progress = Callable[[int, int], None]
Smoothing = Literal["none", "posterior"]


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
            (:mod:`eegvlm.hypnogram.smoothing`). ``"none"``: each epoch stands alone.
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
            "calibration": {
                "stage_temperature": model.config.stage_temperature,
                "stage_prior": model.config.stage_prior,
                "smoothing_strength": model.config.smoothing_strength,
                "smoothed_temperature": model.config.smoothed_temperature,
            },
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
        unread = scorable & np.isnan(logits[:, 0])
        for block in night_blocks(
            recording, self.processor, self.model.device, self._look_around(batch_size), unread, spent
        ):
            for rows in block.batches(batch_size):
                epochs = slice(block.first + rows.start, block.first + rows.stop)
                if not unread[epochs].any():
                    continue
                started = time.perf_counter()
                logits[epochs] = self.read(block.pictures[rows], block.context(rows))
                spent["model_s"] += time.perf_counter() - started
                if diary is not None:
                    diary.write(np.where(scorable[:, None], logits, np.nan))
                if progress is not None:
                    progress(epochs.stop, recording.n_epochs)
        if diary is not None:
            diary.close()
        return StagedNight(
            hypnogram=self._hypnogram(recording, logits, scorable),
            recording=recording.describe(),
            panels={name: channel.name if channel else None for name, channel in channels.items()},
            provenance=self.provenance,
            timing=spent,
        )

    def _look_around(self, batch_size: int) -> LookAround:
        """Say how much of the night an epoch is read with, and how its vectors are computed."""
        config = self.model.config
        return LookAround(config.context_epochs, config.enhancement_channels, batch_size, self.high_level)

    @torch.inference_mode()
    def high_level(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the high-level vectors (n, enhancement_channels), float32 on the CPU, of uint8 pictures."""
        rows = len(pictures)
        pixel_values = self.processor.normalise(filled_up(pictures), self.model.dtype)
        vectors: torch.Tensor = self.model.model.enhancement(pixel_values)[:rows, 0].float().cpu()
        return vectors

    @torch.inference_mode()
    def read(self, pictures: torch.Tensor, context: torch.Tensor | None = None) -> npt.NDArray[np.float32]:
        """Return label logits, before calibration.

        Parameters
        ----------
        pictures
            uint8 (n, channels, height, width).
        context
            High-level vectors around each epoch, (n, 2 * context_epochs + 1, enhancement_channels); see
            :meth:`~eegvlm.model.EegVlmForConditionalGeneration.forward`.

        Returns
        -------
        numpy.ndarray
            float32 (n, 5), in the order W, N1, N2, N3, R.
        """
        rows = len(pictures)
        pictures = filled_up(pictures)
        outputs = self.model(
            input_ids=self._prompt.expand(len(pictures), -1),
            pixel_values=self.processor.normalise(pictures, self.model.dtype),
            context=None if context is None else filled_up(context).to(self.model.device),
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
            config = self.model.config
            posterior = smooth_posterior(
                probabilities, real_transitions(), strength=config.smoothing_strength, prior=config.stage_prior
            )
            probabilities = tempered(posterior, config.smoothed_temperature)
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
