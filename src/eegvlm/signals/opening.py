"""Whatever a recording comes as in Python: a file, MNE's ``Raw``, arrays, or a :class:`.Recording` that is open."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt

from eegvlm.errors import WrongTypeError, check_type
from eegvlm.signals.problems import RecordingError
from eegvlm.signals.reading import read_recording
from eegvlm.signals.recording import Recording


class RawLike(Protocol):
    """What is used of an ``mne.io.BaseRaw``, so that MNE need not be installed."""

    @property
    def ch_names(self) -> list[str]: ...  # noqa: D102
    @property
    def n_times(self) -> Any: ...  # noqa: D102
    @property
    def annotations(self) -> Any: ...  # noqa: D102


RecordingLike: TypeAlias = str | os.PathLike[str] | Recording | RawLike | Mapping[str, npt.ArrayLike]
"""A file, an open recording, an ``mne.io.BaseRaw``, or arrays in microvolt by the labels of their channels."""


def open_recording(
    data: RecordingLike,
    *,
    sfreq: float | None = None,
    channels: Mapping[str, str | Sequence[str]] | None = None,
    call: str = "signals.open_recording",
) -> Recording:
    """Open a recording, whatever it comes as.

    Parameters
    ----------
    data
        A path; an ``mne.io.BaseRaw``; ``{label: samples}`` with samples (n,) in microvolt, NaN where there is a gap; or
        a :class:`Recording`, which is returned as it is.
    sfreq
        Samples per second of arrays; given with arrays alone.
    channels
        The user's choice of channels, as in :func:`eegvlm.signals.read_recording`.
    call
        The function of :mod:`eegvlm` that the user called, for the error.

    Raises
    ------
    WrongTypeError
        If it is nothing of that kind; the sentence says which call takes it.
    RecordingError
        If the recording cannot be used, or ``sfreq`` is missing or out of place.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(0, 20, 6000)
    >>> open_recording({"C4-M1": noise}, sfreq=100).n_epochs
    2
    """
    check_type(channels, Mapping | None, call, "channels", "give a dict of panels: channels={'eeg': 'C4-M1'}")
    check_type(sfreq, Real | None, call, "sfreq", "give a number of samples a second: sfreq=100")
    if isinstance(data, Mapping):
        for label in data:
            check_type(label, str, call, "label", "name each array by the label of its channel: 'C4-M1'")
        if sfreq is None:
            raise RecordingError("<arrays>", "sfreq", "not given", "say how many samples a second they have: sfreq=100")
        return Recording.from_arrays({label: (samples, sfreq) for label, samples in data.items()}, channels=channels)
    if sfreq is not None:
        raise RecordingError(f"eegvlm.{call}", "sfreq", sfreq, "leave it out: this recording states its own rates")
    if isinstance(data, str | os.PathLike):
        return read_recording(data, channels)
    if isinstance(data, Recording):
        if channels:
            hint = "choose channels where the recording is opened: read_recording(path, channels=...)"
            raise RecordingError(f"eegvlm.{call}", "channels", dict(channels), hint)
        return data
    if _is_raw(data):
        return Recording.from_mne(data, channels)
    raise WrongTypeError.of(call, "data", data, _other_call(data))


def _is_raw(data: object) -> bool:
    mne = sys.modules.get("mne")  # who holds a Raw has imported it
    return mne is not None and isinstance(data, mne.io.BaseRaw)


def _other_call(data: object) -> str:
    """Say what takes an object that is no recording."""
    kind = type(data)
    if callable(getattr(data, "recording", None)):
        return "give its recording: .recording()"
    if kind.__module__.split(".")[0] == "mne":
        return "give the mne.io.Raw that it was made of: a night is staged as a whole"
    if kind.__name__ == "Hypnogram":
        return "it is a scoring already: use its methods, such as .statistics(), or give the recording"
    if hasattr(data, "shape"):
        return "name its channels: {'C4-M1': samples in microvolt}, sfreq=100"
    return "give a path, an mne.io.Raw, a Recording, or {label: samples in microvolt} with sfreq"
