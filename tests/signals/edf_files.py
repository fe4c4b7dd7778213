"""EDF and BDF files of every kind, written byte by byte so that any field can be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class Lead:
    """One signal of a file to be written; text fields go into the header as they are."""

    label: str | bytes
    counts: np.ndarray
    samples: int
    unit: str | bytes = "uV"
    physical: tuple[object, object] = (-3276.8, 3276.7)
    digital: tuple[object, object] = (-32768, 32767)


@dataclass
class EdfFile:
    """An EDF or BDF file to be written."""

    leads: Sequence[Lead]
    record_s: str = "1"
    kind: str = "EDF"
    plus: str = ""
    start: tuple[str, str] = ("02.03.24", "22.30.15")
    patient: str = "MCH-0234567 F 02-MAY-1951 Haagse_Harry"
    identification: str = "Startdate 02-MAR-2024 X X X"
    onsets: Sequence[str] | None = None
    n_records: int | str | None = None
    header: dict[str, bytes] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        width = 2 if self.kind == "EDF" else 3
        records = len(self.leads[0].counts) // self.leads[0].samples if self.leads else len(self.onsets or ())
        blocks = [
            _pack(lead.counts[: records * lead.samples], width).reshape(records, lead.samples * width)
            for lead in self.leads
        ]
        leads = list(self.leads)
        if self.onsets is not None:
            tal_bytes = 24 * width
            rows = [f"{onset}\x14\x14\0".encode().ljust(tal_bytes, b"\0") for onset in self.onsets]
            blocks.append(np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), tal_bytes))
            empty = np.zeros(0, int)
            leads.append(Lead(f"{self.kind} Annotations", empty, 24, "", (-1, 1)))
        count = len(leads)
        fields = {
            "version": b"0" if self.kind == "EDF" else b"\xffBIOSEMI",
            "patient": self.patient.encode(),
            "identification": self.identification.encode(),
            "date": self.start[0].encode(),
            "time": self.start[1].encode(),
            "header_bytes": str(256 * (count + 1)).encode(),
            "reserved": (f"{self.kind}+{self.plus}" if self.plus else "").encode(),
            "n_records": str(records if self.n_records is None else self.n_records).encode(),
            "record_s": self.record_s.encode(),
            "n_signals": str(count).encode(),
        } | self.header
        widths = (8, 80, 80, 8, 8, 8, 44, 8, 8, 4)
        head = b"".join(value.ljust(w)[:w] for value, w in zip(fields.values(), widths, strict=True))
        columns: list[tuple[list[object], int]] = [
            ([lead.label for lead in leads], 16),
            ([""] * count, 80),
            ([lead.unit for lead in leads], 8),
            ([lead.physical[0] for lead in leads], 8),
            ([lead.physical[1] for lead in leads], 8),
            ([lead.digital[0] for lead in leads], 8),
            ([lead.digital[1] for lead in leads], 8),
            ([""] * count, 80),
            ([lead.samples for lead in leads], 8),
            ([""] * count, 32),
        ]
        for values, w in columns:
            for value in values:
                raw = value if isinstance(value, bytes) else str(value).encode()
                head += raw.ljust(w)[:w]
        return head + np.concatenate(blocks, axis=1).tobytes()

    def write(self, path: Path) -> Path:
        path.write_bytes(self.to_bytes())
        return path


def _pack(counts: np.ndarray, width: int) -> np.ndarray:
    wide = np.asarray(counts, "<i4")
    return wide.view(np.uint8).reshape(-1, 4)[:, :width].copy()


def eeg_counts(seconds: float, rate: float, *, seed: int = 0, microvolt: float = 20.0) -> np.ndarray:
    """Noise with the size and the slope of sleep EEG, in counts of 0.1 µV."""
    n = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / rate)
    spectrum *= 1 / np.maximum(frequency, 0.5)
    noise = np.fft.irfft(spectrum, n)
    return np.round(noise / noise.std() * microvolt * 10).astype(int)
