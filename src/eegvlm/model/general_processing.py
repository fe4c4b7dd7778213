"""Pictures and question to the inputs of any vision-language model, by its own Hugging Face processor.

Notable
-------
- Every epoch is asked about in the same words and with the same number of pictures of one size: the prompts of a batch
  are equally long. With what was measured written into them they are not, and are padded on the left, where answers
  follow right behind each.
- Resizing, normalising and cutting into patches are the model's own image processor's. The kind on torchvision takes
  the pictures where they were drawn, the kind on Pillow on the CPU; their pixels differ a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoProcessor

from eegvlm.errors import InputError
from eegvlm.evidence import NOTHING_MEASURED
from eegvlm.images import ImageLayout, render
from eegvlm.model.general import StagerSettings
from eegvlm.model.label_tokens import LabelTokens
from eegvlm.model.processing import Signals

_NEIGHBOURS = "The {count} pictures show consecutive epochs in the order of time; judge the one in the middle. "


@dataclass(frozen=True, eq=False)
class Examples:
    """Scored epochs that are shown before the question, for each of n epochs.

    Parameters
    ----------
    pictures
        uint8 (n, k, channels, height, width).
    stages
        int8 (n, k): the expert's.
    """

    pictures: torch.Tensor
    stages: npt.NDArray[np.int8]


class GeneralProcessor:
    """Everything between epochs and a general-purpose model's inputs.

    Parameters
    ----------
    hugging_face
        The model's own processor.
    settings
        How epochs are drawn and what is asked.

    Attributes
    ----------
    question
        The whole prompt, with the model's placeholder for each picture, up to where the label follows; of a model that
        reads what was measured, where nothing was.
    labels
        Tokens of each stage's label after the question.

    Raises
    ------
    InputError
        If it is no processor of pictures and text, its tokenizer joins question and label, or has no token to pad with.
    """

    def __init__(self, hugging_face: Any, settings: StagerSettings) -> None:
        if not hasattr(hugging_face, "image_processor") or not hasattr(hugging_face, "tokenizer"):
            hint = "use the folder of a vision-language model with its processor's files"
            raise InputError("processor", "kind", type(hugging_face).__name__, hint)
        self.hugging_face, self.settings = hugging_face, settings
        self.tokenizer = hugging_face.tokenizer
        self.question = self._question(NOTHING_MEASURED)
        begins = bool(self.tokenizer.bos_token) and self.question.startswith(self.tokenizer.bos_token)
        self._text = {"add_special_tokens": False} if begins else {}  # the chat template has put them already
        if self.reads_evidence:
            self._check_padding()
        self.labels = LabelTokens(tuple(self._answer(label) for label in settings.stage_labels))

    @classmethod
    def from_pretrained(cls, place: str | Path, settings: StagerSettings | None = None) -> GeneralProcessor:
        """Load a checkpoint's processor, or a base model's with settings to give it.

        Parameters
        ----------
        place
            The checkpoint's folder; a base may also be a hub's name.
        settings
            In place of those in the folder.

        Raises
        ------
        InputError
            If files are missing, or a package that this family's processor is built on.
        """
        settings = StagerSettings.read(Path(place)) if settings is None else settings
        try:
            hugging_face = AutoProcessor.from_pretrained(place)
        except ImportError as error:
            hint = "pip install 'eeg-vlm[general]' (torchvision): this family's processor is built on it"
            raise InputError(place, "processor", error, hint) from error
        except (OSError, ValueError, TypeError) as error:
            raise InputError(place, "processor", error, "put the base model's processor files there") from error
        return cls(hugging_face, settings)

    def save_pretrained(self, folder: Path) -> None:
        """Write the Hugging Face processor's files and ``eegvlm.json``."""
        self.hugging_face.save_pretrained(folder)
        self.settings.write(folder)

    def calibrated(self, **fitted: Any) -> GeneralProcessor:
        """Return the same processor with another calibration; see :class:`~eegvlm.model.general.StagerSettings`."""
        return GeneralProcessor(self.hugging_face, replace(self.settings, **fitted))

    @property
    def layout(self) -> ImageLayout:
        """How an epoch is drawn."""
        return self.settings.layout

    @property
    def stage_token_ids(self) -> list[int]:
        """Tokens that were made for labels: none, labels are texts in the model's own tokens."""
        return []

    @property
    def prompts(self) -> dict[str, str]:
        """The questions, under the names they have in every checkpoint."""
        reasoned_prompt = self.settings.reasoned_prompt
        reasoned = {"reasoned": self._question(NOTHING_MEASURED, reasoned=True)} if reasoned_prompt else {}
        return {"direct": self.question, **reasoned}

    @property
    def reads_evidence(self) -> bool:
        """Whether prompts state what was measured."""
        return self.settings.evidence == "text"

    @property
    def pictures_an_epoch(self) -> int:
        """How many pictures are shown of each epoch: its own and its neighbours'."""
        return 2 * self.settings.context_epochs + 1

    @property
    def backend(self) -> str:
        """What the image processor computes with: ``torchvision`` or ``pil``."""
        return str(getattr(self.hugging_face.image_processor, "backend", "pil"))

    def draw(self, signals: Signals, *, device: torch.device | str | None = None) -> torch.Tensor:
        """Draw epochs: ``{panel: (n, samples) µV}`` to uint8 pictures (n, channels, height, width)."""
        return render(self.layout, signals, device=device)

    def __call__(
        self,
        pictures: torch.Tensor,
        measured: Sequence[str] | None = None,
        examples: Examples | None = None,
        *,
        reasoned: bool = False,
    ) -> dict[str, torch.Tensor]:
        """Build the model's inputs.

        Parameters
        ----------
        pictures
            uint8 (n, channels, height, width), or (n, pictures_an_epoch, channels, height, width) with neighbours.
        measured
            What was measured in each of the n epochs, as :func:`eegvlm.evidence.epoch_texts` puts it; None: nothing
            was. Must be None for a model that reads no evidence.
        examples
            Shown before each epoch, each with the question and its answer.
        reasoned
            Whether it is asked for its reasons, too.

        Returns
        -------
        dict
            What the model's own processor gives for n prompts: ``input_ids`` (n, tokens), ``pixel_values`` ...
            Prompts of different length are padded on the left, ``attention_mask`` (n, tokens) being 0 there.

        Raises
        ------
        InputError
            If the model's processor cannot pad so.
        ValueError
            If there are not as many texts as epochs, or a model that reads no evidence is given some.
        """
        if measured is not None and (len(measured) != len(pictures) or not self.reads_evidence):
            raise ValueError(f"{len(measured)} texts for {len(pictures)} epochs, evidence {self.settings.evidence}")
        images = [list(epoch) for epoch in self._shown(pictures[:, None] if pictures.ndim == 4 else pictures)]
        texts = [NOTHING_MEASURED] * len(images) if measured is None else measured
        answers: list[list[str]] = [[]] * len(images)
        if examples is not None:
            images = [[*self._shown(examples.pictures[k]), *epoch] for k, epoch in enumerate(images)]
            answers = [[self.settings.stage_labels[stage] for stage in stages] for stages in examples.stages.tolist()]
            self._check_padding()
        prompts = [self._question(text, labels, reasoned) for text, labels in zip(texts, answers, strict=True)]
        pads = self.reads_evidence or examples is not None
        padded = {"padding": True, "padding_side": "left"} if pads else {}
        inputs = self.hugging_face(images=images, text=prompts, return_tensors="pt", **self._text, **padded)
        tensors = {name: value for name, value in inputs.items() if isinstance(value, torch.Tensor)}
        if pads and not ("attention_mask" in tensors and tensors["attention_mask"][:, -1].all()):
            hint = "it does not pad prompts on the left: use evidence none, and no examples"
            raise InputError("processor", "kind", type(self.hugging_face).__name__, hint)
        return tensors

    def _shown(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return pictures (..., channels, height, width) as the image processor takes them."""
        colours = (*pictures.shape[:-3], 3, *pictures.shape[-2:])
        coloured = pictures.expand(colours) if self.layout.channels == 1 else pictures
        return coloured if self.backend == "torchvision" else coloured.cpu()

    def _check_padding(self) -> None:
        """Give the tokenizer a token to pad with; it is masked, so that any will do."""
        if self.tokenizer.pad_token is None:
            if self.tokenizer.eos_token is None:
                raise InputError("processor", "pad_token", "none", "prompts differ in length: give the tokenizer one")
            self.tokenizer.pad_token = self.tokenizer.eos_token

    def _question(self, measured: str, answered: Sequence[str] = (), reasoned: bool = False) -> str:
        """Return the prompt as the model's chat template puts it, or, without one, the pictures and then the words.

        Before it stand as many examples as there are answers, each a picture, the question and its answer.
        """
        settings, pictures = self.settings, self.pictures_an_epoch
        question = settings.reasoned_prompt if reasoned else settings.prompt
        if self.reads_evidence:
            question = f"{measured}\n{question}"
        if pictures > 1:
            question = _NEIGHBOURS.format(count=pictures) + question
        if not self.hugging_face.chat_template:
            placeholder = getattr(self.hugging_face, "image_token", None)
            if placeholder is None:
                hint = "add the model's chat template: it is not known where a picture stands in its prompts"
                raise InputError("processor", "chat_template", "none", hint)
            examples_text = "".join(f"{placeholder}\n{self.settings.prompt}\n{label}\n" for label in answered)
            return f"{examples_text}{placeholder * pictures}\n{question}\n"
        examples = [
            turn
            for label in answered
            for turn in (
                {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": self.settings.prompt}]},
                {"role": "assistant", "content": [{"type": "text", "text": label}]},
            )
        ]
        content = [*({"type": "image"} for _ in range(pictures)), {"type": "text", "text": question}]
        conversation = [*examples, {"role": "user", "content": content}]
        return str(self.hugging_face.apply_chat_template(conversation, add_generation_prompt=True, tokenize=False))

    def _answer(self, label: str) -> tuple[int, ...]:
        """Return the tokens of a label as they stand after the question."""
        space = "" if self.question[-1:].isspace() else " "
        question_ids = self.tokenizer(self.question, **self._text)["input_ids"]
        whole = self.tokenizer(f"{self.question}{space}{label}", **self._text)["input_ids"]
        if whole[: len(question_ids)] != question_ids:
            raise InputError("processor", "stage_labels", label, "its first token joins the prompt's last: use another")
        return tuple(whole[len(question_ids) :])


def for_model(model: Any, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return inputs on a model's device, pixel values in its precision."""
    device, dtype = model.device, model.dtype
    return {name: value.to(device, dtype if value.is_floating_point() else None) for name, value in inputs.items()}
