"""Reading a night with exported graphs: the pictures, vectors and logits of :mod:`.reading`, without torch.

Notable: the same night object is read, the same evidence measured, and the same epochs sampled for a recording's batch
statistics, as with torch; only what computes differs. Pictures of a night that fits are drawn once. No reasons.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.evidence import Evidence, evidence_vectors, measure_night
from eegvlm.images import PreparedNight
from eegvlm.images.host_raster import draw
from eegvlm.model.onnx_model import OnnxModel
from eegvlm.model.unfamiliar import Unfamiliar
from eegvlm.staging.model_inputs import Inputs, Logits

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.intp]

_KEPT_BYTES = 1 << 26  # of pictures: those of a night of eight hours, not of a day
_BATCH = 32


@dataclass(frozen=True, eq=False)
class OnnxEpochInputs:
    """What the graph ``answer`` is given of some epochs.

    Parameters
    ----------
    pictures
        uint8 (n, channels, height, width).
    context
        float32 (n, 2 * context_epochs + 1, vector_channels + evidence_channels), NaN where there is nothing.
    own
        float32 (n, 1, vector_channels): what the night encoder made of each vector.
    picture_weight
        As :attr:`eegvlm.model.night_inputs.NightInputs.picture_weight`.
    """

    pictures: Pixels
    context: Floats
    own: Floats
    picture_weight: float

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(eq=False)
class OnnxNight:
    """A night as the graphs read it; its vectors are computed when it is made.

    Parameters
    ----------
    model
        The graphs.
    night
        What is read.
    batch_size
        Pictures that are read at a time.
    seconds
        By kind of work, added to in place.
    measured
        Whether a model that reads evidence is given any.

    Attributes
    ----------
    evidence, unfamiliar, picture_weight
        As those of :class:`eegvlm.model.night_inputs.NightInputs`.
    """

    model: OnnxModel
    night: PreparedNight
    batch_size: int = _BATCH
    seconds: dict[str, float] = field(default_factory=lambda: {"draw_s": 0.0, "model_s": 0.0})
    measured: bool = True
    evidence: Evidence | None = field(default=None, init=False)
    unfamiliar: Unfamiliar | None = field(default=None, init=False)
    picture_weight: float = field(default=1.0, init=False)

    def __post_init__(self) -> None:
        described, night = self.model.description, self.night
        self._kept: Pixels | None = None
        if night.n_epochs * int(np.prod(described.picture)) <= _KEPT_BYTES:
            self._kept = np.empty((night.n_epochs, *described.picture), np.uint8)
        self._is_kept = np.zeros(night.n_epochs, np.bool_)
        width, beside = described.vector_channels, described.evidence_channels
        self._vectors = np.full((night.n_epochs, width + beside), np.nan, np.float32)
        self._own = np.full((night.n_epochs, width), np.nan, np.float32)
        if not self.model.has("night"):
            return
        with ThreadPoolExecutor(1, thread_name_prefix="evidence") as worker:
            measuring = worker.submit(self._measure)
            self._vectors[:, :width] = self._high_level()
            outputs = self._run("night", vectors=self._vectors[:, :width], entries=measuring.result())
        self._own = outputs["moved"]
        if beside:
            self._vectors[:, width:] = outputs["evidence"]
            self.picture_weight = float(outputs["picture_weight"])

    def rows(self, rows: Rows) -> OnnxEpochInputs:
        """Return what the model reads of some epochs, (n,) places in the night."""
        around = self.model.description.context_epochs
        places = rows[:, None] + np.arange(-around, around + 1)
        inside = (places >= 0) & (places < self.night.n_epochs)
        context = np.where(inside[..., None], self._vectors[places.clip(0, self.night.n_epochs - 1)], np.float32("nan"))
        return OnnxEpochInputs(self._pictures(rows), context, self._own[rows][:, None], self.picture_weight)

    def _high_level(self) -> Floats:
        """Return the vectors of the night, (n_epochs, vector_channels); NaN where an epoch is not usable."""
        usable, described = self.night.usable, self.model.description
        vectors = np.full((self.night.n_epochs, described.vector_channels), np.nan, np.float32)
        statistics = self._statistics()
        rows = np.flatnonzero(usable)
        for begin in range(0, len(rows), self.batch_size):
            batch = rows[begin : begin + self.batch_size]
            pictures = self._pictures(batch)
            started = time.perf_counter()
            vectors[batch] = self.model.run_by_rows("vectors", {"pictures": pictures}, statistics)["vectors"]
            self.seconds["model_s"] += time.perf_counter() - started
        return vectors

    def _statistics(self) -> dict[str, Floats]:
        """Return the batch statistics that the vectors of this recording are computed with."""
        if not self.model.has("statistics"):
            return {}
        adaptation, usable = self.model.description.adaptation, self.night.usable
        epochs = int(usable.sum())
        rows = self.night.sampled(usable, int(adaptation["most_epochs"]))
        share = adaptation["share"] * epochs / (epochs + adaptation["few_epochs"])
        pictures = self._pictures(rows) if len(rows) else np.zeros((1, *self.model.description.picture), np.uint8)
        return self._run("statistics", pictures=pictures, own_share=np.array(share, np.float32))

    def _measure(self) -> Floats:
        """Return the evidence of every epoch as the model knows it, (n_epochs, entries); NaN where none is given."""
        started = time.perf_counter()
        entries = np.full((self.night.n_epochs, len(self.model.evidence_names)), np.nan, np.float32)
        if self.model.evidence_names and self.measured:
            self.evidence = measure_night(self.night)
            measured = evidence_vectors(self.night, self.evidence)
            entries = np.ascontiguousarray(measured[:, self.model.evidence_columns], np.float32)
            familiar = self.model.familiar
            self.unfamiliar = None if familiar is None else familiar.of(entries)
        self.seconds["measure_s"] = self.seconds.get("measure_s", 0.0) + time.perf_counter() - started
        return entries

    def _pictures(self, rows: Rows) -> Pixels:
        started = time.perf_counter()
        if self._kept is None:
            pictures = draw(self.night.layout, self.night.drawn_signals(rows))
        else:
            new = rows[~self._is_kept[rows]]
            if len(new):
                self._kept[new] = draw(self.night.layout, self.night.drawn_signals(new))
                self._is_kept[new] = True
            pictures = self._kept[rows]
        self.seconds["draw_s"] += time.perf_counter() - started
        return pictures

    def _run(self, graph: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        started = time.perf_counter()
        outputs = self.model.run(graph, inputs)
        self.seconds["model_s"] += time.perf_counter() - started
        return outputs


class OnnxReader:
    """Exported graphs where :class:`.Stager` has a reader; they answer, and give no reasons.

    Parameters
    ----------
    model
        The graphs.
    inputs
        What a model that reads evidence is given.
    """

    reasoned: tuple[int, ...] = ()
    shared = 0
    prefix_bytes = 0

    def __init__(self, model: OnnxModel, inputs: Inputs = "both") -> None:
        self.model, self.processor, self.inputs = model, model, inputs

    @property
    def calibration(self) -> Any:
        """Where ``stage_temperature``, ``stage_prior`` and the smoothing's two numbers stand."""
        return self.model.config

    @property
    def reads_evidence(self) -> bool:
        """Whether the model is given what was measured."""
        return bool(self.model.evidence_names)

    @property
    def provenance(self) -> dict[str, Any]:
        """What a night's record says of the model beside its files: the calibration."""
        names = ("stage_temperature", "stage_prior", "smoothing_strength", "smoothed_temperature")
        return {"calibration": {name: getattr(self.calibration, name) for name in names}}

    def open(self, night: PreparedNight, batch_size: int, seconds: dict[str, float] | None = None) -> OnnxNight:
        """Return what the model reads of a night; its vectors are computed here."""
        times = {"draw_s": 0.0, "model_s": 0.0} if seconds is None else seconds
        return OnnxNight(self.model, night, batch_size, times, measured=self.inputs != "picture")

    def read(self, epochs: OnnxEpochInputs) -> Logits:
        """Return label logits, before calibration: float32 (n, 5), in the order W, N1, N2, N3, R."""
        middle = epochs.context.shape[1] // 2
        if self.inputs == "evidence" and self.reads_evidence:
            return np.nan_to_num(epochs.context[:, middle, -5:])
        rows: dict[str, npt.NDArray[Any]] = {
            "pictures": epochs.pictures,
            "context": epochs.context,
            "own": epochs.own,
        }
        shared = {"picture_weight": np.array(epochs.picture_weight, np.float32)}
        logits: Logits = self.model.run_by_rows("answer", rows, shared)["logits"]
        return logits
