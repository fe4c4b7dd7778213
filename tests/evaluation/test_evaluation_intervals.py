"""Bootstrap intervals: over subjects, reproducible, and as wide as subjects differ."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_nights import N2, W, answers, random_night
from scipy.stats import norm, t

from eegvlm.hypnogram.bootstrap import expanded_tail
from eegvlm.lab.evaluation import ConfusionBootstrap, judge, rates
from eegvlm.lab.evaluation.figures import OVERALL
from eegvlm.lab.evaluation.spread import spread
from eegvlm.lab.evaluation.summary import confusions_by_subject


def nights(seed: int, n: int = 12):
    rng = np.random.default_rng(seed)
    return [random_night(rng, subject=f"s{k:02d}", skill=rng.uniform(0.4, 0.95)) for k in range(n)]


@pytest.mark.parametrize("seed", range(8))
def test_every_interval_contains_its_estimate(seed):
    overall = judge(nights(seed)).overall
    for name in OVERALL:
        interval, estimate = overall.intervals[name], getattr(overall.pooled, name)
        assert interval.low <= estimate <= interval.high, name
    for name in ("overconfidence", "brier", "nll"):
        interval, estimate = overall.calibration.intervals[name], getattr(overall.calibration, name)
        assert interval.low <= estimate <= interval.high, name


def test_the_interval_is_what_resampling_one_by_one_gives():
    _, by_subject = confusions_by_subject(nights(0, 6))
    bootstrap = ConfusionBootstrap(resamples=300, seed=3)
    kappas = []
    for weights in bootstrap.weights(6):
        drawn = np.repeat(np.arange(6), weights)
        assert len(drawn) == 6
        kappas.append(rates(by_subject[drawn].sum(axis=0))["kappa"])
    interval = bootstrap.of_confusions(by_subject)["kappa"]
    tail = norm.cdf(np.sqrt(6 / 5) * t.ppf(0.025, 5))
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(kappas, (tail, 1 - tail))))


def test_intervals_of_few_subjects_contain_the_truth_as_often_as_they_say():
    rng, contained = np.random.default_rng(0), 0
    for study in range(400):
        means = rng.normal(0.0, 1.0, 6)
        interval = ConfusionBootstrap(seed=study).of_means({"mean": means}, np.ones(6))["mean"]
        contained += interval.low <= 0.0 <= interval.high
    assert 0.92 < contained / 400 < 0.98, "plain percentiles contain it in 0.86"


def test_the_tail_of_many_subjects_is_that_of_plain_percentiles():
    assert expanded_tail(2) < expanded_tail(5) < expanded_tail(20) < 0.025
    assert expanded_tail(5) == pytest.approx(0.00096, abs=1e-5)
    assert expanded_tail(10**6) == pytest.approx(0.025, abs=1e-6)


def test_the_accuracy_of_two_subjects_lies_between_theirs():
    # drawn twice the first, twice the second, or both: a quarter, a quarter, a half
    one = answers([W, W, W, W], [W, W, W, W], subject="a")
    other = answers([W, W, W, W], [W, N2, N2, N2], subject="b")
    interval = judge([one, other]).overall.intervals["accuracy"]
    assert (interval.low, interval.high) == (0.25, 1.0)


def test_all_nights_of_a_subject_are_drawn_together():
    same = [answers([W, N2], [W, N2], subject="a", night=f"a{k}") for k in range(5)]
    same += [answers([W, N2], [N2, W], subject="b", night=f"b{k}") for k in range(5)]
    interval = judge(same).overall.intervals["accuracy"]
    assert (interval.low, interval.high) == (0.0, 1.0), "ten nights, but only two subjects"


def test_the_seed_decides_and_the_order_of_the_nights_does_not():
    some = nights(1)
    intervals = judge(some).overall.intervals
    assert judge(some[::-1]).overall.intervals == intervals
    assert judge(some, bootstrap=ConfusionBootstrap(seed=1)).overall.intervals != intervals


def test_one_subject_has_no_interval_and_is_told_so():
    overall = judge(nights(0, 1)).overall
    assert overall.intervals == {}
    assert overall.calibration.intervals == {}
    assert any("one subject" in note for note in overall.notes)


def test_few_subjects_are_told():
    assert any("3 subjects" in note for note in judge(nights(0, 3)).overall.notes)
    assert not any("subjects:" in note for note in judge(nights(0, 5)).overall.notes)


def test_a_system_does_not_differ_from_itself():
    _, by_subject = confusions_by_subject(nights(2))
    difference = ConfusionBootstrap().of_difference(by_subject, by_subject)
    assert difference.estimate == 0
    assert (difference.interval.low, difference.interval.high) == (0, 0)


def test_drawing_subjects_together_narrows_the_difference():
    # the second system errs in the same epochs and in one more of every night
    ours, theirs = [], []
    rng = np.random.default_rng(0)
    for k in range(12):
        truth = rng.integers(0, 5, 100)
        given = np.where(rng.random(100) < rng.uniform(0.3, 1.0), truth, (truth + 1) % 5)
        worse = given.copy()
        worse[np.flatnonzero(given == truth)[:2]] += 1
        ours.append(answers(truth, given, subject=f"s{k:02d}"))
        theirs.append(answers(truth, worse % 5, subject=f"s{k:02d}"))
    (_, a), (_, b) = confusions_by_subject(ours), confusions_by_subject(theirs)
    bootstrap = ConfusionBootstrap()
    difference = bootstrap.of_difference(a, b, "accuracy")
    assert difference.estimate == pytest.approx(0.02)
    assert difference.interval.low > 0
    alone = bootstrap.of_confusions(a)["accuracy"]
    assert difference.interval.high - difference.interval.low < 0.1 * (alone.high - alone.low)


def test_a_figure_that_is_undefined_in_every_resample_has_no_interval():
    some = [answers([W, W], [W, W], subject=subject) for subject in "ab"]
    assert "kappa" not in judge(some).overall.intervals


def test_spread_over_subjects_by_hand():
    described = spread([0.1, 0.5, None, 0.2, 0.4, 0.3])
    assert (described.subjects, described.median, described.minimum, described.maximum) == (5, 0.3, 0.1, 0.5)
    assert (described.q25, described.q75) == pytest.approx((0.2, 0.4))
    assert described.iqr == pytest.approx(0.2)
    assert spread([None]) is None
