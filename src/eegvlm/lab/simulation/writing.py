"""A simulated night on disk: EDF+ with the scoring as annotations, and the truth as a BIDS-like table."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eegvlm.core.files import check_output_file, replacing, write_text
from eegvlm.errors import InputError
from eegvlm.lab.simulation.derivations import CHIN, HEART

if TYPE_CHECKING:
    from eegvlm.lab.simulation.night import SimulatedNight

_STAGE_NAMES = ("W", "N1", "N2", "N3", "R")
_RANGE_UV = {CHIN: 500.0, HEART: 3000.0}
_EEG_RANGE_UV = 800.0
COLUMNS = ("onset", "duration", "trial_type", "channel", "amplitude_uv", "frequency_hz")


def check_outputs(path: str | PathLike[str], *, needs_bytes: int = 0) -> None:
    """Refuse, before a night is simulated, files that :func:`write_night` could not write."""
    path = Path(path)
    if path.suffix.lower() != ".edf":
        raise InputError(path, "file name", path.suffix, "let it end in .edf")
    check_output_file(path, needs_bytes=needs_bytes)
    check_output_file(_events_file(path))


def write_night(night: SimulatedNight, path: str | PathLike[str]) -> None:
    """Write ``path`` (EDF+) and ``<stem>.events.tsv``; samples beyond the physical range are clipped to it."""
    import edfio

    path = Path(path)
    check_outputs(path)
    signals = []
    for label, samples in night.signals.items():
        limit = _RANGE_UV.get(label, _EEG_RANGE_UV)
        signals.append(
            edfio.EdfSignal(
                np.clip(samples, -limit, limit).astype(np.float64),
                night.rate,
                label=label,
                physical_dimension="uV",
                physical_range=(-limit, limit),
                transducer_type="simulated",
            )
        )
    scoring = [
        edfio.EdfAnnotation(30.0 * i, 30.0, f"Sleep stage {_STAGE_NAMES[stage]}")
        for i, stage in enumerate(night.stages)
    ]
    whole_seconds = abs(night.rate - round(night.rate)) < 1e-9
    edf = edfio.Edf(
        signals,
        annotations=scoring,
        recording=edfio.Recording(startdate=night.start.date(), equipment_code="simulated"),
        starttime=night.start.time(),
        data_record_duration=1.0 if whole_seconds else 30.0,
    )
    with replacing(path) as temporary:
        edf.write(temporary)
    write_text(_events_file(path), _events(night))


def _events_file(path: Path) -> Path:
    return path.with_name(f"{path.stem}.events.tsv")


def _events(night: SimulatedNight) -> str:
    lines = ["\t".join(COLUMNS)]
    lines += [
        f"{onset:.3f}\t{length:.3f}\t{kind}\t{channel}\t{size:.1f}\t{'n/a' if np.isnan(f) else format(f, '.2f')}"
        for onset, length, kind, channel, size, f in night.events.rows()
    ]
    return "\n".join(lines) + "\n"
