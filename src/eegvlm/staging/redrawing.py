"""Reading a night's epochs with other pictures than their own: what the pixels of a picture do to the answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import log_softmax

from eegvlm.images import PreparedNight
from eegvlm.model.night_inputs import NightInputs
from eegvlm.staging.reading import Reader

_ON_CPU, _ON_GPU = 64, 1024  # pictures: a few dozen stay in the caches, and a GPU takes all patches of an epoch


def suitable_batch(device: torch.device) -> int:
    """Return how many pictures are read at a time where nobody says."""
    return _ON_CPU if device.type == "cpu" else _ON_GPU


@dataclass(frozen=True, eq=False)
class Redrawing:
    """A recording under a model; make it with :meth:`.Stager.redrawing`.

    An epoch keeps its place in the night, with the context of its real neighbours and the evidence that was measured in
    it. Everything that the model makes of the picture itself is made of the new one: tower tokens, high-level vector,
    and how the night encoder moves that.

    Parameters
    ----------
    reader
        The model.
    inputs
        The night as it is.
    batch_size
        Pictures that are read at a time.
    """

    reader: Reader
    inputs: NightInputs
    batch_size: int

    @property
    def night(self) -> PreparedNight:
        """The night as the model sees it."""
        return self.inputs.night

    def pictures(self, rows: npt.NDArray[np.intp]) -> torch.Tensor:
        """Return the night's own pictures at places (n,): uint8 (n, channels, height, width), on the model's device."""
        return self.night.pictures(rows, device=self.reader.model.device)

    def own_answers(self) -> npt.NDArray[np.float64]:
        """Return the log probabilities of the night as it is, (n_epochs, 5); NaN where an epoch is not usable."""
        answers = np.full((self.night.n_epochs, 5), np.nan)
        usable = np.flatnonzero(self.night.usable)
        for first in range(0, len(usable), self.batch_size):
            rows = usable[first : first + self.batch_size]
            answers[rows] = self._calibrated(self.reader.read(self.inputs.rows(rows)))
        return answers

    def answers(self, row: int, pictures: torch.Tensor) -> npt.NDArray[np.float64]:
        """Return the log probabilities of the stages if other pictures stood at one place of the night.

        Parameters
        ----------
        row
            The place, from 0.
        pictures
            uint8 (n, channels, height, width), on the model's device.

        Returns
        -------
        numpy.ndarray
            float64 (n, 5), in the order W, N1, N2, N3, R; calibrated by the checkpoint's temperature, not smoothed.
        """
        # Vectors of pictures that share rows are found together; without vectors nothing is gained by it.
        step = self.batch_size if self.inputs.vectors is None else len(pictures)
        logits = []
        for first in range(0, len(pictures), max(1, step)):
            redrawn = pictures[first : first + step]
            inputs = self.inputs.redrawn(np.full(len(redrawn), row), redrawn)
            for begin in range(0, len(redrawn), self.batch_size):
                logits.append(self.reader.read(inputs.part(slice(begin, begin + self.batch_size))))
        return self._calibrated(np.concatenate(logits))

    def _calibrated(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        temperature = self.reader.calibration.stage_temperature
        return np.asarray(log_softmax(logits.astype(np.float64) / temperature, axis=1))
