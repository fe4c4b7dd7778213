"""Which epochs a scorer should look at first, and what the probabilities promise of the rest.

An epoch's expected accuracy is the probability of its stage, by the model's own calibration: it is as true as the
probabilities are. Reviewing the least certain epochs leaves the others, whose expected accuracy is the mean of theirs.
Where a second reader differs, those epochs come before all others. What is expected of the rest is still by the model's
own confidence alone: that the readers agree there does not raise it.
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
WIDER_SHARES = (*SHARES, 0.50)
"""The same for a night on which the probabilities promise nothing: more of it is listed."""


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
        Highest confidence among those; None where there are none.
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
        Epochs, counted from 0: those without a stage for want of a signal, then those on which a second reader
        differs, then the others; least certain first in both.
    shares
        No review, then each of :data:`SHARES`, or :data:`WIDER_SHARES` where there is a limit, counted along the order;
        empty without probabilities.
    flags
        Epoch, counted from 0 -> why it stands out whatever its confidence.
    n_differing
        How many scored epochs at the head of the order are those on which a second reader differs.
    n_unstaged
        How many epochs head the order because they hold no usable signal.
    limit
        Why the probabilities promise nothing of this night; "" where they were validated on nights like it.
    """

    order: tuple[int, ...]
    shares: tuple[ReviewShare, ...]
    flags: Mapping[int, Sequence[str]]
    n_differing: int = 0
    n_unstaged: int = 0
    limit: str = ""

    def sentence(self, share: float = SHARES[0]) -> str:
        """Say what reviewing a share is expected to do; "" without probabilities or where nothing is left.

        Where the night lies outside of what was validated, it says so in place of a figure.
        """
        if self.limit and self.shares:
            return f"how many epochs are right is not known: {self.limit}"
        for row in self.shares:
            if row.share == share and row.epochs and row.rest is not None:
                first = f"review {self._first(row.epochs)} ({100 * share:.0f} %)"
                right = f"{100 * row.rest:.0f} %"
                return f"{first}: by the model's own confidence, the rest is expected to be right in {right}"
        return ""

    @property
    def n_listed(self) -> int:
        """How many epochs at the head of the order are listed: those without a signal, and the largest share."""
        return self.n_unstaged + (self.shares[-1].epochs if self.shares else 0)

    def _first(self, count: int) -> str:
        """Say which epochs the first ones of the order are."""
        if not self.n_differing:
            return f"the {count} least certain epochs"
        differing = f"{self.n_differing} epoch{'s' * (self.n_differing > 1)} on which the second reader differs"
        if count < self.n_differing:
            return f"the {count} least certain of the {differing}"
        others = count - self.n_differing
        return f"the {differing}" + (f" and the {others} least certain of the others" if others else "")

    def to_dict(self) -> dict[str, Any]:
        """Return what ``staging.json`` holds; epochs count from 1, and ``order`` ends with the largest share."""
        return {
            "shares": [
                {
                    "share": row.share,
                    "epochs": row.epochs,
                    "up_to": _rounded(row.up_to),
                    "rest": None if self.limit else _rounded(row.rest),
                }
                for row in self.shares
            ],
            "order": [epoch + 1 for epoch in self.order[: self.n_listed]],
            "flags": [{"epoch": epoch + 1, "reasons": list(self.flags[epoch])} for epoch in sorted(self.flags)],
            **({"n_differing": self.n_differing} if self.n_differing else {}),
            **({"n_unstaged": self.n_unstaged} if self.n_unstaged else {}),
            "basis": self.limit or "expected by the model's own calibrated confidence",
        }


