"""A recording in Python to a staged night, in one call; ``eegvlm.stage`` is its function."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eegvlm.errors import check_type
from eegvlm.signals import RecordingLike, choose_lights, open_recording
from eegvlm.staging.explaining import Explain
from eegvlm.staging.night import StagedNight
from eegvlm.staging.stager import Stager


def stage(
    data: RecordingLike,
    *,
    sfreq: float | None = None,
    channels: Mapping[str, str | Sequence[str]] | None = None,
    model: str | Path | Stager = "nano",
    explain: Explain | None = None,
    lights_off: str | None = None,
    lights_on: str | None = None,
    device: str = "auto",
) -> StagedNight:
    """Stage a recording: hypnogram, probabilities, measured events, reasons.

    Nothing is written; :meth:`.StagedNight.write` writes the files of ``eegvlm stage``.

    Parameters
    ----------
    data
        A path; an ``mne.io.BaseRaw``; ``{label: samples}`` with samples (n,) in microvolt; or an open
        :class:`eegvlm.signals.Recording`.
    sfreq
        Samples per second of arrays.
    channels
        The user's choice of channels, as in :func:`eegvlm.signals.read_recording`.
    model
        Name of a packaged model, a checkpoint folder, ``owner/name`` on the Hub, or a :class:`Stager` that is loaded
        already, which saves the loading where many nights are staged.
    explain
        Which epochs get reasons: ``"none"``, ``"uncertain"`` or ``"all"``; None: the uncertain ones, where the model
        gives reasons.
    lights_off, lights_on
        Clock time (``"22:41"``) or seconds after the recording's start; None: the recording's own markers.
    device
        Where a model that is loaded here runs: ``"auto"``, ``"cpu"``, ``"cuda"`` ...

    Raises
    ------
    WrongTypeError
        If ``data`` is no recording; the sentence says which call takes it.
    InputError
        If the recording or an argument cannot be used.

    Examples
    --------
    >>> import eegvlm
    >>> night = eegvlm.stage("night.edf")                    # doctest: +SKIP
    >>> night.hypnogram.statistics().tst_min                 # doctest: +SKIP
    """
    hint = "give a packaged model's name, a checkpoint folder, owner/name on the Hub, or a Stager"
    check_type(model, str | os.PathLike | Stager, "stage", "model", hint)
    recording = open_recording(data, sfreq=sfreq, channels=channels, call="stage")
    lights = choose_lights(recording, lights_off, lights_on)
    stager = model if isinstance(model, Stager) else Stager.from_pretrained(model, device=device)
    return replace(stager.stage(recording, explain=stager.explained(explain), measure=True), lights=lights)
