"""Which scoring rules the findings of an epoch and its neighbours support.

The rules are the AASM manual's for adults, in the short form and with the ids of :data:`RULES`. A rule is listed where
every part of it was measured and found; a part that could not be measured leaves its rule out. Supporting a rule is
not a decision: an epoch can support rules of several stages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eegvlm.evidence.finding import Finding, FindingKind
from eegvlm.hypnogram import Stage

K = FindingKind
_HALF_S = 15.0

RULES: Mapping[str, str] = {
    "W.1": "alpha (8-13 Hz, occipital) for more than half of the epoch",
    "W.2": "eye blinks, 0.5-2 Hz",
    "W.3": "rapid eye movements with normal or high chin tone",
    "N1.1": "alpha attenuated, low-amplitude mixed-frequency activity for more than half of the epoch",
    "N1.2": "no alpha generator: slowing to 4-7 Hz, vertex sharp waves, or slow eye movements",
    "N2.1": "K-complex or spindle in the first half of this epoch or the last half of the one before",
    "N2.2": "continuation of N2 without arousal",
    "N2.3": "follows N3, no longer meets N3, not W or R",
    "N3.1": "slow waves (0.5-2 Hz, > 75 µV peak to peak) in 20 % or more of the epoch",
    "R.1": "low-amplitude mixed-frequency activity, low chin tone and rapid eye movements",
    "R.2": "contiguous with a definite R epoch, no K-complex or spindle, tone low, no arousal",
    "X.1": "movement or artefact hides more than half of the epoch",
}
"""Rule ids and what they say."""

LOW_TONE_PERCENT = 65.0
"""Chin tone (% of the night's median) up to which it counts as low."""
NORMAL_TONE_PERCENT = 90.0
"""Chin tone from which it counts as normal or high."""
LOW_AMPLITUDE_UV = 60.0
"""Median peak-to-peak amplitude of a second up to which activity is of low amplitude."""
SLOW_WAVE_PERCENT = 20.0


@dataclass(frozen=True)
class Neighbours:
    """What lies around an epoch.

    Attributes
    ----------
    previous, following
        Findings of the epochs before and after; None at the night's ends.
    previous_stage, following_stage
        Their stages, where they are known: the continuation rules need them.
    """

    previous: Sequence[Finding] | None = None
    following: Sequence[Finding] | None = None
    previous_stage: Stage | None = None
    following_stage: Stage | None = None


def supported_rules(findings: Sequence[Finding], neighbours: Neighbours | None = None) -> tuple[str, ...]:
    """Return the ids of the rules that the evidence supports, in the order of :data:`RULES`.

    Parameters
    ----------
    findings
        Of the epoch.
    neighbours
        What lies around it; nothing is known of it where None.

    Returns
    -------
    tuple of str
        Keys of :data:`RULES`.
    """
    around = neighbours or Neighbours()
    here = _Epoch(findings)
    before = _Epoch(around.previous or ())
    n3 = here.slow_wave_percent is not None and here.slow_wave_percent >= SLOW_WAVE_PERCENT
    low, normal = here.tone_at_most(LOW_TONE_PERCENT), here.tone_at_least(NORMAL_TONE_PERCENT)
    alpha = here.alpha_percent
    mixed = here.low_mixed and (alpha is None or alpha <= 50)
    n2_event_here = here.any(K.SPINDLE, K.K_COMPLEX)
    eyes_move = here.any(K.RAPID_EYE_MOVEMENT)
    arousal = here.any(K.AROUSAL)
    awake = (alpha is not None and alpha > 50) or (eyes_move and normal)
    rem_like = mixed and low and eyes_move
    holds = {
        "W.1": alpha is not None and alpha > 50,
        "W.2": here.count(K.BLINK) >= 2,
        "W.3": eyes_move and normal,
        "N1.1": mixed and not n3,
        "N1.2": here.dominant_band == "theta" or here.any(K.VERTEX_WAVE, K.SLOW_EYE_MOVEMENT),
        "N2.1": not n3 and (here.n2_event(0.0, _HALF_S) or before.n2_event(_HALF_S, 2 * _HALF_S)),
        "N2.2": around.previous_stage is Stage.N2 and bool(findings) and not (arousal or n3 or awake or rem_like),
        "N2.3": around.previous_stage is Stage.N3 and bool(findings) and not (n3 or awake or rem_like),
        "N3.1": n3,
        "R.1": rem_like,
        "R.2": Stage.R in (around.previous_stage, around.following_stage)
        and low
        and not (n2_event_here or arousal or n3),
        "X.1": here.hidden_s > _HALF_S,
    }
    return tuple(rule for rule in RULES if holds[rule])


class _Epoch:
    """The questions that rules ask of an epoch's findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._of: dict[FindingKind, list[Finding]] = {}
        for finding in findings:
            self._of.setdefault(finding.kind, []).append(finding)

    def any(self, *kinds: FindingKind) -> bool:
        return any(kind in self._of for kind in kinds)

    def count(self, kind: FindingKind) -> int:
        return len(self._of.get(kind, ()))

    def n2_event(self, start_s: float, stop_s: float) -> bool:
        """Tell whether a spindle or a K-complex that no arousal follows lies (its middle) in a span."""
        arousals = [finding.start_s for finding in self._of.get(K.AROUSAL, ())]
        for kind in (K.SPINDLE, K.K_COMPLEX):
            for event in self._of.get(kind, ()):
                bound = kind is K.K_COMPLEX and any(-1.0 <= at - event.end_s <= 1.0 for at in arousals)
                if start_s <= 0.5 * (event.start_s + event.end_s) < stop_s and not bound:
                    return True
        return False

    @property
    def alpha_percent(self) -> float | None:
        """Share of the epoch in which alpha stands out, where alpha is largest (occipital if it was recorded)."""
        shares = [one.time_percent for one in self._of.get(K.BAND_SHARE, ()) if one.band == "alpha"]
        return max((one for one in shares if one is not None), default=None)

    @property
    def dominant_band(self) -> str | None:
        rhythms = self._of.get(K.DOMINANT_RHYTHM, ())
        return rhythms[0].band if rhythms else None

    @property
    def slow_wave_percent(self) -> float | None:
        shares = self._of.get(K.SLOW_WAVE_SHARE, ())
        return max((share.value for share in shares), default=None)

    @property
    def low_mixed(self) -> bool:
        """Tell whether the amplitude is low and no slow waves fill the epoch."""
        amplitude = [one.value for one in self._of.get(K.AMPLITUDE, ())]
        slow = self.slow_wave_percent
        return bool(amplitude) and min(amplitude) <= LOW_AMPLITUDE_UV and (slow is None or slow < 10)

    def tone_at_most(self, percent: float) -> bool:
        return any(tone.value <= percent for tone in self._of.get(K.CHIN_TONE, ()))

    def tone_at_least(self, percent: float) -> bool:
        return any(tone.value >= percent for tone in self._of.get(K.CHIN_TONE, ()))

    @property
    def hidden_s(self) -> float:
        """Seconds that movement or electrode artefact hides on the worst channel."""
        hidden: dict[str | None, float] = {}
        for kind in (K.MOVEMENT, K.ELECTRODE_ARTEFACT):
            for one in self._of.get(kind, ()):
                hidden[one.channel] = hidden.get(one.channel, 0.0) + one.end_s - one.start_s
        return max(hidden.values(), default=0.0)
