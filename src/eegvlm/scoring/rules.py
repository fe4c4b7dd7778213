"""The table of rules: the AASM manual's for adults, in short form.

An entry says in words what is measured for the rule, when it holds, and what a rationale must mention with it. Rules
ask an :class:`~eegvlm.scoring.Epoch`; a part that could not be measured leaves its rule out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from eegvlm.hypnogram import Stage
from eegvlm.scoring import neighbours
from eegvlm.scoring.kinds import FindingKind
from eegvlm.scoring.limits import (
    BANDS,
    EPOCH_S,
    HALF_EPOCH_S,
    HIDDEN_S,
    LEAST_BLINKS,
    SLOW_WAVE_LEAST_UV,
    SLOW_WAVE_PERCENT,
    SLOW_WAVE_S,
)
from eegvlm.scoring.statement import Sentence

if TYPE_CHECKING:
    from eegvlm.scoring.epoch import Epoch

K = FindingKind
W, N1, N2, N3, R = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R
_ALPHA, _THETA = (f"{low:g}-{high:g} Hz" for low, high in (BANDS["alpha"], BANDS["theta"]))
_SLOW_WAVES = f"{1 / SLOW_WAVE_S[1]:g}-{1 / SLOW_WAVE_S[0]:g} Hz, > {SLOW_WAVE_LEAST_UV:g} µV peak to peak"


@dataclass(frozen=True, eq=False)
class Rule:
    """A scoring rule.

    Attributes
    ----------
    id
        ``"N2.1"``.
    stage
        That it speaks for; None where it leaves the stage to the neighbours.
    text
        What it says, for people who read a report.
    gloss
        The same in a few words, for rationales.
    holds
        Whether an epoch meets it.
    asks
        Kinds that must have been measured before it can be said not to hold.
    one_is_enough
        Whether one of these kinds is enough for it to hold; else it needs the channels of all.
    asks_neighbours
        Stages of neighbours that must be known before it can be said not to hold: ``"previous"``, ``"following"``.
    rests_on
        Kinds that a rationale mentions before all else.
    around
        What it says of the neighbours.
    gravity
        How much it weighs against another stage where it is met, 1 the most; None where it does not.
    nearest_to
        The stage of which it rules out the nearest alternative: against that one it weighs before the graver ones.
    comes_first
        Whether a rationale prefers it to other rules of its stage.
    settles
        Whether no rule of another stage weighs against it.
    """

    id: str
    stage: Stage | None
    text: str
    gloss: str
    holds: Callable[[Epoch], bool]
    asks: tuple[str, ...] = ()
    one_is_enough: bool = False
    asks_neighbours: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    around: Callable[[Epoch], Sentence | None] = lambda _: None
    gravity: int | None = None
    nearest_to: Stage | None = None
    comes_first: bool = False
    settles: bool = False


def _rem_like(epoch: Epoch) -> bool:
    return epoch.is_mixed and epoch.moves_eyes_slack


def _goes_on(epoch: Epoch, stage: Stage) -> bool:
    """Tell whether an epoch follows one of a stage, and neither N3 nor W nor R has begun."""
    changed = epoch.is_slow or epoch.is_mostly_alpha or epoch.moves_eyes_tense or _rem_like(epoch)
    return epoch.context.neighbours.previous_stage is stage and bool(epoch.findings) and not changed


def _n2_event_in_time(epoch: Epoch) -> bool:
    count, before = epoch.n2_events(0.0, HALF_EPOCH_S), epoch.before.n2_events(HALF_EPOCH_S, EPOCH_S)
    return not epoch.is_slow and count + before > 0


def _contiguous_r(epoch: Epoch) -> bool:
    around = epoch.context.neighbours
    ends_r = epoch.shows(K.SPINDLE, K.K_COMPLEX, K.AROUSAL) or epoch.is_slow
    return R in (around.previous_stage, around.following_stage) and epoch.is_slack and not ends_r


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "W.1",
        W,
        f"alpha ({_ALPHA}) stands out in more than half of the epoch, on the EEG that shows most of it",
        "alpha fills more than half of the epoch",
        lambda epoch: epoch.is_mostly_alpha,
        asks=(K.BAND_SHARE,),
        gravity=4,
        nearest_to=N1,
    ),
    Rule(
        "W.2",
        W,
        f"at least {LEAST_BLINKS} eye blinks",
        "the eyes blink",
        lambda epoch: len(epoch.of(K.BLINK)) >= LEAST_BLINKS,
        asks=(K.BLINK,),
        rests_on=(K.BLINK,),
    ),
    Rule(
        "W.3",
        W,
        "rapid eye movements with normal or high chin tone",
        "the eyes move rapidly while the chin is tense",
        lambda epoch: epoch.moves_eyes_tense,
        asks=(K.RAPID_EYE_MOVEMENT, K.CHIN_TONE),
        rests_on=(K.RAPID_EYE_MOVEMENT, K.CHIN_TONE),
        gravity=5,
        nearest_to=N1,
    ),
    Rule(
        "N1.1",
        N1,
        "alpha attenuated, low-amplitude mixed-frequency activity for more than half of the epoch",
        "activity is low and mixed, without alpha for half of the epoch",
        lambda epoch: epoch.is_mixed and not epoch.is_slow,
        asks=(K.AMPLITUDE,),
    ),
    Rule(
        "N1.2",
        N1,
        f"theta ({_THETA}) is the dominant rhythm, or vertex sharp waves or slow eye movements are seen",
        "theta, vertex waves or slow eye movements mark drowsiness",
        lambda epoch: epoch.dominant_band == "theta" or epoch.shows(K.VERTEX_WAVE, K.SLOW_EYE_MOVEMENT),
        asks=(K.DOMINANT_RHYTHM, K.VERTEX_WAVE, K.SLOW_EYE_MOVEMENT),
        one_is_enough=True,
        rests_on=(K.SLOW_EYE_MOVEMENT, K.VERTEX_WAVE),
        # slow eye movements or vertex waves say more of N1 than the absence of alpha
        comes_first=True,
    ),
    Rule(
        "N2.1",
        N2,
        "spindle, or K-complex without arousal, in the first half of this epoch or the last half of the one before",
        "a spindle or K-complex comes in time",
        _n2_event_in_time,
        asks=(K.SPINDLE, K.K_COMPLEX),
        one_is_enough=True,
        around=lambda epoch: None if epoch.n2_events(0.0, HALF_EPOCH_S) else neighbours.event_before(epoch),
        gravity=3,
    ),
    Rule(
        "N2.2",
        N2,
        "continuation of N2 without arousal",
        "N2 goes on until something ends it",
        lambda epoch: _goes_on(epoch, N2) and not epoch.shows(K.AROUSAL),
        asks=(K.AROUSAL,),
        asks_neighbours=("previous",),
        around=neighbours.stage_before,
    ),
    Rule(
        "N2.3",
        N2,
        "follows N3, no longer meets N3, not W or R",
        "N3 has ended, neither W nor R has begun",
        lambda epoch: _goes_on(epoch, N3),
        asks=(K.SLOW_WAVE_SHARE,),
        asks_neighbours=("previous",),
        around=neighbours.stage_before,
    ),
    Rule(
        "N3.1",
        N3,
        f"slow waves ({_SLOW_WAVES}) in {SLOW_WAVE_PERCENT:g} % or more of the epoch",
        "slow waves fill a fifth or more of the epoch",
        lambda epoch: epoch.is_slow,
        asks=(K.SLOW_WAVE_SHARE,),
        gravity=1,
        settles=True,
    ),
    Rule(
        "R.1",
        R,
        "low-amplitude mixed-frequency activity, low chin tone and rapid eye movements",
        "rapid eye movements come with low mixed activity and low chin tone",
        _rem_like,
        asks=(K.AMPLITUDE, K.RAPID_EYE_MOVEMENT, K.CHIN_TONE),
        rests_on=(K.RAPID_EYE_MOVEMENT, K.CHIN_TONE),
        gravity=2,
    ),
    Rule(
        "R.2",
        R,
        "contiguous with a definite R epoch, no K-complex or spindle, tone low, no arousal",
        "R goes on beside R while the chin stays low",
        _contiguous_r,
        asks=(K.CHIN_TONE, K.SPINDLE, K.K_COMPLEX),
        asks_neighbours=("previous", "following"),
        rests_on=(K.CHIN_TONE,),
        around=lambda epoch: neighbours.beside(epoch, R),
    ),
    Rule(
        "X.1",
        None,
        "movement or artefact hides more than half of the epoch",
        "more than half of the epoch is hidden",
        lambda epoch: epoch.hidden_s(K.MOVEMENT, K.ELECTRODE_ARTEFACT) > HIDDEN_S,
        asks=(K.MOVEMENT,),
        rests_on=(K.MOVEMENT, K.ELECTRODE_ARTEFACT),
        around=lambda epoch: neighbours.stage_around(epoch) or neighbours.stage_after(epoch),
    ),
)
