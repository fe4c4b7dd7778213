"""A scoring as the page shows it, with its statistics and its progress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eegvlm.errors import InputError
from eegvlm.hypnogram import HypnogramError, count_sleep
from eegvlm.review.incomplete_epoch import LEFT_OUT, counted_epochs
from eegvlm.review.progress import progress
from eegvlm.review.scoring import ReviewedScoring
from eegvlm.review.scoring_file import ReviewedScoringFile
from eegvlm.review.signing import PDF, is_written

if TYPE_CHECKING:
    from eegvlm.review.night import ReviewedNight


def shown_scoring(night: ReviewedNight, scoring: ReviewedScoringFile) -> dict[str, Any]:
    """Return a scoring, as it is now, for the page."""
    state = scoring.refresh()
    signature = state.signature
    has_outputs = signature is not None and is_written(night.folder, signature)
    return {
        "name": scoring.name,
        "who": state.begun["who"],
        "basis": state.begun["basis"],
        "revision": state.revision,
        "version": state.version,
        "stages": state.stages,
        "marks": [{"id": key, **mark} for key, mark in state.marks.items()],
        "comments": {str(epoch): text for epoch, text in state.comments.items()},
        "lights": state.lights,
        "seen": sorted(state.seen),
        "scored": sorted(state.scored),
        "can_undo": state.can_undo and signature is None,
        "can_redo": state.can_redo and signature is None,
        "hidden": state.is_hidden,
        "signature": signature and {key: value for key, value in signature.items() if key != "previous"},
        "outputs": has_outputs,
        "pdf": has_outputs and (night.folder / PDF).is_file(),
        "not_printed": night.not_printed,
        "statistics": _statistics(state, night.described),
        "progress": progress(state, None if state.is_hidden else night.results),
        "readings": list(night.visible_readings(scoring)),
    }


def _statistics(state: ReviewedScoring, described: Mapping[str, Any]) -> dict[str, Any]:
    try:
        whole = state.hypnogram()
        counted = counted_epochs(whole, described)
        statistics = count_sleep(counted).to_dict()
        return statistics if counted is whole else {**statistics, "basis": f"{statistics['basis']}{LEFT_OUT}"}
    except (HypnogramError, InputError) as error:
        return {"error": str(error)}
