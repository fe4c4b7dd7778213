"""A general-purpose model as it comes from the hub, judged without having learnt anything of sleep.

It is shown the pictures, asked the question, and writes an answer. An answer is the stage that it names; one that names
none, or more than one, is no stage, is counted as wrong and kept to be printed. Beside it stands what the same model
thinks likeliest among the five labels, which is how it would answer if nothing else could be said: the difference is
what following the question's form costs.

Not covered: models that are reached over a network, and answers that take more than a sentence to come to a stage.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from eegvlm import __version__
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.hypnogram.stage import stage_of_spelling
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.evaluation.run import JudgedReading
from eegvlm.lab.evaluation.tables import FigureTable
from eegvlm.model import EegVlmConfig, GeneralProcessor, StagerSettings
from eegvlm.model.general import PROMPTS, is_general, load_general_model
from eegvlm.model.weights import weights_hash
from eegvlm.signals import EPOCH_S, Recording
from eegvlm.staging import Stager
from eegvlm.staging.examples import ExampleSource
from eegvlm.staging.general_reading import GeneralReader
from eegvlm.staging.precision import choose_device, choose_dtype

MOST_TOKENS = 24
_MOST_SHOWN = 20
_LONGEST_SHOWN = 100
# a capital alone, "W" or "R", is a name; a small letter is not
_NAMES = re.compile(r"\b(?:W|R|(?i:wake|wakefulness|awake|N1|N2|N3|REM|NREM ?[123]))\b")


def base_stager(
    base: str,
    layout: str,
    *,
    prompt: str | None = None,
    context_epochs: int = 0,
    device: str = "auto",
    dtype: str = "auto",
) -> Stager:
    """Load any image-text-to-text model as a stager, without a file of settings in its folder.

    Parameters
    ----------
    base
        Its folder, or a hub's name.
    layout
        A layout's name, or a JSON file that holds one.
    prompt
        What is asked about the pictures; the paper's question where None.
    context_epochs
        Neighbours on each side that are shown, too.
    device, dtype
        See :mod:`eegvlm.staging.precision`.

    Returns
    -------
    Stager
        Uncalibrated and without smoothing.

    Raises
    ------
    InputError
        If it is no such model, or one that has been made a stager already and so has a layout of its own.
    """
    folder = Path(base)
    if is_general(folder) or _is_ours(folder):
        raise InputError(base, "--layout", layout, "this checkpoint has a layout and a prompt of its own: leave it out")
    question = PROMPTS["paper"] if prompt is None else prompt
    settings = StagerSettings(load_layout(layout), question, context_epochs=context_epochs, smoothing="none")
    chosen_device = choose_device(device)
    precision = choose_dtype(dtype, chosen_device)
    processor = GeneralProcessor.from_pretrained(base, settings)
    model = load_general_model(base, precision).to(chosen_device).eval()
    provenance = {
        "software": f"eeg-vlm {__version__}",
        "model": folder.name,
        "weights_sha256": weights_hash(folder) if folder.is_dir() else f"not computed: {base} of the hub's cache",
        "layout": settings.layout.name,
        "device": chosen_device.type,
        "dtype": str(precision).removeprefix("torch."),
        "smoothing": "none",
        "training": "none: the model as it was published",
        "prompt": processor.question,
        "notice": NOTICE,
    }
    return Stager(model, processor, provenance, smooth="none")


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder holds an EEG-VLM."""
    try:
        fields = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(fields, dict) and fields.get("model_type") == EegVlmConfig.model_type


