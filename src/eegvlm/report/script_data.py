"""What the page's script needs to know of the whole night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.pooling import check_same_epochs
from eegvlm.report.gathering import Pictures
from eegvlm.report.overlay import Overlay
from eegvlm.report.review import ReviewEpoch
from eegvlm.report.traces import CHUNK, ENVELOPE_BINS
from eegvlm.scoring import TABLE
from eegvlm.scoring.limits import BANDS

if TYPE_CHECKING:
    from eegvlm.report.page import ReportedNight

_PRINTED = 6


def script_data(
    night: ReportedNight,
    pictures: Pictures,
    listed: Sequence[ReviewEpoch],
    default_count: int,
    overlay: Overlay | None = None,
) -> dict[str, Any]:
    """Return what the script needs beside the packed traces and details.

    Parameters
    ----------
    night
        The night.
    pictures
        Say how the traces are packed.
    listed
        The epochs to review.
    default_count
        How many of the order of review are chosen at first.
    overlay
        What is laid over the traces; None: nothing.

    Raises
    ------
    HypnogramError
        If the epochs of a derivation's vote are not those of the night.
    """
    scored = night.hypnogram
    return {
        "stages": scored.labels,
        "probabilities": _probabilities(scored),
        "epoch_s": scored.epoch_s,
        "clock_s": _clock_s(scored),
        "chunk": CHUNK,
        "bins": ENVELOPE_BINS,
        "panels": pictures.panels,
        "review": [[entry.epoch, entry.rank, list(entry.reasons), entry.last] for entry in listed],
        "unstaged": night.review.n_unstaged,
        "count": default_count,
        "printed": _PRINTED,
        "measured": night.evidence is not None,
        "explained": bool(night.rationales),
        "grounded": night.provenance.get("reasons") == "grounded",
        "rules": {rule.id: rule.text for rule in TABLE.rules},
        "kinds": {kind.words: [kind.label, kind.modality] for kind in TABLE.kinds if kind.label},
        "bands": list(BANDS),
        "second": None if night.second is None else _reader(night.second.reader, night.second.hypnogram),
        "votes": _votes(scored, night.votes),
        "overlay": None if overlay is None else overlay.caption,
    }


def _probabilities(scored: Hypnogram) -> list[list[float] | None]:
    if scored.probabilities is None:
        return [None] * len(scored)
    rounded = scored.probabilities.astype(float).round(3).tolist()
    return [row if row[0] == row[0] else None for row in rounded]


def _votes(scored: Hypnogram, votes: Mapping[str, Hypnogram]) -> list[dict[str, Any]]:
    for name, vote in votes.items():
        check_same_epochs(scored, vote, f"vote of {name}")
    return [_reader(name, vote) for name, vote in votes.items()]


def _reader(name: str, hypnogram: Hypnogram) -> dict[str, Any]:
    """Return who says which stage of each epoch, and how surely."""
    confidence = hypnogram.confidence
    rounded = [None] * len(hypnogram) if confidence is None else confidence.astype(float).round(3).tolist()
    return {"reader": name, "stages": hypnogram.labels, "confidence": rounded}


def _clock_s(scored: Hypnogram) -> float | None:
    """Return the seconds from midnight to the first epoch; None where the clock time is unknown."""
    if scored.start is None:
        return None
    first = scored.time_of(0)
    return (first - first.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
