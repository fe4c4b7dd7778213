"""The swap test: whether a rationale follows the picture, or another epoch's would have given the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.lab.evaluation.claim_verdicts import JudgedText
from eegvlm.lab.evaluation.estimates import Estimate, estimate, share, sums_of
from eegvlm.lab.evaluation.figures import Floats
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.reasoning import Outcome


@dataclass(frozen=True)
class Swap:
    """An epoch's rationale before and after its picture was exchanged, both held against the epoch's own signal."""

    own: JudgedText
    swapped: JudgedText


def draw_partners(
    truth: npt.NDArray[np.int8],
    epochs: npt.NDArray[np.intp],
    candidates: npt.NDArray[np.intp],
    rng: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """Draw for each epoch another of the night to which the expert gave another stage.

    Parameters
    ----------
    truth
        The expert's stages of the night.
    epochs
        Places, (n,).
    candidates
        Places that may be drawn.
    rng
        The draw.

    Returns
    -------
    numpy.ndarray
        Places, (n,); -1 where all candidates have the epoch's own stage.
    """
    others = {stage: candidates[truth[candidates] != stage] for stage in np.unique(truth[epochs])}
    partners = [rng.choice(others[stage]) if len(others[stage]) else -1 for stage in truth[epochs]]
    return np.array(partners, np.intp)


@dataclass(frozen=True)
class SwapFigures:
    """What exchanging pictures does to rationales.

    Attributes
    ----------
    pairs
        Number of epochs whose picture was exchanged.
    changed
        Share of texts that are no longer the same letter by letter.
    confirmed, confirmed_after
        Share of claims that the epoch's own signal confirms, before and after.
    drop
        The first minus the second.
    """

    pairs: int
    changed: Estimate
    confirmed: Estimate
    confirmed_after: Estimate
    drop: Estimate

    def to_dict(self) -> dict[str, object]:
        """Return the figures ready for JSON."""
        return {
            "pairs": self.pairs,
            "texts_changed": self.changed.to_dict(),
            "confirmed": self.confirmed.to_dict(),
            "confirmed_after": self.confirmed_after.to_dict(),
            "drop": self.drop.to_dict(),
        }


def swap_figures(subjects: Sequence[Sequence[Swap]], bootstrap: ConfusionBootstrap) -> SwapFigures:
    """Compute the figures of all subjects' swaps."""
    changed = sums_of(subjects, lambda pair: pair.own.text != pair.swapped.text, lambda _: 1)
    claims = sums_of(
        subjects,
        lambda pair: pair.own.count(Outcome.CONFIRMED),
        lambda pair: len(pair.own.verdicts),
        lambda pair: pair.swapped.count(Outcome.CONFIRMED),
        lambda pair: len(pair.swapped.verdicts),
    )
    return SwapFigures(
        sum(map(len, subjects)),
        estimate(changed, share, bootstrap),
        estimate(claims[:, :2], share, bootstrap),
        estimate(claims[:, 2:], share, bootstrap),
        estimate(claims, _drop, bootstrap),
    )


def _drop(claims: Floats) -> Floats:
    drop: Floats = share(claims[..., :2]) - share(claims[..., 2:])
    return drop
