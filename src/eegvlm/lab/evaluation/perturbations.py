"""Named changes of a recording under which its hypnogram should stay what it is.

Notable: a change gives new recordings that are matched, filtered and staged from the beginning, as if they had come
from another recorder; and it says which of the night's epochs can be compared, so that epochs that the change itself
took away are not held against the system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from eegvlm.signals import EPOCH_S, MODALITIES, Channel, Recording, Role
from eegvlm.signals.arrays import ArraySource

Samples = npt.NDArray[np.float32]
Edit = Callable[[Channel, Samples], tuple[Samples, float]]

_EXCERPT_EPOCHS = 60
_EQ_DB, _EQ_HZ = 3.0, (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


class NotApplicableError(Exception):
    """A change that means nothing for this recording; the message says why."""


@dataclass(frozen=True)
class PerturbedPiece:
    """A recording to be staged, and the epoch of the night at which its first epoch lies."""

    recording: Recording
    first: int = 0


@dataclass(frozen=True, eq=False)
class Perturbed:
    """A changed night.

    Attributes
    ----------
    pieces
        Staged each for itself.
    compared
        bool (n_epochs of the night,): epochs that are still there.
    """

    pieces: tuple[PerturbedPiece, ...]
    compared: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Perturbation:
    """A named change.

    Attributes
    ----------
    name
        As in the table.
    about
        What is done, in a clause.
    apply
        The change; it draws what is random from the generator, and raises :class:`NotApplicableError`.
    """

    name: str
    about: str
    apply: Callable[[Recording, np.random.Generator], Perturbed]


def edited(recording: Recording, edit: Edit) -> Recording:
    """Return a recording in memory whose channels are changed, one for every role that the recording has.

    Parameters
    ----------
    recording
        The night. Channels without a role, and further ones of the same role, are left out.
    edit
        Called with each channel and its samples (µV, NaN in gaps); gives samples and rate.

    Raises
    ------
    eegvlm.signals.RecordingError
        If a changed channel can no longer be used.
    """
    signals: dict[str, tuple[Samples, float]] = {}
    choice: dict[str, str] = {}
    for channel in recording.channels:
        if channel.role.modality in MODALITIES and channel.role.value not in choice:
            label = channel.name if channel.name not in signals else f"{channel.name} {channel.role.value}"
            signals[label] = edit(channel, recording.samples(channel))
            choice[channel.role.value] = label
    if not signals:
        raise NotApplicableError("no channel with a role in scoring")
    source = ArraySource.of(signals, recording.start)
    return Recording.from_source(replace(source, name=str(recording.path)), choice)


def around_gaps(samples: Samples, change: Callable[[Samples], npt.NDArray[np.floating]]) -> Samples:
    """Change samples (n,) with gaps (NaN), which are 0 meanwhile and NaN again afterwards; returns float32 (n,)."""
    missing = np.isnan(samples)
    changed = np.asarray(change(np.nan_to_num(samples)), np.float32)
    changed[missing] = np.nan
    return changed


def keep_modalities(recording: Recording, modalities: tuple[str, ...]) -> Recording:
    """Return the recording without the roles of all other channels, as if these had not been recorded."""
    return _without(recording, lambda channel: channel.role.modality in modalities)


def _without(recording: Recording, keep: Callable[[Channel], bool]) -> Recording:
    channels = tuple(channel if keep(channel) else replace(channel, role=Role.OTHER) for channel in recording.channels)
    return replace(recording, montage=replace(recording.montage, channels=channels))


def _whole(recording: Recording, changed: Recording) -> Perturbed:
    """All epochs that held signal before are compared."""
    return Perturbed((PerturbedPiece(changed),), recording.scorable)


def _gain(factor: float) -> Perturbation:
    def apply(recording: Recording, rng: np.random.Generator) -> Perturbed:
        scaled = edited(recording, lambda channel, samples: (samples * np.float32(factor), channel.rate))
        return _whole(recording, scaled)

    return Perturbation(f"gain x{factor:g}", "all channels, as from a recorder with a wrong calibration", apply)


def _polarity(recording: Recording, rng: np.random.Generator) -> Perturbed:
    return _whole(recording, edited(recording, lambda channel, samples: (-samples, channel.rate)))


def _low_pass(recording: Recording, rng: np.random.Generator) -> Perturbed:
    from scipy.signal import butter, sosfiltfilt

    if all(channel.rate <= 100 for channel in recording.channels if channel.role.modality in MODALITIES):
        raise NotApplicableError("nothing above 50 Hz was recorded")

    def edit(channel: Channel, samples: Samples) -> tuple[Samples, float]:
        if channel.rate <= 100:
            return samples, channel.rate
        taps = butter(4, 50.0, fs=channel.rate, output="sos")
        return around_gaps(samples, lambda filled: sosfiltfilt(taps, filled)), channel.rate

    return _whole(recording, edited(recording, edit))


def _resampled(rate: float) -> Perturbation:
    def apply(recording: Recording, rng: np.random.Generator) -> Perturbed:
        from scipy.signal import resample_poly

        def edit(channel: Channel, samples: Samples) -> tuple[Samples, float]:
            ratio = Fraction(rate).limit_denominator(1000) / channel.exact_rate
            if ratio == 1:
                return samples, rate
            up, down = ratio.numerator, ratio.denominator
            count = round(len(samples) * ratio)
            resampled = resample_poly(np.nan_to_num(samples), up, down)[:count].astype(np.float32)
            at = np.minimum((np.arange(len(resampled)) / float(ratio)).astype(np.intp), len(samples) - 1)
            resampled[np.isnan(samples[at])] = np.nan
            return resampled, rate

        return _whole(recording, edited(recording, edit))

    return Perturbation(f"{rate:g} Hz input", "all channels resampled, with an anti-aliasing filter", apply)


def _noise(recording: Recording, rng: np.random.Generator) -> Perturbed:
    def edit(channel: Channel, samples: Samples) -> tuple[Samples, float]:
        if channel.role.modality not in ("eeg", "eog"):
            return samples, channel.rate
        return samples + np.float32(10) * rng.standard_normal(len(samples), dtype=np.float32), channel.rate

    return _whole(recording, edited(recording, edit))


def _equalised(recording: Recording, rng: np.random.Generator) -> Perturbed:
    from scipy.signal import firwin2, oaconvolve

    def edit(channel: Channel, samples: Samples) -> tuple[Samples, float]:
        nyquist = channel.rate / 2
        grid = np.linspace(0, nyquist, max(2, round(4 * nyquist)) + 1)
        decibel = np.interp(np.log(np.maximum(grid, grid[1])), np.log(_EQ_HZ), rng.normal(0, _EQ_DB, len(_EQ_HZ)))
        taps = firwin2(4 * round(channel.rate) + 1, grid, 10 ** (decibel / 20), fs=channel.rate)
        return around_gaps(samples, lambda filled: oaconvolve(filled, taps, mode="same")), channel.rate

    return _whole(recording, edited(recording, edit))


def _shifted(recording: Recording, rng: np.random.Generator) -> Perturbed:
    shift_s = 13.0
    if recording.duration_s < shift_s + EPOCH_S:
        raise NotApplicableError("shorter than two epochs")
    later = recording.crop(shift_s, recording.duration_s)
    compared = recording.scorable
    compared[:-1] &= compared[1:]  # a shifted epoch reaches into the next one
    compared[-1] = False
    return Perturbed((PerturbedPiece(later),), compared)


def _excerpts(recording: Recording, rng: np.random.Generator) -> Perturbed:
    n = recording.n_epochs
    if n < 2 * _EXCERPT_EPOCHS:
        raise NotApplicableError("shorter than two excerpts")
    firsts = range(0, n - _EXCERPT_EPOCHS // 2, _EXCERPT_EPOCHS)  # a shorter rest stays with the last excerpt
    stops = [*firsts[1:], n]
    scorable = recording.scorable
    pieces = tuple(
        PerturbedPiece(recording.crop(first * EPOCH_S, min(stop * EPOCH_S, recording.duration_s)), first)
        for first, stop in zip(firsts, stops, strict=True)
        if scorable[first:stop].any()
    )
    return Perturbed(pieces, scorable)


def _missing_minutes(recording: Recording, rng: np.random.Generator) -> Perturbed:
    hours = recording.duration_s / 3600
    lengths = rng.uniform(60, 300, size=max(1, round(hours)))
    if recording.duration_s < 2 * lengths.sum():
        raise NotApplicableError("too short to leave minutes out")
    starts = rng.uniform(0, recording.duration_s - lengths)

    def edit(channel: Channel, samples: Samples) -> tuple[Samples, float]:
        samples = samples.copy()
        for start, length in zip(starts, lengths, strict=True):
            samples[round(start * channel.rate) : round((start + length) * channel.rate)] = np.nan
        return samples, channel.rate

    gappy = edited(recording, edit)
    return Perturbed((PerturbedPiece(gappy),), recording.scorable & gappy.scorable)


def _only_eeg(role: Role) -> Perturbation:
    def apply(recording: Recording, rng: np.random.Generator) -> Perturbed:
        present = {channel.role for channel in recording.channels if channel.role.modality == "eeg"}
        if role not in present:
            raise NotApplicableError(f"no {role.place} EEG channel")
        if len(present) == 1:
            raise NotApplicableError("there is no other EEG channel")
        return _whole(
            recording, _without(recording, lambda channel: channel.role.modality != "eeg" or channel.role is role)
        )

    return Perturbation(f"{role.place} EEG only", "no other EEG channel is there", apply)


PERTURBATIONS: tuple[Perturbation, ...] = (
    _gain(0.5),
    _gain(2.0),
    Perturbation("polarity", "all channels upside down", _polarity),
    Perturbation("50-Hz low-pass", "channels sampled above 100 Hz, 4th-order Butterworth, zero phase", _low_pass),
    _resampled(64.0),
    _resampled(512.0),
    Perturbation("+10 µV white noise", "EEG and EOG, rms, up to half the sampling rate", _noise),
    Perturbation(
        "3-dB equaliser", "each channel through a filter of its own, linear phase, 3 dB sd in each octave", _equalised
    ),
    Perturbation(
        "13-s shift", "the recording starts 13 s later; an epoch keeps the label of its greater part", _shifted
    ),
    Perturbation("30-min excerpts", "the night is cut into half hours, each staged alone", _excerpts),
    Perturbation(
        "missing minutes", "about one gap of 1 to 5 min an hour, compared on the epochs left", _missing_minutes
    ),
    _only_eeg(Role.EEG_FRONTAL),
    _only_eeg(Role.EEG_CENTRAL),
    _only_eeg(Role.EEG_OCCIPITAL),
)
"""The changes of the robustness table, in its order."""
