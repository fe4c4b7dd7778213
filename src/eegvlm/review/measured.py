"""What is measured on a night when the page asks for it: a spectrogram, and the findings of each epoch."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.report.details import epoch_details
from eegvlm.report.spectrogram import column_powers, column_seconds, draw_spectrogram
from eegvlm.review.montage import MontageRow
from eegvlm.scoring import TABLE
from eegvlm.signals import Recording

_SPECTROGRAM_HZ = 64.0
_BLOCK = 128


def spectrogram(recording: Recording, plus: str, minus: str = "") -> dict[str, Any]:
    """Return the spectrogram of one signal, or of one against another, as a PNG in base64.

    Raises
    ------
    ReviewError
        If the file has no such signal.
    """
    channel = MontageRow(plus, plus, (minus,) if minus else ()).channel(recording)
    seconds = column_seconds(recording.n_epochs)
    powers = []
    for first in range(0, recording.n_epochs, _BLOCK):
        count = min(_BLOCK, recording.n_epochs - first)
        epochs = recording.epochs(channel, rate=_SPECTROGRAM_HZ, first=first, count=count)
        powers.append(column_powers(epochs, _SPECTROGRAM_HZ, seconds))
    drawn = draw_spectrogram(np.concatenate(powers), _SPECTROGRAM_HZ)
    if drawn is None:
        return {"image": None}
    return {"image": drawn.image, "highest_hz": drawn.highest_hz, "low_db": drawn.low_db, "high_db": drawn.high_db}


class MeasuredDetails:
    """The findings of every epoch, measured once in the background as the model's evidence is.

    Parameters
    ----------
    recording
        The night.
    hypnogram
        The model's: its neighbours' stages decide between rules.
    layout
        Name of the layout in which the model saw the night.
    """

    def __init__(self, recording: Recording, hypnogram: Hypnogram, layout: str) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="findings")
        self._details: Future[list[dict[str, Any]]] = self._worker.submit(_measure, recording, hypnogram, layout)

    def close(self) -> None:
        """Give up what has not begun."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def to_dict(self) -> dict[str, Any]:
        """Return ``ready``, then ``epochs``, what the report shows of each (``found``), and ``rules``; or ``error``."""
        if not self._details.done():
            return {"ready": False, "epochs": []}
        error = self._details.exception()
        if isinstance(error, InputError):
            return {"ready": True, "epochs": [], "error": str(error)}
        return {"ready": True, "epochs": self._details.result(), "rules": {rule.id: rule.text for rule in TABLE.rules}}


def _measure(recording: Recording, hypnogram: Hypnogram, layout: str) -> list[dict[str, Any]]:
    from eegvlm.evidence.measuring import measure_night
    from eegvlm.images import PreparedNight, load_layout

    evidence = measure_night(PreparedNight.read(recording, load_layout(layout)))
    return epoch_details(hypnogram, evidence, None)
