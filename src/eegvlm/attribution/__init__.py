"""What a model's answer hangs on: patches of the picture blanked one at a time, channels, curves, figures.

The door of the room: :func:`attribute_recording` makes maps of a recording's epochs (:func:`attribute` of those that
are named), :func:`by_stage` their means, :func:`write_attribution` the files; ``figures`` draws them and ``overlay``
lays them over the report's traces. Not covered: what the reasons cite (``eegvlm.lab.evaluation.faithfulness``).
"""

from eegvlm.attribution.attribution import Attribution, Blanking, attribute
from eegvlm.attribution.blanking import BLANKS, Blank
from eegvlm.attribution.choosing import choose_epochs
from eegvlm.attribution.files import write_attribution
from eegvlm.attribution.patches import Patches, cut
from eegvlm.attribution.recording import AttributedRecording, attribute_recording
from eegvlm.attribution.summary import StageAttribution, by_stage

__all__ = [
    "BLANKS",
    "AttributedRecording",
    "Attribution",
    "Blank",
    "Blanking",
    "Patches",
    "StageAttribution",
    "attribute",
    "attribute_recording",
    "by_stage",
    "choose_epochs",
    "cut",
    "write_attribution",
]
