"""Epochs made by chance: findings that can occur together, with the context they occur in."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from eegvlm.evidence import BANDS, Finding, FindingKind
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.reasoning import Context, channel_words
from eegvlm.scoring import Neighbours
from eegvlm.signals import Role

K = FindingKind
CHANCE = st.integers(0, 2**64 - 1).map(Random)
MONTAGES = (
    {Role.EEG_CENTRAL: "C4-M1"},
    {Role.EEG_FRONTAL: "Fpz-Cz", Role.EEG_OCCIPITAL: "Pz-Oz"},
    {Role.EEG_FRONTAL: "Fpz-Cz", Role.EEG_OCCIPITAL: "Pz-Oz", Role.EOG_LEFT: "EOG horizontal"},
    {Role.EEG_CENTRAL: "C4-M1", Role.EMG_CHIN: "EMG"},
    {
        Role.EEG_FRONTAL: "F4-M1",
        Role.EEG_CENTRAL: "C4-M1",
        Role.EEG_OCCIPITAL: "O2-M1",
        Role.EOG_LEFT: "E1-M2",
        Role.EOG_RIGHT: "E2-M2",
        Role.EMG_CHIN: "EMG chin",
    },
)
_CENTRAL = (K.SPINDLE, K.VERTEX_WAVE, K.SAWTOOTH, K.AROUSAL, K.MOVEMENT)
_FRONTAL = (K.K_COMPLEX, K.SLOW_WAVE, K.SLOW_WAVE_SHARE)
_EYES = (K.RAPID_EYE_MOVEMENT, K.SLOW_EYE_MOVEMENT, K.BLINK)
_EVERY_EEG = (K.DOMINANT_RHYTHM, K.BAND_SHARE, K.AMPLITUDE, K.ELECTRODE_ARTEFACT)
_IN_SECONDS = (K.AROUSAL, K.MOVEMENT, K.ELECTRODE_ARTEFACT)


def a_context(montage: dict[Role, str], neighbours: Neighbours | None = None, *, expert: bool = False) -> Context:
    """Return the context of a montage in which all was measured that its channels can show."""
    words = channel_words(montage)
    eeg = [role for role in montage if role.modality == "eeg"]
    place = {role.place: words[montage[role]] for role in eeg}
    measured: dict[FindingKind, frozenset[str]] = {}
    if eeg:
        central = place.get("central", place.get("frontal", place.get("occipital")))
        frontal = place.get("frontal", place.get("central", place.get("occipital")))
        measured |= dict.fromkeys(_CENTRAL, frozenset({central}))
        measured |= dict.fromkeys(_FRONTAL, frozenset({frontal}))
        measured |= dict.fromkeys(_EVERY_EEG, frozenset(place.values()))
    if any(role.modality == "eog" for role in montage):
        measured |= dict.fromkeys(_EYES, frozenset())
    if Role.EMG_CHIN in montage:
        measured[K.CHIN_TONE] = frozenset({"chin EMG"})
    return Context(words, measured, neighbours or Neighbours(), expert)


def some_findings(random: Random, context: Context) -> list[Finding]:
    """Return findings that the context's channels can show, of an epoch of any stage."""
    names = {word: name for name, word in context.channels.items()}
    findings: list[Finding] = []
    eeg = sorted(context.measured.get(K.AMPLITUDE, ()))
    # many epochs look alike in all channels: extremes are drawn for the epoch, not for the channel
    alpha = random.choice((0.0, random.uniform(0, 100), 100.0))
    for word in eeg:
        findings += _background(random, names[word], alpha)
    share = random.choice((0.0, 9.9, 19.9, 20.0, 20.1, 100.0, random.uniform(0, 100)))
    for word in context.measured.get(K.SLOW_WAVE_SHARE, ()):
        findings.append(Finding(K.SLOW_WAVE_SHARE, names[word], 0.0, 30.0, share, "%"))
    if K.CHIN_TONE in context.measured:
        tone = random.choice((0.0, 65.0, 65.1, 89.9, 90.0, random.uniform(0, 200), 2e4))
        findings.append(Finding(K.CHIN_TONE, names["chin EMG"], 0.0, 30.0, tone, "%"))
    for kind in (*_CENTRAL, K.K_COMPLEX, K.ELECTRODE_ARTEFACT, *_EYES):
        if kind not in context.measured:
            continue
        words = sorted(context.measured[kind])
        for _ in range(random.choice((0, 0, 0, 0, 1, 2, random.choice((3, 10, 80))))):
            findings.append(_event(random, kind, names[random.choice(words)] if words else None))
    return findings


def _background(random: Random, name: str, alpha: float) -> list[Finding]:
    band = random.choice(list(BANDS))
    low, high = BANDS[band]
    hz = random.choice((low, high - 1e-9, random.uniform(low, high)))
    height = random.choice((0.0, 60.0, random.uniform(5, 200), random.uniform(0, 2500)))
    shares = [
        Finding(
            K.BAND_SHARE, name, 0.0, 30.0, random.uniform(0, 100), "%", band=one, time_percent=random.uniform(0, 100)
        )
        for one in BANDS
    ]
    shares[2] = replace(shares[2], time_percent=alpha)
    return [
        Finding(K.DOMINANT_RHYTHM, name, 0.0, 30.0, hz, "Hz", band=band),
        *shares,
        Finding(K.AMPLITUDE, name, 0.0, 30.0, height, "uV"),
    ]


def _event(random: Random, kind: FindingKind, name: str | None) -> Finding:
    start = random.choice((0.0, random.uniform(0, 29.9)))
    end = random.choice((30.0, min(30.0, start + random.uniform(0.05, 8))))
    if kind in _IN_SECONDS:
        return Finding(kind, name, start, end, end - start + random.uniform(0, 5), "s")
    if kind is K.SPINDLE:
        return Finding(kind, name, start, end, random.choice((11.0, 16.0, random.uniform(11, 16))), "Hz")
    return Finding(kind, name, start, end, random.uniform(10, 900), "uV")


def some_epoch(random: Random, *, expert: bool | None = None) -> tuple[list[Finding], Context, Stage]:
    """Return findings, context and stage; now and then nothing was measured or a neighbour is missing."""
    stage = random.choice(STAGES)
    empty = a_context(random.choice(MONTAGES))
    around = Neighbours(
        previous=random.choice((None, some_findings(random, empty))),
        following=random.choice((None, some_findings(random, empty))),
        previous_stage=random.choice((None, stage, stage, *STAGES)),
        following_stage=random.choice((None, stage, stage, *STAGES)),
    )
    context = replace(empty, neighbours=around, expert=random.random() < 0.5 if expert is None else expert)
    findings = some_findings(random, context) if random.random() < 0.95 else []
    return findings, context, stage
