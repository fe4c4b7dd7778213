"""The night's report: one self-contained page, made for looking.

The door of the room: :func:`write_report`, :class:`Overlay` for what is laid over its traces, and :class:`FurtherLeads`
for the EEG that the model did not read. Notable: the page
asks the network for nothing, runs only what its content security policy names by hash, and escapes whatever comes from
a file's header or from a model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegvlm.report.leads import FurtherLeads
    from eegvlm.report.overlay import Overlay
    from eegvlm.report.page import write_report

__all__ = ["FurtherLeads", "Overlay", "write_report"]

_LAZY = {
    "FurtherLeads": "eegvlm.report.leads",
    "Overlay": "eegvlm.report.overlay",
    "write_report": "eegvlm.report.page",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
