"""The night's report: one self-contained page, made for looking.

The door of the room: :func:`write_report`, :class:`Overlay` for what is laid over its traces, and :class:`FurtherLeads`
for the EEG that the model did not read. Notable: the page
asks the network for nothing, runs only what its content security policy names by hash, and escapes whatever comes from
a file's header or from a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eegvlm.report.leads import FurtherLeads
    from eegvlm.report.overlay import Overlay
    from eegvlm.report.page import write_report

__all__ = ["FurtherLeads", "Overlay", "write_report"]

__getattr__, _, _ = lazy_loader.attach(
    __name__, submod_attrs={"leads": ["FurtherLeads"], "overlay": ["Overlay"], "page": ["write_report"]}
)
