"""A staged night that can be asked: its stages, what was measured, and what is around each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eegvlm.errors import InputError
from eegvlm.evidence import Evidence, Finding, measure_night
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.images import PreparedNight, load_layout
from eegvlm.questions.answer import AnswerStatement, Basis, Checked
from eegvlm.reasoning import Claim, Context, night_contexts, parse, verify
from eegvlm.review.locating import find_recording
from eegvlm.review.problems import NotFoundError
from eegvlm.review.results import read_results
from eegvlm.signals import Recording
from eegvlm.staging.explaining import MeasuredNight
from eegvlm.staging.night import StagedNight
from eegvlm.staging.results_folder import SUMMARY


@dataclass(frozen=True, eq=False)
class AskedNight:
    """What questions are answered from.

    Parameters
    ----------
    hypnogram
        The model's stages, with probabilities where it gives them.
    recording
        The night's file.
    prepared
        The night as the model saw it.
    evidence
        What was measured on it.
    limits
        Why its probabilities promise less than they say, one sentence each.
    second
        A second reader's stages; None where there is none.
    model
        Who gave the stages.
    """

    hypnogram: Hypnogram
    recording: Recording
    prepared: PreparedNight
    evidence: Evidence
    limits: tuple[str, ...] = ()
    second: Hypnogram | None = None
    model: str = "the model"

    @classmethod
    def of_staged(cls, night: StagedNight, recording: Recording) -> AskedNight:
        """Take a night that was just staged; it is measured here where it was not before."""
        evidence = night.evidence or measure_night(night.prepared)
        limits = tuple(limit.message for limit in night.limits)
        second = None if night.second is None else night.second.hypnogram
        name = str(night.provenance.get("model", "the model"))
        return cls(night.hypnogram, recording, night.prepared, evidence, limits, second, name)

    @classmethod
    def of_results(cls, folder: Path) -> AskedNight:
        """Take a night that was staged into a folder; its recording is looked for in and around it, and measured.

        Raises
        ------
        InputError
            If it is no finished folder of results, its recording is not found, or its model has a layout of its own.
        """
        results = read_results(folder)
        summary = results.summary
        try:
            recording = find_recording(summary.get("recording") or {}, folder, folder)
        except NotFoundError as error:
            hint = "ask from the folder in which it lies, or give the recording in place of its results"
            raise InputError(folder, "recording", error.value, hint) from error
        try:
            layout = load_layout(str(summary.get("layout")))
        except InputError as error:
            hint = "its model has a layout of its own: ask the recording, and name the model with --model"
            raise InputError(folder / SUMMARY, "layout", summary.get("layout"), hint) from error
        prepared = PreparedNight.read(recording, layout)
        limits = (results.limit,) if results.limit else ()
        name = str(summary.get("model", "the model"))
        evidence = measure_night(prepared)
        return cls(results.hypnogram, recording, prepared, evidence, limits, results.second, name)

    @cached_property
    def contexts(self) -> list[Context]:
        """What surrounds each epoch."""
        channels = MeasuredNight.of(self.prepared, self.evidence).channels
        return night_contexts(self.evidence, channels, self.hypnogram.stages)

    def findings(self, place: int) -> Sequence[Finding]:
        """Return what was measured in an epoch, from 0."""
        return self.evidence.findings[place]

    def place(self, epoch: int, field: str = "EPOCH") -> int:
        """Return the place of an epoch that is counted from 1.

        Raises
        ------
        InputError
            If there is no such epoch.
        """
        if not 1 <= epoch <= len(self.hypnogram):
            raise InputError("arguments", field, epoch, f"the night has epochs 1 to {len(self.hypnogram)}")
        return epoch - 1

    def stage(self, place: int) -> Stage:
        """Return an epoch's stage."""
        return Stage(int(self.hypnogram.stages[place]))

    def said(self, text: str, place: int, claims: Sequence[Claim] | None = None) -> AnswerStatement:
        """Return a statement about an epoch's signal, its claims verified.

        Parameters
        ----------
        text
            The sentence.
        place
            The epoch, from 0.
        claims
            What it claims; as the grammar of rationales reads it where None. A sentence that the grammar cannot read
            is marked as unverified.
        """
        stated = parse(text).claims if claims is None else claims
        verdicts = verify(stated, self.findings(place), self.contexts[place])
        checked = tuple(Checked(place + 1, verdict) for verdict in verdicts)
        return AnswerStatement(text, Basis.SIGNAL if checked else Basis.UNREAD, checked)
