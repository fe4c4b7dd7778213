"""Facts: findings of an epoch as sentences, one fact each; None where there is nothing of the kind to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eegvlm.evidence import Finding, FindingKind
from eegvlm.reasoning.epoch import Epoch, median_value
from eegvlm.reasoning.grammar import statement
from eegvlm.reasoning.slots import EEG_WORDS
from eegvlm.reasoning.statement import Sentence

K = FindingKind
Fact = Callable[[Epoch], Sentence | None]

_LEAST_HIDDEN_S = 3.0  # less movement than this decides nothing


def rhythm(epoch: Epoch, place: str) -> Sentence | None:
    """Say which rhythm dominates, where ``place`` is the preferred EEG."""
    word = background_channel(epoch, place)
    if word is None:
        return None
    (main, *_), (height, *_) = epoch.of(K.DOMINANT_RHYTHM, word), epoch.of(K.AMPLITUDE, word)
    return statement(f"rhythm.{main.band}").fill(hz=main.value, uv=height.value, eeg=word)


def power(epoch: Epoch, place: str, band: str) -> Sentence | None:
    """Say which share of the power a band (delta or beta) holds."""
    word = background_channel(epoch, place)
    found = epoch.of(K.BAND_SHARE, word, band=band) if word is not None else []
    return statement(f"power.{band}").fill(percent=found[0].value, eeg=word or "") if found else None


def time(epoch: Epoch, band: str) -> Sentence | None:
    """Say for how much of the epoch a band stands out, on the EEG where that is most."""
    found = [one for one in epoch.of(K.BAND_SHARE, band=band) if one.time_percent is not None and epoch.word(one)]
    if not found:
        return None
    most = max(found, key=lambda one: one.time_percent or 0.0)
    return statement(f"time.{band}").fill(percent=most.time_percent or 0.0, eeg=epoch.word(most) or "")


def slow_wave_share(epoch: Epoch) -> Sentence | None:
    """Say how much of the epoch slow waves fill."""
    found = [one for one in epoch.of(K.SLOW_WAVE_SHARE) if epoch.word(one)]
    if not found:
        return None
    most = max(found, key=lambda one: one.value)
    return statement("slow_wave_share").fill(percent=most.value, eeg=epoch.word(most) or "")


def spindles(epoch: Epoch) -> Sentence | None:
    """Say where spindles are."""
    return _waves(epoch, K.SPINDLE)


def k_complexes(epoch: Epoch) -> Sentence | None:
    """Say where K-complexes are."""
    return _waves(epoch, K.K_COMPLEX)


def vertex_waves(epoch: Epoch) -> Sentence | None:
    """Say where vertex sharp waves are."""
    return _waves(epoch, K.VERTEX_WAVE)


def rapid_eye_movements(epoch: Epoch) -> Sentence | None:
    """Say how many rapid eye movements there are."""
    return _counted(epoch, K.RAPID_EYE_MOVEMENT)


def blinks(epoch: Epoch) -> Sentence | None:
    """Say how many blinks there are."""
    return _counted(epoch, K.BLINK)


def slow_eye_movements(epoch: Epoch) -> Sentence | None:
    """Say from when to when the eyes roll."""
    return _longest(epoch, K.SLOW_EYE_MOVEMENT)


def arousal(epoch: Epoch) -> Sentence | None:
    """Say from when to when an arousal runs."""
    return _longest(epoch, K.AROUSAL)


def sawtooth(epoch: Epoch) -> Sentence | None:
    """Say where sawtooth waves are."""
    found = [one for one in epoch.of(K.SAWTOOTH) if epoch.word(one)]
    return _span(max(found, key=_length), epoch.word(max(found, key=_length))) if found else None


def chin_tone(epoch: Epoch) -> Sentence | None:
    """Say how tense the chin is."""
    percent = epoch.chin_percent
    if percent is None or not epoch.measured(K.CHIN_TONE):
        return None
    name = "low" if percent <= 65 else "full" if percent >= 90 else "middle"
    return statement(f"chin.{name}").fill(percent=percent)


def movement(epoch: Epoch) -> Sentence | None:
    """Say how much of the epoch movement hides."""
    return _hidden(epoch, K.MOVEMENT)


def electrode_artefact(epoch: Epoch) -> Sentence | None:
    """Say how much of the epoch an electrode's fault hides."""
    return _hidden(epoch, K.ELECTRODE_ARTEFACT)


