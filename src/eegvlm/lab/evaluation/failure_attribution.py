"""What answers hang on, panel by panel, while a channel is intact and when it fails."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from eegvlm.attribution import Attribution, Blanking, attribute, choose_epochs
from eegvlm.errors import InputError
from eegvlm.lab.evaluation.changed_nights import draws_of
from eegvlm.lab.evaluation.perturbations import Perturbation
from eegvlm.lab.evaluation.run import JudgedNight
from eegvlm.signals import Recording
from eegvlm.staging import Stager

_PANELS = Blanking(patches="panel", curves=False)


@dataclass(eq=False)
class PanelWorth:
    """Blanks whole panels of some epochs of a night, before and after a failure.

    The stage that is followed is the model's answer while the channel is intact, both times; compared are epochs that
    are usable both times.

    Parameters
    ----------
    stager
        The model.
    most
        Epochs of each night.
    seed
        Of the epochs, and of the failure's places.
    """

    stager: Stager
    most: int = 20
    seed: int = 0
    _intact: dict[str, Attribution] = field(default_factory=dict, init=False)

    def __call__(
        self, night: JudgedNight, recording: Recording, failure: Perturbation
    ) -> dict[str, tuple[float, float]]:
        """Return each panel's worth before and after, mean over epochs: nats; empty where no epoch can be compared."""
        intact = self._attribution(night, recording)
        (piece,) = failure.apply(recording, draws_of(self.seed, night.name, failure)).pieces
        try:
            corrupted = self.stager.redrawing(piece.recording)
        except InputError:
            return {}
        rows = np.flatnonzero(corrupted.night.usable[intact.epochs])
        if not len(rows):
            return {}
        after = attribute(corrupted, intact.epochs[rows], _PANELS, stages=intact.stages[rows])
        before: npt.NDArray[np.float32] = intact.panel_losses[rows]
        names = [panel.name for panel in intact.layout.panels]
        means = zip(names, before.mean(axis=0).tolist(), after.panel_losses.mean(axis=0).tolist(), strict=True)
        return {name: (intact_worth, corrupted_worth) for name, intact_worth, corrupted_worth in means}

    def _attribution(self, night: JudgedNight, recording: Recording) -> Attribution:
        """Return what the answers to some epochs of the intact night hang on; computed once a night."""
        if night.name not in self._intact:
            redrawing = self.stager.redrawing(recording)
            answers = redrawing.own_answers()
            usable = np.isfinite(answers[:, 0])
            stages = np.where(usable, np.nan_to_num(answers, nan=-np.inf).argmax(axis=1), -1)
            epochs = choose_epochs(stages, self.most, np.random.default_rng(self.seed))
            self._intact[night.name] = attribute(redrawing, epochs, _PANELS)
        return self._intact[night.name]