def stage_in_answer(answer: str, labels: tuple[str, ...] = ()) -> Stage | None:
    """Return the one stage that an answer names; None where it names none or several.

    Parameters
    ----------
    answer
        What a model wrote.
    labels
        Its own words for the stages, in the order W, N1, N2, N3, R.

    Examples
    --------
    >>> [stage_in_answer(text) for text in ("N2", "This is REM sleep.", "Stage 3", "N2, not N3", "A dog.")]
    [<Stage.N2: 2>, <Stage.R: 4>, <Stage.N3: 3>, None, None]
    """
    plain = answer.strip().strip(".!*\"'` ")
    if plain in labels:
        return Stage(labels.index(plain))
    whole = stage_of_spelling(plain)
    if whole is not None:
        return None if whole is Stage.UNSCORED else whole
    named = {stage_of_spelling(word) for word in _NAMES.findall(answer)}
    return next(iter(named)) if len(named) == 1 else None


class WrittenAnswers:
    """A general-purpose model that writes its answers; a system for :func:`eegvlm.lab.evaluation.evaluate`.

    Parameters
    ----------
    stager
        What :func:`base_stager` loads.
    batch_size
        Epochs that are answered at a time.
    examples
        Scored epochs that it is shown before each question; None: none.

    Attributes
    ----------
    refused
        Answers that are no stage, and how often each was given.
    answered
        Epochs that were answered in all.
    """

    def __init__(self, stager: Stager, *, batch_size: int = 32, examples: ExampleSource | None = None) -> None:
        if not isinstance(stager.processor, GeneralProcessor):
            raise InputError(stager.provenance.get("model", "model"), "kind", "EEG-VLM", "it writes no free answers")
        self._model, self._processor, self._batch_size = stager.model, stager.processor, batch_size
        self._plain, self._stager, self._examples = GeneralReader(stager.model, stager.processor), stager, examples
        self.refused: Counter[str] = Counter()
        self.answered = 0

    def __call__(self, recording: Recording) -> JudgedReading:
        """Answer every epoch that holds signal."""
        night = PreparedNight.read(recording, self._processor.layout)
        reader = self._plain if self._examples is None else self._examples.reader(self._stager, recording)
        inputs = reader.open(night, self._batch_size)
        stages = np.full(night.n_epochs, Stage.UNSCORED, np.int8)
        rows = np.flatnonzero(night.usable)
        for begin in range(0, len(rows), self._batch_size):
            batch = rows[begin : begin + self._batch_size]
            answers = self._write(reader.asked(inputs.rows(batch)))
            for row, answer in zip(batch, answers, strict=True):
                stage = stage_in_answer(answer, self._processor.settings.stage_labels)
                self.answered += 1
                if stage is None:
                    self.refused[answer.strip()] += 1
                else:
                    stages[row] = stage
        panels = {panel.name: night.panels.get(panel.name) for panel in self._processor.layout.panels}
        channels = {name: candidates[0].name if candidates else None for name, candidates in panels.items()}
        return JudgedReading(Hypnogram(stages, EPOCH_S, recording.start), channels)

    @torch.inference_mode()
    def _write(self, inputs: dict[str, torch.Tensor]) -> list[str]:
        tokenizer = self._processor.tokenizer
        ends = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        written = self._model.generate(**inputs, max_new_tokens=MOST_TOKENS, do_sample=False, pad_token_id=ends)
        answers = written[:, inputs["input_ids"].shape[1] :]
        texts: list[str] = tokenizer.batch_decode(answers, skip_special_tokens=True)
        return texts

    def table(self) -> FigureTable:
        """Return the answers that are no stage, the most frequent first."""
        frequent = self.refused.most_common(_MOST_SHOWN)
        rows = [(_short(text), str(count)) for text, count in frequent]
        rest = len(self.refused) - len(frequent)
        title = f"Answers that are no stage, counted as wrong: {self.refused.total()} of {self.answered}"
        return FigureTable(title + (f"; {rest} more texts" if rest > 0 else ""), ("answer", "epochs"), tuple(rows))


def _short(text: str) -> str:
    """Write an answer on one line, without what a terminal would obey."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    plain = " ".join(plain.split())
    return (plain[:_LONGEST_SHOWN] + " ..." if len(plain) > _LONGEST_SHOWN else plain) or "(nothing)"
