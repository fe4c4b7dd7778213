"""How much the log probability of an epoch's stage falls when a patch of its picture is blanked.

Notable
-------
- The fall is that of the answer to the single epoch, calibrated and not smoothed. It is positive where the patch spoke
  for the stage, negative where it spoke against it.
- Whole panels are blanked, too, whatever the patches: channels that say the same can be missed one at a time, so the
  falls of patches need not add up to that of their panel.
- Deletion blanks the patches with the largest falls first, insertion brings them back first into a blank picture. A map
  that is right makes the probability fall, and rise, faster than the same number of patches by chance.

Not covered: gradients and attention weights, which say what a network computes with and not what it hangs on.

References
----------
Zeiler & Fergus 2014, ECCV: occlusion. Petsiuk et al. 2018, RISE: randomized input sampling for explanation of black-box
models, BMVC: deletion and insertion curves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.attribution.blanking import Blank, substitutes
from eegvlm.attribution.patches import Patches, cut
from eegvlm.images import ImageLayout
from eegvlm.staging import Redrawing

Floats = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

SHARES = np.linspace(0, 1, 11)
"""Shares of the patches that are blanked along a curve."""
KINDS = ("deletion", "deletion by chance", "insertion", "insertion by chance")
_MOST_BYTES = 1 << 28  # of pictures at once: a quarter of a gigabyte


@dataclass(frozen=True, eq=False)
class Attribution:
    """Maps of some epochs of a night.

    Parameters
    ----------
    layout
        How the pictures were drawn.
    patches
        How they were cut.
    blank, draws
        What was put into the patches' place, and how many draws were averaged.
    epochs
        Places in the night, int64 (n,), from 0.
    stages
        The stages whose log probability fell, int8 (n,).
    answers
        What the model answers to each epoch as it is, int8 (n,).
    probabilities
        Of the stages, with the pictures as they are, (n,).
    losses
        float32 (n, patches): fall of the log probability, in nats.
    panel_losses
        float32 (n, panels), in the layout's order: the same of whole panels.
    shown
        bool (n, panels): whether the panel shows a signal in the epoch.
    curves
        float32 (n, 4, 11): probability of the stage along :data:`KINDS` at :data:`SHARES`; None where not asked for.
    """

    layout: ImageLayout
    patches: Patches
    blank: Blank
    draws: int
    epochs: npt.NDArray[np.int64]
    stages: npt.NDArray[np.int8]
    answers: npt.NDArray[np.int8]
    probabilities: Floats
    losses: Floats
    panel_losses: Floats
    shown: npt.NDArray[np.bool_]
    curves: Floats | None = None

    def __len__(self) -> int:
        return len(self.epochs)


@dataclass(frozen=True)
class Blanking:
    """What is blanked, and with what.

    Parameters
    ----------
    patches
        As in :func:`eegvlm.attribution.patches.cut`.
    blank
        One of :data:`eegvlm.attribution.blanking.BLANKS`.
    draws
        Draws that are averaged, where blanks are drawn by chance.
    curves
        Whether to compute deletion and insertion curves.
    seed
        Of blanks and of random orders.
    """

    patches: str = "14"
    blank: Blank = "background"
    draws: int = 1
    curves: bool = True
    seed: int = 0


def attribute(
    redrawing: Redrawing,
    epochs: npt.NDArray[np.intp],
    cutting: Blanking | None = None,
    *,
    stages: npt.NDArray[np.integer] | None = None,
    progress: Progress | None = None,
) -> Attribution:
    """Blank every patch of some epochs, one at a time.

    Parameters
    ----------
    redrawing
        The night under the model (:meth:`eegvlm.staging.Stager.redrawing`).
    epochs
        Usable places in the night, (n,), from 0.
    cutting
        What is blanked, and with what.
    stages
        Whose log probability is followed, 0 to 4, (n,); None: the model's own answer to each epoch.
    progress
        Called with (epochs done, epochs in all).

    Returns
    -------
    Attribution

    Raises
    ------
    InputError
        If the patches do not suit the layout.

    Examples
    --------
    >>> stager = Stager.from_pretrained("nano")                                # doctest: +SKIP
    >>> night = stager.redrawing(read_recording("night.edf"))                  # doctest: +SKIP
    >>> attribute(night, np.array([99, 100])).panel_losses                     # doctest: +SKIP
    """
    cutting = cutting or Blanking()
    layout = redrawing.night.layout
    patches, panels = cut(layout, cutting.patches), cut(layout, "panel")
    losses, panel_losses = (np.zeros((len(epochs), len(parts)), np.float32) for parts in (patches, panels))
    answers = np.zeros(len(epochs), np.int8)
    followed = np.zeros(len(epochs), np.int8) if stages is None else np.asarray(stages, np.int8)
    probabilities = np.zeros(len(epochs), np.float32)
    curves = np.zeros((len(epochs), len(KINDS), len(SHARES)), np.float32) if cutting.curves else None
    for k, row in enumerate(epochs.tolist()):
        epoch = _Epoch(redrawing, row, cutting, (panels, patches))
        answers[k] = epoch.whole.argmax()
        if stages is None:
            followed[k] = answers[k]
        stage = int(followed[k])
        probabilities[k] = np.exp(epoch.whole[stage])
        panel_losses[k], losses[k] = (falls[:, stage] for falls in epoch.falls)
        if curves is not None:
            curves[k] = epoch.curves(losses[k], stage)
        if progress is not None:
            progress(k + 1, len(epochs))
    without_channel = np.full(redrawing.night.n_epochs, -1, np.int8)
    visible = [redrawing.night.shown.get(panel.name, without_channel)[epochs] >= 0 for panel in layout.panels]
    return Attribution(
        layout=layout,
        patches=patches,
        blank=cutting.blank,
        draws=cutting.draws,
        epochs=epochs.astype(np.int64),
        stages=followed,
        answers=answers,
        probabilities=probabilities,
        losses=losses,
        panel_losses=panel_losses,
        shown=np.stack(visible, axis=1),
        curves=curves,
    )


class _Epoch:
    """An epoch under the model, as it is and with its parts blanked.

    Attributes
    ----------
    whole
        Log probabilities of the five stages, (5,).
    falls
        How far they fall without each part of each way of cutting, (parts, 5).
    """

    def __init__(self, redrawing: Redrawing, row: int, cutting: Blanking, cuts: tuple[Patches, ...]) -> None:
        self.redrawing, self.row, self.patches = redrawing, row, cuts[-1]
        self.rng = np.random.default_rng([cutting.seed, row])
        self.picture = redrawing.pictures(np.array([row]))[0]
        device = self.picture.device
        self.blanks = substitutes(redrawing.night, row, cutting.blank, cutting.draws, self.rng, device)
        self.labels = [torch.from_numpy(patches.labels).to(device) for patches in cuts]
        self.falls = [np.zeros((len(patches), 5)) for patches in cuts]
        for blank in self.blanks:
            self.whole = self._blank(blank)

    def curves(self, losses: Floats, stage: int) -> Floats:
        """Return the stage's probability along the curves, (4, 11), with the first of the blank pictures."""
        labels, blank = self.labels[-1], self.blanks[0]
        patches = self._changed(labels, blank)
        ranked, by_chance = patches[np.argsort(-losses[patches], kind="stable")], self.rng.permutation(patches)
        empty = torch.where(labels >= 0, blank, self.picture)
        counts = np.round(SHARES[1:-1] * len(patches)).astype(int)
        pictures = [self.picture, empty]
        for under, over in ((self.picture, blank), (empty, self.picture)):
            for order in (ranked, by_chance):
                for count in counts:
                    chosen = torch.zeros(len(losses) + 1, dtype=torch.bool)  # the last is what lies outside: label -1
                    chosen[torch.from_numpy(order[:count])] = True
                    pictures.append(torch.where(chosen.to(labels.device)[labels], over, under))
        probabilities = np.exp(self.redrawing.answers(self.row, torch.stack(pictures))[:, stage])
        between = probabilities[2:].reshape(len(KINDS), len(counts))
        ends = np.repeat([probabilities[:2], probabilities[1::-1]], 2, axis=0)
        return np.concatenate([ends[:, :1], between, ends[:, 1:]], axis=1).astype(np.float32)

    def _blank(self, blank: torch.Tensor) -> npt.NDArray[np.float64]:
        """Add the falls without each part, of one draw of blanks; return the log probabilities of the whole picture."""
        parts = [(k, int(part)) for k, labels in enumerate(self.labels) for part in self._changed(labels, blank)]
        step = max(1, _MOST_BYTES // self.picture.numel())
        whole = np.zeros(5)
        for first in range(0, len(parts) + 1, step):
            batch = parts[first : first + step]
            blanked = [torch.where(self.labels[k] == part, blank, self.picture) for k, part in batch]
            answers = self.redrawing.answers(self.row, torch.stack([self.picture, *blanked]))
            whole = answers[0]
            for (k, part), answer in zip(batch, answers[1:], strict=True):
                self.falls[k][part] += (whole - answer) / len(self.blanks)
        return whole

    def _changed(self, labels: torch.Tensor, blank: torch.Tensor) -> npt.NDArray[np.intp]:
        """Return the patches that look otherwise when blanked; blanking the others changes nothing."""
        differs = (self.picture != blank).any(dim=0) & (labels >= 0)
        return np.asarray(torch.unique(labels[differs]).cpu().numpy(), np.intp)
