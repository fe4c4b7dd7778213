"""What can be said of the background and of events: the first two steps of a rationale."""

from __future__ import annotations

from eegvlm.evidence import BANDS, FindingKind
from eegvlm.reasoning.claim import OwnKind
from eegvlm.reasoning.slots import (
    BAND_HZ,
    CENTRAL_FIRST,
    CHIN_WORD,
    EEG,
    EYE_WORDS,
    FRONTAL_FIRST,
    FULL_TONE,
    HIDDEN_S,
    LOW_TONE,
    MICROVOLT,
    MIDDLE_TONE,
    ONSET_S,
    PERCENT,
    SEVERAL,
    SPINDLE_HZ,
    Slot,
)
from eegvlm.reasoning.statement import ClaimPattern, Statement, Step, claims

K = FindingKind
_EPOCH = {"start_s": 0.0, "end_s": 30.0}
_THERE = {"channel": "{eeg}", **_EPOCH}
_SPAN = {"start_s": "{at}", "end_s": "{to}"}
_FROM_TO = {"at": ONSET_S, "to": ONSET_S}
_FIRST = {"at": ONSET_S, "count": SEVERAL}


def _rhythm(band: str) -> Statement:
    name = band.capitalize()
    return Statement(
        f"rhythm.{band}",
        Step.BACKGROUND,
        (
            f"{name} at {{hz}} Hz dominates the {{eeg}}, {{uv}} µV peak to peak.",
            f"The {{eeg}} shows mainly {band} at {{hz}} Hz, {{uv}} µV peak to peak.",
            f"Background: {band} at {{hz}} Hz on the {{eeg}}, {{uv}} µV peak to peak.",
        ),
        (
            claims(K.DOMINANT_RHYTHM, **_THERE, value="{hz}", unit="Hz", band=band),
            claims(K.AMPLITUDE, **_THERE, value="{uv}", unit="uV"),
        ),
        {"hz": BAND_HZ[band], "eeg": EEG, "uv": MICROVOLT},
    )


def _power(band: str) -> Statement:
    return Statement(
        f"power.{band}",
        Step.BACKGROUND,
        (
            f"{band.capitalize()} holds {{percent}} % of the {{eeg}} power.",
            f"Of the {{eeg}} power, {{percent}} % is {band}.",
        ),
        (claims(K.BAND_SHARE, **_THERE, value="{percent}", unit="%", band=band),),
        {"percent": PERCENT, "eeg": EEG},
    )


def _time(band: str) -> Statement:
    return Statement(
        f"time.{band}",
        Step.BACKGROUND,
        (
            f"{band.capitalize()} stands out in {{percent}} % of the epoch on the {{eeg}}.",
            f"On the {{eeg}}, {band} stands out for {{percent}} % of the time.",
        ),
        (claims(OwnKind.BAND_TIME, **_THERE, value="{percent}", unit="%", band=band),),
        {"percent": PERCENT, "eeg": EEG},
    )


def _event(name: str, wordings: tuple[str, ...], says: ClaimPattern, *needs: str, **slots: Slot) -> Statement:
    return Statement(name, Step.EVENTS, wordings, (says,), slots, needs=(needs,) if needs else ())


def _wave(kind: FindingKind, word: str, number: str, unit: str, **slots: Slot) -> Statement:
    """Return what is said of a single wave; ``number`` is a text with the slot ``size``."""
    return _event(
        f"{kind}.one",
        (
            f"A {word} of {number} starts at {{at}} s on the {{eeg}}.",
            f"One {word} of {number} stands out on the {{eeg}} at {{at}} s.",
            f"The {{eeg}} shows a {word} of {number} at {{at}} s.",
        ),
        claims(kind, channel="{eeg}", start_s="{at}", value="{size}", unit=unit),
        at=ONSET_S,
        **slots,
    )


def _waves(kind: FindingKind, plural: str, **slots: Slot) -> Statement:
    """Return what is said of several waves: how many, and when the first comes."""
    return _event(
        f"{kind}.several",
        (
            f"{plural[0].upper()}{plural[1:]} number {{count}} on the {{eeg}}, the first at {{at}} s.",
            f"The {{eeg}} shows {{count}} {plural}, the first at {{at}} s.",
            f"There are {{count}} {plural} on the {{eeg}}, the first at {{at}} s.",
        ),
        claims(kind, channel="{eeg}", start_s="{at}", count="{count}"),
        **_FIRST,
        **slots,
    )


def _tone(name: str, wordings: tuple[str, ...], slot: Slot) -> Statement:
    says = claims(K.CHIN_TONE, channel=CHIN_WORD, **_EPOCH, value="{percent}", unit="%")
    return _event(f"chin.{name}", wordings, says, CHIN_WORD, percent=slot)


def _hidden(name: str, kind: FindingKind, what: str) -> Statement:
    says = claims(kind, **_EPOCH, value="{hidden}", unit="s")
    wordings = (f"{what} hides {{hidden}} s of the epoch.", f"For {{hidden}} s the signal is hidden by {what.lower()}.")
    return _event(name, wordings, says, hidden=HIDDEN_S)


def _absent(
    name: str, wordings: tuple[str, ...], *kinds: FindingKind, needs: tuple[tuple[str, ...], ...] = ()
) -> Statement:
    says = tuple(claims(kind, **_EPOCH, negated=True) for kind in kinds)
    return Statement(f"absent.{name}", Step.EVENTS, wordings, says, needs=needs)


def _unmeasured(name: str, wordings: tuple[str, ...], *kinds: FindingKind) -> Statement:
    says = tuple(claims(OwnKind.NOT_MEASURED, label=str(kind)) for kind in kinds)
    return Statement(f"unmeasured.{name}", Step.EVENTS, wordings, says)


