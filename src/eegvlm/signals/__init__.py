"""Recordings: files opened, channels found and scaled to microvolt, 30-s epochs cut and their quality judged.

Notable: nothing is loaded before it is asked for; every doubt is a :class:`Problem` in the result or a
:class:`RecordingError`, never a warning in the air; the patient's identification is not read.
Not covered: filtering for display, artefact removal, annotations other than lights off and on (see ``eegvlm.hypnogram``
for scorings).
"""

from eegvlm.signals.channel import Channel
from eegvlm.signals.extended import ExtendedRecording
from eegvlm.signals.lights import Lights
from eegvlm.signals.lights_option import choose_lights, parse_lights
from eegvlm.signals.opening import RecordingLike, open_recording
from eegvlm.signals.overrides import parse_channels
from eegvlm.signals.problems import Problem, RecordingError
from eegvlm.signals.quality import ChannelQuality, Quality, QualityKind, QualityLevel, Stretch
from eegvlm.signals.quality_meter import QualityMeter, measure_quality
from eegvlm.signals.reading import read_recording
from eegvlm.signals.recording import Recording
from eegvlm.signals.roles import MODALITIES, Role
from eegvlm.signals.source import EPOCH_S

__all__ = [
    "EPOCH_S",
    "MODALITIES",
    "Channel",
    "ChannelQuality",
    "ExtendedRecording",
    "Lights",
    "Problem",
    "Quality",
    "QualityKind",
    "QualityLevel",
    "QualityMeter",
    "Recording",
    "RecordingError",
    "RecordingLike",
    "Role",
    "Stretch",
    "choose_lights",
    "measure_quality",
    "open_recording",
    "parse_channels",
    "parse_lights",
    "read_recording",
]
