"""What a scorer changed: epochs whose signed stage is not the one that the scoring began with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eegvlm.review.scoring import ReviewedScoring


@dataclass(frozen=True)
class ChangedEpoch:
    """An epoch whose stage differs from the one at the beginning.

    Parameters
    ----------
    epoch
        Counted from 1.
    before, after
        Labels of the stages.
    who, when
        The last person who set it, and the time (ISO 8601).
    model, p
        The model's stage and its probability; None where they are not known.
    """

    epoch: int
    before: str
    after: str
    who: str
    when: str
    model: str | None
    p: float | None


def changed_epochs(scoring: ReviewedScoring, entries: Sequence[Mapping[str, Any]]) -> list[ChangedEpoch]:
    """Return the changed epochs in order of time.

    An epoch that was changed and changed back is not among them; the audit has it.

    Parameters
    ----------
    scoring
        The scoring as it is now.
    entries
        Its journal.
    """
    last = {
        change["key"]: (entry, change)
        for entry in entries
        for change in entry.get("changes", ())
        if change["of"] == "stage"
    }
    changed = []
    for epoch, (before, after) in enumerate(zip(scoring.begun["stages"], scoring.stages, strict=True), 1):
        if before != after:
            entry, change = last[epoch]
            who, when = str(entry["who"]), str(entry["when"])
            changed.append(ChangedEpoch(epoch, before, after, who, when, change.get("model"), change.get("p")))
    return changed


def transition_counts(changes: Sequence[ChangedEpoch]) -> list[tuple[str, str, int]]:
    """Return (before, after, number of epochs), the most frequent first."""
    counts = Counter((one.before, one.after) for one in changes)
    return [(before, after, number) for (before, after), number in counts.most_common()]
