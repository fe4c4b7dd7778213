"""The table of events says what is really in the signal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.lab.simulation import EventKind, Recorder, SimulatedNight, Subject, draw_subject, simulate_night

K = EventKind
RATE = 128.0


@pytest.fixture(scope="module")
def night() -> SimulatedNight:
    return simulate_night(hours=4.0, seed=11, rate=RATE, subject=Subject())


def power_in_band(segment: np.ndarray, low: float, high: float) -> float:
    segment = (segment - segment.mean()) * np.hanning(len(segment))
    power = np.abs(np.fft.rfft(segment, 4096)) ** 2 / np.sum(np.hanning(len(segment)) ** 2)
    f = np.fft.rfftfreq(4096, 1 / RATE)
    return float(power[(f >= low) & (f <= high)].mean())


def rises(
    night: SimulatedNight, kind: EventKind, channel: str, band: tuple[float, float], pause_s: float
) -> np.ndarray:
    """Return, for every event, dB of the band inside its window over the mean of the windows before and after it."""
    signal = night.signals[channel]
    found = []
    events = night.events.select(kind=kind, channel=channel)
    for onset, duration in zip(events.onset_s, events.duration_s, strict=True):
        n = round(duration * RATE)
        first, gap = round(onset * RATE), round(pause_s * RATE)
        if first - gap - n < 0 or first + 2 * n + gap > len(signal):
            continue
        inside = power_in_band(signal[first : first + n], *band)
        beside = [signal[first - gap - n : first - gap], signal[first + n + gap : first + 2 * n + gap]]
        found.append(10 * np.log10(inside / np.mean([power_in_band(piece, *band) for piece in beside])))
    return np.array(found)


@pytest.mark.parametrize(
    ("kind", "channel", "band", "median_db"),
    [
        (K.ALPHA_TRAIN, "EEG O2-M1", (9, 11), 3),
        (K.THETA_BURST, "EEG C4-M1", (4, 8), 3),
        (K.SPINDLE, "EEG C4-M1", (12, 14.5), 8),
        (K.SAWTOOTH, "EEG C4-M1", (2, 6), 2),
        (K.AROUSAL, "EEG O2-M1", (8, 12), 2),
        (K.VERTEX_WAVE, "EEG C4-M1", (2, 8), 6),
        (K.K_COMPLEX, "EEG F4-M1", (0.5, 2), 4),
        (K.SLOW_WAVE, "EEG F4-M1", (0.5, 2), 1),
        (K.BLINK, "EOG E2-M2", (1, 6), 8),
        (K.RAPID_EYE_MOVEMENT, "EOG E2-M2", (0.5, 4), 5),
        (K.SLOW_EYE_MOVEMENT, "EOG E1-M2", (0.15, 0.8), 6),
        (K.BODY_MOVEMENT, "EEG C4-M1", (0.5, 6), 8),
        (K.MUSCLE_ARTEFACT, "EEG F4-M1", (25, 50), 8),
    ],
)
def test_the_band_of_an_event_rises_inside_its_window(night, kind, channel, band, median_db):
    found = rises(night, kind, channel, band, pause_s=0.3)
    assert len(found) >= 8
    assert np.median(found) > median_db


def test_the_measured_frequency_of_a_spindle_is_the_true_one(night):
    signal = night.signals["EEG C4-M1"]
    spindles = night.events.select(kind=K.SPINDLE, channel="EEG C4-M1")
    errors = []
    for onset, duration, f_true in zip(spindles.onset_s, spindles.duration_s, spindles.frequency_hz, strict=True):
        segment = signal[round(onset * RATE) : round((onset + duration) * RATE)]
        power = np.abs(np.fft.rfft(segment * np.hanning(len(segment)), 8192))
        f = np.fft.rfftfreq(8192, 1 / RATE)
        sigma = (f > 10.5) & (f < 16.5)
        errors.append(f[sigma][np.argmax(power[sigma])] - f_true)
    assert len(errors) > 50
    assert abs(np.median(errors)) < 0.1
    assert np.median(np.abs(errors)) < 0.35


def test_a_typical_night_holds_every_kind_of_event_but_mains(night):
    missing = [kind for kind, count in night.events.counts().items() if not count]
    assert missing in ([K.MAINS], [K.ELECTRODE_POP, K.MAINS], [K.DRIFT, K.MAINS], [K.ELECTRODE_POP, K.DRIFT, K.MAINS])


def test_horizontal_eye_movements_are_opposite_in_the_two_eyes_and_k_complexes_are_not(night):
    left, right = night.signals["EOG E1-M2"], night.signals["EOG E2-M2"]

    def agreement(kind: EventKind) -> float:
        found = []
        events = night.events.select(kind=kind, channel="EOG E1-M2")
        for onset, duration in zip(events.onset_s, events.duration_s, strict=True):
            piece = slice(round(onset * RATE), round((onset + duration) * RATE))
            found.append(np.corrcoef(left[piece], right[piece])[0, 1])
        return float(np.median(found))

    assert agreement(K.SLOW_EYE_MOVEMENT) < -0.8
    assert agreement(K.RAPID_EYE_MOVEMENT) < -0.6
    assert agreement(K.BLINK) < -0.6
    assert agreement(K.K_COMPLEX) > 0.6


def test_k_complexes_are_frontal_spindles_central_and_alpha_occipital(night):
    def size(kind: EventKind, channel: str, stage: int) -> float:
        events = night.events.select(kind=kind, channel=channel)
        there = night.stages[np.minimum((events.onset_s // 30).astype(int), len(night.stages) - 1)] == stage
        return float(events.amplitude_uv[there].mean())

    places = ("EEG F4-M1", "EEG C4-M1", "EEG O2-M1")
    assert np.argmax([size(K.K_COMPLEX, place, 2) for place in places]) == 0
    assert np.argmax([size(K.SPINDLE, place, 2) for place in places]) == 1
    assert np.argmax([size(K.ALPHA_TRAIN, place, 0) for place in places]) == 2


def test_chin_tone_falls_from_wake_to_rem(night):
    tone = night.epochs("EMG chin").std(axis=1)
    medians = [np.median(tone[night.stages == stage]) for stage in range(5)]
    assert medians[0] > medians[2] > medians[3] > medians[4]
    assert medians[4] < 0.35 * medians[0]


def test_sleepers_differ_in_how_far_the_chin_relaxes():
    falls = [subject.chin_tone[4] / subject.chin_tone[1] for subject in map(draw_subject, range(60))]
    assert min(falls) < 0.4
    assert max(falls) > 0.9  # R is told from N1 by the chin in some sleepers alone


def test_noise_and_the_heart_lie_over_the_chin():
    stages, still = np.full(10, 4), Subject(chin_uv=1e-3)
    floor = simulate_night(stages=stages, seed=2, channels=["EMG chin"], subject=replace(still, chin_floor_uv=3.0))
    assert 2.7 < floor.signals["EMG chin"].std() < 3.3
    heart = simulate_night(stages=stages, seed=2, channels=["EMG chin"], subject=replace(still, chin_ecg_uv=20.0))
    assert 15 < heart.signals["EMG chin"].max() < 25


def test_eye_electrodes_see_more_or_less_of_eyes_and_brain():
    def night(**electrodes: float) -> SimulatedNight:
        subject = Subject(**electrodes)
        stages = np.repeat([2, 4], 30)
        return simulate_night(stages=stages, seed=4, channels=["EOG E1-M2"], subject=subject)

    def sizes(of: SimulatedNight, kind: EventKind) -> float:
        return float(of.events.select(kind=kind).amplitude_uv.mean())

    plain, near = night(), night(eye_size=2.0)
    assert sizes(near, K.RAPID_EYE_MOVEMENT) > 1.6 * sizes(plain, K.RAPID_EYE_MOVEMENT)
    brain = night(eog_brain=1.5)
    asleep = slice(0, 30)
    grown = brain.epochs("EOG E1-M2")[asleep].std() / plain.epochs("EOG E1-M2")[asleep].std()
    assert 1.3 < grown < 1.6


def test_the_rows_of_one_event_share_a_number_an_onset_and_a_kind(night):
    events = night.events
    for values in (events.onset_s, events.duration_s, events.kind):
        first = np.unique(events.event, return_index=True)[1]
        assert (values == values[first][events.event]).all()
    assert (np.diff(events.onset_s) >= 0).all()
    assert len(np.unique(np.char.add(events.event.astype(str), events.channel))) == len(events)


def test_events_lie_inside_the_night_and_those_of_a_kind_do_not_overlap(night):
    events = night.events.select(channel="EEG C4-M1")
    assert events.onset_s.min() >= 0
    assert (events.onset_s + events.duration_s).max() <= 4 * 3600 + 1e-6
    for kind in set(events.kind):
        one = events.select(kind=kind)
        assert (one.onset_s[1:] >= (one.onset_s + one.duration_s)[:-1] - 1e-9).all(), kind


def test_select_finds_what_touches_a_span(night):
    spindle = night.events.select(kind=K.SPINDLE, channel="EEG C4-M1")
    onset, stop = spindle.onset_s[5], spindle.onset_s[5] + spindle.duration_s[5]
    touching = night.events.select(kind=K.SPINDLE, channel="EEG C4-M1", start_s=stop - 0.01, stop_s=stop + 0.01)
    assert touching.onset_s.tolist() == [onset]


def test_heart_beats_come_at_the_subjects_rate(night):
    ecg = night.signals["ECG"]
    peaks = (ecg[1:-1] > 500) & (ecg[1:-1] >= ecg[:-2]) & (ecg[1:-1] > ecg[2:])
    per_minute = peaks.sum() / (4 * 60)
    assert 0.8 * night.subject.heart_bpm < per_minute < 1.05 * night.subject.heart_bpm


def test_mains_is_where_the_table_says():
    subject = Subject(recorder=Recorder(mains_uv=4.0, mains_share=0.3))
    night = simulate_night(stages=np.full(60, 2), seed=2, rate=RATE, channels=["EEG C4-M1"], subject=subject)
    (mains,) = [row for row in night.events.rows() if row[2] == K.MAINS]
    signal = night.signals["EEG C4-M1"]
    start, stop = round(mains[0] * RATE), round((mains[0] + mains[1]) * RATE)
    inside = power_in_band(signal[start + 500 : start + 4000], 49.5, 50.5)
    outside = power_in_band(
        signal[stop + 500 : stop + 4000] if stop < len(signal) - 9000 else signal[500:4000], 49.5, 50.5
    )
    assert inside > 100 * outside


def test_mains_beyond_the_nyquist_frequency_is_neither_written_nor_listed():
    subject = Subject(recorder=Recorder(mains_uv=4.0))
    night = simulate_night(hours=0.1, seed=2, rate=100, channels=["EEG C4-M1"], subject=subject)
    assert night.events.counts()[K.MAINS] == 0