BACKGROUND = (
    *(_rhythm(band) for band in BANDS),
    _power("delta"),
    _power("beta"),
    *(_time(band) for band in ("theta", "alpha")),
)
EVENTS = (
    _wave(K.SPINDLE, "spindle", "{size} Hz", "Hz", size=SPINDLE_HZ, eeg=CENTRAL_FIRST),
    _event(
        "spindle.several",
        (
            "Spindles number {count} on the {eeg}, the first at {at} s, about {size} Hz.",
            "The {eeg} shows {count} spindles of about {size} Hz, the first at {at} s.",
            "There are {count} spindles of about {size} Hz on the {eeg}, the first at {at} s.",
        ),
        claims(K.SPINDLE, channel="{eeg}", start_s="{at}", value="{size}", unit="Hz", count="{count}"),
        size=SPINDLE_HZ,
        eeg=CENTRAL_FIRST,
        **_FIRST,
    ),
    _wave(K.K_COMPLEX, "K-complex", "{size} µV", "uV", size=MICROVOLT, eeg=FRONTAL_FIRST),
    _waves(K.K_COMPLEX, "K-complexes", eeg=FRONTAL_FIRST),
    _event(
        "slow_wave_share",
        (
            "Slow waves over 75 µV fill {percent} % of the epoch on the {eeg}.",
            "On the {eeg}, slow waves over 75 µV fill {percent} % of the epoch.",
            "In {percent} % of the epoch the {eeg} shows slow waves over 75 µV.",
        ),
        claims(K.SLOW_WAVE_SHARE, **_THERE, value="{percent}", unit="%"),
        percent=PERCENT,
        eeg=FRONTAL_FIRST,
    ),
    _wave(K.VERTEX_WAVE, "vertex wave", "{size} µV", "uV", size=MICROVOLT, eeg=CENTRAL_FIRST),
    _waves(K.VERTEX_WAVE, "vertex waves", eeg=CENTRAL_FIRST),
    _event(
        "rapid_eye_movement.one",
        ("A rapid eye movement is seen at {at} s.", "The eyes move rapidly once, at {at} s."),
        claims(K.RAPID_EYE_MOVEMENT, start_s="{at}"),
        *EYE_WORDS,
        at=ONSET_S,
    ),
    _event(
        "rapid_eye_movement.several",
        (
            "Rapid eye movements number {count}, the first at {at} s.",
            "The eyes move rapidly {count} times, first at {at} s.",
        ),
        claims(K.RAPID_EYE_MOVEMENT, start_s="{at}", count="{count}"),
        *EYE_WORDS,
        **_FIRST,
    ),
    _event(
        "slow_eye_movement",
        ("Slow eye movements run from {at} s to {to} s.", "The eyes roll slowly from {at} s to {to} s."),
        claims(K.SLOW_EYE_MOVEMENT, **_SPAN),
        *EYE_WORDS,
        **_FROM_TO,
    ),
    _event(
        "blink.one",
        ("A blink is seen at {at} s.", "The eyes blink once, at {at} s."),
        claims(K.BLINK, start_s="{at}"),
        *EYE_WORDS,
        at=ONSET_S,
    ),
    _event(
        "blink.several",
        ("Blinks number {count}, the first at {at} s.", "The eyes blink {count} times, first at {at} s."),
        claims(K.BLINK, start_s="{at}", count="{count}"),
        *EYE_WORDS,
        **_FIRST,
    ),
    _event(
        "sawtooth",
        (
            "Sawtooth waves run from {at} s to {to} s on the {eeg}.",
            "The {eeg} shows sawtooth waves from {at} s to {to} s.",
        ),
        claims(K.SAWTOOTH, channel="{eeg}", **_SPAN),
        eeg=CENTRAL_FIRST,
        **_FROM_TO,
    ),
    _tone(
        "low",
        ("Chin tone is low, {percent} % of the night's median.", "The chin is slack at {percent} % of its usual tone."),
        LOW_TONE,
    ),
    _tone(
        "middle",
        (
            "Chin tone is moderate, {percent} % of the night's median.",
            "The chin is moderately tense at {percent} % of its usual tone.",
        ),
        MIDDLE_TONE,
    ),
    _tone(
        "full",
        (
            "Chin tone is full, {percent} % of the night's median.",
            "The chin is tense at {percent} % of its usual tone.",
        ),
        FULL_TONE,
    ),
    _event(
        "arousal",
        ("An arousal runs from {at} s to {to} s.", "Faster activity from {at} s to {to} s marks an arousal."),
        claims(K.AROUSAL, **_SPAN),
        **_FROM_TO,
    ),
    _hidden("movement", K.MOVEMENT, "Movement"),
    _hidden("electrode_artefact", K.ELECTRODE_ARTEFACT, "Electrode artefact"),
    _absent(
        "spindle_and_k_complex",
        (
            "No spindle or K-complex is seen.",
            "Neither a spindle nor a K-complex is seen.",
            "Spindles and K-complexes are absent.",
        ),
        K.SPINDLE,
        K.K_COMPLEX,
    ),
    _absent(
        "rapid_eye_movement",
        ("No rapid eye movement is seen.", "Rapid eye movements are absent."),
        K.RAPID_EYE_MOVEMENT,
        needs=(EYE_WORDS,),
    ),
    _unmeasured(
        "eyes_and_chin",
        ("Eye movements and chin tone could not be measured.", "Neither the eyes nor the chin could be measured."),
        K.RAPID_EYE_MOVEMENT,
        K.CHIN_TONE,
    ),
    _unmeasured("eyes", ("Eye movements could not be measured.",), K.RAPID_EYE_MOVEMENT),
    _unmeasured("chin", ("Chin tone could not be measured.",), K.CHIN_TONE),
)
