"""One physiology, any channels, deterministic; and the files it is written to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.lab.simulation import (
    DEFAULT_CHANNELS,
    KNOWN_CHANNELS,
    Carriers,
    Recorder,
    SimulatedNight,
    Subject,
    draw_subject,
    simulate_night,
)

COLUMNS = ["onset", "duration", "trial_type", "channel", "amplitude_uv", "frequency_hz"]


@pytest.fixture(scope="module")
def night() -> SimulatedNight:
    return simulate_night(hours=0.5, seed=6, rate=100)


def test_the_same_seed_gives_the_same_night_to_the_bit_and_another_seed_another(night):
    again, other = simulate_night(hours=0.5, seed=6, rate=100), simulate_night(hours=0.5, seed=7, rate=100)
    for label, signal in night.signals.items():
        assert signal.tobytes() == again.signals[label].tobytes()
        assert signal.tobytes() != other.signals[label].tobytes()
    assert (night.stages == again.stages).all()
    assert (night.events.amplitude_uv == again.events.amplitude_uv).all()


@pytest.mark.parametrize("label", KNOWN_CHANNELS)
def test_a_channel_alone_is_the_same_as_among_others(label):
    together = simulate_night(hours=0.2, seed=3, rate=100, channels=KNOWN_CHANNELS)
    alone = simulate_night(hours=0.2, seed=3, rate=100, channels=[label])
    assert list(alone.signals) == [label]
    assert alone.signals[label].tobytes() == together.signals[label].tobytes()
    mine = together.events.select(channel=label)
    assert mine.onset_s.tolist() == alone.events.onset_s.tolist()
    assert mine.amplitude_uv.tolist() == alone.events.amplitude_uv.tolist()


@pytest.mark.parametrize(("seconds", "first"), [(0, 0), (13.0, 0), (15.0, 0), (17.0, 1), (30, 1), (73.0, 2), (77, 3)])
def test_a_recorder_that_starts_later_scores_epochs_by_their_greater_part(night, seconds, first):
    late = night.later(seconds)
    assert len(late.stages) == len(night.stages) - int(np.ceil(seconds / 30))
    assert (late.stages == night.stages[first : first + len(late.stages)]).all()
    assert late.start == night.start + timedelta(seconds=seconds)
    for label, held in late.signals.items():
        begin = round(seconds * night.rate)
        assert len(held) == len(late.stages) * 30 * night.rate
        assert (held == night.signals[label][begin : begin + len(held)]).all()


def test_events_move_with_the_recorder_and_those_before_it_are_gone(night):
    late, ends = night.later(100.0), night.events.onset_s + night.events.duration_s
    assert len(late.events) == (ends > 100).sum() < len(night.events)
    assert late.events.onset_s.min() >= 0
    np.testing.assert_allclose(late.events.onset_s + late.events.duration_s, ends[ends > 100] - 100)


@pytest.mark.parametrize("seconds", [-1.0, 1770.5, 1e6, float("nan")])
def test_a_recorder_that_starts_too_late_is_refused(night, seconds):
    with pytest.raises(InputError, match="whole epoch"):
        night.later(seconds)


def test_the_truth_does_not_depend_on_the_sampling_rate():
    slow, fast = (simulate_night(hours=0.3, seed=8, rate=rate, channels=["EEG Fpz-Cz"]) for rate in (100, 256))
    assert (slow.stages == fast.stages).all()
    kinds = ("spindle", "k_complex", "blink", "theta_burst")
    for kind in kinds:
        a, b = slow.events.select(kind=kind), fast.events.select(kind=kind)
        shared = np.isin(a.onset_s, b.onset_s).mean() if len(a) else 1.0
        assert shared > 0.9  # rows near the threshold of the table may differ


def test_signals_are_float32_microvolt_of_whole_epochs_without_gaps(night):
    assert tuple(night.signals) == DEFAULT_CHANNELS
    for signal in night.signals.values():
        assert signal.dtype == np.float32
        assert signal.shape == (60 * 3000,)
        assert np.isfinite(signal).all()
    assert night.epochs("EEG C4-M1").shape == (60, 3000)
    assert 5 < np.median(night.epochs("EEG C4-M1").std(axis=1)) < 80


def test_a_stage_sequence_can_be_given():
    stages = np.array([0, 1, 2, 3, 4, 4, 2])
    night = simulate_night(stages=stages, seed=1, rate=100, channels=["EEG C4-M1"])
    assert night.stages.tolist() == stages.tolist()
    assert night.epochs("EEG C4-M1").shape == (7, 3000)


def test_a_single_epoch_is_a_night():
    night = simulate_night(hours=30 / 3600, seed=1, rate=100)
    assert night.stages.tolist() == [0]


def test_no_seam_shows_where_epochs_meet():
    night = simulate_night(stages=np.full(200, 2), seed=2, rate=100, channels=["EEG C4-M1"], subject=Subject())
    steps = np.abs(np.diff(night.signals["EEG C4-M1"]))
    seams = steps[2999::3000]
    assert np.median(seams) == pytest.approx(np.median(steps), rel=0.35)


def test_leads_close_to_each_other_resemble_each_other_more():
    night = simulate_night(
        stages=np.full(60, 2), seed=2, rate=100, channels=["EEG F4-M1", "EEG C4-M1", "EEG O2-M1"], subject=Subject()
    )
    f, c, o = night.signals.values()
    near, far = np.corrcoef(f, c)[0, 1], np.corrcoef(f, o)[0, 1]
    assert 0.5 < near < 0.97
    assert far < near


def test_polarity_and_gain_of_the_recorder_act_on_the_whole_channel():
    plain = Subject(recorder=Recorder(noise_uv=0))
    turned = replace(plain, recorder=replace(plain.recorder, polarity=-1, gain=2.0))
    a, b = (simulate_night(hours=0.1, seed=1, rate=100, channels=["EEG C4-M1"], subject=s) for s in (plain, turned))
    assert np.allclose(-2 * a.signals["EEG C4-M1"], b.signals["EEG C4-M1"], atol=0.02)
    assert np.allclose(
        2 * a.events.select(kind="blink").amplitude_uv.sum(),
        b.events.select(kind="blink").amplitude_uv.sum(),
        rtol=0.05,
    )


def test_a_low_pass_recorder_has_no_fast_activity():
    sharp = Subject(recorder=Recorder(lowpass_hz=20.0, noise_uv=0))
    nights = [
        simulate_night(hours=0.2, seed=1, rate=128, channels=["EEG C4-M1"], subject=s) for s in (Subject(), sharp)
    ]
    spectra = [np.abs(np.fft.rfft(night.signals["EEG C4-M1"])) ** 2 for night in nights]
    f = np.fft.rfftfreq(len(nights[0].signals["EEG C4-M1"]), 1 / 128)
    fast, slow = (f > 40) & (f < 50), (f > 2) & (f < 8)
    assert spectra[1][fast].mean() < 0.01 * spectra[0][fast].mean()
    assert spectra[1][slow].mean() == pytest.approx(spectra[0][slow].mean(), rel=0.1)


def test_the_filter_of_the_recorder_does_not_depend_on_its_blocks():
    recorder = Recorder(highpass_hz=0.3, lowpass_hz=30)
    signal = np.random.default_rng(0).standard_normal(100 * 2500).astype(np.float32)
    late = recorder.apply(signal[100 * 500 :], 100)
    assert np.allclose(recorder.apply(signal, 100)[100 * 600 :], late[100 * 100 :], atol=5e-3)


def test_non_producers_have_less_alpha_in_wake():
    stages = np.zeros(60, dtype=int)
    powers = []
    for producer in (True, False):
        subject = Subject(alpha_producer=producer, eyes_closed=0.8)
        night = simulate_night(stages=stages, seed=5, rate=100, channels=["EEG O2-M1"], subject=subject)
        spectrum = np.abs(np.fft.rfft(night.epochs("EEG O2-M1"), axis=1)) ** 2
        powers.append(np.median(spectrum[:, 270:330].mean(1)))
    assert powers[0] > 2.5 * powers[1]


def test_drawn_subjects_differ_and_are_reproducible():
    subjects = [draw_subject(seed) for seed in range(60)]
    assert draw_subject(5) == subjects[5]
    assert len({subject.spindle_hz for subject in subjects}) == 60
    assert 0.6 < np.mean([subject.alpha_producer for subject in subjects]) < 0.95
    assert {subject.architecture for subject in subjects} == {"healthy", "apnoea"}
    assert {subject.recorder.polarity for subject in subjects} == {1, -1}
    assert draw_subject(5, architecture="apnoea").architecture == "apnoea"


def test_spread_draws_subjects_closer_to_the_typical_one():
    wide, narrow = ([draw_subject(seed, spread=spread) for seed in range(40)] for spread in (1.0, 0.2))

    def scatter(subjects: list[Subject]) -> float:
        return float(np.std([subject.offsets for subject in subjects], axis=0).mean())

    assert scatter(narrow) == pytest.approx(0.2 * scatter(wide))
    assert [subject.age for subject in narrow] == [subject.age for subject in wide]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"hours": 0}, "hours"),
        ({"hours": float("nan")}, "hours"),
        ({"seed": -1}, "seed"),
        ({"rate": 99.99}, "rate"),
        ({"rate": 5}, "rate"),
        ({"channels": ["EEG Cz"]}, "channels"),
        ({"channels": []}, "channels"),
        ({"channels": ["ECG", "ECG"]}, "channels"),
        ({"stages": np.array([0, 5])}, "stages"),
        ({"stages": np.zeros((2, 2))}, "stages"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(asked, field):
    with pytest.raises(InputError) as caught:
        simulate_night(**asked)
    assert caught.value.field == field
    assert caught.value.hint


def test_carriers_of_another_rate_or_with_gaps_are_refused():
    epochs = np.ones((4, 3840), np.float32)
    with pytest.raises(InputError, match="3000 samples"):
        simulate_night(hours=0.1, rate=100, channels=["EEG C4-M1"], carriers=Carriers(epochs, np.zeros(4, int)))
    with pytest.raises(InputError, match="gaps"):
        Carriers(np.full((4, 3000), np.nan, np.float32), np.zeros(4, int))
    with pytest.raises(InputError, match="two epochs"):
        Carriers(np.ones((1, 3000), np.float32), np.zeros(1, int))


def test_the_file_reads_back_with_its_channels_scoring_and_time(tmp_path):
    import edfio

    night = simulate_night(hours=0.25, seed=9, rate=128, start=datetime(2002, 3, 4, 23, 15, 30))
    night.write(tmp_path / "night.edf")
    held = edfio.read_edf(tmp_path / "night.edf")
    assert [signal.label for signal in held.signals] == list(DEFAULT_CHANNELS)
    for signal in held.signals:
        assert signal.physical_dimension == "uV"
        assert signal.sampling_frequency == 128
        low, high = signal.physical_range
        written = np.clip(night.signals[signal.label], low, high)
        assert np.abs(signal.data - written).max() < 1.01 * (high - low) / 65535
    names = ["W", "N1", "N2", "N3", "R"]
    assert [note.text for note in held.annotations] == [f"Sleep stage {names[s]}" for s in night.stages]
    assert [note.onset for note in held.annotations] == [30.0 * i for i in range(30)]
    assert {note.duration for note in held.annotations} == {30.0}
    assert datetime.combine(held.startdate, held.starttime) == night.start


def test_the_events_table_has_the_columns_of_bids_and_one_line_a_row(tmp_path, night):
    night.write(tmp_path / "n.edf")
    lines = (tmp_path / "n.events.tsv").read_text().splitlines()
    assert lines[0].split("\t") == COLUMNS
    assert len(lines) == 1 + len(night.events)
    onset, duration, kind, channel, size, frequency = lines[1].split("\t")
    assert float(onset) == pytest.approx(night.events.onset_s[0], abs=1e-3)
    assert float(duration) > 0
    assert kind == night.events.kind[0]
    assert channel in DEFAULT_CHANNELS
    assert float(size) >= 3
    assert {line.split("\t")[5] for line in lines[1:] if "\tk_complex\t" in line} <= {"n/a"}
    assert frequency == "n/a" or float(frequency) > 0


def test_a_folder_that_does_not_exist_and_a_wrong_ending_are_named(tmp_path, night):
    with pytest.raises(InputError, match="create it first"):
        night.write(tmp_path / "absent" / "n.edf")
    with pytest.raises(InputError, match=r"\.edf"):
        night.write(tmp_path / "n.txt")


def test_the_night_is_a_recording_and_a_hypnogram(night):
    from eegvlm.signals import Role

    recording = night.recording()
    assert recording.n_epochs == 60
    channel = recording.channel(Role.EEG_CENTRAL)
    assert channel is not None
    assert np.allclose(recording.samples(channel), night.signals["EEG C4-M1"])
    assert recording.channel(Role.EOG_LEFT) is not None
    assert recording.channel(Role.EMG_CHIN) is not None
    hypnogram = night.hypnogram()
    assert hypnogram.stages.tolist() == night.stages.tolist()
    assert hypnogram.start == night.start


def run(monkeypatch, *arguments) -> None:
    from eegvlm.cli.app import main

    monkeypatch.setattr("sys.argv", ["eegvlm", "simulate", *map(str, arguments)])
    main()


def test_the_command_writes_both_files_and_says_what_is_in_them(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as done:
        run(monkeypatch, "--out", tmp_path / "n.edf", "--hours", "0.2", "--rate", "100")
    assert not done.value.code
    assert (tmp_path / "n.edf").stat().st_size > 100_000
    assert (tmp_path / "n.events.tsv").exists()
    printed = capsys.readouterr().out
    assert "24 epochs" in printed
    assert "theta burst" in printed


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--sleeper", "cat"], "--sleeper"),
        (["--hours", "0"], "hours"),
        (["--seed", "-3"], "seed"),
        (["--rate", "1"], "rate"),
    ],
)
def test_the_command_names_an_argument_that_cannot_be_used_in_one_line(tmp_path, monkeypatch, capsys, arguments, named):
    with pytest.raises(SystemExit) as done:
        run(monkeypatch, "--out", tmp_path / "n.edf", *arguments)
    assert done.value.code == 2
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())
