"""Splits that publications use, by name.

Publications seldom say which person was in which fold. What a protocol fixes here is what they do say: which persons
take part, how many folds there are, how many persons validate. Who is in which fold then follows from seed 0 and is
this package's own; where a publication does name its persons, these are used. Leave-one-subject-out needs no list.
Which of the numbers were checked against a publication's text or code is said in ``docs/datasets.md``.

Not covered: lists that are distributed as files of other programs (XSleepNet's and IITNet's), and SHHS cut down to
regular sleepers (Eldele et al. 2021), which takes the study's table of covariates.

References
----------
Supratak et al. 2017, DeepSleepNet, IEEE Trans. Neural Syst. Rehabil. Eng. 25(11):1998-2008 (Sleep-EDF-20, MASS SS3).
Supratak & Guo 2020, TinySleepNet, EMBC, 641-644 (a tenth of the training subjects validates).
Phan et al. 2019, SeqSleepNet, IEEE Trans. Neural Syst. Rehabil. Eng. 27(3):400-410 (MASS).
Phan et al. 2022, XSleepNet, IEEE Trans. Pattern Anal. Mach. Intell. 44(9):5903-5915 (Sleep-EDF-20 and -78, SHHS).
Jia et al. 2021, MSTGCN, IEEE Trans. Neural Syst. Rehabil. Eng. 29:1977-1986 (ISRUC subgroup III).
Wang et al. 2025, CBraMod, ICLR (ISRUC subgroup I).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.splits import Split, hold_out, in_order, leave_one_subject_out, split_by_subject

Splits = tuple[Split, ...]


@dataclass(frozen=True)
class Protocol:
    """A way of splitting that publications share.

    Parameters
    ----------
    summary
        What is fixed, and by whom.
    split
        From the nights of the data set to the splits.
    validation
        How many of the persons that are not tested validate; below 1 a share of them. 0: the splits name them.
    datasets
        Whose nights it divides; those of any data set where empty.
    """

    summary: str
    split: Callable[[Sequence[Night]], Splits]
    validation: float
    datasets: tuple[str, ...] = ()

    def covers(self, night: Night) -> bool:
        """Tell whether a night is of a data set that is divided."""
        return not self.datasets or night.dataset in self.datasets


def _sleep_edf_20(nights: Sequence[Night]) -> Splits:
    subjects = {f"SC4{number:02d}" for number in range(20)}
    chosen = [night for night in nights if night.subject in subjects]
    missing = sorted(subjects - {night.subject for night in chosen})
    if missing:
        raise DatasetError("sleep-edf-20", "subjects", f"without {', '.join(missing)}", "complete the data set first")
    return leave_one_subject_out(chosen)


def _in_folds(nights: Sequence[Night], *, protocol: str, persons: int, folds: int, beginning: str = "") -> Splits:
    """Divide the persons whose names begin so."""
    chosen = [night for night in nights if night.subject.startswith(beginning)]
    _check_count(protocol, chosen, persons)
    return split_by_subject(chosen, folds=folds, seed=0)


def _isruc_1(nights: Sequence[Night]) -> Splits:
    numbered = {f"I-{number}": number for number in range(1, 101)}
    chosen = {numbered[night.subject]: night for night in nights if night.subject in numbered}
    _check_count("isruc-1", list(chosen.values()), 100)
    train, test, validation = (
        tuple(chosen[number] for number in range(first, stop)) for first, stop in ((1, 81), (91, 101), (81, 91))
    )
    return (Split("subjects 1 to 80, 81 to 90, 91 to 100", train, test, validation),)


def _isruc_3(nights: Sequence[Night]) -> Splits:
    chosen = [night for night in nights if night.subject.startswith("III-")]
    _check_count("isruc-3", chosen, 10)
    return leave_one_subject_out(chosen)


def _shhs(nights: Sequence[Night]) -> Splits:
    first = [night for night in nights if night.name.startswith("shhs1-")]
    return (replace(hold_out(first, share=0.3, seed=0), name="70 to 30 by subject, visit 1, seed 0"),)


def _five_of_eighty_twenty(nights: Sequence[Night]) -> Splits:
    return tuple(hold_out(nights, share=0.2, seed=seed) for seed in range(5))


_OWN = "publications do not list the folds, so they are this package's own"

PROTOCOLS: Mapping[str, Protocol] = {
    "sleep-edf-20": Protocol(
        "Sleep-EDF cassette, subjects 00 to 19, leave one subject out (20 folds), 4 of the others validate",
        _sleep_edf_20,
        4,
        ("sleep-edf",),
    ),
    "sleep-edf-78": Protocol(
        f"Sleep-EDF cassette, all 78 subjects, 10 folds by subject, 7 of the others validate; {_OWN}",
        partial(_in_folds, protocol="sleep-edf-78", persons=78, folds=10, beginning="SC4"),
        7,
        ("sleep-edf",),
    ),
    "mass": Protocol(
        f"MASS SS1 to SS5, 200 subjects, 20 folds by subject, 10 of the others validate; {_OWN}",
        partial(_in_folds, protocol="mass", persons=200, folds=20),
        10,
        ("mass",),
    ),
    "mass-ss3": Protocol(
        f"MASS SS3, 62 subjects, 31 folds of two subjects, a tenth of the others validates; {_OWN}",
        partial(_in_folds, protocol="mass-ss3", persons=62, folds=31, beginning="01-03-"),
        0.1,
        ("mass",),
    ),
    "isruc-1": Protocol(
        "ISRUC subgroup I, subjects 1 to 80 for training, 81 to 90 for validation, 91 to 100 for the test",
        _isruc_1,
        0,
        ("isruc",),
    ),
    "isruc-1-10fold": Protocol(
        f"ISRUC subgroup I, 100 subjects, 10 folds by subject, a tenth of the others validates; {_OWN}",
        partial(_in_folds, protocol="isruc-1-10fold", persons=100, folds=10, beginning="I-"),
        0.1,
        ("isruc",),
    ),
    "isruc-3": Protocol(
        "ISRUC subgroup III, 10 subjects, leave one subject out (10 folds), one of the others validates",
        _isruc_3,
        1,
        ("isruc",),
    ),
    "shhs": Protocol(
        f"SHHS visit 1, 70 % of the subjects for training and 30 % for the test, 100 of the former validate; {_OWN}",
        _shhs,
        100,
        ("shhs",),
    ),
    "5x80-20": Protocol(
        "any data set, 80 % of the subjects for training and 20 % for the test, five seeds, a tenth of the former "
        "validates",
        _five_of_eighty_twenty,
        0.1,
    ),
}


def published_splits(nights: Iterable[Night], protocol: str) -> Splits:
    """Split as publications do.

    Parameters
    ----------
    nights
        Of the data set that the protocol is for, all of them; those of other data sets are in no part.
    protocol
        One of :data:`PROTOCOLS`.

    Returns
    -------
    tuple of Split
        Validation is empty but for a protocol that names its persons; :func:`.splits.with_validation` fills it.

    Raises
    ------
    DatasetError
        Where there is no such protocol, or the nights are not complete enough for it.
    """
    if protocol not in PROTOCOLS:
        raise DatasetError("split", "protocol", protocol, f"choose one of {', '.join(PROTOCOLS)}")
    chosen = PROTOCOLS[protocol]
    return chosen.split([night for night in in_order(nights) if chosen.covers(night)])


def _check_count(protocol: str, nights: Sequence[Night], expected: int) -> None:
    persons = len({night.person for night in nights})
    if persons != expected:
        hint = f"the protocol has {expected}; complete the data set first"
        raise DatasetError(protocol, "subjects", persons, hint)
