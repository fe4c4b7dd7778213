"""How large a report is, and how true its traces, for the size that they may have.

    python benchmarks/report_size.py [--hours 8] [--seed 4] [--measured] [--reasons] [--out FILE]

Simulates a night of seven channels, three of them EEG, writes its report (no model: the stages are the truth) and
prints the size of the page and its parts, and the rms error of every row, as the page states it. ``--measured`` adds
the findings of every epoch, ``--reasons`` those and reasons for every epoch, in wordings drawn at random. Last stand
the bytes of the first epochs at the finest step, in the layout of planes (all low bytes, then all high bytes, deflate
with its largest memory) and as they are packed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import tempfile
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.evidence.measuring import measure_night
from eegvlm.hypnogram import STAGES, Hypnogram, Stage
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation import simulate_night
from eegvlm.reasoning import channel_words, compose, night_contexts, rationale_record
from eegvlm.report import FurtherLeads, traces, write_report
from eegvlm.report.packed_numbers import pack_numbers
from eegvlm.report.packing import unpack_bytes
from eegvlm.staging import StagedNight


def as_planes(numbers: np.ndarray) -> bytes:
    """Lay out whole numbers as two bytes each: all low bytes, then all high bytes."""
    wide = numbers.astype(np.int32)
    folded = (wide << 1) ^ (wide >> 31)
    return (folded & 255).astype(np.uint8).tobytes() + (folded >> 8).astype(np.uint8).tobytes()


def deflated(data: bytes, memory_level: int) -> int:
    """Return the size after deflate."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31, memory_level, zlib.Z_FILTERED)
    return len(packer.compress(data) + packer.flush())


def reasons(night: StagedNight) -> tuple[dict[str, Any], ...]:
    """Compose the line of ``rationales.jsonl`` of every epoch: all that is stated of a stage, and what a model adds."""
    channels = channel_words({channels[0].role: channels[0].name for channels in night.prepared.panels.values()})
    stages = [Stage(int(stage)) for stage in night.hypnogram.stages]
    contexts = night_contexts(night.evidence, channels, stages)
    wording = np.random.default_rng(0)
    lines = []
    for k, (findings, context, stage) in enumerate(zip(night.evidence.findings, contexts, stages, strict=True)):
        text = compose(findings, context, stage, rng=wording).text
        shares = {
            of_stage.label: round(float(share), 4)
            for of_stage, share in zip(STAGES, wording.dirichlet(np.ones(5)), strict=True)
        }
        direct = {"direct_stage": stage.label, "reasoned_stage": stage.label, "probabilities": shares, "differs": False}
        lines.append({**rationale_record(k + 1, stage, text, findings, context), **direct})
    return tuple(lines)


def main() -> None:
    """Print the sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--measured", action="store_true")
    parser.add_argument("--reasons", action="store_true")
    parser.add_argument("--out", type=Path, help="keep the page here")
    arguments = parser.parse_args()
    simulated = simulate_night(hours=arguments.hours, seed=arguments.seed)
    recording, stages = simulated.recording(), np.maximum(simulated.hypnogram().stages, 0)
    shares = np.full((len(stages), 5), 0.05, np.float32)
    shares[np.arange(len(stages)), stages] = 0.8
    prepared = PreparedNight.read(recording, load_layout("nano"))
    night = StagedNight(
        hypnogram=Hypnogram(stages.astype(np.int8), start=recording.start, probabilities=shares),
        recording=recording.describe(),
        prepared=prepared,
        provenance={"software": "eeg-vlm", "model": "none", "layout": "nano"},
        timing={},
        leads=FurtherLeads.of(recording, prepared),
    )
    if arguments.measured or arguments.reasons:
        night = replace(night, evidence=measure_night(prepared))
    if arguments.reasons:
        night = replace(night, rationales=reasons(night))
    sizes = {"planes": 0, "packed": 0}

    def both(numbers: np.ndarray) -> bytes:
        sizes["planes"] += deflated(as_planes(numbers), 9)
        packed = pack_numbers(numbers)
        sizes["packed"] += deflated(packed, 6)
        return packed

    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        page = write_report(folder, night)
        seconds = time.process_time() - begin
        text = page.read_text(encoding="utf-8")
        if arguments.out:
            shutil.copy(page, arguments.out)
        labels = ", ".join(channel.name for channel in recording.channels)
        print(f"{len(recording.channels)} channels: {labels}; reasons for {len(night.rationales or ())} epochs")
        print(f"page: {page.stat().st_size / 1e6:.2f} MB, written in {seconds:.1f} s of the processor")
        for name in ("traces", "details"):
            parts = re.findall(rf'id="{name}-\d+">([^<]*)<', text)
            print(
                f"{name}: {sum(map(len, parts)) / 1e6:.2f} MB, {len(unpack_bytes(parts[0]))} bytes in the first chunk"
            )
        meta = json.loads(gzip.decompress(unpack_bytes(re.findall(r'id="meta">([^<]*)<', text)[0])))
        for panel in meta["panels"]:
            if panel.get("error") is not None:
                print(f"{panel['name']}: true to {panel['error']:.2f} µV rms")
    blocks = night.prepared.signals(slice(0, traces.CHUNK))
    layout = prepared.layout
    for panel in layout.panels:
        coding = traces.panel_coding(panel, layout.rate)
        if panel.name in blocks:
            both(traces.encode(blocks[panel.name], coding))
    print(f"first {traces.CHUNK} epochs at the finest step: planes {sizes['planes']}, packed {sizes['packed']} bytes")


if __name__ == "__main__":
    main()
