"""An evaluation: what was judged, and all its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eegvlm.errors import InputError
from eegvlm.hypnogram.bootstrap import LEVEL
from eegvlm.lab.evaluation.answers import NightAnswers
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.lab.evaluation.summary import EvaluationSummary, in_order, summarise

_FORMAT = 1

FULL, RESTRICTED = "labels of 3 and more stages", "labels of 1 or 2 stages"
"""Names of the two kinds of nights in :attr:`Evaluation.views`."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Answers on a set of nights, judged.

    Attributes
    ----------
    about
        What was judged on what: model, hash of its weights, data set, cropping, channels, folds.
    overall
        Figures of all nights.
    views
        Where some nights have labels of one or two stages only (excerpts, sets of chosen epochs) and others have
        more: the figures of either kind apart. Empty otherwise.
    nights
        The answers, by subject and name.
    errors
        Nights that could not be staged, or whose scoring could not be read: name to reason.
    bootstrap
        How intervals were drawn.
    """

    about: Mapping[str, Any]
    overall: EvaluationSummary
    views: Mapping[str, EvaluationSummary]
    nights: tuple[NightAnswers, ...]
    errors: Mapping[str, str]
    bootstrap: ConfusionBootstrap = field(default_factory=ConfusionBootstrap)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single epochs, ready for JSON."""
        return {
            "format": _FORMAT,
            "about": dict(self.about),
            "bootstrap": {
                "over": "subjects",
                "level": LEVEL,
                "resamples": self.bootstrap.resamples,
                "seed": self.bootstrap.seed,
            },
            "overall": self.overall.to_dict(),
            "views": {name: view.to_dict() for name, view in self.views.items()},
            "subjects": [subject.to_dict() for subject in self.overall.subjects],
            "nights": [night.to_dict() for night in self.nights],
            "errors": dict(self.errors),
        }


def judge(
    nights: Sequence[NightAnswers],
    *,
    about: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    bootstrap: ConfusionBootstrap | None = None,
) -> Evaluation:
    """Compute all figures of answers that are there already.

    Parameters
    ----------
    nights
        At least one.
    about
        What was judged on what; printed and written unchanged.
    errors
        Nights without answers: name to reason.
    bootstrap
        How intervals over subjects are drawn.

    Raises
    ------
    InputError
        If there is no night, or two have one name.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([0, 0, 1, 2, 2, 3, 4, -1])
    >>> night = NightAnswers("s1", "s1 night 1", truth, np.array([0, 0, 2, 2, 2, 3, -1, 0]))
    >>> figures = judge([night]).overall.pooled
    >>> figures.n_epochs, figures.n_missing, round(figures.accuracy, 3)
    (7, 1, 0.714)
    """
    nights = in_order(nights)
    if not nights:
        raise InputError("evaluation", "nights", 0, "give at least one night with an expert's stages")
    for name, count in Counter(night.night for night in nights).items():
        if count > 1:
            raise InputError("evaluation", "nights", name, f"it is there {count} times; give each night its own name")
    bootstrap = bootstrap or ConfusionBootstrap()
    kinds = {
        FULL: [night for night in nights if not night.is_restricted],
        RESTRICTED: [night for night in nights if night.is_restricted and night.n_scored],
    }
    views = {name: summarise(of_kind, bootstrap) for name, of_kind in kinds.items()} if all(kinds.values()) else {}
    return Evaluation(about or {}, summarise(nights, bootstrap), views, nights, errors or {}, bootstrap)
