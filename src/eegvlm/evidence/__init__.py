"""Evidence: what can be measured in an epoch.

The door of the room: :func:`measure` (arrays) and :func:`measure_recording` give an :class:`Evidence` with tables for a
night and :class:`Finding` lists per epoch; :func:`epoch_texts` and :func:`evidence_vectors` put the same into words
and numbers for a model. Which kinds there are, their units and limits stand in :mod:`eegvlm.scoring`. Notable:
detectors see the continuous signal, so epoch borders do not exist for them; what the channels cannot show is absent.
Not covered: which stage any of it speaks for; epileptiform activity, respiration, children's waveforms.
"""

from eegvlm.evidence.epoch_text import NOTHING_MEASURED, RecordingMedians, epoch_texts
from eegvlm.evidence.event_table import EventTable
from eegvlm.evidence.evidence import Evidence
from eegvlm.evidence.measuring import measure, measure_night, measure_recording
from eegvlm.evidence.rhythms import Rhythms
from eegvlm.evidence.vector import Entry, beside_median, entries, entry_places, evidence_vectors
from eegvlm.scoring import Finding, FindingKind
from eegvlm.scoring.limits import BANDS

__all__ = [
    "BANDS",
    "NOTHING_MEASURED",
    "Entry",
    "EventTable",
    "Evidence",
    "Finding",
    "FindingKind",
    "RecordingMedians",
    "Rhythms",
    "beside_median",
    "entries",
    "entry_places",
    "epoch_texts",
    "evidence_vectors",
    "measure",
    "measure_night",
    "measure_recording",
]
