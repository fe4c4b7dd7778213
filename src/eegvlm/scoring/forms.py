"""Forms of speech: how events of a kind are put into words, one form for all kinds with the same wording.

A form returns a :class:`~eegvlm.scoring.facts.Fact`: the statements with their wordings and claims, and the function
that finds the sentence which holds in an epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from eegvlm.hypnogram import Stage
from eegvlm.scoring.facts import Fact
from eegvlm.scoring.limits import LEAST_HIDDEN_S, LOW_TONE_PERCENT, NORMAL_TONE_PERCENT
from eegvlm.scoring.slots import (
    CHIN_WORD,
    FULL_TONE,
    HIDDEN_S,
    LOW_TONE,
    MICROVOLT,
    MIDDLE_TONE,
    NEEDED,
    ONSET_S,
    PERCENT,
    SEVERAL,
    Slot,
)
from eegvlm.scoring.statement import WHOLE_EPOCH, ClaimPattern, Sentence, Statement, Step, claims

if TYPE_CHECKING:
    from eegvlm.scoring.epoch import Epoch
    from eegvlm.scoring.finding import Finding

_SPAN = {"start_s": "{at}", "end_s": "{to}"}
Places = Mapping[Stage, int]


def waves(
    kind: str,
    words: tuple[str, str],
    *,
    eeg: Slot,
    unit: str = "uV",
    size: Slot = MICROVOLT,
    size_of_several: bool = False,
    places: Places,
    description: int,
) -> Fact:
    """Tell single waves: how large one is and when it comes, or how many there are.

    Parameters
    ----------
    kind
        Of the findings.
    words
        One of them, and several: ``("spindle", "spindles")``.
    eeg
        The channel on which they are looked for.
    unit, size
        Of their value.
    size_of_several
        Whether several events are described by their median value.
    places, description
        See :class:`~eegvlm.scoring.facts.Fact`.
    """
    singular, plural = words
    number = f"{{size}} {'µV' if unit == 'uV' else unit}"
    about, of_about = (f", about {number}", f" of about {number}") if size_of_several else ("", "")
    single = _event(
        f"{kind}.one",
        (
            f"A {singular} of {number} starts at {{at}} s on the {{eeg}}.",
            f"One {singular} of {number} stands out on the {{eeg}} at {{at}} s.",
            f"The {{eeg}} shows a {singular} of {number} at {{at}} s.",
        ),
        claims(kind, channel="{eeg}", start_s="{at}", value="{size}", unit=unit),
        slots={"at": ONSET_S, "size": size, "eeg": eeg},
    )
    value = {"value": "{size}", "unit": unit} if size_of_several else {}
    several = _event(
        f"{kind}.several",
        (
            f"{plural[0].upper()}{plural[1:]} number {{count}} on the {{eeg}}, the first at {{at}} s{about}.",
            f"The {{eeg}} shows {{count}} {plural}{of_about}, the first at {{at}} s.",
            f"There are {{count}} {plural}{of_about} on the {{eeg}}, the first at {{at}} s.",
        ),
        claims(kind, channel="{eeg}", start_s="{at}", **value, count="{count}"),
        slots={"at": ONSET_S, "count": SEVERAL, "eeg": eeg, **({"size": size} if size_of_several else {})},
    )

    def tell(epoch: Epoch) -> Sentence | None:
        events = [finding for finding in epoch.of(kind) if epoch.word(finding)]
        if not events:
            return None
        at, word = min(finding.start_s for finding in events), epoch.word(events[0]) or ""
        if len(events) == 1:
            return single.fill(size=events[0].value, at=at, eeg=word)
        return several.fill(size=median_value(events), at=at, eeg=word, count=len(events))

    return Fact((single, several), tell, places, description)


def movements_of_the_eyes(
    kind: str,
    wordings_of_one: tuple[str, ...],
    wordings_of_several: tuple[str, ...],
    *,
    places: Places,
    description: int,
) -> Fact:
    """Tell how many times the eyes do something, and when first; wordings have the slots ``at`` and ``count``."""
    single = _event(
        f"{kind}.one", wordings_of_one, claims(kind, start_s="{at}"), needs=NEEDED["eog"], slots={"at": ONSET_S}
    )
    several = _event(
        f"{kind}.several",
        wordings_of_several,
        claims(kind, start_s="{at}", count="{count}"),
        needs=NEEDED["eog"],
        slots={"at": ONSET_S, "count": SEVERAL},
    )

    def tell(epoch: Epoch) -> Sentence | None:
        events = epoch.of(kind)
        if not events:
            return None
        at = min(finding.start_s for finding in events)
        return single.fill(at=at) if len(events) == 1 else several.fill(at=at, count=len(events))

    return Fact((single, several), tell, places, description)


def stretch(
    kind: str,
    wordings: tuple[str, ...],
    *,
    modality: str = "eeg",
    eeg: Slot | None = None,
    places: Places,
    description: int | None = None,
) -> Fact:
    """Tell from when to when the longest event of a kind lasts, on which EEG where that is a slot (``eeg``)."""
    channel = {"channel": "{eeg}"} if eeg is not None else {}
    slots = {"at": ONSET_S, "to": ONSET_S, **({"eeg": eeg} if eeg is not None else {})}
    statement = _event(kind, wordings, claims(kind, **channel, **_SPAN), needs=NEEDED[modality], slots=slots)

    def tell(epoch: Epoch) -> Sentence | None:
        events = [finding for finding in epoch.of(kind) if eeg is None or epoch.word(finding)]
        if not events:
            return None
        longest = max(events, key=lambda finding: finding.end_s - finding.start_s)
        values = {"eeg": epoch.word(longest) or ""} if eeg is not None else {}
        return statement.fill(at=longest.start_s, to=longest.end_s, **values)

    return Fact((statement,), tell, places, description)


def hidden(kind: str, cause: str, *, places: Places, description: int | None = None) -> Fact:
    """Tell for how many seconds something hides the signal, where that is long enough to matter."""
    statement = _event(
        kind,
        (f"{cause} hides {{hidden}} s of the epoch.", f"For {{hidden}} s the signal is hidden by {cause.lower()}."),
        claims(kind, **WHOLE_EPOCH, value="{hidden}", unit="s"),
        slots={"hidden": HIDDEN_S},
    )

    def tell(epoch: Epoch) -> Sentence | None:
        seconds = epoch.hidden_s(kind)
        return statement.fill(hidden=seconds) if seconds >= LEAST_HIDDEN_S else None

    return Fact((statement,), tell, places, description)


def share(
    kind: str, wordings: tuple[str, ...], *, eeg: Slot, places: Places, description: int, described_from: float
) -> Fact:
    """Tell how much of the epoch something fills, on the EEG where that is most."""
    statement = _event(
        kind,
        wordings,
        claims(kind, channel="{eeg}", **WHOLE_EPOCH, value="{percent}", unit="%"),
        slots={"percent": PERCENT, "eeg": eeg},
    )

    def tell(epoch: Epoch) -> Sentence | None:
        events = [finding for finding in epoch.of(kind) if epoch.word(finding)]
        if not events:
            return None
        most = max(events, key=lambda finding: finding.value)
        return statement.fill(percent=most.value, eeg=epoch.word(most) or "")

    def described(epoch: Epoch) -> Sentence | None:
        largest = max((finding.value for finding in epoch.of(kind)), default=0.0)
        return tell(epoch) if largest >= described_from else None

    return Fact((statement,), tell, places, description, described)


def tone(kind: str, words: Mapping[str, tuple[str, str]], *, places: Places, description: int) -> Fact:
    """Tell how tense the chin is; ``words`` are those for low, middle and full tone: of the tone and of the chin."""
    slots = {"low": LOW_TONE, "middle": MIDDLE_TONE, "full": FULL_TONE}
    says = claims(kind, channel=CHIN_WORD, **WHOLE_EPOCH, value="{percent}", unit="%")
    statements = {
        name: _event(
            f"chin.{name}",
            (
                f"Chin tone is {of_tone}, {{percent}} % of the night's median.",
                f"The chin is {of_chin} at {{percent}} % of its usual tone.",
            ),
            says,
            needs=NEEDED["chin"],
            slots={"percent": slots[name]},
        )
        for name, (of_tone, of_chin) in words.items()
    }

    def tell(epoch: Epoch) -> Sentence | None:
        percent = epoch.chin_percent
        if percent is None or not epoch.measured(kind):
            return None
        name = "low" if percent <= LOW_TONE_PERCENT else "full" if percent >= NORMAL_TONE_PERCENT else "middle"
        return statements[name].fill(percent=percent)

    return Fact(tuple(statements.values()), tell, places, description)


def median_value(findings: Sequence[Finding]) -> float:
    """Return the median of the findings' values."""
    return float(median(finding.value for finding in findings))


def _event(
    name: str,
    wordings: tuple[str, ...],
    says: ClaimPattern,
    *,
    needs: tuple[tuple[str, ...], ...] = (),
    slots: Mapping[str, Slot],
) -> Statement:
    return Statement(name, Step.EVENTS, wordings, (says,), slots, needs=needs)
