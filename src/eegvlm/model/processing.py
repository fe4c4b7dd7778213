"""Pictures and prompts to model inputs: drawing, normalising, expanding placeholders, label tokens.

The processor carries the :class:`~eegvlm.images.ImageLayout`, so that training and inference draw alike, and
the prompts, so that they ask alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoProcessor, BatchFeature
from transformers.processing_utils import ProcessorMixin

from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.images import ImageLayout, render
from eegvlm.model.configuration import EegVlmConfig
from eegvlm.model.image_processing import EegVlmImageProcessor

STAGES = [stage for stage in Stage if stage >= 0]

CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% elif part['type'] == 'text' %}"
    "{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
)
"""A chat as the prompts it was trained with: pictures and texts one after the other, without roles."""

Signals = Mapping[str, npt.NDArray[np.float32] | torch.Tensor]


class EegVlmProcessor(ProcessorMixin):
    """Everything between epochs and the model's inputs.

    Parameters
    ----------
    tokenizer
        The language model's tokenizer; each stage's label must be one token of it.
    layout
        How epochs are drawn.
    visual_blocks
        Visual tokens in each block a picture is expanded to, newline between blocks
        (``EegVlmConfig.visual_blocks``).
    image_mean, image_std
        Per picture channel, for pixels in 0-1: the tower's.
    prompts
        Prompt by the kind of answer it asks for; ``"direct"`` ends where the label token follows, ``"reasoned"``
        where a rationale does.
    stage_tokens
        The label of each stage, in the order W, N1, N2, N3, R.
    image_token
        Placeholder of a picture in a prompt.
    chat_template
        Jinja template of a chat; :data:`CHAT_TEMPLATE` where not given.
    """

    def __init__(
        self,
        tokenizer: Any = None,
        layout: ImageLayout | dict[str, Any] | None = None,
        visual_blocks: Sequence[int] = (576,),
        image_mean: Sequence[float] = (0.48145466, 0.4578275, 0.40821073),
        image_std: Sequence[float] = (0.26862954, 0.26130258, 0.27577711),
        prompts: Mapping[str, str] | None = None,
        stage_tokens: Sequence[str] = ("W", "N1", "N2", "N3", "R"),
        image_token: str = "<image>",  # noqa: S107 (a placeholder, not a secret)
        chat_template: str | None = None,
    ) -> None:
        if layout is None:
            raise ValueError("layout: an ImageLayout is needed; how the epochs are drawn is part of the model")
        self.layout = layout if isinstance(layout, ImageLayout) else ImageLayout.from_dict(layout)
        self.visual_blocks = list(visual_blocks)
        self.image_mean, self.image_std = list(image_mean), list(image_std)
        self.prompts = dict(prompts or {})
        self.stage_tokens = list(stage_tokens)
        self.image_token = image_token
        super().__init__(tokenizer, chat_template=chat_template or CHAT_TEMPLATE)
        self.image_token_id: int = tokenizer.convert_tokens_to_ids(image_token)

    @classmethod
    def for_config(cls, config: EegVlmConfig, tokenizer: Any, layout: ImageLayout, **kwargs: Any) -> EegVlmProcessor:
        """Build the processor that fits a model's configuration.

        Raises
        ------
        InputError
            If the layout's pictures are not what the tower takes.
        """
        size = config.vision_config.image_size
        height, width = (size, size) if isinstance(size, int) else size
        if (layout.height, layout.width, layout.channels) != (
            height,
            width,
            config.vision_config.num_channels,
        ):
            raise InputError(
                layout.name,
                "size",
                f"{layout.width}x{layout.height}x{layout.channels}",
                f"the vision tower takes {width}x{height}x{config.vision_config.num_channels}: choose another layout",
            )
        return cls(tokenizer, layout, visual_blocks=config.visual_blocks, **kwargs)

    @property
    def image_processor(self) -> EegVlmImageProcessor:
        """What takes pictures in any form; it is made of the layout and the tower's mean and deviation."""
        layout = self.layout
        return EegVlmImageProcessor(layout.height, layout.width, layout.channels, self.image_mean, self.image_std)

    @property
    def stage_token_ids(self) -> list[int]:
        """Token of each stage's label, in the order W, N1, N2, N3, R.

        Raises
        ------
        InputError
            If a label is not a single token, or two labels share one.
        """
        ids = []
        for label in self.stage_tokens:
            tokens = self.tokenizer.encode(label, add_special_tokens=False)
            if len(tokens) != 1:
                raise InputError(
                    "processor",
                    "stage_tokens",
                    label,
                    "each label must be one token: add it to the tokenizer",
                )
            ids.append(tokens[0])
        if len(set(ids)) != len(STAGES):
            raise InputError("processor", "stage_tokens", self.stage_tokens, "five different labels are needed")
        return ids

    @property
    def placeholder(self) -> str:
        """What one picture's placeholder is expanded to in a prompt."""
        return "\n".join(self.image_token * count for count in self.visual_blocks)

    def encode_prompt(self, kind: str) -> list[int]:
        """Return the tokens of a prompt, its placeholder expanded.

        Raises
        ------
        InputError
            If the checkpoint has no such prompt.
        """
        return self._encoded(self._prompt(kind))

    def encode_rationale(self, text: str) -> tuple[list[int], list[int]]:
        """Return the tokens of the reasoned prompt, and those that answer it: a rationale and the end.

        Training learns these, and decoding writes them: the tokens of the text are those of the whole, prompt included.

        Parameters
        ----------
        text
            The rationale; a space is put before it.

        Raises
        ------
        InputError
            If the checkpoint has no reasoned prompt, or one that the tokenizer joins to the text.
        """
        prompt = self._prompt("reasoned")
        prompt_ids, whole = self._encoded(prompt), self._encoded(f"{prompt} {text}")
        if whole[: len(prompt_ids)] != prompt_ids:
            raise InputError("processor", "prompts", prompt, "end the reasoned prompt where a token ends")
        return prompt_ids, [*whole[len(prompt_ids) :], int(self.tokenizer.eos_token_id)]

    def _prompt(self, kind: str) -> str:
        if kind not in self.prompts:
            names = ", ".join(self.prompts) or "none"
            raise InputError("processor", "prompts", kind, f"this checkpoint has no such prompt; it has {names}")
        return self.prompts[kind]

    def _encoded(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text.replace(self.image_token, self.placeholder))["input_ids"]
        return ids

    def draw(self, signals: Signals, *, device: torch.device | str | None = None) -> torch.Tensor:
        """Draw epochs: ``{panel: (n, samples) µV}`` to uint8 pictures (n, channels, height, width).

        Where the layout states a level, signals are to be at it already (:func:`eegvlm.images.corrected`): an epoch
        alone does not say what its recording's is.
        """
        return render(self.layout, signals, device=device)

    def normalise(self, pictures: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Turn uint8 pictures into the tower's pixel values, (n, channels, height, width)."""
        return self.image_processor.normalise(pictures, dtype)

    def __call__(
        self,
        images: Any = None,
        text: str | Sequence[str] | None = None,
        *,
        pictures: torch.Tensor | None = None,
        signals: Signals | None = None,
        padding: bool | str = True,
        dtype: torch.dtype = torch.float32,
        return_tensors: str = "pt",
        videos: None = None,
        audio: None = None,
        **tokenizer_kwargs: Any,
    ) -> BatchFeature:
        """Build model inputs.

        Parameters
        ----------
        images
            Pictures in the order of the placeholders in ``text``, in any form that
            :meth:`.EegVlmImageProcessor.pictures` takes; drawn by this checkpoint's layout.
        text
            Prompts with one placeholder a picture; a single prompt is used for every picture. Default: the
            direct prompt.
        pictures
            Another name of ``images``.
        signals
            Instead of pictures: ``{panel: (n, samples) µV}``, drawn here.
        padding, **tokenizer_kwargs
            As in a tokenizer's call. Padding is on the left.
        dtype
            Of the pixel values.
        return_tensors
            Torch tensors (``"pt"``) are all that is made.
        videos, audio
            None; transformers passes them to every processor.

        Returns
        -------
        BatchFeature
            ``input_ids``, ``attention_mask`` (batch, tokens) and ``pixel_values``.

        Raises
        ------
        ValueError
            If placeholders and pictures differ in number.
        InputError
            If a picture was not drawn by this checkpoint's layout, or something else than pictures is given.
        """
        epoch_pictures = images if pictures is None else pictures
        if (epoch_pictures is None) == (signals is None) or (images is not None and pictures is not None):
            raise ValueError("give either pictures or signals")
        if return_tensors != "pt" or videos is not None or audio is not None:
            raise InputError("processor", "arguments", "other than pictures and text", "only torch tensors are made")
        pictures = self.draw(signals or {}) if epoch_pictures is None else self.image_processor.pictures(epoch_pictures)
        text = self.prompts["direct"] if text is None else text
        texts = [text] * len(pictures) if isinstance(text, str) else list(text)
        placeholders = sum(prompt.count(self.image_token) for prompt in texts)
        if placeholders != len(pictures):
            raise ValueError(f"the prompts hold {placeholders} placeholders for {len(pictures)} pictures")
        encoded = self.tokenizer(
            [prompt.replace(self.image_token, self.placeholder) for prompt in texts],
            padding=padding,
            padding_side="left",
            return_tensors="pt",
            **tokenizer_kwargs,
        )
        return BatchFeature(
            {
                "input_ids": encoded["input_ids"],
                "attention_mask": encoded["attention_mask"],
                "pixel_values": self.normalise(pictures, dtype),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what ``processor_config.json`` holds, the layout as its own JSON."""
        fields: dict[str, Any] = super().to_dict()
        fields["layout"] = self.layout.to_dict()
        fields["image_processor"] = self.image_processor.to_dict()
        return fields


AutoProcessor.register(EegVlmConfig, EegVlmProcessor, exist_ok=True)
