"""Public data sets and folders of scored nights: whose they are, where they lie, and what is missing.

The door of the room: :func:`open_dataset` gives a :class:`Dataset` of :class:`Night`; nothing is loaded before a night
is asked for its recording or its stages. :func:`split_by_subject` and its sisters divide nights so that no person lies
on both sides; :func:`summarise` counts what is there. ``eegvlm.lab.datasets.physionet`` fetches the open sets. Not
covered: respiratory events, limb movements, demographics.
"""

from eegvlm.lab.datasets.beside import FolderRules
from eegvlm.lab.datasets.catalogue import DATASETS, DatasetInfo
from eegvlm.lab.datasets.checks import Contents
from eegvlm.lab.datasets.dataset import Dataset
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.opening import open_dataset
from eegvlm.lab.datasets.problems import DatasetError, DatasetProblem
from eegvlm.lab.datasets.protocols import PROTOCOLS, Protocol, published_splits
from eegvlm.lab.datasets.splits import Split, hold_out, leave_one_subject_out, split_by_subject, with_validation
from eegvlm.lab.datasets.summary import DatasetSummary, summarise
from eegvlm.lab.datasets.training_record import TrainingRecord

__all__ = [
    "DATASETS",
    "PROTOCOLS",
    "Contents",
    "Dataset",
    "DatasetError",
    "DatasetInfo",
    "DatasetProblem",
    "DatasetSummary",
    "FolderRules",
    "Night",
    "Protocol",
    "Split",
    "TrainingRecord",
    "hold_out",
    "leave_one_subject_out",
    "open_dataset",
    "published_splits",
    "split_by_subject",
    "summarise",
    "with_validation",
]
