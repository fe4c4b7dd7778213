"""A night through the model: draw, read, five probabilities an epoch.

Notable
-------
- Every epoch that holds signal is scored, the first and the last included; an epoch in a gap and an incomplete
  last one stay unscored and are counted.
- The stage is the softmax of the five label tokens' logits at the answer position, with those of the enhancement
  network's classifier added where the checkpoint says so. No text is parsed.
- Reasons are a second answer of the same model to the same picture. They do not move the stage: where the direct answer
  was another than theirs, the epoch is flagged for review.
- An epoch without usable EEG has no stage and no probability; one whose EEG is dead is read from another derivation.
- With ``eeg="vote"`` every derivation is staged, and their probabilities are pooled.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from eegvlm import __version__
from eegvlm.core.memory import give_back
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError
from eegvlm.evidence import measure_night
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.most_probable import most_probable
from eegvlm.hypnogram.smoothing import posterior, tempered
from eegvlm.images import PreparedNight, panel_channels
from eegvlm.model.hub import commit_of
from eegvlm.model.weights import checkpoint_path, weights_hash
from eegvlm.report import FurtherLeads
from eegvlm.signals import EPOCH_S, Recording, RecordingError
from eegvlm.staging.answering import NightAnswering, Progress
from eegvlm.staging.derivations import EEG_CHOICES, EegChoice, pooled, voters
from eegvlm.staging.engines import Engine, load_model, reader_of
from eegvlm.staging.explaining import (
    REASONS,
    UNCERTAIN_SHARE,
    Explain,
    Grammars,
    MeasuredNight,
    Reasons,
    check_explain,
    uncertain_epochs,
)
from eegvlm.staging.journal import AnswerJournal, Answers, answers_key
from eegvlm.staging.limits import limits_of, widening_of
from eegvlm.staging.model_inputs import INPUTS, Inputs
from eegvlm.staging.night import StagedNight
from eegvlm.staging.onnx_reader import OnnxReader
from eegvlm.staging.unstaged import notes_of, quality_problems, quality_words

if TYPE_CHECKING:  # only what an engine needs is imported when one is chosen: torch takes seconds
    from eegvlm.model import EegVlmProcessor, GeneralProcessor
    from eegvlm.model.onnx_model import OnnxModel
    from eegvlm.staging.counterfactuals import Counterfactuals
    from eegvlm.staging.redrawing import Redrawing

Smoothing = Literal["none", "posterior"]


@dataclass
class Stager:
    """A model, its processor, and where they run.

    Examples
    --------
    >>> stager = Stager.from_pretrained("nano")                  # doctest: +SKIP
    >>> night = stager.stage(read_recording("night.edf"))        # doctest: +SKIP
    >>> night.write("out")                                       # doctest: +SKIP
    """

    model: Any
    processor: EegVlmProcessor | GeneralProcessor | OnnxModel
    provenance: dict[str, Any]
    smooth: Smoothing = "posterior"
    inputs: Inputs = "both"
    _reader: Any = field(init=False, repr=False)  # a Reader, or an OnnxReader, of which check_explain asks no reasons
    _grammars: Grammars = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reader = reader_of(self.model, self.processor, self.inputs)
        self._grammars = Grammars(self._reader)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path = "nano",
        *,
        revision: str | None = None,
        smooth: Smoothing | Literal["auto"] = "auto",
        inputs: Inputs = "both",
        device: str = "auto",
        dtype: str = "auto",
        engine: Engine = "torch",
    ) -> Stager:
        """Load a packaged model by name, a checkpoint folder, or a repository of the Hugging Face Hub.

        Parameters
        ----------
        name_or_path
            ``"nano"``; a folder; or ``"owner/name"`` on the Hub, also as ``"owner/name@revision"`` or
            ``"hf://owner/name"``. What was fetched once is read from the cache where the Hub is out of reach.
        revision
            Branch, tag or commit on the Hub.
        smooth
            ``"posterior"``: probabilities are those of a chain with the transitions of real nights
            (:mod:`eegvlm.hypnogram.smoothing`). ``"none"``: they are the model's own. ``"auto"``: as the checkpoint's
            validation says.
        inputs
            What a model that reads evidence is given: pictures and evidence, or one of them alone.
        device, dtype
            See :mod:`eegvlm.staging.precision`.
        engine
            What computes; see :mod:`eegvlm.staging.engines`. ``"onnx"`` gives no reasons.

        Raises
        ------
        InputError
            If there is no such model, its weights are incomplete, or the device is not at hand.
        """
        if smooth not in ("auto", "none", "posterior"):
            raise InputError("arguments", "smooth", smooth, "use auto, none or posterior")
        if inputs not in INPUTS:
            raise InputError("arguments", "inputs", inputs, f"use one of {', '.join(INPUTS)}")
        folder = checkpoint_path(name_or_path, revision)
        model, processor, computed = load_model(folder, engine, device=device, dtype=dtype)
        provenance = {
            "software": f"eeg-vlm {__version__}",
            "model": Path(name_or_path).name,
            **({} if (commit := commit_of(folder)) is None else {"commit": commit}),
            "weights_sha256": weights_hash(folder),
            "layout": processor.layout.name,
            **computed,
            "notice": NOTICE,
        }
        stager = cls(model, processor, provenance, inputs=inputs)
        if inputs != "both":
            if not stager._reader.reads_evidence:
                raise InputError(folder, "inputs", inputs, "this checkpoint reads pictures alone: leave it out")
            provenance["inputs"] = inputs
        stager.smooth = stager._reader.calibration.smoothing if smooth == "auto" else smooth
        provenance |= {"smoothing": stager.smooth, **stager._reader.provenance}
        return stager

    @property
    def stage_temperature(self) -> float:
        """The checkpoint's temperature of an epoch's logits."""
        return float(self._reader.calibration.stage_temperature)

    @property
    def engine(self) -> str:
        """What computes, where, and in which precision, in words."""
        usual = {"engine": "torch", "device": "cpu", "dtype": "float32"}
        return ", ".join(str(self.provenance.get(key, value)) for key, value in usual.items())

    @property
    def can_explain(self) -> bool:
        """Whether the checkpoint was trained to give reasons."""
        return bool(self._reader.reasoned)

    def explained(self, explain: Explain | None) -> Explain:
        """Return which epochs get reasons; None: the uncertain ones, where the checkpoint gives reasons."""
        return explain or ("uncertain" if self.can_explain else "none")

    def check_explain(self, explain: str) -> None:
        """Refuse a way of explaining that there is not, or that the checkpoint was not trained for.

        Raises
        ------
        InputError
            Naming the checkpoint and what to do.
        """
        if explain != "none" and isinstance(self._reader, OnnxReader):
            raise InputError("engine onnx", "explain", explain, "graphs give no reasons: use --engine torch")
        check_explain(explain, self._reader, str(self.provenance.get("model", "model")))

    def night_provenance(
        self,
        explain: Explain,
        uncertain_share: float = UNCERTAIN_SHARE,
        reasons: Reasons = "grounded",
        eeg: EegChoice = "first",
    ) -> dict[str, Any]:
        """Return where a night comes from: the stager, which derivations are read, which epochs are explained, how."""
        explained = {"none": "none", "uncertain": f"least certain {uncertain_share:g}", "all": "all"}[explain]
        return {
            **self.provenance,
            "eeg": eeg,
            "explained": explained,
            **({} if explain == "none" else {"reasons": reasons}),
        }

    def stage(
        self,
        recording: Recording,
        *,
        batch_size: int = 32,
        explain: Explain = "none",
        uncertain_share: float = UNCERTAIN_SHARE,
        reasons: Reasons = "grounded",
        eeg: EegChoice = "first",
        measure: bool = False,
        progress: Progress | None = None,
        explain_progress: Progress | None = None,
        journal: Path | None = None,
    ) -> StagedNight:
        """Stage every epoch of a recording, with reasons where they are asked for.

        Parameters
        ----------
        recording
            At least one channel must serve the layout's EEG panel.
        batch_size
            Epochs the model reads at a time; the result does not depend on it.
        explain
            Which epochs get a rationale: none, the least certain ones (after smoothing), or all.
        uncertain_share
            Share of the scored epochs that counts as least certain, rounded up.
        reasons
            ``"grounded"``: the model chooses, among the statements that hold in the epoch, those that speak for the
            hypnogram's stage. ``"free"``: it states whatever the grammar of rationales permits, as it sees it, and
            comes to a stage of its own; verdicts then show what it sees.
        eeg
            ``"first"``: the preferred derivation is read, and for a stretch in which it holds no usable signal the best
            other one. ``"vote"``: a derivation of every role that the EEG panel knows is staged, and the logarithmic
            mean of their probabilities is the answer.
        measure
            Whether to measure the night where no reasons ask for it: ``StagedNight.evidence``.
        progress
            Called with (epochs done, epochs in all) after every batch.
        explain_progress
            Called with (rationales written, rationales to write) after every batch of them.
        journal
            File that keeps what has been read and written, and from which a killed run goes on.

        Raises
        ------
        RecordingError
            If no EEG channel was found, or a channel that is needed cannot be used.
        InputError
            If reasons are asked of a checkpoint that was not trained to give them.
        """
        self.check_explain(explain)
        if batch_size < 1:
            raise InputError("arguments", "batch_size", batch_size, "give a positive number")
        if reasons not in REASONS:
            raise InputError("arguments", "reasons", reasons, f"use one of {', '.join(REASONS)}")
        if not 0 <= uncertain_share <= 1:
            raise InputError("arguments", "uncertain_share", uncertain_share, "give a number from 0 to 1")
        self._check_eeg(recording, eeg)
        provenance = self.night_provenance(explain, uncertain_share, reasons, eeg)
        diary = None if journal is None else AnswerJournal(journal, answers_key(recording, provenance))
        seconds = {"read_s": 0.0, "draw_s": 0.0, "model_s": 0.0}
        started = time.perf_counter()
        night = PreparedNight.read(recording, self.processor.layout, every_derivation=eeg == "vote")
        seconds["read_s"] += time.perf_counter() - started
        give_back()
        inputs = self._reader.open(night, batch_size, seconds)
        give_back()
        answering = NightAnswering(
            inputs=inputs,
            reader=self._reader,
            batch_size=batch_size,
            answers=Answers.none(recording.n_epochs) if diary is None else diary.read(recording.n_epochs),
            diary=diary,
            progress=progress,
            explain_progress=explain_progress,
        )
        answering.read(keep=explain == "all")
        give_back()
        unfamiliar = answering.inputs.unfamiliar
        measured = answering.inputs.evidence is not None
        # a general-purpose model has no such calibration: it knows no recordings that it learnt from
        slope = getattr(self._reader.calibration, "unfamiliar_widening", 0.0) if measured else 0.0
        widening = widening_of(night, unfamiliar, slope)
        votes: dict[str, Hypnogram] = {}
        logits = answering.answers.logits
        if eeg == "vote":
            ballots = self._ballots(night, answering.answers.logits, batch_size, seconds)
            votes = {
                name: self._hypnogram(recording, logits_of_channel, (), widening)
                for name, logits_of_channel in ballots.items()
            }
            logits = pooled(list(ballots.values()), self._reader.calibration.stage_temperature)
        hypnogram = self._hypnogram(recording, logits, notes_of(night, recording), widening)
        hypnogram = replace(hypnogram, quality=quality_words(night))
        measurements = None
        if measure or explain != "none":
            started = time.perf_counter()
            measurements = MeasuredNight.of(night, answering.inputs.evidence or measure_night(night))
            seconds["measure_s"] = seconds.get("measure_s", 0.0) + time.perf_counter() - started
            give_back()
        if measurements is not None and explain != "none":
            chosen = night.usable if explain == "all" else uncertain_epochs(hypnogram, uncertain_share)
            grammar = measurements.grammar(self._grammars, hypnogram.stages if reasons == "grounded" else None)
            seconds["explain_s"] = answering.explain(chosen, grammar)
        if diary is not None:
            diary.close()
        return StagedNight(
            hypnogram=hypnogram,
            recording=recording.describe(),
            prepared=night,
            provenance=provenance,
            timing=seconds,
            problems=tuple(quality_problems(night, recording)),
            limits=limits_of(recording, night, hypnogram, unfamiliar),
            unfamiliarity=None if unfamiliar is None else unfamiliar.ratio,
            evidence=None if measurements is None else measurements.evidence,
            rationales=None
            if measurements is None or explain == "none"
            else measurements.lines(answering.answers, hypnogram),
            votes=votes,
            leads=FurtherLeads.of(recording, night),
        )

    def _ballots(
        self, night: PreparedNight, first: npt.NDArray[np.float32], batch_size: int, seconds: dict[str, float]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the logits of every derivation that votes, by its name: (n_epochs, 5), NaN where it is not usable."""
        panel = self._eeg_panels()[0]
        ballots = {}
        for place in voters(night, panel):
            name = night.panels[panel][place].name
            through = night.through(panel, place)
            if np.array_equal(through.usable, night.usable) and (night.shown[panel] <= 0).all() and place == 0:
                ballots[name] = first
                continue
            answers = Answers.none(night.n_epochs)
            inputs = self._reader.open(through, batch_size, seconds)
            NightAnswering(inputs, self._reader, batch_size, answers).read()
            ballots[name] = answers.logits
        return ballots

    def counterfactuals(self, recording: Recording, *, batch_size: int = 32) -> Counterfactuals:
        """Open a recording so that its epochs can be read, and explained, with other signals than their own.

        Raises
        ------
        RecordingError
            If no EEG channel was found, or a channel that is needed cannot be used.
        InputError
            If the checkpoint was not trained to give reasons.
        """
        from eegvlm.staging.counterfactuals import Counterfactuals

        self.check_explain("all")
        self._check_eeg(recording, "first")
        night = PreparedNight.read(recording, self.processor.layout)
        measured = MeasuredNight.of(night, measure_night(night))
        return Counterfactuals(self._reader, self._grammars, self._reader.open(night, batch_size), measured, batch_size)

    def redrawing(self, recording: Recording, *, batch_size: int | None = None) -> Redrawing:
        """Open a recording so that its epochs can be read with other pictures than their own.

        Parameters
        ----------
        recording
            The night.
        batch_size
            Pictures that are read at a time; None: as many as suit the device.

        Raises
        ------
        RecordingError
            If no EEG channel was found, or a channel that is needed cannot be used.
        """
        from eegvlm.staging.redrawing import Redrawing, suitable_batch

        self._check_eeg(recording, "first")
        size = batch_size or suitable_batch(self.model.device)
        night = PreparedNight.read(recording, self.processor.layout)
        return Redrawing(self._reader, self._reader.open(night, size), size)

    def _eeg_panels(self) -> list[str]:
        return [panel.name for panel in self.processor.layout.panels if panel.shows_eeg]

    def _check_eeg(self, recording: Recording, eeg: EegChoice) -> None:
        """Refuse a recording without EEG, and a vote where several panels show EEG already."""
        if eeg not in EEG_CHOICES:
            raise InputError("arguments", "eeg", eeg, f"use one of {', '.join(EEG_CHOICES)}")
        panels = self._eeg_panels()
        if eeg == "vote" and len(panels) != 1:
            hint = f"layout {self.processor.layout.name} shows {len(panels)} derivations at once: use eeg first"
            raise InputError("arguments", "eeg", eeg, hint)
        channels = panel_channels(self.processor.layout, recording)
        if all(channels[name] is None for name in panels):
            labels = ", ".join(channel.name for channel in recording.channels) or "none"
            hint = f"name it with --channels eeg=LABEL; the channels are {labels}"
            raise RecordingError(recording.path, "EEG channel", "none recognised", hint)

    def _hypnogram(
        self,
        recording: Recording,
        logits: npt.NDArray[np.float32],
        notes: Sequence[str],
        widening: npt.NDArray[np.float64] | float = 1.0,
    ) -> Hypnogram:
        """Return stages and calibrated probabilities, widened by temperatures; epochs not read are unscored."""
        read = np.isfinite(logits[:, 0])
        config = self._reader.calibration
        probabilities = np.full(logits.shape, np.nan)
        probabilities[read] = softmax(logits[read].astype(np.float64) / config.stage_temperature, axis=1)
        if self.smooth == "posterior":
            probabilities = posterior(
                probabilities,
                strength=config.smoothing_strength,
                prior=config.stage_prior,
                temperature=config.smoothed_temperature,
            )
        if np.any(widening != 1):
            probabilities = tempered(probabilities, widening)
        return Hypnogram(
            most_probable(probabilities),
            epoch_s=EPOCH_S,
            start=recording.start,
            probabilities=probabilities.astype(np.float32),
            notes=tuple(notes),
        )