def review(
    hypnogram: Hypnogram,
    flags: Mapping[int, Sequence[str]] | None = None,
    *,
    first: Collection[int] = (),
    unstaged: Collection[int] = (),
    limit: str = "",
) -> Review:
    """Return in which order to review a night, and what that is expected to leave.

    Parameters
    ----------
    hypnogram
        With probabilities, or there are no shares and the order is that of time.
    flags
        As :func:`review_flags` gives them; its own of the hypnogram alone where None.
    first
        Epochs, counted from 0, on which a second reader differs: they head those that have a stage.
    unstaged
        Epochs, counted from 0, that hold no usable signal: they come before all others.
    limit
        Why the probabilities promise nothing of this night; "" where they do.
    """
    flags_of_night = review_flags(hypnogram) if flags is None else flags
    order = review_order(hypnogram, first).tolist()
    n_differing = len(set(first) & set(order))
    silent = tuple(sorted(unstaged))
    shares = tuple(review_shares(hypnogram, first, WIDER_SHARES if limit else SHARES))
    return Review((*silent, *order), shares, flags_of_night, n_differing, len(silent), limit)


def review_order(night: Hypnogram, first: Collection[int] = ()) -> npt.NDArray[np.intp]:
    """Return the scored epochs: those of ``first``, then the others, least certain first in both."""
    order = least_certain(night)
    is_first = np.isin(order, list(first))
    return np.concatenate([order[is_first], order[~is_first]])


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


def review_shares(night: Hypnogram, first: Collection[int] = (), shares: Sequence[float] = SHARES) -> list[ReviewShare]:
    """Return what each share, and no review at all, leaves; empty without probabilities.

    Parameters
    ----------
    night
        The scoring.
    first
        As in :func:`review`: the shares are counted along its order.
    shares
        Shares of the scored epochs, ascending.
    """
    if night.confidence is None:
        return []
    confidence = night.confidence[review_order(night, first)].astype(np.float64)
    rows = []
    for share in (0.0, *shares):
        count = count_of(share, len(confidence))
        reviewed, rest = confidence[:count], confidence[count:]
        up_to, left = float(reviewed.max()) if count else None, float(rest.mean()) if rest.size else None
        rows.append(ReviewShare(share, count, up_to, left))
    return rows


def review_flags(
    night: Hypnogram,
    contradicted: Collection[int] = (),
    differing: Collection[int] = (),
    votes: Mapping[str, Hypnogram] | None = None,
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
    votes
        What each derivation says by itself, by its name.
    """
    reasons: dict[int, list[str]] = {}
    stages = night.stages
    for epoch in sorted(contradicted):
        reasons.setdefault(epoch, []).append("a claim is contradicted by the signal")
    for epoch in sorted(differing):
        reasons.setdefault(epoch, []).append("the direct answer was another stage")
    for epoch, votes_text in _divided(votes or {}).items():
        reasons.setdefault(epoch, []).append(votes_text)
    middle = np.arange(1, len(stages) - 1)
    scored = (stages[:-2] >= 0) & (stages[1:-1] >= 0) & (stages[2:] >= 0)
    alone = scored & (stages[1:-1] != stages[:-2]) & (stages[:-2] == stages[2:])
    for epoch in middle[alone].tolist():
        reasons.setdefault(epoch, []).append(f"alone among {Stage(int(stages[epoch - 1])).label}")
    for stage in (Stage.N3, Stage.R):
        for epoch in (np.flatnonzero((stages[:-1] == Stage.W) & (stages[1:] == stage)) + 1).tolist():
            reasons.setdefault(epoch, []).append(f"W straight to {stage.label}")
    return reasons


def _divided(votes: Mapping[str, Hypnogram]) -> dict[int, str]:
    """Return the epochs to which derivations give different stages, and which."""
    if len(votes) < 2:
        return {}
    stages = np.stack([vote.stages for vote in votes.values()])
    low = np.where(stages >= 0, stages, 9).min(axis=0)
    return {
        epoch: "derivations differ: "
        + ", ".join(f"{name} {vote[epoch].label}" for name, vote in votes.items() if vote.stages[epoch] >= 0)
        for epoch in np.flatnonzero(stages.max(axis=0) > low).tolist()
    }


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
