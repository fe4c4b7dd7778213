"""From signals to evidence: which channel answers which question, and every detector in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.evidence.arousals import detect_arousals
from eegvlm.evidence.artefacts import electrode_artefacts, movements
from eegvlm.evidence.channel_spectra import EPOCH_S, ChannelSpectra, usual_level
from eegvlm.evidence.chin import measure_chin
from eegvlm.evidence.event_table import Bools, EventTable
from eegvlm.evidence.evidence import Evidence
from eegvlm.evidence.eyes import eye_movements
from eegvlm.evidence.k_complexes import k_complexes
from eegvlm.evidence.pieces import in_a_row, pieces_of
from eegvlm.evidence.rhythms import measure_rhythms
from eegvlm.evidence.sawtooth_waves import sawtooth_waves
from eegvlm.evidence.slow_waves import find_waves, slow_waves
from eegvlm.evidence.spindles import detect_spindles
from eegvlm.evidence.vertex_waves import vertex_waves
from eegvlm.images import PreparedNight
from eegvlm.images.shown_channel import ShownChannel
from eegvlm.scoring import FindingKind
from eegvlm.scoring.limits import AROUSAL_LEAST_NYQUIST_HZ, SPINDLE_LEAST_NYQUIST_HZ
from eegvlm.signals import RecordingLike, Role, open_recording

K = FindingKind
Samples = npt.NDArray[np.float32]

# in order of preference, after the AASM manual: where a wave is largest
_CENTRAL_FIRST = (Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL)
_FRONTAL_FIRST = (Role.EEG_FRONTAL, Role.EEG_CENTRAL, Role.EEG_OCCIPITAL)
_EEG = (Role.EEG_FRONTAL, Role.EEG_CENTRAL, Role.EEG_OCCIPITAL)
_MEASURED = (*_EEG, Role.EOG_LEFT, Role.EOG_RIGHT, Role.EMG_CHIN)
_LEAST_HZ, _MOST_HZ = 32.0, 256.0


def measure(
    signals: Mapping[Role, Samples],
    *,
    rate: float | Mapping[Role, float],
    names: Mapping[Role, str] | None = None,
    levels: Mapping[Role, float] | None = None,
) -> Evidence:
    """Measure a night of 30-s epochs.

    Events are found on the continuous signal: consecutive rows are consecutive in time, and an event may cross from
    one into the next. A kind whose channels are missing is absent from the result.

    Parameters
    ----------
    signals
        Role -> float32 (n, 30 * rate) in µV; an epoch with NaN counts as absent. Roles other than EEG, EOG and chin are
        not used. All have the same number of epochs.
    rate
        Samples per second, one for all or one a role; at least 32, and ``30 * rate`` is whole.
    names
        Role -> channel name for the findings; the role's own name where it is missing.
    levels
        Role -> constant in µV at which epochs without signal lie; the median of those with signal where it is missing.

    Returns
    -------
    Evidence

    Raises
    ------
    InputError
        Where the shapes do not agree with each other or with the rate.

    Examples
    --------
    >>> t = np.arange(6000, dtype=np.float32).reshape(2, 3000) / 100
    >>> evidence = measure({Role.EEG_FRONTAL: 50 * np.sin(2 * np.pi * 0.8 * t)}, rate=100)
    >>> bool(evidence.slow_wave_share["eeg_frontal"].min() > 0.9)
    True
    """
    used = {role: np.asarray(signals[role], np.float32) for role in _MEASURED if role in signals}
    rates = {role: float(rate[role] if isinstance(rate, Mapping) else rate) for role in used}
    n_epochs = _checked(used, rates)
    labels = {role: (names or {}).get(role, role.value) for role in used}
    present: dict[str, npt.NDArray[np.bool_]] = dict.fromkeys(labels.values(), np.zeros(0, np.bool_))

    def transformed(*roles: Role) -> dict[Role, ChannelSpectra]:
        role_levels = levels or {}
        signals = {
            role: ChannelSpectra.of(used[role], rates[role], labels[role], role_levels.get(role))
            for role in roles
            if role in used
        }
        present.update({signal.name: signal.present for signal in signals.values()})
        return signals

    ready = transformed(*_EEG)
    # spectra of a night are as large as the night: those of eyes and chin are not kept
    events: dict[str, dict[str, EventTable]] = _eyes(
        transformed(Role.EOG_LEFT, Role.EOG_RIGHT), ready.get(Role.EEG_FRONTAL)
    )
    # what eyes and movement write into the EEG is no wave of the brain
    eyes = [*events.get(K.BLINK, {}).values(), *events.get(K.RAPID_EYE_MOVEMENT, {}).values()]
    share = {}
    central, frontal = _first(ready, _CENTRAL_FIRST), _first(ready, _FRONTAL_FIRST)
    if central is not None and frontal is not None:
        movement = movements(central)
        events[K.MOVEMENT] = {central.name: movement}
        events[K.ELECTRODE_ARTEFACT] = {ready[r].name: electrode_artefacts(ready[r]) for r in _EEG if r in ready}
        hidden = [*eyes, movement]
        waves = find_waves(frontal)
        large = frontal.seen(slow_waves(waves)).clear_of(hidden)
        events[K.SLOW_WAVE] = {frontal.name: large}
        events[K.K_COMPLEX] = {frontal.name: frontal.seen(k_complexes(waves)).clear_of(hidden)}
        share[frontal.name] = np.where(frontal.present, large.share(n_epochs), np.nan)
        sharp = vertex_waves(central, waves if central is frontal else find_waves(central))
        events[K.VERTEX_WAVE] = {central.name: sharp.clear_of([movement])}
        events[K.SAWTOOTH] = {central.name: sawtooth_waves(central).clear_of([movement])}
        if central.nyquist >= SPINDLE_LEAST_NYQUIST_HZ:
            events[K.SPINDLE] = {central.name: detect_spindles(central).clear_of([movement])}
        if central.nyquist >= AROUSAL_LEAST_NYQUIST_HZ:
            # an arousal may come with movement
            events[K.AROUSAL] = {central.name: detect_arousals(central)}
    chin = next((measure_chin(signal) for signal in transformed(Role.EMG_CHIN).values()), None)
    rhythms = {labels[role]: measure_rhythms(used[role], rates[role]) for role in _EEG if role in used}
    sides = tuple(labels[role] for role in (Role.EOG_LEFT, Role.EOG_RIGHT) if role in used)
    return Evidence(n_epochs, events, rhythms, share, chin, present, sides)


def measure_night(night: PreparedNight) -> Evidence:
    """Measure a night as a model sees it: the signals of its panels, before they are brought to a level.

    Parameters
    ----------
    night
        The night. Where a panel shows another derivation for a stretch, that one is measured there, under its own
        name. A channel that is shown nowhere counts as missing: nothing of it is measured, and of two eye channels the
        other is read alone.

    Returns
    -------
    Evidence
        Epochs in which a channel is not shown hold no findings of it.
    """
    evidence = Evidence(night.n_epochs, {}, {}, {}, None)
    for place in range(max((len(channels) for channels in night.panels.values()), default=0)):
        by_role = {
            channels[place].role: (channels[place], night.shown[panel] == place)
            for panel, channels in night.panels.items()
            if place < len(channels) and (night.shown[panel] == place).any()
        }
        measured = {role: by_role[role] for role in _MEASURED if role in by_role}
        if measured and night.layout.rate >= _LEAST_HZ:
            evidence = evidence.joined(_in_pieces(measured, night.n_epochs, night.layout.rate))
    return evidence


def measure_recording(
    recording: RecordingLike,
    *,
    sfreq: float | None = None,
    channels: Mapping[str, str | Sequence[str]] | None = None,
) -> Evidence:
    """Measure a recording, from the channels it has; ``eegvlm.measure`` is this function.

    Parameters
    ----------
    recording
        A path, an ``mne.io.BaseRaw``, ``{label: samples in microvolt}`` with ``sfreq``, or a
        :class:`eegvlm.signals.Recording`. Channels below 32 Hz (the muscle envelope of some files) are not measured;
        those above 256 Hz are resampled to 128 Hz.
    sfreq, channels
        As in :func:`eegvlm.signals.open_recording`.

    Returns
    -------
    Evidence
        Epochs in a gap and an incomplete last one hold no findings.

    Raises
    ------
    RecordingError
        Where the recording has EEG channels and none can be used.
    """
    recording = open_recording(recording, sfreq=sfreq, channels=channels, call="measure")
    signals, rates, names = {}, {}, {}
    for role in _MEASURED:
        channel = recording.channel(role)
        if channel is None or channel.rate < _LEAST_HZ:
            continue
        # what an epoch of round(30 rate) samples really has
        target_rate = round(EPOCH_S * channel.rate) / EPOCH_S if channel.rate <= _MOST_HZ else 128.0
        signals[role] = recording.epochs(channel, rate=target_rate)
        rates[role], names[role] = target_rate, channel.name
    if not signals:
        return Evidence(recording.n_epochs, {}, {}, {}, None)
    return measure(signals, rate=rates, names=names)


def _in_pieces(by_role: Mapping[Role, tuple[ShownChannel, Bools]], n_epochs: int, rate: float) -> Evidence:
    """Measure channels where they are shown, bool (n_epochs,)."""
    names = {role: channel.name for role, (channel, _) in by_role.items()}
    # of the whole night, so that a piece begins and ends as if there were no others
    levels = {
        role: usual_level(channel.signals, channel.usable & visible) for role, (channel, visible) in by_role.items()
    }
    parts = []
    for piece in pieces_of(n_epochs):
        rows = piece.rows
        signals = {}
        for role, (channel, visible) in by_role.items():
            signals[role] = channel.signals[rows]
            if (channel.usable & ~visible)[rows].any():  # a copy takes memory
                signals[role] = np.where(visible[rows, None], signals[role], np.float32(np.nan))
        parts.append((piece, measure(signals, rate=rate, names=names, levels=levels)))
    return in_a_row(parts)


def _eyes(ready: Mapping[Role, ChannelSpectra], frontal: ChannelSpectra | None) -> dict[str, dict[str, EventTable]]:
    left, right = ready.get(Role.EOG_LEFT), ready.get(Role.EOG_RIGHT)
    eye = left if left is not None else right
    if eye is None:
        return {}
    both = left is not None and right is not None
    events = eye_movements(eye, right if both else None, frontal)
    name = "" if both else eye.name
    return {
        K.RAPID_EYE_MOVEMENT: {name: events.rapid},
        K.SLOW_EYE_MOVEMENT: {name: events.slow},
        K.BLINK: {name: events.blinks},
    }


def _first(ready: Mapping[Role, ChannelSpectra], roles: Sequence[Role]) -> ChannelSpectra | None:
    return next((ready[role] for role in roles if role in ready), None)


def _checked(signals: Mapping[Role, Samples], rates: Mapping[Role, float]) -> int:
    counts = {len(epochs) for epochs in signals.values()}
    if len(counts) != 1 or 0 in counts:
        raise InputError("signals", "epochs", sorted(counts), "give at least one channel, all with as many epochs")
    for role, epochs in signals.items():
        rate = rates[role]
        if epochs.ndim != 2 or rate < _LEAST_HZ or epochs.shape[1] != round(EPOCH_S * rate):
            hint = f"give (epochs, 30 x rate) samples at {_LEAST_HZ:g} Hz or more"
            raise InputError("signals", role.value, f"shape {epochs.shape} at {rate:g} Hz", hint)
    return counts.pop()
