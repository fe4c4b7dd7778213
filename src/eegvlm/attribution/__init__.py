"""What a model's answer hangs on: patches of the picture blanked one at a time, channels, curves, figures.

The door of the room: :func:`attribute` makes maps of a night's epochs, :func:`by_stage` their means,
:func:`write_attribution` the files, ``figures`` what is printed. Not covered: what the reasons cite
(``eegvlm.evaluation.faithfulness``).
"""

from eegvlm.attribution.attribution import Attribution, Cutting, attribute
from eegvlm.attribution.blanking import BLANKS, Blank
from eegvlm.attribution.choosing import choose_epochs
from eegvlm.attribution.files import write_attribution
from eegvlm.attribution.patches import Patches, cut
from eegvlm.attribution.summary import StageAttribution, by_stage

__all__ = [
    "BLANKS",
    "Attribution",
    "Blank",
    "Cutting",
    "Patches",
    "StageAttribution",
    "attribute",
    "by_stage",
    "choose_epochs",
    "cut",
    "write_attribution",
]
