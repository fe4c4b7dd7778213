"""Labels of signals that are no signals but the scoring of the night."""

from __future__ import annotations

import re

_LABEL = re.compile(
    r"hypnogramm?|hypno|hyp|schlafprofil|(?:sleep[\s_-]*)?(?:stages?|staging|profile)|sleep[\s_-]*scor(?:e|ing)",
    re.IGNORECASE,
)


def is_hypnogram_label(label: str) -> bool:
    """Tell whether a signal's label says that it holds stages of sleep (``Hypnogram``, ``Sleep stage``)."""
    return _LABEL.fullmatch(label.strip()) is not None
