"""Evidence: what can be measured in an epoch, and which scoring rules that supports.

The door of the room: :func:`measure` (arrays) and :func:`measure_recording` give an :class:`Evidence` with tables for a
night and :class:`Finding` lists per epoch; :func:`supported_rules` names the rules that findings support, and
:func:`epoch_texts` and :func:`evidence_vectors` put the same into words and numbers for a model. Notable: detectors see
the continuous signal, so epoch borders do not exist for them; what the channels cannot show is absent.
Not covered: epileptiform activity, respiration, children's waveforms.
"""

from eegvlm.evidence.epoch_text import NOTHING_MEASURED, RecordingMedians, epoch_texts
from eegvlm.evidence.evidence import Evidence
from eegvlm.evidence.finding import Finding, FindingKind
from eegvlm.evidence.marks import Marks
from eegvlm.evidence.measuring import measure, measure_night, measure_recording
from eegvlm.evidence.rhythms import BANDS, Rhythms
from eegvlm.evidence.rules import RULES, Neighbours, supported_rules
from eegvlm.evidence.vector import Entry, beside_median, entries, entry_places, evidence_vectors

__all__ = [
    "BANDS",
    "NOTHING_MEASURED",
    "RULES",
    "Entry",
    "Evidence",
    "Finding",
    "FindingKind",
    "Marks",
    "Neighbours",
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
    "supported_rules",
]
