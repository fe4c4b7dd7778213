"""A recording in plain types, for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eegvlm.signals.fingerprint import fingerprint

if TYPE_CHECKING:
    from eegvlm.signals.recording import Recording


def describe(recording: Recording) -> dict[str, Any]:
    """Describe a recording.

    Parameters
    ----------
    recording
        Any recording.

    Returns
    -------
    dict
        ``file`` (name only), ``fingerprint`` (of its samples), ``start`` (ISO, naive), ``duration_s``, ``n_epochs``,
        ``partial_last_s``, ``gaps``, ``lights`` (or None), ``channels`` (those with a role), ``other_channels``
        (labels), ``problems``.
    """
    return {
        "file": recording.path.name,
        "fingerprint": fingerprint(recording.source),
        "start": None if recording.start is None else recording.start.isoformat(),
        "duration_s": recording.duration_s,
        "n_epochs": recording.n_epochs,
        "n_scorable_epochs": int(recording.scorable.sum()),
        "partial_last_s": recording.partial_last_s,
        "gaps": [{"start_s": start, "stop_s": stop} for start, stop in recording.gaps],
        "lights": recording.lights and recording.lights.to_dict(),
        "channels": [
            {
                "name": channel.name,
                "role": channel.role.value,
                "sources": list(channel.sources),
                "derivation": channel.derivation,
                "rate_hz": channel.rate,
                "unit_in_file": channel.unit,
                "note": channel.note,
            }
            for channel in recording.channels
            if channel.role != "other"
        ],
        "other_channels": [channel.name for channel in recording.channels if channel.role == "other"],
        "problems": [problem.to_dict() for problem in recording.problems],
    }
