"""Simulated nights as a data set: ``nights=4,seed=1000000,hours=8``; each seed is a subject of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from eegvlm.hypnogram import Hypnogram
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.pairing import Found
from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.sources import Channels, RecordingClock
from eegvlm.signals import EPOCH_S, Recording

SCORER = "truth"
_MOST_NIGHTS = 1_000_000


@dataclass(frozen=True)
class SimulatedNights:
    """How many nights, from which seed on, how long, at which rate."""

    nights: int = 1
    seed: int = 0
    hours: float = 8.0
    rate: float = 128.0


@dataclass(frozen=True)
class SimulatedSource:
    """One simulated night; both its signal and its scoring. It is computed each time it is asked for."""

    seed: int
    hours: float
    rate: float
    scorer: str = SCORER

    @property
    def paths(self) -> tuple[Path, ...]:
        """Empty."""
        return ()

    @property
    def path(self) -> None:
        """None: nothing lies on disk."""
        return None

    def clock(self) -> RecordingClock:
        """Say when the night starts and how long it is, without computing it."""
        from eegvlm.lab.simulation.night import DEFAULT_START

        return RecordingClock(DEFAULT_START, max(1, round(self.hours * 120)) * EPOCH_S)

    def read(self, recording_s: float | None = None) -> Hypnogram:
        """Simulate the stages alone, which takes a hundredth of the time that signals take."""
        from eegvlm.lab.simulation import simulate_night

        return simulate_night(hours=self.hours, seed=self.seed, rate=20.0, channels=("ECG",)).hypnogram()

    def open(self, channels: Channels | None) -> Recording:
        """Simulate the signals."""
        from dataclasses import replace

        from eegvlm.lab.simulation import simulate_night
        from eegvlm.signals.arrays import ArraySource

        night = simulate_night(hours=self.hours, seed=self.seed, rate=self.rate)
        signals = {label: (samples, night.rate) for label, samples in night.signals.items()}
        source = replace(ArraySource.of(signals, night.start), name=f"<simulated night {self.seed}>")
        return Recording.from_source(source, channels)


def parse_nights(text: str) -> SimulatedNights:
    """Read a specification.

    Parameters
    ----------
    text
        ``"4"`` nights, or ``"nights=4,seed=1000000,hours=8,rate=128"`` in any order, each part optional; ``simulated:``
        may stand before it.

    Raises
    ------
    DatasetError
        Where a part is not known, not a number, or out of range.
    """
    parts = [part.strip() for part in text.removeprefix("simulated").removeprefix(":").split(",") if part.strip()]
    if len(parts) == 1 and parts[0].isdecimal():
        parts = [f"nights={parts[0]}"]
    defaults = {field.name: field.default for field in fields(SimulatedNights)}
    values: dict[str, int | float] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or key not in defaults:
            hint = f"write it as nights=4,seed=0,hours=8 (keys: {', '.join(defaults)})"
            raise DatasetError("simulated", "specification", part, hint)
        try:
            values[key] = int(value) if isinstance(defaults[key], int) else float(value)
        except ValueError:
            raise DatasetError("simulated", key, value, "expected a number") from None
    nights = SimulatedNights(**values)  # type: ignore[arg-type]
    if not 1 <= nights.nights <= _MOST_NIGHTS:
        raise DatasetError("simulated", "nights", nights.nights, f"expected 1 to {_MOST_NIGHTS}")
    if nights.seed < 0:
        raise DatasetError("simulated", "seed", nights.seed, "expected a whole number from 0")
    if not 0 < nights.hours <= 48:
        raise DatasetError("simulated", "hours", nights.hours, "expected a length up to 48")
    if not 20 <= nights.rate <= 4096 or abs(EPOCH_S * nights.rate - round(EPOCH_S * nights.rate)) > 1e-9:
        hint = "expected 20 to 4096 Hz with a whole number of samples in 30 s"
        raise DatasetError("simulated", "rate", nights.rate, hint)
    return nights


def find(spec: str) -> Found:
    """Name the nights of a specification; nothing is simulated yet."""
    parsed = parse_nights(spec)
    nights = []
    for seed in range(parsed.seed, parsed.seed + parsed.nights):
        source = SimulatedSource(seed, parsed.hours, parsed.rate)
        nights.append(Night("simulated", "simulated", str(seed), f"seed-{seed}", source, (source,)))
    return Found(tuple(nights), ())
