"""One night of a cohort, staged in a worker: read, staged, compared, written to its place as a whole."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eegvlm import __version__
from eegvlm.core.files import write_text
from eegvlm.errors import InputError
from eegvlm.hypnogram import HypnogramError
from eegvlm.lab.cohort.bids_derivatives import bids_files, results_place
from eegvlm.lab.cohort.night import CohortNight, NightOutcome
from eegvlm.lab.cohort.output import MARKER, Output
from eegvlm.lab.cohort.remote_inputs import local_copy
from eegvlm.lab.cohort.row import row_of
from eegvlm.lab.datasets import DatasetError
from eegvlm.signals import Recording, RecordingError, read_recording

if TYPE_CHECKING:
    from eegvlm.staging import StageOptions, Stager

Layout = Literal["paths", "bids-derivatives"]
LAYOUTS: tuple[Layout, ...] = ("paths", "bids-derivatives")


@dataclass(frozen=True)
class StagingPlan:
    """How every night of a cohort is staged. It is sent to workers, so it holds no model.

    Parameters
    ----------
    model, smooth, device, dtype, engine
        As in :meth:`eegvlm.staging.Stager.from_pretrained`.
    weights_sha256
        Of the model's weights, for the key.
    channels
        The user's choice, as in :func:`eegvlm.signals.read_recording`.
    explain, reasons, eeg, formats, batch_size
        As in :class:`eegvlm.staging.StageOptions`.
    layout
        How results are laid out.
    """

    model: str = "nano"
    weights_sha256: str = ""
    smooth: Literal["auto", "none", "posterior"] = "auto"
    device: str = "auto"
    dtype: str = "auto"
    engine: Literal["torch", "onnx"] = "torch"
    channels: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    explain: Literal["none", "uncertain", "all"] | None = None
    reasons: Literal["grounded", "free"] = "grounded"
    eeg: Literal["first", "vote"] = "first"
    formats: tuple[str, ...] = ("csv", "edf", "bids", "json", "report")
    batch_size: int = 32
    layout: Layout = "paths"

    @property
    def digest(self) -> str:
        """Return what results depend on: model, options and version; not device and batch size."""
        options = {name: value for name, value in vars(self).items() if name not in ("device", "batch_size", "model")}
        text = json.dumps({**options, "model": Path(self.model).name, "software": __version__}, sort_keys=True)
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def stage_options(self) -> StageOptions:
        """Return the options of each night."""
        from eegvlm.staging import StageOptions

        return StageOptions(
            explain=self.explain,
            reasons=self.reasons,
            eeg=self.eeg,
            formats=self.formats,
            batch_size=self.batch_size,
        )


@dataclass(frozen=True)
class StagingTask:
    """Makes what a worker calls with one night after the other.

    Parameters
    ----------
    plan
        How nights are staged.
    output
        Where results go.
    threads
        Threads of a worker; None leaves torch's own number.
    """

    plan: StagingPlan
    output: Output
    threads: int | None = None

    @property
    def options(self) -> str:
        """The plan's digest, a part of each night's key."""
        return self.plan.digest

    def start(self) -> NightWorker:
        """Load the model; called once in each worker."""
        from eegvlm.staging import Stager

        plan = self.plan
        if plan.engine == "torch":
            import torch

            if self.threads is not None:
                torch.set_num_threads(self.threads)
        elif self.threads is not None:
            os.environ["OMP_NUM_THREADS"] = str(self.threads)  # which sessions of ONNX Runtime are given
        stager = Stager.from_pretrained(
            plan.model, smooth=plan.smooth, device=plan.device, dtype=plan.dtype, engine=plan.engine
        )
        stager.check_explain(plan.explain or "none")
        return NightWorker(self, stager)


@dataclass(frozen=True)
class NightWorker:
    """A loaded model that stages nights."""

    task: StagingTask
    stager: Stager

    def __call__(self, night: CohortNight) -> NightOutcome:
        """Stage a night; whatever goes wrong with it is its outcome."""
        key = night.key(self.task.options)
        outcome = NightOutcome(night.name, night.recording, key)
        try:
            row = self._finished(night, key)
            return replace(outcome, row=self._stage(night, key) if row is None else row)
        except InputError as error:
            return replace(outcome, reason=str(error), lasting=_is_about_the_file(error))
        except (OSError, MemoryError) as error:
            cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return replace(outcome, reason=f"{night.recording}: staging: {cause}; free memory or disk, and run again")
        except Exception as error:  # a fault of ours, which the nights after it must not pay for
            cause = " ".join(f"{type(error).__name__}: {error}".split())
            reason = f"{night.recording}: staging: {cause}; a fault of eeg-vlm, report what the journal holds"
            return replace(outcome, reason=reason, traceback=traceback.format_exc())

    def _finished(self, night: CohortNight, key: str) -> dict[str, Any] | None:
        """Return the row of a night that was staged by a run that was killed before it could say so."""
        marker = self.task.output.marker(results_place(night, self.task.plan.layout))
        return None if marker is None or marker["key"] != key else dict(marker["row"])

    def _stage(self, night: CohortNight, key: str) -> dict[str, Any]:
        from eegvlm.staging.pipeline import stage_recording

        started = time.perf_counter()
        plan, output = self.task.plan, self.task.output
        place = results_place(night, plan.layout)
        with local_copy(night.recording) as path:
            recording = _open(night, path, plan)
            with output.night_folder(place) as folder:
                staged = stage_recording(recording, folder, self.stager, plan.stage_options())
                if staged is None:
                    raise InputError(os.fspath(folder), "results", "not empty", "run again")
                row = row_of(night, staged, place, time.perf_counter() - started)
                if plan.layout == "bids-derivatives":
                    output.write(bids_files(night, folder))
                write_text(folder / MARKER, json.dumps({"key": key, "row": row}, indent=1, allow_nan=False) + "\n")
        return row


def _open(night: CohortNight, path: Path, plan: StagingPlan) -> Recording:
    channels = plan.channels or None
    return read_recording(path, channels) if night.source is None else night.source.recording(channels)


def _is_about_the_file(error: InputError) -> bool:
    return isinstance(error, RecordingError | HypnogramError | DatasetError)
