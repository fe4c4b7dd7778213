"""From a path to a recording."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from eegvlm.errors import check_is_path
from eegvlm.signals.edf import open_edf
from eegvlm.signals.mne_source import is_mne_format, open_with_mne
from eegvlm.signals.recording import Recording


def read_recording(
    path: str | os.PathLike[str], channels: Mapping[str, str | Sequence[str]] | None = None
) -> Recording:
    """Open a recording.

    EDF, EDF+C, EDF+D and BDF are recognised by their content, under whatever name. Other formats are
    recognised by their name and read through MNE, an optional extra. Samples stay in the file until they are
    asked for.

    Parameters
    ----------
    path
        The file.
    channels
        The user's choice, ahead of the alias table: from a modality (``eeg``, ``eog``, ``emg``, ``ecg``) or a
        role (``eog_left``, ...) to a label in the file, to ``A-B`` (label A against label B), or to several
        of these.

    Returns
    -------
    Recording
        With what was matched, derived and found odd in ``channels`` and ``problems``.

    Raises
    ------
    RecordingError
        Where the file cannot be staged truthfully; the sentence names file, field and remedy.
    WrongTypeError
        Where it is given no path.

    Examples
    --------
    >>> recording = read_recording("night.edf", channels={"eeg": "Fpz-Cz"})  # doctest: +SKIP
    """
    check_is_path(path, "read_recording", "Recording.from_mne takes an mne.io.Raw, Recording.from_arrays takes arrays")
    file = Path(path)
    if is_mne_format(file) and file.exists():
        return Recording.from_source(open_with_mne(file), channels)
    return Recording.from_source(open_edf(file), channels)
