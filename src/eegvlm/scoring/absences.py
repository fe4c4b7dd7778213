"""Facts of what is not there: kinds that were looked for in vain, and those that could not be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from eegvlm.hypnogram import Stage
from eegvlm.scoring.claim import OwnKind
from eegvlm.scoring.facts import Fact
from eegvlm.scoring.kinds import FindingKind
from eegvlm.scoring.slots import NEEDED
from eegvlm.scoring.statement import WHOLE_EPOCH, Sentence, Statement, Step, claims

if TYPE_CHECKING:
    from eegvlm.scoring.epoch import Epoch

K = FindingKind


def _absent(name: str, wordings: tuple[str, ...], *kinds: str, needs: tuple[tuple[str, ...], ...] = ()) -> Statement:
    says = tuple(claims(kind, **WHOLE_EPOCH, negated=True) for kind in kinds)
    return Statement(f"absent.{name}", Step.EVENTS, wordings, says, needs=needs)


def _unmeasured(name: str, wordings: tuple[str, ...], *kinds: str) -> Statement:
    says = tuple(claims(OwnKind.NOT_MEASURED, label=str(kind)) for kind in kinds)
    return Statement(f"unmeasured.{name}", Step.EVENTS, wordings, says)


_NO_SPINDLE_OR_K_COMPLEX = _absent(
    "spindle_and_k_complex",
    (
        "No spindle or K-complex is seen.",
        "Neither a spindle nor a K-complex is seen.",
        "Spindles and K-complexes are absent.",
    ),
    K.SPINDLE,
    K.K_COMPLEX,
)
_NO_RAPID_EYE_MOVEMENT = _absent(
    "rapid_eye_movement",
    ("No rapid eye movement is seen.", "Rapid eye movements are absent."),
    K.RAPID_EYE_MOVEMENT,
    needs=NEEDED["eog"],
)
_EYES_AND_CHIN = _unmeasured(
    "eyes_and_chin",
    ("Eye movements and chin tone could not be measured.", "Neither the eyes nor the chin could be measured."),
    K.RAPID_EYE_MOVEMENT,
    K.CHIN_TONE,
)
_EYES = _unmeasured("eyes", ("Eye movements could not be measured.",), K.RAPID_EYE_MOVEMENT)
_CHIN = _unmeasured("chin", ("Chin tone could not be measured.",), K.CHIN_TONE)


def _no_spindle_or_k_complex(epoch: Epoch) -> Sentence | None:
    return _NO_SPINDLE_OR_K_COMPLEX.fill() if epoch.lacks(K.SPINDLE, K.K_COMPLEX) else None


def _no_rapid_eye_movement(epoch: Epoch) -> Sentence | None:
    return _NO_RAPID_EYE_MOVEMENT.fill() if epoch.lacks(K.RAPID_EYE_MOVEMENT) else None


def eyes_or_chin_unmeasured(epoch: Epoch) -> Sentence | None:
    """Say what of eyes and chin could not be measured."""
    eyes, chin = K.RAPID_EYE_MOVEMENT in epoch.context.measured, K.CHIN_TONE in epoch.context.measured
    if eyes and chin:
        return None
    return (_CHIN if eyes else _EYES if chin else _EYES_AND_CHIN).fill()


ABSENCES: Final[tuple[Fact, ...]] = (
    Fact((_NO_SPINDLE_OR_K_COMPLEX,), _no_spindle_or_k_complex, {Stage.N2: 4}, description=11),
    Fact((_NO_RAPID_EYE_MOVEMENT,), _no_rapid_eye_movement, {Stage.N1: 5, Stage.R: 4}),
    Fact((_EYES_AND_CHIN, _EYES, _CHIN), eyes_or_chin_unmeasured, {Stage.R: 2}),
)
"""In the order in which a rationale speaks of them."""
