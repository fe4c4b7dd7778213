"""One night, one sleeper, any number of channels: spectra, events and artefacts put together.

The physiology (stages, spectra, when events happen and what they look like) is drawn first and is the same whatever
channels are asked for; a channel then draws only from streams of its own. So a channel has the same samples alone
or among others. Covered: adult sleep as seven-channel laboratories record it. Not covered: epileptiform activity,
drugs, children, respiratory channels, the finer phase relations between leads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from eegvlm.errors import InputError
from eegvlm.lab.simulation.architecture import simulate_stages
from eegvlm.lab.simulation.background import FrameGrid, envelopes, white_spectra
from eegvlm.lab.simulation.carriers import Carriers
from eegvlm.lab.simulation.channel import Physiology, channel_signal, unit_waves
from eegvlm.lab.simulation.derivations import CHIN, DEFAULT_CHANNELS, DERIVATIONS, HEART, KNOWN_CHANNELS
from eegvlm.lab.simulation.emg_ecg import beats, chin_emg, electrocardiogram
from eegvlm.lab.simulation.event_rates import draw_occurrences
from eegvlm.lab.simulation.events import Events
from eegvlm.lab.simulation.measured import MeasuredSpectra
from eegvlm.lab.simulation.spectra import epoch_spectra, quiet_wake
from eegvlm.lab.simulation.streams import stream
from eegvlm.lab.simulation.subject import Subject, draw_subject
from eegvlm.lab.simulation.truth import truth_table

if TYPE_CHECKING:
    from eegvlm.hypnogram import Hypnogram
    from eegvlm.signals import Recording

DEFAULT_START = datetime(2001, 1, 1, 22, 30)


@dataclass(frozen=True)
class SimulatedNight:
    """A simulated recording with its truth.

    Attributes
    ----------
    signals
        float32 µV by channel label, all of ``30 * rate * len(stages)`` samples.
    rate
        Samples per second of every channel.
    stages
        int8 (n_epochs,): 0 W, 1 N1, 2 N2, 3 N3, 4 R.
    events
        Where everything is; see :class:`Events`.
    subject
        Who slept, on which recorder.
    start
        Naive local time of the first sample.
    """

    signals: dict[str, np.ndarray]
    rate: float
    stages: np.ndarray
    events: Events
    subject: Subject
    start: datetime

    def epochs(self, channel: str) -> np.ndarray:
        """Return one channel as (n_epochs, samples), a view."""
        return self.signals[channel].reshape(len(self.stages), -1)

    def later(self, seconds: float) -> SimulatedNight:
        """Return the night as recorded from some seconds later, in whole epochs that start there.

        A sleeper changes stage when he will, a simulated one where an epoch ends: after a start in between, epochs hold
        two stages as real ones do, and are scored by the greater part (the rule of the AASM manual).

        Raises
        ------
        eegvlm.errors.InputError
            If no whole epoch is left.
        """
        if not 0 <= seconds <= 30 * (len(self.stages) - 1):
            raise InputError("simulated night", "seconds", seconds, "leave one whole epoch at least")
        passed, into = divmod(seconds, 30.0)
        whole = len(self.stages) - math.ceil(seconds / 30)
        first, begin = int(passed) + (into > 15), round(seconds * self.rate)
        size = round(30 * self.rate) * whole
        left = self.events.select(start_s=seconds)
        onset = np.maximum(left.onset_s - seconds, 0.0)
        events = replace(left, onset_s=onset, duration_s=left.onset_s - seconds + left.duration_s - onset)
        return replace(
            self,
            signals={label: signal[begin : begin + size] for label, signal in self.signals.items()},
            stages=self.stages[first : first + whole],
            events=events,
            start=self.start + timedelta(seconds=seconds),
        )

    def recording(self) -> Recording:
        """Return the night as a :class:`eegvlm.signals.Recording`."""
        from eegvlm.signals import Recording

        return Recording.from_arrays(
            {label: (signal, self.rate) for label, signal in self.signals.items()}, start=self.start
        )

    def hypnogram(self) -> Hypnogram:
        """Return the true stages as a :class:`eegvlm.hypnogram.Hypnogram`."""
        from eegvlm.hypnogram import Hypnogram

        return Hypnogram(stages=self.stages, epoch_s=30.0, start=self.start)

    def write(self, path: str | PathLike[str]) -> None:
        """Write an EDF+ file with the scoring as annotations, and ``<stem>.events.tsv`` beside it.

        Raises
        ------
        eegvlm.errors.InputError
            If the files cannot be written.
        """
        from eegvlm.lab.simulation.writing import write_night

        write_night(self, path)


def simulate_night(
    *,
    hours: float = 8.0,
    seed: int = 0,
    rate: float = 128.0,
    channels: Sequence[str] = DEFAULT_CHANNELS,
    subject: Subject | None = None,
    stages: np.ndarray | None = None,
    spectra: MeasuredSpectra | None = None,
    carriers: Carriers | None = None,
    start: datetime = DEFAULT_START,
) -> SimulatedNight:
    """Simulate a night with one physiology on all channels.

    Parameters
    ----------
    hours
        Length; rounded to whole 30-s epochs.
    seed
        Everything follows from it; the same seed gives the same night to the bit.
    rate
        Samples per second; ``30 * rate`` must be whole. Events do not depend on it.
    channels
        Labels from :data:`KNOWN_CHANNELS`.
    subject
        The sleeper; drawn from the seed where none is given. ``Subject()`` is the typical one.
    stages
        int (n_epochs,), 0 to 4: a stage sequence to follow instead of a drawn one; ``hours`` is then not used.
    spectra
        Stages and band powers of a real night to follow; neither ``hours`` nor ``stages`` is then used.
    carriers
        Real EEG whose texture replaces noise in the background of the EEG and EOG channels.
    start
        Naive local time of the first sample.

    Returns
    -------
    SimulatedNight
        Signals, stages, truth and subject.

    Raises
    ------
    eegvlm.errors.InputError
        If an argument cannot be used.

    Examples
    --------
    >>> night = simulate_night(hours=0.5, seed=1, channels=["EEG C4-M1"], rate=100)
    >>> night.epochs("EEG C4-M1").shape
    (60, 3000)
    """
    check_arguments(hours, seed, rate, channels, stages)
    if subject is None:
        subject = draw_subject(seed)
    if spectra is not None:
        stages = spectra.stages
    if stages is None:
        count = max(1, round(hours * 120))
        stages = simulate_stages(stream(seed, "stages"), count, architecture=subject.architecture, age=subject.age)
    stages = np.asarray(stages, dtype=np.int8)
    grid = FrameGrid(len(stages), float(rate))
    if spectra is None:
        closed = quiet_wake(stream(seed, "eyes"), stages, subject)
        rows, within = epoch_spectra(stream(seed, "spectra"), stages, closed, subject)
    else:
        closed = spectra.closed_eyes(subject)
        rows, within = spectra.seen_in(subject)
    occurrences = draw_occurrences(seed, stages, closed, within, subject)
    r_peaks = beats(seed, stages, subject)

    signals, truth = {}, []
    leads = [label for label in channels if label in DERIVATIONS]
    if leads:
        if carriers is None:
            shared = (
                white_spectra(stream(seed, "frontal source"), grid),
                white_spectra(stream(seed, "posterior source"), grid),
            )
        else:
            carrier_spectra = carriers.white_spectra(stream(seed, "carriers"), stages, grid)
            shared = carrier_spectra, carrier_spectra
        physiology = Physiology(
            seed,
            stages,
            rows,
            occurrences,
            subject,
            grid,
            sources=shared,
            carried=carriers is not None,
            envelope=envelopes(seed, stages, grid),
            r_peaks_s=r_peaks,
            waves=unit_waves(occurrences, grid),
        )
    for label in channels:
        if label == CHIN:
            signals[label] = chin_emg(seed, stages, occurrences, subject, grid, r_peaks)
        elif label == HEART:
            signals[label] = electrocardiogram(r_peaks, len(stages) * grid.hop, grid.rate)
        else:
            signals[label], channel_truth = channel_signal(DERIVATIONS[label], physiology)
            truth.append((label, channel_truth))
    return SimulatedNight(signals, float(rate), stages, truth_table(truth), subject, start)


def check_arguments(
    hours: float, seed: int, rate: float, channels: Sequence[str] = DEFAULT_CHANNELS, stages: np.ndarray | None = None
) -> None:
    """Refuse what :func:`simulate_night` cannot use.

    Raises
    ------
    InputError
        Naming the argument.
    """
    if not (np.isfinite(hours) and 0 < hours <= 48):
        raise InputError("simulated night", "hours", hours, "give a length between 30 s and 48 h")
    if seed < 0:
        raise InputError("simulated night", "seed", seed, "give a whole number from 0")
    if not (20 <= rate <= 4096 and abs(30 * rate - round(30 * rate)) < 1e-9):
        raise InputError("simulated night", "rate", rate, "give 20 to 4096 Hz with a whole number of samples in 30 s")
    unknown = [label for label in channels if label not in KNOWN_CHANNELS]
    if unknown or not channels or len(set(channels)) < len(channels):
        raise InputError(
            "simulated night",
            "channels",
            ", ".join(unknown or channels),
            f"choose each once from {', '.join(KNOWN_CHANNELS)}",
        )
    if stages is not None and (np.ndim(stages) != 1 or not len(stages) or not np.isin(stages, range(5)).all()):
        raise InputError("simulated night", "stages", np.shape(stages), "give one code from 0 to 4 per epoch")
