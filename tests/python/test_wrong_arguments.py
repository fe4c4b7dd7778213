"""An argument of a wrong type is refused in one sentence that names it and what the call takes."""

from __future__ import annotations

import numpy as np
import pytest

import eegvlm
from eegvlm.errors import InputError, WrongTypeError

SAMPLES = {"C4-M1": np.zeros(12_800)}


@pytest.mark.parametrize(
    ("data", "options", "sentence"),
    [
        (SAMPLES, {"sfreq": 128, "channels": "C4"}, "channels: str; give a dict of panels"),
        (SAMPLES, {"sfreq": "128"}, "sfreq: str; give a number of samples a second"),
        ({3: SAMPLES["C4-M1"]}, {"sfreq": 128}, "label: int; name each array by the label of its channel"),
        (SAMPLES, {"sfreq": 128, "model": 5}, "model: int; give a packaged model's name"),
    ],
)
def test_a_call_says_what_it_takes(data, options, sentence):
    with pytest.raises(WrongTypeError, match=sentence):
        eegvlm.stage(data, **options)


def test_samples_that_are_no_numbers_are_refused_by_their_label():
    with pytest.raises(InputError, match="samples of 'C4-M1': str; give numbers in microvolt"):
        eegvlm.stage({"C4-M1": "abc"}, sfreq=128)


def test_a_hypnogram_is_indexed_by_numbers_and_compared_with_a_hypnogram():
    hypnogram = eegvlm.Hypnogram.from_strings(["W", "N2", "N2"])
    assert hypnogram[np.int64(1)].label == "N2"
    for index in ("a", [1, 2]):
        with pytest.raises(WrongTypeError, match="give the number of an epoch, from 0, or a slice"):
            hypnogram[index]
    with pytest.raises(WrongTypeError, match="other: list; give a Hypnogram"):
        hypnogram.agreement([1, 2])
