"""The deletion test: what is blanked, and what the ratio says of models that look and of one that does not."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reasoned_epochs import CONTEXT, EEG, epoch, judged, words
from scipy.special import softmax

from eegvlm.hypnogram import Stage
from eegvlm.lab.evaluation import ConfusionBootstrap
from eegvlm.lab.evaluation.deletion import Deletion, delete_cited, deletion_rows, drop_ratio
from eegvlm.lab.evaluation.segments import blank, chance_segments, cited, cites_a_place, widened
from eegvlm.reasoning import Claim, parse
from eegvlm.signals import Role

RATE = 100
DRAWS = ConfusionBootstrap(resamples=200)


class HandMadeProbe:
    """A night of theta with spindles at known places, and a model made by hand that reads its panels."""

    def __init__(self, onsets, model) -> None:
        time = np.arange(30 * RATE) / RATE
        eeg = np.tile(10 * np.sin(2 * np.pi * 6 * time), (len(onsets), 1))
        for row, some in zip(eeg, onsets, strict=True):
            for at in some:
                inside = (time >= at) & (time < at + 1)
                row[inside] += 60 * np.sin(2 * np.pi * 13 * time[inside])
        self.signals = {"eeg": eeg.astype(np.float32), "emg": np.ones((len(onsets), 30 * RATE), np.float32)}
        roles = {"eeg": (EEG, Role.EEG_CENTRAL), "emg": ("EMG", Role.EMG_CHIN)}
        self.channels = {panel: SimpleNamespace(name=name, role=role) for panel, (name, role) in roles.items()}
        self.measured = SimpleNamespace(evidence=SimpleNamespace(findings=[epoch(*seconds) for seconds in onsets]))
        self.model, self.seen = model, []

    def signals_of(self, epochs):
        return {name: some[epochs] for name, some in self.signals.items()}

    def read(self, epochs, signals):
        self.seen.append({name: some.copy() for name, some in signals.items()})
        n2 = np.array([self.model(row) for row in signals["eeg"]], np.float32)
        logits = np.zeros((len(epochs), 5), np.float32)
        logits[:, Stage.N2] = n2
        return logits


def sees_spindles(eeg) -> float:
    return float((np.abs(eeg) > 30).sum()) / 20


def sees_everything(eeg) -> float:
    return float((np.abs(np.diff(eeg, 2)) > 0.01).sum()) / 1000


def ignores_the_picture(eeg) -> float:
    return 1.0


def delete_in(model, onsets, texts=None):
    probe = HandMadeProbe(onsets, model)
    epochs = np.arange(len(onsets))
    findings_of_epochs = probe.measured.evidence.findings
    texts = texts or [words(findings) for findings in findings_of_epochs]
    read = [judged(text, findings=findings)[0] for text, findings in zip(texts, findings_of_epochs, strict=True)]
    logits = probe.read(epochs, probe.signals)
    probe.seen.clear()

    def probabilities(some):
        return softmax(some.astype(np.float64), axis=1)

    rng = np.random.default_rng(0)
    return probe, delete_cited(probe, epochs, read, [CONTEXT] * len(texts), logits, probabilities, rng)


def ratio(model, onsets=((3.0,), (7.0, 20.0), (12.0,), ())):
    _, done = delete_in(model, onsets)
    (whole, spindles) = deletion_rows([done.deletions], DRAWS)
    assert (whole.claims, spindles.kind) == (3, "spindle")
    return whole


def test_a_model_that_looks_at_spindles_loses_its_stage_with_them_and_not_with_other_segments():
    whole = ratio(sees_spindles)
    assert whole.cited.value > 0.2
    assert whole.chance.value < 0.001
    assert whole.difference.value == pytest.approx(whole.cited.value - whole.chance.value)


def test_a_model_for_which_every_second_counts_alike_has_a_ratio_near_one():
    assert ratio(sees_everything).ratio.value == pytest.approx(1, abs=0.15)


def test_a_model_that_ignores_the_picture_has_a_ratio_of_one():
    whole = ratio(ignores_the_picture)
    assert (whole.cited.value, whole.chance.value, whole.ratio.value) == (0, 0, 1)


def test_the_ratio_is_undefined_where_only_chance_segments_leave_the_stage_alone():
    sums = np.array([[0.6, 0.2, 2], [0.6, 0.0, 2], [0.6, -0.2, 2], [0.0, 0.0, 2], [0.0, 0.2, 2], [0, 0, 0]])
    assert drop_ratio(sums) == pytest.approx([3, np.nan, np.nan, 1, 0, np.nan], nan_ok=True)


def test_what_counted_events_are_blanked_all_of_them_and_only_in_their_channel():
    probe, done = delete_in(sees_spindles, [(3.0, 20.0)])
    assert len(done.deletions) == 1
    (seen,) = probe.seen
    assert np.array_equal(seen["emg"], np.ones_like(seen["emg"]))
    touched = (seen["eeg"] != probe.signals["eeg"][0]).reshape(4, 30, RATE).any(axis=2)
    assert np.flatnonzero(touched[0]).tolist() == [2, 3, 4, 19, 20, 21]
    assert not touched[1:, [3, 20]].any()


def test_only_confirmed_claims_of_rationales_that_agree_with_the_direct_answer_are_tested():
    lie = words(epoch(25.0))
    another = words(epoch(3.0), Stage.N1)
    assert len(delete_in(sees_spindles, [(3.0,)])[1].deletions) == 1
    assert delete_in(sees_spindles, [(3.0,)], [lie])[1].deletions == ()
    assert delete_in(sees_spindles, [(3.0,)], [another])[1].deletions == ()


def test_claims_beside_which_equal_segments_do_not_fit_are_counted():
    _, done = delete_in(sees_spindles, [tuple(np.arange(0.0, 30.0, 1.5))])
    assert (len(done.deletions), done.without_room) == (0, 1)


def test_the_ratio_has_an_interval_over_subjects():
    some = [Deletion("spindle", 0.3, 0.1), Deletion("spindle", 0.2, 0.1)]
    other = [Deletion("spindle", 0.1, 0.1)]
    (one, _), (two, _) = deletion_rows([some], DRAWS), deletion_rows([some, other], DRAWS)
    assert (one.ratio.value, one.ratio.interval) == (pytest.approx(2.5), None)
    assert two.ratio.value == pytest.approx(2)
    assert (two.ratio.interval.low, two.ratio.interval.high) == (pytest.approx(1), pytest.approx(2.5))


@pytest.mark.parametrize(
    ("sentence", "does"),
    [
        ("A spindle of 13 Hz starts at 3 s on the EEG.", True),
        ("Slow eye movements run from 0 s to 30 s.", False),
        ("Blinks number 3, the first at 0 s.", True),
        ("Slow waves over 75 µV fill 5 % of the epoch on the EEG.", False),
        ("No spindle or K-complex is seen.", False),
        ("Movement hides 5 s of the epoch.", False),
    ],
)
def test_a_claim_cites_a_place_where_it_says_when(sentence, does):
    assert [cites_a_place(claim) for claim in parse(sentence).claims][:1] == [does]


def test_the_event_nearest_to_the_place_is_meant_and_all_where_they_are_counted():
    spindles = epoch(3.0, 8.0, 20.0)[3:]
    one = Claim("spindle", "EEG", start_s=8.0, value=13.0, unit="Hz")
    assert cited(one, spindles) == [spindles[1]]
    assert cited(Claim("spindle", "EEG", start_s=3.0, count=3), spindles) == spindles
    assert widened(spindles[1]) == pytest.approx((7.8, 9.2))


@given(
    st.lists(st.floats(0.2, 4), min_size=1, max_size=5),
    st.lists(st.tuples(st.floats(0, 29), st.floats(0.1, 6)), max_size=6),
    st.integers(0, 2**32),
)
def test_chance_segments_are_as_long_and_touch_neither_what_is_taken_nor_each_other(lengths, taken, seed):
    taken = [(start, min(start + length, 30.0)) for start, length in taken]
    drawn = chance_segments(lengths, taken, np.random.default_rng(seed))
    if drawn is None:
        return
    assert sorted(stop - start for start, stop in drawn) == pytest.approx(sorted(lengths))
    edges = sorted([*drawn, *taken])
    for start, stop in drawn:
        assert 0 <= start <= stop <= 30 + 1e-9
        others = [one for one in edges if one != (start, stop)]
        assert all(stop <= first + 1e-9 or start >= last - 1e-9 for first, last in others)


def test_chance_segments_that_do_not_fit_are_none():
    assert chance_segments([3.0], [(0.0, 14.0), (16.0, 30.0)], np.random.default_rng(0)) is None


def test_blanking_draws_a_straight_line_between_the_ends():
    signal = np.random.default_rng(0).standard_normal(30 * RATE).astype(np.float32)
    before = signal.copy()
    blank(signal, [(0.0, 1.0), (10.0, 12.0)])
    assert np.array_equal(signal[100:1000], before[100:1000])
    assert np.array_equal(signal[1200:], before[1200:])
    assert (signal[:100] == before[100]).all()
    assert np.diff(signal[1000:1200]) == pytest.approx((before[1200] - before[999]) / 199, abs=1e-5)
