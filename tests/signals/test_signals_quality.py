"""Every kind of defect is found in each modality that it concerns, and a healthy signal has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import (
    Quality,
    QualityKind,
    QualityLevel,
    Recording,
    measure_quality,
    quality_limits,
    read_recording,
)

RATE = 128
GOOD, DOUBTFUL, UNUSABLE = QualityLevel
EPOCHS = 6


def sloped(seconds: float = 30 * EPOCHS, rate: float = RATE, *, microvolt: float = 20.0, seed: int = 0) -> np.ndarray:
    """Noise with the slope of EEG."""
    n = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    spectrum /= np.maximum(np.fft.rfftfreq(n, 1 / rate), 0.5)
    noise = np.fft.irfft(spectrum, n)
    return noise / noise.std() * microvolt


def white(microvolt: float, seconds: float = 30 * EPOCHS, rate: float = RATE, *, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, microvolt, round(seconds * rate))


def tone(hz: float, microvolt: float, seconds: float = 30 * EPOCHS, rate: float = RATE) -> np.ndarray:
    return microvolt * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate + 0.3)


def judged(signals: dict[str, np.ndarray], rate: float = RATE) -> Quality:
    return measure_quality(Recording.from_arrays({label: (samples, rate) for label, samples in signals.items()}))


def levels(quality: Quality, name: str, kind: QualityKind) -> list[int]:
    return [int(level) for level in quality.channels[name].levels[kind]]


def of_eeg(samples: np.ndarray, rate: float = RATE) -> dict[QualityKind, list[int]]:
    """Return the kinds that were found in an EEG channel."""
    quality = judged({"C4-M1": samples}, rate)
    return {kind: [int(v) for v in level] for kind, level in quality.channels["C4-M1"].levels.items() if level.any()}


def second_half(samples: np.ndarray, healthy: np.ndarray | None = None) -> np.ndarray:
    """Put samples on the second half of healthy EEG."""
    result = sloped() if healthy is None else healthy.copy()
    half = len(result) // 2
    result[half:] = samples[half : len(result)]
    return result


HALF_UNUSABLE = [GOOD] * 3 + [UNUSABLE] * 3


@pytest.mark.parametrize("rate", [50, 64, 99.9, 100, 128, 200, 256, 500])
def test_healthy_eeg_is_good_at_every_rate(rate: float) -> None:
    assert of_eeg(sloped(rate=rate), rate) == {}


@pytest.mark.parametrize("microvolt", [3.0, 8.0, 80.0])
def test_small_and_large_eeg_is_usable(microvolt: float) -> None:
    quality = judged({"C4-M1": sloped(microvolt=microvolt)})
    assert quality.channels["C4-M1"].usable.all()


@pytest.mark.parametrize("offset", [0.0, 37.5, -187_000.3])
def test_a_constant_is_flat_whatever_its_offset(offset: float) -> None:
    assert of_eeg(second_half(np.full(30 * EPOCHS * RATE, offset)))[QualityKind.FLAT] == HALF_UNUSABLE


def test_rounding_on_a_large_offset_is_flat() -> None:
    offset = np.full(30 * EPOCHS * RATE, 100_000.0)
    offset[::7] = np.nextafter(np.float32(100_000), np.float32(np.inf))
    assert of_eeg(second_half(offset))[QualityKind.FLAT] == HALF_UNUSABLE


@pytest.mark.parametrize(("dead_s", "level"), [(3, DOUBTFUL), (14, DOUBTFUL), (18, UNUSABLE)])
def test_a_partly_flat_epoch_is_judged_by_its_share(dead_s: int, level: QualityLevel) -> None:
    samples = sloped()
    samples[RATE * 31 : RATE * (31 + dead_s)] = samples[RATE * 31]
    assert of_eeg(samples)[QualityKind.FLAT] == [GOOD, level, GOOD, GOOD, GOOD, GOOD]


@pytest.mark.parametrize("microvolt", [0.05, 0.4, 0.6])
@pytest.mark.parametrize("rate", [100, 128, 256])
def test_amplifier_noise_is_below_the_floor_of_eeg(microvolt: float, rate: float) -> None:
    healthy = sloped(rate=rate)
    found = of_eeg(second_half(white(microvolt, rate=rate), healthy), rate)
    assert found[QualityKind.NOISE_FLOOR] == HALF_UNUSABLE


def test_amplifier_noise_that_drifts_is_below_the_floor() -> None:
    drifting = white(0.4) + np.linspace(0, 30_000, 30 * EPOCHS * RATE)
    assert of_eeg(second_half(drifting))[QualityKind.NOISE_FLOOR] == HALF_UNUSABLE


@pytest.mark.parametrize("hz", [50.03, 60.0])
@pytest.mark.parametrize("rate", [64, 100, 128, 250, 512])
@pytest.mark.parametrize("microvolt", [5.0, 400.0])
def test_mains_alone_is_unusable_also_where_it_aliases(hz: float, rate: float, microvolt: float) -> None:
    found = of_eeg(second_half(tone(hz, microvolt, rate=rate) + white(0.4, rate=rate), sloped(rate=rate)), rate)
    assert found[QualityKind.MAINS] == HALF_UNUSABLE


def test_mains_on_top_of_eeg_is_doubtful() -> None:
    found = of_eeg(second_half(sloped(seed=4) + tone(50, 200)))
    assert found == {QualityKind.MAINS: [GOOD] * 3 + [DOUBTFUL] * 3}


@pytest.mark.parametrize("microvolt", [5.0, 20.0, 500.0])
@pytest.mark.parametrize("rate", [50, 100, 128, 256])
def test_white_noise_alone_is_an_open_input(microvolt: float, rate: float) -> None:
    assert set(of_eeg(white(microvolt, 600, rate), rate)[QualityKind.OPEN_INPUT]) == {UNUSABLE}


def test_white_noise_with_mains_is_an_open_input() -> None:
    assert of_eeg(white(10) + tone(50, 40))[QualityKind.OPEN_INPUT] == [UNUSABLE] * EPOCHS


def test_a_recording_of_one_epoch_of_white_noise_is_an_open_input() -> None:
    assert of_eeg(white(20, 30))[QualityKind.OPEN_INPUT] == [UNUSABLE]


@pytest.mark.parametrize("microvolt", [10.0, 40.0, 100.0])
def test_eeg_under_muscle_is_no_open_input(microvolt: float) -> None:
    n = 30 * EPOCHS * RATE
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(n))
    muscle = np.fft.irfft(spectrum / np.sqrt(1 + (20 / np.maximum(np.fft.rfftfreq(n, 1 / RATE), 0.1)) ** 4), n)
    found = of_eeg(sloped() + microvolt * muscle / muscle.std())
    assert QualityKind.OPEN_INPUT not in found


def test_chin_and_ecg_need_no_slope() -> None:
    quality = judged({"C4-M1": sloped(), "EMG chin": white(10), "ECG": white(100, seed=2)})
    for name in ("EMG chin", "ECG"):
        assert not any(levels(quality, name, QualityKind.OPEN_INPUT))


@pytest.mark.parametrize(("share", "level"), [(0.02, DOUBTFUL), (0.3, DOUBTFUL), (0.7, UNUSABLE)])
def test_samples_at_the_limits_of_the_file_are_clipped(
    edf: Callable[..., object], lead: Callable[..., object], tmp_path: Path, share: float, level: QualityLevel
) -> None:
    counts = np.round(10 * sloped()).astype(int)
    at = np.random.default_rng(0).random(30 * RATE) < share
    counts[30 * RATE : 60 * RATE][at] = 32767
    made = edf([lead("C4-M1", rate=RATE, counts=counts)])
    quality = measure_quality(read_recording(made.write(tmp_path / "night.edf")))  # type: ignore[attr-defined]
    assert levels(quality, "C4-M1", QualityKind.CLIPPED) == [GOOD, level, GOOD, GOOD, GOOD, GOOD]


def test_eeg_cut_off_at_a_common_extreme_is_doubtful() -> None:
    found = of_eeg(sloped(microvolt=40).clip(-50, 50))
    assert found == {QualityKind.CLIPPED: [DOUBTFUL] * EPOCHS}


def test_an_amplifier_that_saturates_with_noise_is_found_by_its_plateaus() -> None:
    samples = sloped()
    samples[RATE * 35 : RATE * 40] = 250 + white(0.3, 5)
    assert of_eeg(samples)[QualityKind.CLIPPED] == [GOOD, DOUBTFUL, GOOD, GOOD, GOOD, GOOD]


def with_pops(per_epoch: int, microvolt: float = 400.0) -> np.ndarray:
    jumps = np.zeros(30 * EPOCHS * RATE)
    at = np.linspace(30, 60, per_epoch, endpoint=False) + 0.45
    jumps[(at * RATE).astype(int)] = microvolt * np.resize([1, -1], per_epoch)
    return sloped() + np.convolve(jumps, np.exp(-np.arange(4 * RATE) / (0.5 * RATE)))[: len(jumps)]


@pytest.mark.parametrize(("per_epoch", "level"), [(1, DOUBTFUL), (3, DOUBTFUL), (10, UNUSABLE)])
def test_pops_are_judged_by_the_seconds_that_they_hide(per_epoch: int, level: QualityLevel) -> None:
    assert of_eeg(with_pops(per_epoch))[QualityKind.POPS][1] == level


def test_saccades_are_no_pops_in_eog() -> None:
    quality = judged({"C4-M1": sloped(), "E1-M2": with_pops(8, 200.0)})
    assert quality.channels["E1-M2"].level.max() == GOOD


def test_slow_swings_are_drift() -> None:
    assert of_eeg(second_half(sloped(seed=3) + tone(0.2, 1000)))[QualityKind.DRIFT] == HALF_UNUSABLE
    assert QualityKind.DRIFT not in of_eeg(sloped() + np.linspace(0, 5000, 30 * EPOCHS * RATE))


def heart(microvolt: float, *, rate: float = RATE, seconds: float = 30 * EPOCHS) -> np.ndarray:
    beats = np.cumsum(np.random.default_rng(6).normal(0.9, 0.03, round(1.2 * seconds)))
    spikes = np.zeros(round(seconds * rate))
    spikes[(beats[beats < seconds - 0.1] * rate).astype(int)] = microvolt
    return np.convolve(spikes, np.bartlett(round(0.06 * rate) + 1), mode="same")


@pytest.mark.parametrize("ecg_rate", [RATE, 256])
def test_a_leak_of_65_uv_is_doubtful_in_eeg_and_eog(ecg_rate: int) -> None:
    quality = measure_quality(
        Recording.from_arrays(
            {
                "C4-M1": (sloped() + heart(65), RATE),
                "E1-M2": (sloped(seed=2) + heart(65), RATE),
                "O2-M1": (sloped(seed=3), RATE),
                "ECG": (heart(1000, rate=ecg_rate) + white(10, rate=ecg_rate), ecg_rate),
            }
        )
    )
    assert levels(quality, "C4-M1", QualityKind.ECG_LEAK) == [DOUBTFUL] * EPOCHS
    assert levels(quality, "E1-M2", QualityKind.ECG_LEAK) == [DOUBTFUL] * EPOCHS
    assert levels(quality, "O2-M1", QualityKind.ECG_LEAK) == [GOOD] * EPOCHS
    assert quality.channels["ECG"].usable.all()


def test_a_leak_is_seen_without_an_ecg_channel() -> None:
    assert of_eeg(sloped(microvolt=10) + heart(65)) == {QualityKind.ECG_LEAK: [DOUBTFUL] * EPOCHS}


def test_a_leak_that_dwarfs_the_eeg_is_unusable() -> None:
    assert of_eeg(sloped(microvolt=15) + heart(1000))[QualityKind.ECG_LEAK] == [UNUSABLE] * EPOCHS


def test_alpha_is_no_heart() -> None:
    assert QualityKind.ECG_LEAK not in of_eeg(sloped(microvolt=8) + tone(10, 25))


SITES = ("F4-M1", "C4-M1", "O2-M1")


def test_channels_alike_are_doubtful_and_unusable_where_no_brain_is_so_large() -> None:
    for common, level in ((sloped(microvolt=40, seed=9), DOUBTFUL), (tone(3, 400), UNUSABLE)):
        quality = judged({name: common + sloped(microvolt=2, seed=i) for i, name in enumerate(SITES)})
        for name in SITES:
            assert levels(quality, name, QualityKind.LOST_REFERENCE) == [level] * EPOCHS


def test_channels_that_share_a_popping_reference_stay_usable() -> None:
    pops = with_pops(3) - sloped()
    quality = judged({name: sloped(seed=i) + pops for i, name in enumerate(SITES)})
    for name in SITES:
        assert quality.channels[name].usable.all()
        assert levels(quality, name, QualityKind.POPS)[1] == DOUBTFUL


def test_related_channels_are_not_alike() -> None:
    common = sloped(microvolt=20, seed=9)
    quality = judged({name: common + sloped(microvolt=8, seed=i) for i, name in enumerate(SITES)})
    assert quality.stretches() == ()


def test_a_dead_lead_makes_its_derivation_unusable_and_a_dead_reference_doubtful() -> None:
    dead = second_half(np.zeros(30 * EPOCHS * RATE))
    by_lead = judged({"C4": dead, "M1": sloped(microvolt=10, seed=1)})
    assert levels(by_lead, "C4-M1", QualityKind.FLAT) == HALF_UNUSABLE
    by_reference = judged({"C4": sloped(seed=1), "M1": dead})
    assert levels(by_reference, "C4-M1", QualityKind.FLAT) == [GOOD] * 3 + [DOUBTFUL] * 3


@pytest.mark.parametrize("microvolt", [0.5, 1.0, 30.0])
def test_quiet_and_tense_chins_are_good(microvolt: float) -> None:
    quality = judged({"C4-M1": sloped(), "EMG chin": white(microvolt)})
    assert quality.channels["EMG chin"].level.max() == GOOD


def test_a_chin_or_eog_without_signal_is_unusable() -> None:
    quality = judged(
        {
            "C4-M1": sloped(),
            "EMG chin": second_half(white(0.03), white(2.0, seed=3)),
            "E1-M2": second_half(white(0.3), sloped(microvolt=8, seed=3)),
        }
    )
    assert levels(quality, "EMG chin", QualityKind.NOISE_FLOOR) == HALF_UNUSABLE
    assert levels(quality, "E1-M2", QualityKind.NOISE_FLOOR) == HALF_UNUSABLE


def test_a_chin_of_mains_alone_is_unusable() -> None:
    quality = judged({"C4-M1": sloped(), "EMG chin": second_half(tone(50, 20) + white(0.03), white(2.0, seed=3))})
    assert levels(quality, "EMG chin", QualityKind.MAINS) == HALF_UNUSABLE


def test_gaps_are_neither_good_nor_bad() -> None:
    samples = np.zeros(30 * EPOCHS * RATE)
    samples[RATE * 70 : RATE * 95] = np.nan
    quality = judged({"C4-M1": np.where(np.isnan(samples), np.nan, second_half(samples)), "O2-M1": sloped(seed=3)})
    assert levels(quality, "C4-M1", QualityKind.FLAT) == [GOOD, GOOD, GOOD, GOOD, UNUSABLE, UNUSABLE]


def test_an_incomplete_last_epoch_is_not_judged() -> None:
    quality = judged({"C4-M1": white(20, 75)})
    assert levels(quality, "C4-M1", QualityKind.OPEN_INPUT) == [UNUSABLE, UNUSABLE, GOOD]


def test_stretches_join_consecutive_epochs_and_know_their_times() -> None:
    stretches = judged({"C4-M1": second_half(np.zeros(30 * EPOCHS * RATE))}).stretches()
    (stretch,) = stretches
    assert (stretch.channel, stretch.kind, stretch.level) == ("C4-M1", QualityKind.FLAT, UNUSABLE)
    assert (stretch.first, stretch.last, stretch.n_epochs) == (3, 5, 3)
    start = datetime(2024, 3, 2, 23, 59)
    assert stretch.clock(start) == (datetime(2024, 3, 3, 0, 0, 30), datetime(2024, 3, 3, 0, 2))


def test_json_counts_epochs_from_one() -> None:
    quality = judged({"C4-M1": second_half(np.zeros(30 * EPOCHS * RATE)), "O2-M1": sloped(seed=3)})
    described = quality.to_dict(datetime(2024, 3, 2, 23, 59))
    assert described["channels"]["C4-M1"] == {"doubtful_epochs": 0, "unusable_epochs": 3}
    assert described["channels"]["O2-M1"] == {"doubtful_epochs": 0, "unusable_epochs": 0}
    (stretch,) = described["stretches"]
    assert (stretch["first_epoch"], stretch["last_epoch"], stretch["start"]) == (4, 6, "2024-03-03T00:00:30")


def test_every_kind_is_in_the_troubleshooting_guide_and_in_the_table_of_limits() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md").read_text()
    assert {kind for kind in QualityKind if f"| `{kind}` |" not in guide} == set()
    assert {kind for kind in QualityKind if f"\n{kind} " not in (quality_limits.__doc__ or "")} == set()


def test_a_simulated_night_has_hardly_an_unusable_epoch() -> None:
    night = simulate_night(hours=1, seed=11, rate=100)
    quality = judged(night.signals, 100)
    assert sum(int((~channel.usable).sum()) for channel in quality.channels.values()) == 0


@pytest.mark.real_data
def test_clean_minutes_of_a_real_recorder_are_usable(real_data: Path) -> None:
    quality = measure_quality(read_recording(real_data / "edf_edge_cases" / "rsleep_noxturnal" / "subject1.edf"))
    assert len(quality.channels) == 7
    assert all(channel.usable.all() for channel in quality.channels.values())


@pytest.mark.real_data
def test_real_eyes_in_rem_are_good(real_data: Path) -> None:
    with np.load(real_data / "yasa_snippets" / "yasa_snippets.npz") as stored:
        left, right = stored["eog"]
        rate = float(stored["rate_eog"])
    quality = judged({"E1-M2": left, "E2-M2": right}, rate)
    assert quality.channels["E1-M2"].usable.all()
    assert quality.channels["E2-M2"].usable.all()


@pytest.mark.real_data
def test_evening_wakefulness_is_usable(real_data: Path) -> None:
    with np.load(real_data / "sleep_edf_evening_wake" / "evening_wake_PzOz.npz") as stored:
        epochs = stored["eeg"].astype(np.float32) * np.float32(stored["unit_uV"])
    quality = judged({"C4-M1": epochs.reshape(-1)}, 100)
    assert np.mean(~quality.channels["C4-M1"].usable) < 0.01
