"""Nights for the tests of the report: recordings with probabilities that no model had to compute."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.evidence import Evidence, measure_recording
from eegvlm.hypnogram import Hypnogram
from eegvlm.images import ImageLayout, load_layout, panel_channels
from eegvlm.report import write_report
from eegvlm.signals import Recording
from eegvlm.simulation import simulate_night
from eegvlm.staging import StagedNight

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


@dataclass
class Reported:
    """A staged night, and what a report needs beside it."""

    night: StagedNight
    recording: Recording
    layout: ImageLayout = field(default_factory=lambda: load_layout("nano"))

    def write(self, path: Path, *, measured: bool = False, explained: bool = False) -> Path:
        evidence = measure_recording(self.recording) if measured or explained else None
        told = rationales(self.night.hypnogram, evidence) if explained and evidence else None
        return write_report(path, self.night, self.recording, self.layout, evidence=evidence, rationales=told)


def staged(
    recording: Recording,
    probabilities: np.ndarray | None,
    stages: np.ndarray | None = None,
    layout: str = "nano",
    **provenance: Any,
) -> Reported:
    """Return a night whose stage is the likeliest of the probabilities wherever the recording can be scored."""
    drawn = load_layout(layout)
    scorable = recording.scorable
    if probabilities is not None:
        probabilities = np.where(scorable[:, None], probabilities, np.nan).astype(np.float32)
        stages = np.where(scorable, np.nan_to_num(probabilities).argmax(axis=1), -1)
    assert stages is not None
    scored = Hypnogram(stages.astype(np.int8), start=recording.start, probabilities=probabilities)
    channels = {name: one.name if one else None for name, one in panel_channels(drawn, recording).items()}
    timing = {"read_s": 0.1, "draw_s": 0.1, "model_s": 1.0}
    night = StagedNight(scored, recording.describe(), channels, {**PROVENANCE, **provenance}, timing)
    return Reported(night, recording, drawn)


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
    return json.loads(gzip.decompress(base64.b64decode(found.group(1))))
