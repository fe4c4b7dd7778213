"""One epoch's findings, asked by kind and channel word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from eegvlm.evidence import Finding, FindingKind
from eegvlm.reasoning.context import Context

K = FindingKind
_WHOLE = (K.DOMINANT_RHYTHM, K.BAND_SHARE, K.AMPLITUDE, K.SLOW_WAVE_SHARE, K.CHIN_TONE)


class Epoch:
    """The findings of an epoch with their context."""

    def __init__(self, findings: Sequence[Finding], context: Context) -> None:
        self.findings, self.context = findings, context
        self._of: dict[FindingKind, list[Finding]] = {}
        for finding in findings:
            self._of.setdefault(finding.kind, []).append(finding)

    def word(self, finding: Finding) -> str | None:
        """Return the word for a finding's channel."""
        return self.context.channels.get(finding.channel or "")

    def of(self, kind: FindingKind, word: str | None = None, *, band: str | None = None) -> list[Finding]:
        """Return the findings of a kind, where a word or a band is given only those of that channel or band."""
        found = self._of.get(kind, [])
        if word is None and band is None:
            return found
        return [one for one in found if (word is None or self.word(one) == word) and (band is None or one.band == band)]

    def measured(self, kind: FindingKind, word: str | None = None) -> bool:
        """Tell whether a kind could be found here: its channels were there, and they held signal in this epoch."""
        on = self.context.measured.get(kind)
        if on is None or (word is not None and word not in on):
            return False
        if kind in _WHOLE:
            return bool(self.of(kind, word))
        return bool(self._of) if not on else any(self.word(one) in on for one in self._of.get(K.AMPLITUDE, ()))

    @property
    def alpha_percent(self) -> float | None:
        """In how much of the epoch alpha stands out, where that is most."""
        return largest(one.time_percent for one in self.of(K.BAND_SHARE, band="alpha"))

    @property
    def slow_wave_percent(self) -> float | None:
        """Share of the epoch that slow waves fill, where that is most."""
        return largest(one.value for one in self.of(K.SLOW_WAVE_SHARE))

    @property
    def chin_percent(self) -> float | None:
        """Chin tone in % of the night's median."""
        return largest(one.value for one in self.of(K.CHIN_TONE))


def largest(values: Iterable[float | None]) -> float | None:
    """Return the largest of some numbers, None where there is none."""
    return max((one for one in values if one is not None), default=None)


def spindle_or_k_complex(findings: Sequence[Finding], start_s: float, stop_s: float) -> int:
    """Count the spindles and K-complexes whose middle lies in a span."""
    return sum(
        one.kind in (K.SPINDLE, K.K_COMPLEX) and start_s <= 0.5 * (one.start_s + one.end_s) < stop_s for one in findings
    )


def median_value(findings: Sequence[Finding]) -> float:
    """Return the median of the findings' values."""
    return float(median(one.value for one in findings))
