"""What was not read as it was recorded: no EEG, another derivation in its place, the heart or a tone taken out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from eegvlm.images import PreparedNight
from eegvlm.signals import EPOCH_S, Problem, Quality, QualityKind, QualityLevel, Recording

_MOST_STRETCHES = 4
Bools = npt.NDArray[np.bool_]


def notes_of(night: PreparedNight, recording: Recording) -> tuple[str, ...]:
    """Return why epochs of a hypnogram are unscored: in a gap, incomplete, or without usable EEG."""
    notes = []
    if (missing := ~night.scorable).any():
        notes.append(
            f"{_epochs(missing)} {_by_number(missing, 'is', 'are')} unscored: in a gap of the signal, or incomplete"
        )
    if (silent := without_eeg(night)).any():
        notes.append(_silence(silent, recording))
    return tuple(notes)


def without_eeg(night: PreparedNight) -> Bools:
    """Return which epochs are complete and hold no usable EEG: bool (n_epochs,)."""
    return np.asarray(night.scorable & ~night.usable)


def quality_words(night: PreparedNight) -> tuple[str, ...] | None:
    """Return the quality of what each epoch was read from: ``good``, ``doubtful``, ``unusable``, "" in a gap.

    ``unusable`` are the epochs without EEG, which have no stage; ``doubtful`` those in which any channel that was read
    is. None where no quality was judged.
    """
    if night.quality is None:
        return None
    words = np.full(night.n_epochs, "good", np.object_)
    for name, channels in night.panels.items():
        for place, channel in enumerate(channels):
            words[_doubtful(night, channel.name) & (night.shown[name] == place)] = "doubtful"
    words[without_eeg(night)] = "unusable"
    words[~night.scorable] = ""
    return tuple(words.tolist())


def quality_problems(night: PreparedNight, recording: Recording) -> Iterator[Problem]:
    """Say what signal quality did to the staging: which stretches were not read, and which were read elsewhere."""
    if (silent := without_eeg(night)).any():
        kinds = _kinds(night, silent)
        yield Problem("no-usable-eeg", f"{_silence(silent, recording)}: {kinds}; not staged")
    for name, leak in night.heart.items():
        message = (
            f"the heart ({leak.microvolt:.0f} µV) was taken out of {name} in {_epochs(leak.epochs)} "
            f"({clock_times(leak.epochs, recording.start)})"
        )
        yield Problem("heart-removed", message, name)
    for name, tone in night.tones.items():
        at = " and ".join(f"{hz:.1f}" for hz in tone.hz)
        message = (
            f"a tone ({at} Hz, {tone.microvolt:.0f} µV rms) was taken out of {name} in {_epochs(tone.epochs)} "
            f"({clock_times(tone.epochs, recording.start)})"
        )
        yield Problem("tone-removed", message, name)
    for name, channels in night.panels.items():
        first = channels[0]
        if first.instead_of:
            doubtful = _doubtful(night, first.instead_of)
            message = (
                f"the night is read from {first.name}: {first.instead_of} is of doubtful quality in "
                f"{int(doubtful.sum())} of {night.n_epochs} epochs ({_kinds(night, doubtful, first.instead_of)})"
            )
            yield Problem("read-elsewhere", message, first.instead_of)
        for place, other in enumerate(channels[1:], start=1):
            epochs = night.shown[name] == place
            if epochs.any():
                message = (
                    f"{_epochs(epochs)} {_by_number(epochs, 'is', 'are')} read from {other.name} "
                    f"({clock_times(epochs, recording.start)}): "
                    f"{first.name} holds no usable signal there ({_kinds(night, epochs, first.name)})"
                )
                yield Problem("read-elsewhere", message, first.name)
        if not night.layout.panel(name).shows_eeg:
            empty = night.scorable & (night.shown[name] < 0)
            if empty.any():
                message = (
                    f"{first.name} holds no usable signal in {_epochs(empty)} "
                    f"({clock_times(empty, recording.start)}: {_kinds(night, empty, first.name)}); "
                    "read without it"
                )
                yield Problem("not-read", message, first.name)
        doubtful = _doubtful(night, first.name) & (night.shown[name] == 0)
        if doubtful.any():
            message = (
                f"{first.name} is of doubtful quality in {_epochs(doubtful)} "
                f"({_kinds(night, doubtful, first.name)}); read all the same"
            )
            yield Problem("doubtful-signal", message, first.name)


def clock_times(epochs: Bools, start: datetime | None) -> str:
    """Return the stretches of epochs as a person writes them: ``"03:10-03:29, 05:01-05:02 and 3 more"``.

    Without a start time, minutes after it: ``"min 12-24"``.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], epochs.astype(np.int8), [0]]))).reshape(-1, 2)
    spans = [_span(int(first), int(stop), start) for first, stop in edges[:_MOST_STRETCHES]]
    more = f" and {len(edges) - _MOST_STRETCHES} more" if len(edges) > _MOST_STRETCHES else ""
    return ("" if start is not None else "min ") + ", ".join(spans) + more


