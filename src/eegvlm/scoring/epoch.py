"""One epoch's findings, and the questions that rules, wordings and verdicts ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from eegvlm.scoring.context import Context, Neighbours
from eegvlm.scoring.finding import Finding
from eegvlm.scoring.kinds import FindingKind
from eegvlm.scoring.limits import (
    ALPHA_PERCENT,
    AROUSAL_REACH_S,
    LOW_AMPLITUDE_UV,
    LOW_TONE_PERCENT,
    MIXED_SLOW_WAVE_PERCENT,
    NORMAL_TONE_PERCENT,
    SLOW_WAVE_PERCENT,
)
from eegvlm.scoring.rules import Rule
from eegvlm.scoring.table import TABLE, Table

K = FindingKind


class Epoch:
    """The findings of an epoch with their context.

    Parameters
    ----------
    findings
        Of the epoch.
    context
        What surrounds them.
    table
        What is known of kinds and rules.
    """

    def __init__(self, findings: Sequence[Finding], context: Context, table: Table = TABLE) -> None:
        self.findings, self.context, self.table = findings, context, table
        self._of: dict[str, list[Finding]] = {}
        for finding in findings:
            self._of.setdefault(finding.kind, []).append(finding)

    @cached_property
    def before(self) -> Epoch:
        """The epoch before, itself without neighbours; without findings where nothing is known of it."""
        context = Context(self.context.channels, self.context.measured, expert=self.context.expert)
        return Epoch(self.context.neighbours.previous or (), context, self.table)

    def word(self, finding: Finding) -> str | None:
        """Return the word for a finding's channel."""
        return self.context.channels.get(finding.channel or "")

    def of(self, kind: str, word: str | None = None, *, band: str | None = None) -> list[Finding]:
        """Return the findings of a kind, where a word or a band is given only those of that channel or band."""
        findings = self._of.get(kind, [])
        if word is None and band is None:
            return findings
        return [
            finding
            for finding in findings
            if (word is None or self.word(finding) == word) and (band is None or finding.band == band)
        ]

    def shows(self, *kinds: str) -> bool:
        """Tell whether there is a finding of any of these kinds."""
        return any(kind in self._of for kind in kinds)

    def lacks(self, *kinds: str) -> bool:
        """Tell whether kinds were looked for and not found."""
        return all(self.measured(kind) and not self.of(kind) for kind in kinds)

    def measured(self, kind: str, word: str | None = None) -> bool:
        """Tell whether a kind could be found here: its channels were there, and they held signal in this epoch."""
        on = self.context.measured.get(kind)
        if on is None or (word is not None and word not in on):
            return False
        if self.table.kind(kind).is_whole:
            return bool(self.of(kind, word))
        return bool(self._of) if not on else any(self.word(finding) in on for finding in self.of(K.AMPLITUDE))

    @property
    def alpha_percent(self) -> float | None:
        """In how much of the epoch alpha stands out, on the EEG where that is most."""
        return largest(finding.time_percent for finding in self.of(K.BAND_SHARE, band="alpha"))

    @property
    def slow_wave_percent(self) -> float | None:
        """Share of the epoch that slow waves fill, where that is most."""
        return largest(finding.value for finding in self.of(K.SLOW_WAVE_SHARE))

    @property
    def chin_percent(self) -> float | None:
        """Chin tone in % of the night's median."""
        return largest(finding.value for finding in self.of(K.CHIN_TONE))

    @property
    def dominant_band(self) -> str | None:
        """The band of the dominant rhythm, on the first EEG."""
        rhythms = self.of(K.DOMINANT_RHYTHM)
        return rhythms[0].band if rhythms else None

    @property
    def is_mostly_alpha(self) -> bool:
        """Whether alpha stands out in more than half of the epoch."""
        return self.alpha_percent is not None and self.alpha_percent > ALPHA_PERCENT

    @property
    def has_little_alpha(self) -> bool:
        """Whether alpha was measured and stands out in no more than half of the epoch."""
        return self.alpha_percent is not None and self.alpha_percent <= ALPHA_PERCENT

    @property
    def is_slow(self) -> bool:
        """Whether slow waves fill as much of the epoch as N3 asks for."""
        return self.slow_wave_percent is not None and self.slow_wave_percent >= SLOW_WAVE_PERCENT

    @property
    def is_hardly_slow(self) -> bool:
        """Whether slow waves were measured and fill less of the epoch than N3 asks for."""
        return self.slow_wave_percent is not None and self.slow_wave_percent < SLOW_WAVE_PERCENT

    @property
    def is_mixed(self) -> bool:
        """Whether the amplitude is low and the frequency mixed: neither slow waves nor alpha fill the epoch."""
        amplitude = [finding.value for finding in self.of(K.AMPLITUDE)]
        slow = self.slow_wave_percent
        is_low = bool(amplitude) and min(amplitude) <= LOW_AMPLITUDE_UV
        return is_low and (slow is None or slow < MIXED_SLOW_WAVE_PERCENT) and not self.is_mostly_alpha

    @property
    def is_slack(self) -> bool:
        """Whether the chin's tone is low."""
        return self.chin_percent is not None and self.chin_percent <= LOW_TONE_PERCENT

    @property
    def is_tense(self) -> bool:
        """Whether the chin's tone is normal or high."""
        return self.chin_percent is not None and self.chin_percent >= NORMAL_TONE_PERCENT

    @property
    def moves_eyes_tense(self) -> bool:
        """Whether the eyes move rapidly while the chin is tense, as awake."""
        return self.shows(K.RAPID_EYE_MOVEMENT) and self.is_tense

    @property
    def moves_eyes_slack(self) -> bool:
        """Whether the eyes move rapidly while the chin is slack, as in R."""
        return self.shows(K.RAPID_EYE_MOVEMENT) and self.is_slack

    def n2_events(self, start_s: float, stop_s: float) -> int:
        """Count the spindles, and the K-complexes that no arousal follows, whose middle lies in a span.

        AASM manual: K-complexes that are associated with an arousal do not make N2.
        """
        arousals = [finding.start_s for finding in self.of(K.AROUSAL)]
        free = [
            finding
            for finding in self.of(K.K_COMPLEX)
            if not any(-AROUSAL_REACH_S <= at - finding.end_s <= AROUSAL_REACH_S for at in arousals)
        ]
        return sum(
            start_s <= 0.5 * (finding.start_s + finding.end_s) < stop_s for finding in (*self.of(K.SPINDLE), *free)
        )

    def hidden_s(self, *kinds: str) -> float:
        """Return the seconds that events of these kinds hide on the channel where they hide most."""
        hidden: dict[str | None, float] = {}
        for kind in kinds:
            for finding in self.of(kind):
                hidden[finding.channel] = hidden.get(finding.channel, 0.0) + finding.end_s - finding.start_s
        return max(hidden.values(), default=0.0)

    @cached_property
    def rules_met(self) -> tuple[Rule, ...]:
        """The rules that the evidence supports, in the order of the table."""
        return tuple(rule for rule in self.table.rules if rule.holds(self))

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that the evidence supports, in the order of the table."""
        return tuple(rule.id for rule in self.rules_met)


def supported_rules(
    findings: Sequence[Finding], neighbours: Neighbours | None = None, *, table: Table = TABLE
) -> tuple[str, ...]:
    """Return the ids of the rules that the evidence supports.

    A rule is listed where every part of it was measured and found; a part that could not be measured leaves its rule
    out. Supporting a rule is not a decision: an epoch can support rules of several stages.

    Parameters
    ----------
    findings
        Of the epoch.
    neighbours
        What lies around it; nothing is known of it where None.
    table
        The rules.

    Returns
    -------
    tuple of str
        Ids, in the order of the table.
    """
    return Epoch(findings, Context({}, {}, neighbours or Neighbours()), table).rules


def largest(values: Iterable[float | None]) -> float | None:
    """Return the largest of some numbers, None where there is none."""
    return max((value for value in values if value is not None), default=None)
