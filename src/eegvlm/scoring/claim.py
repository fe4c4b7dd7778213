"""Claims: what a sentence says, in a form that can be compared with a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class OwnKind(StrEnum):
    """Kinds of claims that are no findings; the others are the values of :class:`~eegvlm.scoring.FindingKind`."""

    BAND_TIME = "band_time"
    """In how much of the epoch (%) a band stands out most."""
    SPINDLE_OR_K_COMPLEX = "spindle_or_k_complex"
    """A spindle, or a K-complex that no arousal follows: what makes N2."""
    NEIGHBOUR = "neighbour"
    """The stage of the epoch before (-30 to 0 s) or after (30 to 60 s)."""
    NOT_MEASURED = "not_measured"
    """What ``label`` names (a kind of finding) could not be measured."""
    RULE = "rule"
    """The rule ``label`` is supported; negated, no rule of the stage ``label`` is."""
    STAGE = "stage"


OWN_WORDS: Final[Mapping[str, str]] = {
    OwnKind.BAND_TIME: "share of time,",
    OwnKind.SPINDLE_OR_K_COMPLEX: "spindle or K-complex without arousal",
    OwnKind.NEIGHBOUR: "neighbour",
    OwnKind.NOT_MEASURED: "not measured",
    OwnKind.RULE: "rule",
    OwnKind.STAGE: "stage",
}
"""What people read for each."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about an epoch.

    Attributes
    ----------
    kind
        A value of :class:`~eegvlm.scoring.FindingKind` or of :class:`OwnKind`.
    channel
        Role word as in the text: ``"EEG"``, ``"frontal EEG"``, ``"chin EMG"`` ...; None where no single one is meant.
    start_s, end_s
        Where in the epoch, 0 to 30; a neighbour lies below 0 or beyond 30. ``end_s`` is None where only an
        onset is said.
    value, unit
        Number and unit (``"Hz"``, ``"uV"``, ``"%"``, ``"s"``); None where none is said.
    count
        How many events; then ``start_s`` is the onset of the first and ``value`` their median.
    band
        Of a rhythm, a share of power or of time.
    bound
        ``"<"``, ``"<="``, ``">"`` or ``">="`` where ``value`` is a limit.
    negated
        True where the text says that there is none.
    label
        A stage or the id of a rule.
    """

    kind: str
    channel: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    value: float | None = None
    unit: str | None = None
    count: int | None = None
    band: str | None = None
    bound: str | None = None
    negated: bool = False
    label: str | None = None


class Outcome(StrEnum):
    """What comparing a claim with the measurements gave; the value is the word in every file."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    NOT_MEASURABLE = "not_measurable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim and what was measured of it.

    Attributes
    ----------
    claim
        The claim.
    outcome
        Confirmed, contradicted, or not measurable.
    measured
        The number to hold against the claim's value, in its unit; where the claim has no value, how many events there
        are. None where nothing was measured.
    """

    claim: Claim
    outcome: Outcome
    measured: float | None = None


def faithfulness(verdicts: list[Verdict]) -> float | None:
    """Return the share of confirmed claims among those that could be measured; None where none could."""
    outcomes = [verdict.outcome for verdict in verdicts if verdict.outcome is not Outcome.NOT_MEASURABLE]
    return outcomes.count(Outcome.CONFIRMED) / len(outcomes) if outcomes else None
