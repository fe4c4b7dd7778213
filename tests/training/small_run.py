"""A recipe that runs through every kind of phase in seconds, for tests that start it in other processes."""

from __future__ import annotations

from pathlib import Path

from eegvlm.lab.training.checkpoints import read_log

RECIPE = """
name: small
model: {preset: nano, layout: nano, vocab_size: 400, context_epochs: 2, night_epochs: 3}
precision: float32
checkpoint_steps: 2
data:
  train: {simulated: [{nights: 1, hours: 0.3}]}
  validation: {simulated: [{nights: 1, hours: 0.6, first_seed: 900}]}
  context_versions: 1
phases:
  - {name: enhance, objective: classify, trains: [enhancement], steps: 3, batch_size: 4, learning_rate: 1.0e-5}
  - {name: night, objective: sequence, trains: [night], steps: 3, batch_size: 4, learning_rate: 1.0e-5}
  - {name: perceive, objective: contrastive, trains: [tower, projector, language], steps: 2, batch_size: 4}
  - name: reason
    objective: reason
    trains: [projector, language]
    steps: 5
    batch_size: 4
    learning_rate: 1.0e-4
    lora: {rank: 2, dropout: 0.0}
"""
PHASES = ("enhance", "night", "perceive", "reason")


def written_to(folder: Path) -> Path:
    file = folder / "small.yaml"
    file.write_text(RECIPE)
    return file


def losses(run: Path, phase: str) -> list[tuple[int, float]]:
    """Training and validation losses of a phase in the order in which they were logged."""
    entries = read_log(run / phase)
    return [(entry["step"], entry[name]) for entry in entries for name in ("loss", "eval_loss") if name in entry]
