"""Labels that look like a channel for scoring and are not understood: a spelling to learn, or a damaged one.

A label that the alias table does not explain leaves its signal out, and mostly rightly: a polysomnogram holds breath,
legs and oxygen. Said is only what would be missed: ``EEG D4``, ``C4-W1``, an ``EOG`` of unknown side where there is no
other. Electrodes that scoring has no use for (``EEG T3``, vertical EOG, leg EMG) are known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from eegvlm.signals.aliases import MINIMUM_RATE, Lead
from eegvlm.signals.label_parsing import fold, is_reference, modality_of, read_label, resembles_spelling
from eegvlm.signals.problems import Problem
from eegvlm.signals.source import Signal

# Electrodes of the 10-10 system in no row of the table, numbers, and eyes' other derivations; folded.
_UNUSED = re.compile(
    r"t([3-9]|10|p[7-9]|p10)|f([9]|10|t[7-9]|t10|c[56])|c(p[56]|b[12])|p([1-9]|10|o9|o10)|i[12z]|nz|sp[12]"
    r"|\d+|v(ert(ical)?)?(eog)?[iul12]*|i{1,3}|[ul]"
)
_UNUSED_MUSCLE = re.compile(r"leg|tib|lat|rat|arm|ante|inter|fds|edb|plm|left|right|[lr]$")
_DASH = re.compile(r"\s*[-:/_\u2010-\u2014]\s*")
_SHOWN = 5


def report_unread(idle: Sequence[tuple[Signal, Lead | None]], present: Collection[str]) -> tuple[Problem, ...]:
    """Report the labels that hint at a channel for scoring, as one problem.

    Parameters
    ----------
    idle
        The signals that play no role, each with what its label says, or None.
    present
        Modalities of the labels that were understood.

    Returns
    -------
    tuple of Problem
        Empty, or one.
    """
    unread = [
        signal.label
        for signal, lead in idle
        if lead is None
        and signal.factor is not None
        and signal.rate >= min(MINIMUM_RATE.values())
        and _hints(signal.raw_label, present)
    ]
    if not unread:
        return ()
    quoted = ", ".join(f"'{label}'" for label in unread[:_SHOWN])
    more = f" and {len(unread) - _SHOWN} more" if len(unread) > _SHOWN else ""
    message = f"{quoted}{more}: the label hints at a channel for scoring, but is not understood; the signal is not used"
    return (Problem("label-unread", message),)


def _hints(label: str, present: Collection[str]) -> bool:
    if not label or "\ufffd" in label:
        return True
    start = re.match(r"(eeg|eog|emg|ecg|ekg)(?![a-z])", label.strip(), re.IGNORECASE)
    modality = start[1].lower().replace("ekg", "ecg") if start else ""
    rest = label.strip()[len(modality) :]
    if modality == "emg" and _UNUSED_MUSCLE.search(fold(rest)):
        return False
    parts = [fold(part) for part in re.split(r"[-:/_\s\u2010-\u2014]+", rest) if fold(part)]
    explained = all(read_label(part) or is_reference(part) or _UNUSED.fullmatch(part) for part in parts)
    if modality:
        return not explained and (modality in ("eeg", "eog") or modality not in present)
    # A derivation with a damaged word ahead of it.
    lead = read_label(label.split()[-1])
    if lead is not None and lead.reference is not None:
        return True
    sides = _DASH.split(label.strip())
    if explained or len(sides) != 2 or not all(sides):
        return not explained and not _UNUSED_MUSCLE.search(fold(label)) and resembles_spelling(label)
    sites = [read_label(side) for side in sides]
    return any(site is not None and modality_of(site) in ("eeg", "eog") for site in sites)
