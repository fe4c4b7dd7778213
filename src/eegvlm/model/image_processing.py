"""Pictures of epochs in any form to the uint8 pictures and pixel values that EEG-VLM reads.

Nothing is resized or cropped: what a pixel means in microvolt and milliseconds is part of the model. Pictures are drawn
by the checkpoint's layout: with ``processor.draw``, or ``eegvlm render --raw``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import AutoImageProcessor, BatchFeature
from transformers.image_processing_utils import BaseImageProcessor

from eegvlm.errors import InputError
from eegvlm.model.configuration import EegVlmConfig


class EegVlmImageProcessor(BaseImageProcessor):
    """Pictures to pixel values.

    Parameters
    ----------
    height, width, channels
        Of the layout's pictures, in pixels; 1 channel is grey, 3 are RGB.
    image_mean, image_std
        Per channel, for pixels in 0-1: the tower's.
    **kwargs
        As in transformers.
    """

    model_input_names = ("pixel_values",)

    def __init__(
        self,
        height: int = 256,
        width: int = 256,
        channels: int = 1,
        image_mean: Sequence[float] = (0.0,),
        image_std: Sequence[float] = (1.0,),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.height, self.width, self.channels = height, width, channels
        self.image_mean, self.image_std = list(image_mean), list(image_std)

    def pictures(self, images: Any) -> torch.Tensor:
        """Return pictures as one tensor.

        Parameters
        ----------
        images
            One or several, nested or not: PIL images; arrays (height, width), (height, width, channels) or
            (channels, height, width) of uint8; or a tensor (n, channels, height, width) of uint8.

        Returns
        -------
        torch.Tensor
            uint8 (n, channels, height, width).

        Raises
        ------
        InputError
            If a picture is of another size or type: it was not drawn by this layout.
        """
        shape = (self.channels, self.height, self.width)
        if isinstance(images, torch.Tensor) and images.dtype == torch.uint8 and images.shape[1:] == shape:
            return images
        return torch.stack([self._picture(image) for image in _flattened(images)])

    def normalise(self, pictures: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Turn uint8 pictures into the tower's pixel values, (n, channels, height, width)."""
        mean = torch.tensor(self.image_mean, device=pictures.device).view(-1, 1, 1)
        std = torch.tensor(self.image_std, device=pictures.device).view(-1, 1, 1)
        scale, shift = (1 / (255 * std)).to(dtype), (-mean / std).to(dtype)
        return pictures.to(dtype) * scale + shift

    def __call__(self, images: Any, return_tensors: str = "pt", dtype: torch.dtype = torch.float32) -> BatchFeature:
        """Build ``pixel_values``; see :meth:`pictures` for what is taken."""
        if return_tensors != "pt":
            raise InputError("processor", "return_tensors", return_tensors, "only pt is made: torch tensors")
        return BatchFeature({"pixel_values": self.normalise(self.pictures(images), dtype)})

    def _picture(self, image: Any) -> torch.Tensor:
        """Return one picture as uint8 (channels, height, width)."""
        if isinstance(image, Image.Image):
            image = image.convert("L" if self.channels == 1 else "RGB")
        array = np.asarray(image)
        if array.dtype == np.uint8:
            if array.ndim == 2:
                array = array[None]
            elif array.ndim == 3 and array.shape[-1] == self.channels and array.shape[0] != self.channels:
                array = np.moveaxis(array, -1, 0)
        if array.dtype != np.uint8 or array.shape != (self.channels, self.height, self.width):
            hint = (
                f"this checkpoint reads uint8 pictures of {self.width} x {self.height} pixels, drawn by its layout: "
                "use processor.draw, signals= or eegvlm render --raw"
            )
            raise InputError("processor", "images", f"{array.dtype} of shape {array.shape}", hint)
        return torch.from_numpy(np.array(array))


def _flattened(images: Any) -> Iterator[Any]:
    """Yield pictures one by one: lists may be nested, as chats and batches have them."""
    if isinstance(images, Image.Image) or (isinstance(images, np.ndarray | torch.Tensor) and images.ndim <= 3):
        yield images
    elif isinstance(images, Iterable):
        for image in images:
            yield from _flattened(image)
    else:
        raise InputError("processor", "images", type(images).__name__, "give PIL images, arrays or tensors")


AutoImageProcessor.register(EegVlmConfig, image_processor_classes={"pil": EegVlmImageProcessor}, exist_ok=True)
