"""Which epochs a scorer should look at first, and what the probabilities promise of the rest.

An epoch's expected accuracy is the probability of its stage, by the model's own calibration: it is as true as the
probabilities are. Reviewing the least certain epochs leaves the others, whose expected accuracy is the mean of theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import Hypnogram, Stage

SHARES = (0.05, 0.10, 0.20, 0.30)
"""Shares of the scored epochs for which it is said what their review would leave."""


@dataclass(frozen=True)
class ReviewShare:
    """What reviewing a share of the scored epochs is expected to do.

    Parameters
    ----------
    share
        Share of the scored epochs.
    epochs
        How many these are.
    up_to
        Highest confidence among them; None where there are none.
    rest
        Expected accuracy of the others; None where none are left.
    """

    share: float
    epochs: int
    up_to: float | None
    rest: float | None


@dataclass(frozen=True)
class Review:
    """Where a scorer's time is best spent.

    Parameters
    ----------
    order
        Scored epochs, counted from 0, least certain first.
    shares
        No review, then each of :data:`SHARES`; empty without probabilities.
    flags
        Epoch, counted from 0 -> why it stands out whatever its confidence.
    """

    order: tuple[int, ...]
    shares: tuple[ReviewShare, ...]
    flags: Mapping[int, Sequence[str]]

    def sentence(self, share: float = SHARES[0]) -> str:
        """Say what reviewing a share is expected to do; "" without probabilities or where nothing is left."""
        for one in self.shares:
            if one.share == share and one.epochs and one.rest is not None:
                first = f"review the {one.epochs} least certain epochs ({100 * share:.0f} %)"
                right = f"{100 * one.rest:.0f} %"
                return f"{first}: by the model's own confidence, the rest is expected to be right in {right}"
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Return what ``staging.json`` holds; epochs count from 1, and ``order`` ends with the largest share."""
        return {
            "shares": [
                {"share": one.share, "epochs": one.epochs, "up_to": _rounded(one.up_to), "rest": _rounded(one.rest)}
                for one in self.shares
            ],
            "order": [epoch + 1 for epoch in self.order[: self.shares[-1].epochs if self.shares else 0]],
            "flags": [{"epoch": epoch + 1, "reasons": list(self.flags[epoch])} for epoch in sorted(self.flags)],
            "basis": "expected by the model's own calibrated confidence",
        }


def review(hypnogram: Hypnogram, flags: Mapping[int, Sequence[str]] | None = None) -> Review:
    """Return in which order to review a night, and what that is expected to leave.

    Parameters
    ----------
    hypnogram
        With probabilities, or there are no shares and the order is that of time.
    flags
        As :func:`review_flags` gives them; its own of the hypnogram alone where None.
    """
    found = review_flags(hypnogram) if flags is None else flags
    return Review(tuple(least_certain(hypnogram).tolist()), tuple(review_shares(hypnogram)), found)


def least_certain(night: Hypnogram) -> npt.NDArray[np.intp]:
    """Return the scored epochs, least certain first; earlier ones first among equals."""
    confidence = night.confidence
    if confidence is None:
        return np.flatnonzero(night.scored)
    order = np.argsort(confidence, kind="stable")
    return order[np.isfinite(confidence[order])]


def count_of(share: float, n: int) -> int:
    """Return how many of ``n`` epochs a share is, rounded up."""
    return int(np.ceil(share * n - 1e-9))


def review_shares(night: Hypnogram) -> list[ReviewShare]:
    """Return what each of :data:`SHARES`, and no review at all, leaves; empty without probabilities."""
    if night.confidence is None:
        return []
    sorted_confidence = night.confidence[least_certain(night)].astype(np.float64)
    rows = []
    for share in (0.0, *SHARES):
        count = count_of(share, len(sorted_confidence))
        seen, rest = sorted_confidence[:count], sorted_confidence[count:]
        up_to, left = float(seen[-1]) if count else None, float(rest.mean()) if rest.size else None
        rows.append(ReviewShare(share, count, up_to, left))
    return rows


def review_flags(
    night: Hypnogram, contradicted: Collection[int] = (), differing: Collection[int] = ()
) -> dict[int, list[str]]:
    """Return why epochs (counted from 0) stand out whatever their confidence.

    Parameters
    ----------
    night
        The scoring.
    contradicted
        Epochs of whose rationale the signal contradicts a claim.
    differing
        Epochs whose rationale comes to another stage than the model's direct answer.
    """
    found: dict[int, list[str]] = {}
    stages = night.stages
    for epoch in sorted(contradicted):
        found.setdefault(epoch, []).append("a claim is contradicted by the signal")
    for epoch in sorted(differing):
        found.setdefault(epoch, []).append("the direct answer was another stage")
    middle = np.arange(1, len(stages) - 1)
    scored = (stages[:-2] >= 0) & (stages[1:-1] >= 0) & (stages[2:] >= 0)
    alone = scored & (stages[1:-1] != stages[:-2]) & (stages[:-2] == stages[2:])
    for epoch in middle[alone].tolist():
        found.setdefault(epoch, []).append(f"alone among {Stage(int(stages[epoch - 1])).label}")
    for stage in (Stage.N3, Stage.R):
        for epoch in (np.flatnonzero((stages[:-1] == Stage.W) & (stages[1:] == stage)) + 1).tolist():
            found.setdefault(epoch, []).append(f"W straight to {stage.label}")
    return found


def contradicted_epochs(rationales: Sequence[Mapping[str, Any]] | None) -> set[int]:
    """Return the epochs (from 0) with a claim that the signal contradicts, of lines of ``rationales.jsonl``."""
    return {
        int(rationale["epoch"]) - 1
        for rationale in rationales or ()
        if any(claim.get("verdict") == "contradicted" for claim in rationale.get("claims") or ())
    }


def differing_epochs(rationales: Sequence[Mapping[str, Any]] | None) -> set[int]:
    """Return the epochs (from 0) whose rationale comes to another stage than the direct answer."""
    return {int(rationale["epoch"]) - 1 for rationale in rationales or () if rationale.get("differs") is True}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
