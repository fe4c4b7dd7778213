"""Nights for the tests of the report: recordings with probabilities that no model had to compute."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import lfilter

from eegvlm.evidence import Evidence
from eegvlm.evidence.measuring import measure_night
from eegvlm.hypnogram import Hypnogram
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation import simulate_night
from eegvlm.report import FurtherLeads, write_report
from eegvlm.report.packing import unpack_bytes
from eegvlm.signals import Recording
from eegvlm.staging import StagedNight
from eegvlm.staging.unstaged import quality_problems

PROVENANCE = {
    "software": "eeg-vlm 0.0",
    "model": "made-up",
    "weights_sha256": "0" * 64,
    "layout": "nano",
    "device": "cpu",
    "dtype": "float32",
    "smoothing": "none",
    "stage_temperature": 1.25,
    "notice": "Research use; verify by a trained scorer.",
}


@dataclass(frozen=True)
class Reported:
    """A staged night, and the recording it was read from."""

    night: StagedNight
    recording: Recording

    def write(self, path: Path, *, measured: bool = False, explained: bool = False) -> Path:
        night = self.night
        if measured or explained:
            night = replace(night, evidence=measure_night(night.prepared))
        if explained and night.evidence is not None:
            night = replace(night, rationales=tuple(rationales(night.hypnogram, night.evidence)))
        return write_report(path, night)

    def having(self, **changes: Any) -> Reported:
        """Return it with other fields of its staged night."""
        return replace(self, night=replace(self.night, **changes))


def staged(
    recording: Recording,
    probabilities: np.ndarray | None,
    stages: np.ndarray | None = None,
    layout: str = "nano",
    **provenance: Any,
) -> Reported:
    """Return a night whose stage is the likeliest of the probabilities wherever there is EEG to stage."""
    prepared = PreparedNight.read(recording, load_layout(layout))
    usable = prepared.usable
    if probabilities is not None:
        probabilities = np.where(usable[:, None], probabilities, np.nan).astype(np.float32)
        stages = np.where(usable, np.nan_to_num(probabilities).argmax(axis=1), -1)
    assert stages is not None
    scored = Hypnogram(stages.astype(np.int8), start=recording.start, probabilities=probabilities)
    night = StagedNight(
        hypnogram=scored,
        recording=recording.describe(),
        prepared=prepared,
        provenance={**PROVENANCE, **provenance},
        timing={"read_s": 0.1, "draw_s": 0.1, "model_s": 1.0},
        problems=tuple(quality_problems(prepared, recording)),
        leads=FurtherLeads.of(recording, prepared),
    )
    return Reported(night, recording)


def eeg_like(n_samples: int, seed: int = 0) -> np.ndarray:
    """Return float32 noise of 20 uV rms with the slope of EEG: white noise is taken for an open input."""
    signal = lfilter([1], [1, -0.95], np.random.default_rng(seed).normal(size=n_samples))
    return (20 * signal / signal.std()).astype(np.float32)


def random_probabilities(n_epochs: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet([0.4] * 5, size=n_epochs)


def simulated(*, hours: float, seed: int, layout: str = "nano") -> Reported:
    """Return a simulated night; its probabilities are the truth, blurred."""
    told = simulate_night(hours=hours, seed=seed)
    recording, stages = told.recording(), told.hypnogram().stages
    blurred = np.eye(5)[np.maximum(stages, 0)] * 3 + np.random.default_rng(seed).gumbel(0, 0.7, (len(stages), 5))
    shares = np.exp(blurred) / np.exp(blurred).sum(axis=1, keepdims=True)
    return staged(recording, shares, layout=layout)


def rationales(night: Hypnogram, evidence: Evidence) -> list[dict[str, Any]]:
    """Return rationales in the schema of rationales.jsonl, made of the findings themselves."""
    told = []
    for epoch, findings in enumerate(evidence.findings):
        second = "contradicted" if epoch % 20 == 9 else "confirmed"
        verdicts = ("confirmed", second, "not_measurable")
        claims = [
            {
                **{"kind": one.kind.value, "channel": one.channel, "start_s": one.start_s, "end_s": one.end_s},
                **{"value": round(one.value, 1), "unit": one.unit, "verdict": verdicts[number % 3]},
                "measured": None if number % 3 == 2 else round(one.value, 1),
            }
            for number, one in enumerate(findings[-4:])
        ]
        told.append(
            {"epoch": epoch + 1, "stage": night[epoch].label, "text": f"Told of epoch {epoch + 1}.", "rules": ["N2.1"]}
            | {"claims": claims, "faithfulness": 0.5}
        )
    return told


def unpacked(page: Path, name: str) -> Any:
    """Return the JSON of one of a page's packed blocks."""
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page.read_text(encoding="utf-8"))
    assert found is not None, name
    return json.loads(gzip.decompress(unpack_bytes(found.group(1))))
