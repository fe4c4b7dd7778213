"""The annotations of an EDF+ or BDF+ file about lights.

Annotations lie in the data records as time-stamped lists: onset, duration, texts, each list ended by a zero byte
(Kemp & Olivan 2003, section 2.2.2). Only texts about lights are kept; any other may say anything of the patient.
"""

from __future__ import annotations

import re

from eegvlm.signals.lights import LightsMarker, lights_marker

_LIST = re.compile(rb"([+-]\d{1,9}(?:\.\d*)?)(?:\x15\d*(?:\.\d*)?)?\x14([^\0]+)")


def lights_markers_in(raw: bytes, offset_s: float) -> list[LightsMarker]:
    """Find the markers of lights in the bytes of annotation signals.

    Parameters
    ----------
    raw
        One or more data records' worth of an annotation signal, whole records.
    offset_s
        Onset of the recording's first sample, which annotations do not count from.

    Returns
    -------
    list of LightsMarker
        In file order, in seconds after the recording's first sample.
    """
    markers = []
    for annotation in _LIST.finditer(raw):
        for text in annotation[2].split(b"\x14"):
            if text and (marker := lights_marker(round(float(annotation[1]) - offset_s, 6), _decoded(text))):
                markers.append(marker)
    return markers


def _decoded(text: bytes) -> str:
    """Decode UTF-8, as the standard asks for, or Latin-1, which older recorders write."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
