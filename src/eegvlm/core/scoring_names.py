"""Names of the formats and codings of scorings, for the help of commands.

The readers and codings themselves are in :mod:`eegvlm.hypnogram`, whose import loads numpy and every format: too much
for a text of help. ``tests/hypnogram/test_hypnogram_registry.py`` holds the names to the tables there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

READABLE: Final = (
    *("edf", "nsrr", "profusion", "rml", "wonambi", "luna-xml", "list", "yasa", "json", "csv", "wonambi-csv"),
    *("noxturnal", "bids", "mne", "somnomedics", "remlogic", "rdann", "natus", "elan", "visbrain", "luna", "eannot"),
    *("ids", "wfdb", "txt"),
)
WRITABLE: Final = ("edf", "nsrr", "profusion", "json", "csv", "bids", "txt")
CODINGS: Final = ("yasa", "isruc", "ucddb", "dreams", "aasm", "profusion")


def choice_of(names: Sequence[str]) -> str:
    """Return names as a list in words: ``yasa, isruc or ucddb``."""
    return f"{', '.join(names[:-1])} or {names[-1]}"
