"""Reading a night's epochs with other signals than their own: what a model's answers and reasons hang on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.images import corrected, panel_channels, panel_signals, recording_corrections
from eegvlm.model.night import windows
from eegvlm.signals import Recording
from eegvlm.staging.blocks import Seen
from eegvlm.staging.explaining import Explainer, Grammars, Ground
from eegvlm.staging.journal import Answers
from eegvlm.staging.reading import Logits, Reader

PanelSignals = Mapping[str, npt.NDArray[np.float32]]


class Probe:
    """A recording under a model; make it with :meth:`.Stager.probe`.

    An epoch keeps its place in the night, with the night context of its real neighbours; its own high-level vector is
    computed from the signals that it is given.

    Parameters
    ----------
    reader, grammars
        The model, and what it may write.
    recording
        The night.
    ground
        What reasons are held against.
    batch_size
        Epochs that are read at a time.

    Attributes
    ----------
    signals
        What is drawn of the night: panel name to float32 (n_epochs, samples) microvolt, NaN where there is none.
    channels
        The channel that each of these panels shows.
    """

    def __init__(
        self, reader: Reader, grammars: Grammars, recording: Recording, ground: Ground, batch_size: int
    ) -> None:
        layout = reader.processor.layout
        self.ground, self.signals = ground, panel_signals(layout, recording)
        shown = panel_channels(layout, recording)
        self.channels = {name: channel for name, channel in shown.items() if channel is not None}
        self._corrections = recording_corrections(layout, recording)
        self._reader, self._grammars, self._batch_size = reader, grammars, batch_size
        self._night = None
        if reader.model.config.reads_night:
            self._high_level = reader.vectors_of(recording, self._corrections)
            self._night = self._vectors(recording.scorable)

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
        for rows, seen in self._batches(epochs, signals):
            logits[rows] = self._reader.read(seen)
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
        free = self._grammars.of(self.ground.words)
        of_place = (lambda _: free) if stages is None else self.ground.grammar(self._grammars, stages)
        answers = Answers.none(len(epochs))
        explainer = Explainer(self._reader, lambda row: of_place(int(epochs[row])), answers, self._batch_size)
        for rows, seen in self._batches(epochs, signals):
            answers.logits[rows], prefix = self._reader.read_on(seen)
            explainer.add(np.arange(rows.start, rows.stop), prefix)
        explainer.finish()
        return answers

    def _batches(self, epochs: npt.NDArray[np.intp], signals: PanelSignals) -> Iterator[tuple[slice, Seen]]:
        for begin in range(0, len(epochs), self._batch_size):
            rows = slice(begin, min(begin + self._batch_size, len(epochs)))
            yield rows, self._seen(torch.from_numpy(epochs[rows]), self._draw(signals, rows))

    @torch.inference_mode()
    def _seen(self, places: torch.Tensor, pictures: torch.Tensor) -> Seen:
        """Return what the model is given of other pictures at their places in the night."""
        if self._night is None:
            return Seen(pictures)
        model, vectors = self._reader.model, self._high_level(pictures)
        context = windows(self._night, model.config.context_epochs)[places]
        context[:, context.shape[1] // 2] = vectors
        own = None
        if model.config.night_epochs:
            given = (some.to(model.device) for some in (self._night, places, vectors))
            own = model.model.night.replaced(*given)[:, None].cpu()
        return Seen(pictures, context, own)

    def _draw(self, signals: PanelSignals, rows: slice) -> torch.Tensor:
        layout, own = self._reader.processor.layout, {name: some[rows] for name, some in signals.items()}
        shown = corrected(layout, own, self._corrections)
        return self._reader.processor.draw(shown, device=self._reader.model.device)

    def _vectors(self, scorable: npt.NDArray[np.bool_]) -> torch.Tensor:
        """Return the high-level vectors of the night, (n_epochs, width); NaN where there is no signal."""
        n = len(scorable)
        batches = (slice(begin, min(begin + self._batch_size, n)) for begin in range(0, n, self._batch_size))
        night = torch.cat([self._high_level(self._draw(self.signals, rows)) for rows in batches])
        night[torch.from_numpy(~scorable)] = torch.nan
        return night
