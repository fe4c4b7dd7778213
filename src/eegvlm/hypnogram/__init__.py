"""Sleep stages, a scored night, its files and statistics, agreement and pool of two scorings."""

from eegvlm.hypnogram.agreement import (
    Agreement,
    StageAgreement,
    agreement,
    agreement_of_matrix,
    agreement_of_stages,
    confusion_matrix,
)
from eegvlm.hypnogram.align import align
from eegvlm.hypnogram.counted import CountedSleep, count_sleep
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.files import lost_in, read_hypnogram, write_hypnogram
from eegvlm.hypnogram.hypnogram import Hypnogram, StageRun
from eegvlm.hypnogram.period import Period, main_sleep_period
from eegvlm.hypnogram.pooling import pooled
from eegvlm.hypnogram.stage import STAGES, Stage
from eegvlm.hypnogram.statistics import SleepStatistics, sleep_statistics

__all__ = [
    "STAGES",
    "Agreement",
    "CountedSleep",
    "Hypnogram",
    "HypnogramError",
    "Period",
    "SleepStatistics",
    "Stage",
    "StageAgreement",
    "StageRun",
    "agreement",
    "agreement_of_matrix",
    "agreement_of_stages",
    "align",
    "confusion_matrix",
    "count_sleep",
    "lost_in",
    "main_sleep_period",
    "pooled",
    "read_hypnogram",
    "sleep_statistics",
    "write_hypnogram",
]
