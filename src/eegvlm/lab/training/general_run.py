"""A run on a general-purpose base: the same phases, its own batches, its own checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from eegvlm.core.files import make_folder, replacing_folder
from eegvlm.lab.training.calibration import fit, scored_nights
from eegvlm.lab.training.card import write_card
from eegvlm.lab.training.objectives import GENERAL_OBJECTIVES, Objective
from eegvlm.lab.training.objectives.answer_text import validation_batches
from eegvlm.lab.training.precision import frozen_dtype, use_bfloat16
from eegvlm.lab.training.recipe import Phase
from eegvlm.lab.training.run import TrainingRun
from eegvlm.lab.training.samplers import learnt_shares
from eegvlm.lab.training.tensor_files import system_errors
from eegvlm.model.progress_bars import without_progress_bar


class GeneralRun(TrainingRun):
    """A run whose model was not made for sleep; its phases teach answers, and reasons."""

    processor: Any

    @property
    def phases(self) -> list[Phase]:
        """The recipe's."""
        return list(self.recipe.phases)

    def objective(self, phase: Phase) -> Objective:
        """Return the objective of a phase."""
        return GENERAL_OBJECTIVES[phase.objective](phase, self.processor, use_bfloat16(self.recipe.precision))

    def finish(self, figures: dict[str, dict[str, float]], checkpoint: Path, *, note: str = "") -> Path:
        """Calibrate, save and describe the checkpoint; return its folder."""
        model, last = self.model, self.recipe.phases[-1]
        processor = self.processor
        model.to(frozen_dtype(self.recipe))
        rows = last.batch_size // last.accumulate
        scored = scored_nights(model, validation_batches(self.inputs), batch_size=rows)
        prior = learnt_shares(self.recipe.data, self.nights)
        fitted = fit(scored, prior)
        base = Path(self.recipe.model.base).name
        note = f"Fine-tuned from {base}, whose licence holds for these weights, too. {note}"
        stores = {"training": self.nights, "validation": self.checks}
        record = self.record()
        model.config.training_record = record.to_dict()
        make_folder(checkpoint.parent)
        with replacing_folder(checkpoint, last="config.json") as temporary, system_errors():
            with without_progress_bar():
                model.to(torch.bfloat16).save_pretrained(temporary)
            processor.calibrated(**asdict(fitted), stage_prior=tuple(prior)).save_pretrained(temporary)
            write_card(temporary, self.recipe, self.out, stores, figures, scored, fitted, record, note=note.strip())
        return checkpoint
