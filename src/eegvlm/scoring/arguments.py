"""The table of arguments: what speaks against a stage, with the claims that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from eegvlm.hypnogram import Stage
from eegvlm.scoring.claim import OwnKind
from eegvlm.scoring.kinds import FindingKind
from eegvlm.scoring.limits import ALPHA_PERCENT, EPOCH_S, LOW_TONE_PERCENT, NORMAL_TONE_PERCENT, SLOW_WAVE_PERCENT
from eegvlm.scoring.slots import CHIN_WORD
from eegvlm.scoring.statement import WHOLE_EPOCH, ClaimPattern, claims

if TYPE_CHECKING:
    from eegvlm.scoring.epoch import Epoch

K = FindingKind
W, N1, N2, N3, R = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R


@dataclass(frozen=True, eq=False)
class Argument:
    """A reason why an epoch is not of a stage.

    Attributes
    ----------
    id
        ``"N1.alpha"``.
    against
        The stage that it rules out.
    serves
        The stages that a text may come to by it.
    reasons
        Wordings of the same meaning.
    says
        The claims it makes.
    holds
        Whether it holds in an epoch.
    places
        Stage that is argued for -> place among its arguments, 1 the nearest and best.
    """

    id: str
    against: Stage
    serves: tuple[Stage, ...]
    reasons: tuple[str, ...]
    says: tuple[ClaimPattern, ...]
    holds: Callable[[Epoch], bool]
    places: Mapping[Stage, int] = field(default_factory=dict)


def _whole(kind: str, **fields: Any) -> ClaimPattern:
    return claims(kind, **WHOLE_EPOCH, **fields)


def _tone(bound: str, percent: float) -> ClaimPattern:
    return _whole(K.CHIN_TONE, channel=CHIN_WORD, value=percent, unit="%", bound=bound)


def _alpha(bound: str) -> ClaimPattern:
    return _whole(OwnKind.BAND_TIME, value=ALPHA_PERCENT, unit="%", band="alpha", bound=bound)


def _slow(bound: str) -> ClaimPattern:
    return _whole(K.SLOW_WAVE_SHARE, value=SLOW_WAVE_PERCENT, unit="%", bound=bound)


_LOW_CHIN, _FULL_CHIN = _tone("<=", LOW_TONE_PERCENT), _tone(">=", NORMAL_TONE_PERCENT)
_EYES_MOVE = _whole(K.RAPID_EYE_MOVEMENT)
_NO_VERTEX_WAVE = _whole(K.VERTEX_WAVE, negated=True)

ARGUMENTS: Final[tuple[Argument, ...]] = (
    Argument(
        "W.tone",
        W,
        (R,),
        ("chin tone is low", "the chin is slack"),
        (_LOW_CHIN,),
        lambda epoch: epoch.is_slack,
        {R: 4},
    ),
    Argument(
        "W.alpha",
        W,
        (N1, N2, R),
        ("alpha stands out in no more than half of the epoch", "alpha does not fill more than half of the epoch"),
        (_alpha("<="),),
        lambda epoch: epoch.has_little_alpha,
        {N1: 1, R: 5},
    ),
    Argument(
        "N1.alpha",
        N1,
        (W,),
        ("alpha stands out in more than half of the epoch", "alpha fills more than half of the epoch"),
        (_alpha(">"),),
        lambda epoch: epoch.is_mostly_alpha,
        {W: 1},
    ),
    Argument(
        "N1.tone",
        N1,
        (W,),
        ("the eyes move rapidly with a tense chin", "rapid eye movements come with full chin tone"),
        (_EYES_MOVE, _FULL_CHIN),
        lambda epoch: epoch.moves_eyes_tense,
        {W: 2},
    ),
    Argument(
        "N1.blink",
        N1,
        (W,),
        ("the eyes blink", "a blink is seen"),
        (_whole(K.BLINK),),
        lambda epoch: epoch.shows(K.BLINK),
        {W: 3},
    ),
    Argument(
        "N1.drowsy",
        N1,
        (W, R),
        ("the eyes do not roll and no vertex wave is seen", "no slow eye movement or vertex wave is seen"),
        (_whole(K.SLOW_EYE_MOVEMENT, negated=True), _NO_VERTEX_WAVE),
        lambda epoch: epoch.lacks(K.SLOW_EYE_MOVEMENT, K.VERTEX_WAVE),
        {W: 4, R: 2},
    ),
    Argument(
        "N1.vertex",
        N1,
        (W, R),
        ("no vertex wave is seen", "vertex waves are absent"),
        (_NO_VERTEX_WAVE,),
        lambda epoch: epoch.lacks(K.VERTEX_WAVE),
        {W: 5, R: 3},
    ),
    Argument(
        "N1.event",
        N1,
        (N2,),
        ("a spindle or K-complex without arousal is seen", "there is a spindle or K-complex without arousal"),
        (_whole(OwnKind.SPINDLE_OR_K_COMPLEX),),
        lambda epoch: epoch.n2_events(0.0, EPOCH_S) > 0,
        {N2: 1},
    ),
    Argument(
        "N1.arousal",
        N1,
        (N2,),
        ("no arousal ends N2", "N2 is not ended by an arousal"),
        (_whole(K.AROUSAL, negated=True),),
        lambda epoch: epoch.lacks(K.AROUSAL),
        {N2: 2},
    ),
    Argument(
        "N1.eyes",
        N1,
        (R,),
        ("the eyes move rapidly with a slack chin", "rapid eye movements come with low chin tone"),
        (_EYES_MOVE, _LOW_CHIN),
        lambda epoch: epoch.moves_eyes_slack,
        {R: 1},
    ),
    Argument(
        "N2.none",
        N2,
        (W, N1, R),
        ("no spindle or K-complex is seen", "spindles and K-complexes are absent"),
        (_whole(K.SPINDLE, negated=True), _whole(K.K_COMPLEX, negated=True)),
        lambda epoch: epoch.lacks(K.SPINDLE, K.K_COMPLEX),
        {W: 6, N1: 2, R: 6},
    ),
    Argument(
        "N2.slow",
        N2,
        (N3,),
        (f"slow waves fill {SLOW_WAVE_PERCENT:g} % or more", "slow waves fill at least a fifth of the epoch"),
        (_slow(">="),),
        lambda epoch: epoch.is_slow,
        {N3: 1},
    ),
    Argument(
        "N3.slow",
        N3,
        (N2,),
        (f"slow waves fill less than {SLOW_WAVE_PERCENT:g} %", "slow waves fill less than a fifth of the epoch"),
        (_slow("<"),),
        lambda epoch: epoch.is_hardly_slow,
        {N2: 3},
    ),
)
