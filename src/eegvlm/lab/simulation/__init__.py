"""A night with one physiology on all channels, its scoring, and every event known.

The door of the room: :func:`simulate_night` gives a :class:`SimulatedNight`; :class:`Subject` and :class:`Recorder`
say who slept on what (:func:`draw_subject` draws them); :class:`Carriers` puts real EEG texture under
simulated spectra; :func:`randomise` varies epochs as a :class:`Randomisation` says, for training.
"""

from eegvlm.lab.simulation.carriers import Carriers
from eegvlm.lab.simulation.derivations import DEFAULT_CHANNELS, KNOWN_CHANNELS
from eegvlm.lab.simulation.events import EventKind, Events
from eegvlm.lab.simulation.measured import MeasuredSpectra, read_band_powers
from eegvlm.lab.simulation.night import SimulatedNight, simulate_night
from eegvlm.lab.simulation.randomisation import Randomisation, randomise
from eegvlm.lab.simulation.recorder import Recorder
from eegvlm.lab.simulation.subject import Subject, draw_subject

__all__ = [
    "DEFAULT_CHANNELS",
    "KNOWN_CHANNELS",
    "Carriers",
    "EventKind",
    "Events",
    "MeasuredSpectra",
    "Randomisation",
    "Recorder",
    "SimulatedNight",
    "Subject",
    "draw_subject",
    "randomise",
    "read_band_powers",
    "simulate_night",
]