def _span(first: int, stop: int, start: datetime | None) -> str:
    if start is None:
        return f"{first / 2:g}-{stop / 2:g}"
    begin, end = (start + timedelta(seconds=EPOCH_S * epoch) for epoch in (first, stop))
    return f"{begin:%H:%M}-{end:%H:%M}" if (stop - first) > 1 else f"{begin:%H:%M:%S}-{end:%H:%M:%S}"


def _silence(silent: Bools, recording: Recording) -> str:
    return f"{_epochs(silent)} {_by_number(silent, 'holds', 'hold')} no EEG ({clock_times(silent, recording.start)})"


def _epochs(epochs: Bools) -> str:
    """Return how many they are: ``1 epoch``, ``38 epochs``."""
    return f"{int(epochs.sum())} {_by_number(epochs, 'epoch', 'epochs')}"


def _by_number(epochs: Bools, singular: str, plural: str) -> str:
    return singular if epochs.sum() == 1 else plural


def _doubtful(night: PreparedNight, channel: str) -> Bools:
    if night.quality is None or channel not in night.quality.channels:
        return np.zeros(night.n_epochs, np.bool_)
    worst = np.max([*_levels(night, night.quality, channel).values()], axis=0)
    return np.asarray(worst == QualityLevel.DOUBTFUL)


def _kinds(night: PreparedNight, epochs: Bools, channel: str | None = None) -> str:
    """Name what is wrong in some epochs, the most frequent kind first."""
    if night.quality is None:
        return "not judged"
    counts: dict[str, int] = {}
    for name in night.quality.channels:
        if channel in (None, name):
            by_kind = _levels(night, night.quality, name)
            worst = np.max([*by_kind.values()], axis=0)
            for kind, levels in by_kind.items():
                count = int(((levels == worst) & (levels > 0) & epochs).sum())
                if count:
                    counts[kind.words] = counts.get(kind.words, 0) + count
    return ", ".join(sorted(counts, key=lambda kind: -counts[kind])) or "no signal"


def _levels(night: PreparedNight, quality: Quality, channel: str) -> dict[QualityKind, npt.NDArray[np.int8]]:
    """Return levels by kind, heart and tones aside where they were taken out of the channel: int8 (n_epochs,) each."""
    levels = dict(quality.channels[channel].levels)
    if (leak := night.heart.get(channel)) is not None:
        levels[QualityKind.ECG_LEAK] = np.where(leak.epochs, 0, levels[QualityKind.ECG_LEAK]).astype(np.int8)
    if (tone := night.tones.get(channel)) is not None:
        levels[QualityKind.TONE] = np.where(tone.epochs, 0, levels[QualityKind.TONE]).astype(np.int8)
    return levels