def no_spindle_or_k_complex(epoch: Epoch) -> Sentence | None:
    """Say that there is neither."""
    return _none("absent.spindle_and_k_complex", epoch, K.SPINDLE, K.K_COMPLEX)


def no_rapid_eye_movement(epoch: Epoch) -> Sentence | None:
    """Say that there is none."""
    return _none("absent.rapid_eye_movement", epoch, K.RAPID_EYE_MOVEMENT)


def eyes_or_chin_unmeasured(epoch: Epoch) -> Sentence | None:
    """Say what of eyes and chin could not be measured."""
    eyes = K.RAPID_EYE_MOVEMENT in epoch.context.measured
    chin = K.CHIN_TONE in epoch.context.measured
    if eyes and chin:
        return None
    return statement("unmeasured." + ("chin" if eyes else "eyes" if chin else "eyes_and_chin")).fill()


def background_channel(epoch: Epoch, place: str) -> str | None:
    """Return the word of the EEG that was measured here, the preferred one (``"frontal"``, ...) where it was."""
    there = [word for word in EEG_WORDS if epoch.of(K.DOMINANT_RHYTHM, word) and epoch.of(K.AMPLITUDE, word)]
    return min(there, key=lambda word: not word.startswith(place), default=None)


def absent(epoch: Epoch, *kinds: FindingKind) -> bool:
    """Tell whether kinds were looked for and not found."""
    return all(epoch.measured(kind) and not epoch.of(kind) for kind in kinds)


def _none(name: str, epoch: Epoch, *kinds: FindingKind) -> Sentence | None:
    return statement(name).fill() if absent(epoch, *kinds) else None


def _length(finding: Finding) -> float:
    return finding.end_s - finding.start_s


def _waves(epoch: Epoch, kind: FindingKind) -> Sentence | None:
    found = [one for one in epoch.of(kind) if epoch.word(one)]
    if not found:
        return None
    first, word = min(found, key=lambda one: one.start_s), epoch.word(found[0]) or ""
    if len(found) == 1:
        return statement(f"{kind}.one").fill(size=first.value, at=first.start_s, eeg=word)
    return statement(f"{kind}.several").fill(size=median_value(found), at=first.start_s, eeg=word, count=len(found))


def _counted(epoch: Epoch, kind: FindingKind) -> Sentence | None:
    found = epoch.of(kind)
    if not found:
        return None
    at = min(one.start_s for one in found)
    if len(found) == 1:
        return statement(f"{kind}.one").fill(at=at)
    return statement(f"{kind}.several").fill(at=at, count=len(found))


def _longest(epoch: Epoch, kind: FindingKind) -> Sentence | None:
    found = epoch.of(kind)
    return _span(max(found, key=_length)) if found else None


def _span(finding: Finding, word: str | None = None) -> Sentence | None:
    values = {"eeg": word} if word is not None else {}
    return statement(str(finding.kind)).fill(at=finding.start_s, to=finding.end_s, **values)


def _hidden(epoch: Epoch, kind: FindingKind) -> Sentence | None:
    hidden = hidden_s(epoch.of(kind))
    return statement(str(kind)).fill(hidden=hidden) if hidden >= _LEAST_HIDDEN_S else None


def hidden_s(found: Sequence[Finding]) -> float:
    """Return the seconds that events fill on the channel where they fill most."""
    by_channel: dict[str | None, float] = {}
    for one in found:
        by_channel[one.channel] = by_channel.get(one.channel, 0.0) + one.end_s - one.start_s
    return max(by_channel.values(), default=0.0)
