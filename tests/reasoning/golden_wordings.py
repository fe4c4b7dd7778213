"""Every wording in one file: how the golden files of the tests are made.

    python tests/reasoning/golden_wordings.py             writes wordings.json, from findings that lie beside it
    python tests/reasoning/golden_wordings.py --findings  measures a simulated night anew, for simulated_findings.json

The findings are kept, so that the last bit of a Fourier transform on another processor cannot change a text.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from reasoning_epochs import some_epoch

from eegvlm.evidence import (
    EventTable,
    Evidence,
    Finding,
    FindingKind,
    Rhythms,
    entries,
    epoch_texts,
    measure_recording,
)
from eegvlm.evidence.chin import ChinTone
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation import simulate_night
from eegvlm.reasoning import Context, OwnKind, channel_words, compose, describe, night_contexts, true_sentences, verify
from eegvlm.reasoning.grammar import grammar_of
from eegvlm.report.details import VERDICTS, kind_words
from eegvlm.scoring import TABLE, Neighbours
from eegvlm.signals import Role

HERE = Path(__file__).parent
FINDINGS, WORDINGS = HERE / "simulated_findings.json", HERE / "wordings.json"
_EVERY = 10  # epochs of the simulated two hours: one in ten is kept
_ROLES = (Role.EEG_FRONTAL, Role.EEG_CENTRAL, Role.EEG_OCCIPITAL, Role.EOG_LEFT, Role.EOG_RIGHT, Role.EMG_CHIN)
_EYES = ("rapid_eye_movement", "slow_eye_movement", "blink")
_MARKS = {"confirmed": "+", "contradicted": "-", "not_measurable": "?"}

Night = list[tuple[list[Finding], Context, Stage]]


def wordings() -> dict[str, Any]:
    """Return all that is compared."""
    nights = simulated_nights()
    return {
        "rules": {rule.id: rule.text for rule in TABLE.rules},
        "words": {str(kind): kind_words(kind) for kind in (*FindingKind, *OwnKind)},
        "labels": {kind.words: kind.label for kind in TABLE.kinds if kind.label},
        "verdicts": list(VERDICTS),
        "statements": [_statement(one) for one in TABLE.statements],
        "may_follow": _digest(_may_follow()),
        "vector": [[entry.name, entry.meaning, entry.group] for entry in entries()],
        "evidence_texts": evidence_texts(),
        "rationales": {name: [_told(*epoch) for epoch in night] for name, night in nights.items()},
        "all_that_is_said": {name: _digest(_everything(night)) for name, night in nights.items()},
        "random_epochs": _digest(_everything([some_epoch(Random(seed)) for seed in range(400)])),
    }


def _statement(statement: Any) -> dict[str, Any]:
    says = [[pattern.kind, {name: str(value) for name, value in pattern.fields.items()}] for pattern in statement.says]
    return {
        "id": statement.id,
        "step": statement.step.name,
        "wordings": list(statement.wordings),
        "expert_wordings": list(statement.expert_wordings),
        "says": [[str(kind), given] for kind, given in says],
        "slots": {
            name: [len(slot.texts), slot.texts[0], slot.texts[-1], *slot.prefer]
            for name, slot in statement.slots.items()
        },
        "leads_to": [statement.decides, statement.rejects, *sorted(statement.serves)],
        "needs": [list(group) for group in statement.needs],
    }


def _may_follow() -> Iterator[str]:
    """Walk the grammar: what may follow each place that can be reached."""
    waiting = [grammar_of(TABLE).beginning()]
    reached = set(waiting)
    while waiting:
        place = waiting.pop()
        after = place.following()
        yield f"{place.rank} {place.count} {place.stage}: {' '.join(one.id for one in after)}"
        for one in after:
            if (then := place.after(one)) not in reached:
                reached.add(then)
                waiting.append(then)


def _told(findings: Sequence[Finding], context: Context, stage: Stage) -> str:
    rationale = compose(findings, context, stage)
    marks = "".join(_MARKS[one.outcome] for one in verify(rationale.claims, findings, context))
    return f"{rationale.text} [{marks}]"


def _everything(night: Night) -> Iterator[str]:
    rng = np.random.default_rng(0)
    for findings, context, _ in night:
        for stage in STAGES:
            yield _told(findings, context, stage)
            yield compose(findings, context, stage, rng=rng).text
        yield describe(findings, context, rng=rng)
        for name, texts in sorted(true_sentences(findings, context).items()):
            yield f"{name}: {' | '.join(texts)}"


def _digest(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def simulated_nights() -> dict[str, Night]:
    """Return the night of seven channels, and the same with some of them missing."""
    recorded = json.loads(FINDINGS.read_text(encoding="utf-8"))
    seven_channels = recorded["seven_channels"]
    return {
        "seven_channels": _night(seven_channels),
        "without_eyes": _night(seven_channels, *_EYES),
        "without_chin": _night(seven_channels, "chin_tone"),
        "one_eeg": _night(recorded["one_eeg"]),
    }


def _night(recorded: Mapping[str, Any], *lost: str) -> Night:
    stages = [Stage(number) for number in recorded["stages"]]
    measured = {FindingKind(kind): frozenset(on) for kind, on in recorded["measured"].items() if kind not in lost}
    epochs = [
        [Finding(FindingKind(row[0]), *row[1:]) for row in rows if row[0] not in lost] for rows in recorded["epochs"]
    ]
    night = []
    for k, (findings, stage) in enumerate(zip(epochs, stages, strict=True)):
        neighbours = Neighbours(
            epochs[k - 1] if k else None,
            epochs[k + 1] if k + 1 < len(epochs) else None,
            stages[k - 1] if k else None,
            stages[k + 1] if k + 1 < len(epochs) else None,
        )
        night.append((findings, Context(recorded["channels"], measured, neighbours, expert=k % 2 == 1), stage))
    return night


def measured_findings() -> dict[str, Any]:
    """Measure two simulated hours of seven channels, and of their central EEG alone."""
    night = simulate_night(hours=2.0, seed=5)
    return {
        "seven_channels": _measured(night.recording(), night.stages),
        "one_eeg": _measured(simulate_night(hours=2.0, seed=5, channels=["EEG C4-M1"]).recording(), night.stages),
    }


def _measured(recording: Any, stages: Sequence[int]) -> dict[str, Any]:
    evidence = measure_recording(recording)
    by_role = {role: recording.channel(role) for role in _ROLES}
    channels = channel_words({role: channel.name for role, channel in by_role.items() if channel is not None})
    context = night_contexts(evidence, channels)[0]
    return {
        "channels": channels,
        "measured": {str(kind): sorted(on) for kind, on in sorted(context.measured.items())},
        "stages": [int(stage) for stage in stages[::_EVERY]],
        "epochs": [[_row(finding) for finding in findings] for findings in evidence.findings[::_EVERY]],
    }


def _row(finding: Finding) -> list[Any]:
    row = [round(value, 1) if isinstance(value, float) else value for value in asdict(finding).values()]
    while row[-1] is None:
        row.pop()
    return row


def evidence_texts() -> list[str]:
    """Return the texts for general models of a night made by hand: all kinds, one of each, and channels that go."""
    layout, n = load_layout("nano"), 24
    rows = np.arange(n, dtype=np.float64)
    share = np.tile([0.4, 0.25, 0.2, 0.1, 0.05], (n, 1))
    rhythms = Rhythms(
        share, share[:, ::-1], 6.0 + rows / 10, np.arange(n) % 5, 4.0 + share * (10 + rows[:, None]), 30.0 + 3 * rows
    )
    marks: dict[str, dict[str, EventTable]] = {}
    for epoch, kind in enumerate(FindingKind):
        if kind.value in ("dominant_rhythm", "band_share", "amplitude", "slow_wave_share", "chin_tone"):
            continue
        # one in an epoch, and two in the next
        onset = 30.0 * (epoch + np.array([0.0, 1.0, 1.0])) + np.array([3.0, 4.0, 15.0])
        end, hz = onset + 4.5, np.array([13.0, 12.5, 14.0])
        marks[kind] = {"" if kind.value in _EYES else "eeg": EventTable.of(onset, end, np.array([40.0, 9.0, 90.0]), hz)}
    present = np.arange(n) != 20
    evidence = Evidence(
        n,
        marks,
        {"eeg": rhythms},
        {"eeg": np.linspace(0.0, 0.5, n)},
        ChinTone.of("emg", 2.0 + rows / 4),
        {"eeg": present, "eog_left": present, "eog_right": present},
        ("eog_left", "eog_right"),
    )
    signals = {panel.name: np.zeros((n, round(30 * layout.rate)), np.float32) for panel in layout.panels}
    night = PreparedNight.of_signals(layout, signals)
    bare = Evidence(n, {}, {}, {}, None)
    return [*epoch_texts(night, evidence), epoch_texts(night, bare)[0]]


def _written(value: Any, indent: str = "") -> str:
    """Return JSON with a line for every part of an object or list, but for those that fit into a line of their own."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(line) + len(indent) <= 120:
        return line
    within = indent + " "
    if isinstance(value, dict):
        lines = [f"{within}{json.dumps(key)}: {_written(part, within)}" for key, part in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(within + _written(part, within) for part in value) + f"\n{indent}]"


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(_written(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--findings"]:
        _write(FINDINGS, measured_findings())
    else:
        _write(WORDINGS, wordings())
