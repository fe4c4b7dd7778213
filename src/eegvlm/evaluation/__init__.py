"""Judge a stager against experts: figures with intervals over subjects, calibration, coverage, robustness.

The door of the room: :func:`evaluate` stages nights and judges the answers, :func:`judge` judges answers that are
there already (:class:`NightAnswers`), :func:`robustness` changes the recordings, ``faithfulness.faithfulness`` tests a
model's reasons. A missing or invalid answer is always
a wrong one. Not covered: agreement of two scorings of one night (``eegvlm.hypnogram.agreement``).
"""

from eegvlm.evaluation.answers import NightAnswers
from eegvlm.evaluation.evaluation import Evaluation, judge
from eegvlm.evaluation.figures import Figures, figures, rates
from eegvlm.evaluation.intervals import Bootstrap, Difference
from eegvlm.evaluation.robustness import robustness
from eegvlm.evaluation.run import Reading, ScoredNight, evaluate
from eegvlm.hypnogram.bootstrap import Interval

__all__ = [
    "Bootstrap",
    "Difference",
    "Evaluation",
    "Figures",
    "Interval",
    "NightAnswers",
    "Reading",
    "ScoredNight",
    "evaluate",
    "figures",
    "judge",
    "rates",
    "robustness",
]
