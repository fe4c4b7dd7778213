"""Judge a stager against experts: figures with intervals over subjects, calibration, coverage, robustness.

The door of the room: :func:`evaluate` stages nights and judges the answers, :func:`judge` judges answers that are
there already (:class:`NightAnswers`), :func:`robustness` changes the recordings, ``faithfulness.faithfulness`` tests a
model's reasons. A missing or invalid answer is always
a wrong one. Not covered: agreement of two scorings of one night (``eegvlm.hypnogram.agreement``).
"""

from eegvlm.hypnogram.bootstrap import Interval
from eegvlm.lab.evaluation.answers import NightAnswers
from eegvlm.lab.evaluation.evaluation import Evaluation, judge
from eegvlm.lab.evaluation.figures import Figures, figures, rates
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap, Difference
from eegvlm.lab.evaluation.robustness import robustness
from eegvlm.lab.evaluation.run import JudgedNight, JudgedReading, evaluate

__all__ = [
    "ConfusionBootstrap",
    "Difference",
    "Evaluation",
    "Figures",
    "Interval",
    "JudgedNight",
    "JudgedReading",
    "NightAnswers",
    "evaluate",
    "figures",
    "judge",
    "rates",
    "robustness",
]
