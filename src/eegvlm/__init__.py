"""Sleep staging by reading pictures of the polysomnogram with a hierarchical vision-language model.

>>> import eegvlm
>>> night = eegvlm.stage("night.edf")                        # doctest: +SKIP
>>> night.hypnogram.statistics()                             # doctest: +SKIP

The names below are imported when they are first used, so that ``import eegvlm`` stays instant. The house has two wings.
The clinical line, in the order in which data walks through it: :mod:`eegvlm.signals`, :mod:`eegvlm.hypnogram`,
:mod:`eegvlm.images`, :mod:`eegvlm.evidence`, :mod:`eegvlm.model`, :mod:`eegvlm.staging`, :mod:`eegvlm.report`,
:mod:`eegvlm.review`. The laboratory, :mod:`eegvlm.lab`, makes and judges models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eegvlm.model.auto_registration import watch_auto_classes

if TYPE_CHECKING:
    from eegvlm.evidence.measuring import measure_recording as measure
    from eegvlm.hypnogram.files import read_hypnogram
    from eegvlm.hypnogram.hypnogram import Hypnogram
    from eegvlm.lab.simulation.night import simulate_night
    from eegvlm.signals.reading import read_recording
    from eegvlm.staging.night import StagedNight
    from eegvlm.staging.one_call import stage
    from eegvlm.staging.stager import Stager

__version__ = "0.2.0"

watch_auto_classes()

__all__ = [
    "Hypnogram",
    "StagedNight",
    "Stager",
    "__version__",
    "measure",
    "read_hypnogram",
    "read_recording",
    "simulate_night",
    "stage",
]

_PLACES = {
    "Hypnogram": ("hypnogram.hypnogram", "Hypnogram"),
    "StagedNight": ("staging.night", "StagedNight"),
    "Stager": ("staging.stager", "Stager"),
    "measure": ("evidence.measuring", "measure_recording"),
    "read_hypnogram": ("hypnogram.files", "read_hypnogram"),
    "read_recording": ("signals.reading", "read_recording"),
    "simulate_night": ("lab.simulation.night", "simulate_night"),
    "stage": ("staging.one_call", "stage"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _PLACES[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)


def __dir__() -> list[str]:
    return list(__all__)
