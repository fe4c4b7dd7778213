"""Measuring a night: what is there, what is absent, where events land, and floors on a simulated night."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.evidence import EventTable, Evidence, FindingKind, measure, measure_recording
from eegvlm.lab.simulation import SimulatedNight, simulate_night
from eegvlm.signals import Recording, Role

K = FindingKind
CENTRAL = "EEG C4-M1"


@pytest.fixture(scope="module")
def night() -> SimulatedNight:
    return simulate_night(hours=2, seed=11)


@pytest.fixture(scope="module")
def evidence(night: SimulatedNight) -> Evidence:
    return measure_recording(night.recording())


def test_with_one_eeg_channel_eyes_and_chin_are_absent(night: SimulatedNight) -> None:
    alone = measure({Role.EEG_CENTRAL: night.epochs(CENTRAL)}, rate=night.rate)
    eyes = {K.RAPID_EYE_MOVEMENT, K.SLOW_EYE_MOVEMENT, K.BLINK}
    assert alone.measurable == set(K) - eyes - {K.CHIN_TONE}
    assert not {finding.kind for epoch in alone.findings for finding in epoch} & (eyes | {K.CHIN_TONE})


def test_without_eeg_only_what_the_other_channels_show_is_measured(night: SimulatedNight) -> None:
    chin = measure({Role.EMG_CHIN: night.epochs("EMG chin")}, rate=night.rate)
    assert chin.measurable == {K.CHIN_TONE}


def test_a_channel_too_slow_for_spindles_does_not_claim_to_have_none(night: SimulatedNight) -> None:
    slow = measure({Role.EEG_CENTRAL: night.epochs(CENTRAL)[:, ::4]}, rate=night.rate / 4)
    assert not slow.measurable & {K.SPINDLE, K.AROUSAL}
    assert K.SLOW_WAVE in slow.measurable


def test_a_laboratory_montage_measures_every_kind(evidence: Evidence) -> None:
    assert evidence.measurable == set(K)


def test_an_epoch_with_a_gap_has_no_findings_and_its_neighbours_keep_theirs(night: SimulatedNight) -> None:
    epochs = night.epochs(CENTRAL).copy()
    epochs[7, 100:200] = np.nan
    found = measure({Role.EEG_CENTRAL: epochs}, rate=night.rate)
    assert found.findings[7] == []
    assert all(found.findings[k] for k in range(found.n_epochs) if k != 7)
    assert np.isnan(found.slow_wave_share["eeg_central"][7])


def test_an_incomplete_last_epoch_of_a_recording_has_no_findings() -> None:
    noise = np.random.default_rng(0).normal(0, 20, 128 * 75)
    found = measure_recording(Recording.from_arrays({"C4-M1": (noise, 128.0)}))
    assert [bool(epoch) for epoch in found.findings] == [True, True, False]


def test_an_event_across_a_border_is_a_finding_in_both_epochs() -> None:
    events = {K.SPINDLE: {"C4": EventTable.of([29.5], [30.8], [30.0], [13.0])}}
    first, second = Evidence(2, events, {}, {}, None).findings
    assert (first[0].start_s, first[0].end_s) == (29.5, 30.0)
    assert (second[0].start_s, second[0].end_s) == pytest.approx((0.0, 0.8))
    assert (first[0].value, first[0].unit, first[0].amplitude_uv) == (13.0, "Hz", 30.0)
    assert first[0].duration_s == second[0].duration_s == pytest.approx(1.3)


def test_findings_lie_within_their_epoch_and_are_finite(evidence: Evidence) -> None:
    for epoch in evidence.findings:
        assert epoch
        for finding in epoch:
            assert 0 <= finding.start_s < finding.end_s <= 30
            assert np.isfinite(finding.value)


def test_measuring_is_deterministic(night: SimulatedNight, evidence: Evidence) -> None:
    assert measure_recording(night.recording()).findings == evidence.findings


@pytest.mark.parametrize("shape", [(4, 3000), (0, 3840), (3840,)])
def test_shapes_that_do_not_fit_the_rate_are_refused_in_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="give"):
        measure({Role.EEG_CENTRAL: np.zeros(shape, np.float32)}, rate=128)


def test_channels_of_different_length_are_refused() -> None:
    signals = {Role.EEG_CENTRAL: np.zeros((2, 3840)), Role.EEG_FRONTAL: np.zeros((3, 3840))}
    with pytest.raises(InputError, match="as many epochs"):
        measure(signals, rate=128)


def test_a_silent_night_holds_no_events_but_dead_electrodes() -> None:
    found = measure({role: np.zeros((3, 3840), np.float32) for role in list(Role)[:6]}, rate=128)
    assert {kind for kind, tables in found.events.items() for events in tables.values() if len(events)} <= {
        K.ELECTRODE_ARTEFACT
    }


def _f1(events: EventTable, night: SimulatedNight, kind: str, channel: str) -> float:
    true = night.events.select(kind=kind, channel=channel)
    overlap = np.minimum(events.end_s[:, None], true.onset_s + true.duration_s) - np.maximum(
        events.onset_s[:, None], true.onset_s
    )
    hit = overlap > 0
    precision, recall = hit.any(axis=1).mean(), hit.any(axis=0).mean()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


@pytest.mark.parametrize(
    ("kind", "true", "channel", "floor"),
    [
        (K.SPINDLE, "spindle", CENTRAL, 0.5),
        (K.K_COMPLEX, "k_complex", "EEG F4-M1", 0.25),
        (K.RAPID_EYE_MOVEMENT, "rapid_eye_movement", "EOG E2-M2", 0.35),
        (K.SLOW_EYE_MOVEMENT, "slow_eye_movement", "EOG E2-M2", 0.4),
        (K.BLINK, "blink", "EOG E2-M2", 0.4),
    ],
)
def test_f1_on_a_simulated_night_does_not_fall_below_its_floor(
    night: SimulatedNight, evidence: Evidence, kind: FindingKind, true: str, channel: str, floor: float
) -> None:
    tables = list(evidence.events[kind].values())
    assert _f1(tables[0], night, true, channel) >= floor


def test_slow_waves_fill_n3_and_not_n1(night: SimulatedNight, evidence: Evidence) -> None:
    share = next(iter(evidence.slow_wave_share.values()))
    assert np.median(share[night.stages == 3]) >= 0.2
    assert np.median(share[night.stages == 1]) < 0.2


@pytest.mark.parametrize("last", [0, 1, 2, 5])
def test_an_event_cut_off_by_the_end_of_the_night_counts_as_far_as_it_goes(last):
    from eegvlm.evidence.event_table import sums

    values = np.arange(10, dtype=np.float32)
    starts, stops = np.array([2, 10 - last]), np.array([4, 11])
    np.testing.assert_allclose(sums(values, starts, stops), [5, values[10 - last :].sum()])
