"""Reading a night's epochs with other signals than their own: what a model's answers and reasons hang on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.model.night_inputs import EpochInputs, NightInputs
from eegvlm.signals import Channel
from eegvlm.staging.explaining import Explainer, Grammars, MeasuredNight
from eegvlm.staging.journal import Answers
from eegvlm.staging.reading import Logits, Reader

PanelSignals = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """A recording under a model; make it with :meth:`.Stager.counterfactuals`.

    An epoch keeps its place in the night, with the night context of its real neighbours; its own high-level vector is
    computed from the signals that it is given.

    Parameters
    ----------
    reader, grammars
        The model, and what it may write.
    inputs
        The night as it is.
    measured
        What reasons are held against.
    batch_size
        Epochs that are read at a time.
    """

    reader: Reader
    grammars: Grammars
    inputs: NightInputs
    measured: MeasuredNight
    batch_size: int

    @property
    def channels(self) -> dict[str, Channel]:
        """The preferred channel of each panel that shows one."""
        first = {name: channels[0].channel for name, channels in self.inputs.night.panels.items()}
        return {name: channel for name, channel in first.items() if channel is not None}

    def signals_of(self, epochs: npt.NDArray[np.intp]) -> dict[str, npt.NDArray[np.float32]]:
        """Return the night's own signals at some places: panel name to float32 (n, samples) microvolt."""
        return self.inputs.night.signals(epochs)

    def read(self, epochs: npt.NDArray[np.intp], signals: PanelSignals) -> Logits:
        """Return label logits of the direct answers, before calibration.

        Parameters
        ----------
        epochs
            Places in the night, (n,), from 0; one may come several times.
        signals
            What is drawn there: panel name to float32 (n, samples).

        Returns
        -------
        numpy.ndarray
            float32 (n, 5), in the order W, N1, N2, N3, R.
        """
        logits = np.empty((len(epochs), 5), np.float32)
        for rows, inputs in self._batches(epochs, signals):
            logits[rows] = self.reader.read(inputs)
        return logits

    def explain(
        self, epochs: npt.NDArray[np.intp], signals: PanelSignals, stages: Iterable[int] | None = None
    ) -> Answers:
        """Return direct answers and rationales, a row for each of the given epochs.

        Parameters
        ----------
        epochs, signals
            As in :meth:`read`.
        stages
            The night's, one an epoch: texts are grounded, and state only what holds at their place in the night,
            whatever signals they are given. None: they are free.
        """
        of_place = self.measured.grammar(self.grammars, stages)
        answers = Answers.none(len(epochs))
        explainer = Explainer(self.reader, lambda row: of_place(int(epochs[row])), answers, self.batch_size)
        for rows, inputs in self._batches(epochs, signals):
            answers.logits[rows], prefix = self.reader.read_on(inputs)
            explainer.add(np.arange(rows.start, rows.stop), prefix)
        explainer.finish()
        return answers

    def _batches(self, epochs: npt.NDArray[np.intp], signals: PanelSignals) -> Iterator[tuple[slice, EpochInputs]]:
        for begin in range(0, len(epochs), self.batch_size):
            rows = slice(begin, min(begin + self.batch_size, len(epochs)))
            yield rows, self.inputs.replaced(epochs[rows], {name: signal[rows] for name, signal in signals.items()})
