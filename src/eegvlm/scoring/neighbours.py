"""What a rationale can say of the epochs before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from eegvlm.hypnogram import Stage
from eegvlm.scoring.claim import OwnKind
from eegvlm.scoring.limits import EPOCH_S, HALF_EPOCH_S
from eegvlm.scoring.slots import STAGE
from eegvlm.scoring.statement import Sentence, Statement, Step, claims

if TYPE_CHECKING:
    from eegvlm.scoring.epoch import Epoch

_BEFORE = {"start_s": -EPOCH_S, "end_s": 0.0}
_AFTER = {"start_s": EPOCH_S, "end_s": 2 * EPOCH_S}


def _stage_of(name: str, wordings: tuple[str, ...], *spans: dict[str, float]) -> Statement:
    says = tuple(claims(OwnKind.NEIGHBOUR, **span, label="{stage}") for span in spans)
    return Statement(f"neighbour.{name}", Step.NEIGHBOURS, wordings, says, {"stage": STAGE})


BEFORE = _stage_of("before", ("The epoch before is {stage}.", "It follows an epoch of {stage}."), _BEFORE)
AFTER = _stage_of("after", ("The epoch after is {stage}.", "An epoch of {stage} comes next."), _AFTER)
AROUND = _stage_of(
    "around",
    ("The epochs before and after are {stage}.", "Both neighbouring epochs are {stage}."),
    _BEFORE,
    _AFTER,
)
EVENT = Statement(
    "neighbour.event",
    Step.NEIGHBOURS,
    (
        "The epoch before ends with a spindle or K-complex without arousal.",
        "Late in the epoch before, a spindle or K-complex without arousal is seen.",
    ),
    (claims(OwnKind.SPINDLE_OR_K_COMPLEX, start_s=-HALF_EPOCH_S, end_s=0.0),),
)
NEIGHBOURS: Final[tuple[Statement, ...]] = (BEFORE, AFTER, AROUND, EVENT)


def stage_before(epoch: Epoch) -> Sentence | None:
    """Say what the epoch before is."""
    return _filled(BEFORE, epoch.context.neighbours.previous_stage)


def stage_after(epoch: Epoch) -> Sentence | None:
    """Say what the epoch after is."""
    return _filled(AFTER, epoch.context.neighbours.following_stage)


def stage_around(epoch: Epoch) -> Sentence | None:
    """Say what both neighbours are, where they are the same."""
    around = epoch.context.neighbours
    return _filled(AROUND, around.previous_stage) if around.previous_stage is around.following_stage else None


def event_before(epoch: Epoch) -> Sentence | None:
    """Say that an event of N2 comes late in the epoch before."""
    return EVENT.fill() if epoch.before.n2_events(HALF_EPOCH_S, EPOCH_S) else None


def beside(epoch: Epoch, stage: Stage) -> Sentence | None:
    """Say on which side an epoch of a stage lies."""
    around = epoch.context.neighbours
    sides = (around.previous_stage is stage, around.following_stage is stage)
    by_sides = {(True, True): stage_around, (True, False): stage_before, (False, True): stage_after}
    return by_sides[sides](epoch) if any(sides) else None


def surroundings(epoch: Epoch) -> list[Sentence]:
    """Return all that can be said of the neighbours."""
    sentences = (stage_before(epoch), stage_after(epoch), stage_around(epoch), event_before(epoch))
    return [sentence for sentence in sentences if sentence is not None]


def _filled(statement: Statement, stage: Stage | None) -> Sentence | None:
    return statement.fill(stage=stage.label) if stage is not None else None
