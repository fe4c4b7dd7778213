"""``import eegvlm``: what it offers, and what it does not wait for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import eegvlm
from eegvlm.errors import InputError

_HEAVY = ("torch", "transformers", "mne", "pandas", "matplotlib", "scipy", "numpy", "huggingface_hub")


def _imported_after(code: str) -> set[str]:
    """Return which of the heavy packages a fresh interpreter has imported after some code."""
    script = f"import sys\n{code}\nprint(*(name for name in {_HEAVY} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_import_alone_waits_for_no_other_package():
    assert _imported_after("import eegvlm") == set()


def test_a_hypnogram_needs_numpy_and_nothing_else():
    assert _imported_after("import eegvlm; eegvlm.Hypnogram.from_strings(['W', 'N2']).statistics()") == {"numpy"}


def test_public_names_alone_are_listed():
    import eegvlm.model  # a sub-package that was imported is none of the names either

    assert dir(eegvlm) == sorted(eegvlm.__all__)


def test_every_public_name_is_there_and_listed():
    for name in eegvlm.__all__:
        assert getattr(eegvlm, name) is not None
        assert name in dir(eegvlm)
    with pytest.raises(AttributeError, match="no attribute 'stager'"):
        eegvlm.stager  # noqa: B018


@pytest.mark.parametrize(
    ("call", "given", "words"),
    [
        ("stage", 3, "give a path, an mne.io.Raw, a Recording, or {label: samples in microvolt} with sfreq"),
        ("measure", np.zeros(3000), "name its channels"),
        ("read_recording", {"C4-M1": np.zeros(3000)}, "Recording.from_arrays takes arrays"),
        ("read_hypnogram", ["W", "N2"], "Hypnogram.from_strings"),
    ],
)
def test_a_wrong_type_is_told_which_call_takes_it(call, given, words):
    with pytest.raises(TypeError) as raised:
        getattr(eegvlm, call)(given)
    assert f"eegvlm.{call}" in str(raised.value)
    assert words in str(raised.value)
    assert isinstance(raised.value, InputError)


def test_a_simulated_night_and_a_scoring_are_told_what_to_give():
    night = eegvlm.simulate_night(hours=0.02, channels=["EEG C4-M1"])
    with pytest.raises(TypeError, match=r"\.recording\(\)"):
        eegvlm.measure(night)
    with pytest.raises(TypeError, match="scoring already"):
        eegvlm.measure(night.hypnogram())


def test_arrays_need_their_sampling_rate_and_files_do_not_take_one(tmp_path):
    with pytest.raises(InputError, match="sfreq=100"):
        eegvlm.measure({"C4-M1": np.zeros(3000)})
    with pytest.raises(InputError, match="states its own rates"):
        eegvlm.measure(tmp_path / "night.edf", sfreq=100)


def test_channels_of_an_open_recording_are_chosen_where_it_is_opened():
    recording = eegvlm.simulate_night(hours=0.02, channels=["EEG C4-M1"]).recording()
    with pytest.raises(InputError, match=r"read_recording\(path, channels=...\)"):
        eegvlm.measure(recording, channels={"eeg": "C4-M1"})
