"""Configuration of the strip backbone; apart from its network, so that a configuration can be read without torch."""

from __future__ import annotations

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig
from transformers.backbone_utils import BackboneConfigMixin


@strict
class StripConfig(BackboneConfigMixin, PreTrainedConfig):
    r"""Configuration of :class:`.StripBackbone`.

    Parameters
    ----------
    image_height
        Height of the picture in pixels, a multiple of ``row_height``.
    row_height
        Height in pixels of one row of the layout.
    num_channels
        Channels of the picture: 1 grey, 3 RGB.
    hidden_sizes, depths
        Width and number of residual blocks of each stage; each stage after the first halves the time axis.
    stem_width, stem_stride
        Columns that one filter of the stem spans, and its step.
    kernel_size
        Columns that the residual blocks' filters span; odd.
    """

    model_type = "eeg_vlm_strip"

    image_height: int = 256
    row_height: int = 32
    num_channels: int = 1
    hidden_sizes: list[int] | tuple[int, ...] = (32, 64, 96, 128)
    depths: list[int] | tuple[int, ...] = (1, 1, 1, 1)
    stem_width: int = 8
    stem_stride: int = 2
    kernel_size: int = 5

    def __post_init__(self, **kwargs: Any) -> None:
        """Name the stages."""
        self.hidden_sizes, self.depths = list(self.hidden_sizes), list(self.depths)
        self.stage_names = ["stem"] + [f"stage{index}" for index in range(1, len(self.depths) + 1)]
        self.set_output_features_output_indices(
            out_indices=kwargs.pop("out_indices", None), out_features=kwargs.pop("out_features", None)
        )
        super().__post_init__(**kwargs)

    def validate_rows(self) -> None:
        """Refuse a picture that does not divide into rows.

        Raises
        ------
        ValueError
            Naming both heights.
        """
        if self.image_height % self.row_height:
            raise ValueError(f"image_height {self.image_height} is no multiple of row_height {self.row_height}")


AutoConfig.register(StripConfig.model_type, StripConfig)
