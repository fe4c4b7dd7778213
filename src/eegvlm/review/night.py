"""A night under review: the model's results, the recording where it can be found, and its scorings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from eegvlm.core.files import make_folder
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, HypnogramError, count_sleep
from eegvlm.review.description import REVIEW_FOLDER, read_description
from eegvlm.review.locating import find_recording, recording_at
from eegvlm.review.measured import MeasuredDetails, spectrogram
from eegvlm.review.overview import Overview
from eegvlm.review.problems import ReviewError
from eegvlm.review.progress import progress
from eegvlm.review.readers import compare, consensus
from eegvlm.review.results import Results, read_results
from eegvlm.review.scoring import Change, Scoring
from eegvlm.review.scoring_file import ScoringFile
from eegvlm.review.scorings import Scorings
from eegvlm.review.signing import is_written, signature_of, write_signed
from eegvlm.signals import Recording
from eegvlm.staging.results_folder import SUMMARY

MODEL = "model"
BASES = ("model", "blank", "file", "consensus")


class Night:
    """One night.

    Parameters
    ----------
    folder
        Its results, or where the review of a recording that was not staged is kept.
    scoring
        A scorer's file: another reading of the night, and where there is no model the stages to begin with.

    Raises
    ------
    InputError
        If the folder holds neither results nor a review, or a file in it cannot be read.
    """

    def __init__(self, folder: Path, scoring: Path | None = None) -> None:
        self.folder = folder
        self.review_folder = folder / REVIEW_FOLDER
        self.results: Results | None = read_results(folder) if (folder / SUMMARY).is_file() else None
        self.described: Mapping[str, Any] = (
            self.results.summary["recording"] if self.results else read_description(folder)
        )
        make_folder(self.review_folder)
        self._lock = RLock()
        self._recording: Recording | None = None
        self._overview: Overview | None = None
        self._details: MeasuredDetails | None = None
        self._spectrograms: dict[tuple[str, str], dict[str, Any]] = {}
        self.scorings = Scorings(self.review_folder, self._annotate)
        self.file: tuple[str, Hypnogram] | None = None
        if scoring is not None:
            self.file = (scoring.name, self._laid(scoring))

    @property
    def title(self) -> str:
        """The name of its folder."""
        return self.folder.resolve().name

    @property
    def recording(self) -> Recording:
        """The recording.

        Raises
        ------
        NotFoundError
            If it was moved: :meth:`point_at` says where it is.
        """
        with self._lock:
            if self._recording is None:
                self._recording = find_recording(self.described, self.folder, self.review_folder)
            return self._recording

    @property
    def overview(self) -> Overview:
        """The seconds of its rows, for long pages."""
        with self._lock:
            if self._overview is None:
                self._overview = Overview(self.recording)
            return self._overview

    def details(self) -> dict[str, Any]:
        """Return what was measured in each epoch; measuring begins on the first call, and takes some seconds.

        Raises
        ------
        ReviewError
            If the night was not staged, so that nobody knows what to measure.
        NotFoundError
            If the recording was moved.
        """
        if self.results is None:
            raise ReviewError(self.title, "findings", "none", "stage the night to have them measured")
        with self._lock:
            if self._details is None:
                layout = str(self.results.summary.get("layout"))
                self._details = MeasuredDetails(self.recording, self.results.hypnogram, layout)
            return self._details.to_dict()

    def spectrogram(self, plus: str, minus: str) -> dict[str, Any]:
        """Return the spectrogram of a signal, or of one against another; computed once.

        Raises
        ------
        ReviewError
            If the file has no such signal.
        NotFoundError
            If the recording was moved.
        """
        recording = self.recording
        if (plus, minus) not in self._spectrograms:
            self._spectrograms[plus, minus] = spectrogram(recording, plus, minus)
        return self._spectrograms[plus, minus]

    def close(self) -> None:
        """Stop what runs in the background."""
        with self._lock:
            if self._overview is not None:
                self._overview.close()
                self._overview = None
            if self._details is not None:
                self._details.close()
                self._details = None

    def point_at(self, place: Path) -> None:
        """Take the recording from a place that the user names; refused where its samples are others."""
        found = recording_at(place, self.described, self.review_folder)
        with self._lock:
            self.close()
            self._recording = found

    def begin(self, name: object, who: str, basis: object, *, blind: bool, of: Sequence[str] = ()) -> ScoringFile:
        """Begin a scoring.

        Parameters
        ----------
        name
            Letters, digits, ``-`` and ``_``.
        who
            The scorer.
        basis
            The stages to begin with: the ``model``'s, ``blank``, the ``file``'s, or the ``consensus`` of others.
        blind
            Whether what others said stays hidden until the scorer has finished.
        of
            The readings of a consensus.

        Raises
        ------
        ReviewError
            If one of these makes no sense, or there is a scoring of that name.
        """
        scoring = self.scorings.at(name)
        if basis not in BASES:
            raise ReviewError(self.title, "basis", basis, f"expected one of {', '.join(BASES)}")
        first = {
            "name": scoring.name,
            "basis": basis,
            "of": list(of),
            "blind": blind,
            "start": self.described.get("start"),
            "onset_s": 0.0,
            "epoch_s": 30.0,
            "stages": self._first_stages(str(basis), of),
            "lights": self._first_lights(),
            "recording": {key: self.described.get(key) for key in ("file", "fingerprint")},
            "model": None if self.results is None else self.results.model,
        }
        scoring.begin(who, first)
        return scoring

    def readings(self) -> dict[str, Hypnogram]:
        """Return the readings by name: the model, a second reader, a file, scorings that are not hidden."""
        found: dict[str, Hypnogram] = {}
        if self.results is not None:
            found[MODEL] = self.results.hypnogram
            if self.results.second is not None:
                found["second reader"] = self.results.second
        if self.file is not None:
            found[self.file[0]] = self.file[1]
        for name, scoring in self.scorings.begun().items():
            if not scoring.state.is_hidden:
                found[name] = scoring.state.hypnogram()
        return found

    def compare(self, scoring: ScoringFile, name: str) -> dict[str, Any]:
        """Compare a scoring with another reading.

        Raises
        ------
        ReviewError
            If the scoring is blind and not finished, the other one does not exist, or is itself blind and unfinished.
        """
        others = self.visible_readings(scoring)
        if name not in others:
            hint = "finish this blind scoring first" if scoring.refresh().is_hidden else f"choose {', '.join(others)}"
            raise ReviewError(self.title, "reading", name, hint)
        return {**compare(scoring.state.hypnogram(), others[name], name), "stages": others[name].labels}

    def visible_readings(self, scoring: ScoringFile) -> dict[str, Hypnogram]:
        """Return the readings that the scorer of a scoring may see: none before a blind one is finished."""
        if scoring.refresh().is_hidden:
            return {}
        return {name: one for name, one in self.readings().items() if name != scoring.name}

    def sign(self, scoring: ScoringFile, who: str, revision: int, statement: object) -> None:
        """Sign a scoring, then write the signed files.

        Raises
        ------
        ReviewError
            If another scoring of the night is signed, the recording is not there, or the scoring has changed.
        InputError
            If a file cannot be written: the signature stands, and :meth:`write_outputs` tries again.
        """
        for name, other in self.scorings.begun().items():
            if name != scoring.name and other.state.signature is not None:
                hint = "a night has one signed scoring: reopen that one first"
                raise ReviewError(self.title, "signature", f"the scoring {name} is signed", hint)
        state = scoring.refresh()
        model = None if self.results is None else self.results.model
        signature = signature_of(state, self.recording.path, self.described, model, statement)
        scoring.sign(who, revision, signature)
        self.write_outputs(scoring)

    def write_outputs(self, scoring: ScoringFile) -> list[Path]:
        """Write the files of a signed scoring.

        Raises
        ------
        InputError
            If it is not signed, or a file cannot be written.
        """
        return write_signed(self.folder, scoring.refresh(), scoring.entries)

    def state(self, scoring: ScoringFile) -> dict[str, Any]:
        """Return a scoring for the page, with its statistics and progress."""
        state = scoring.refresh()
        signature = state.signature
        return {
            "name": scoring.name,
            "who": state.begun["who"],
            "basis": state.begun["basis"],
            "revision": state.revision,
            "version": state.version,
            "stages": state.stages,
            "marks": [{"id": key, **mark} for key, mark in state.marks.items()],
            "comments": {str(epoch): text for epoch, text in state.comments.items()},
            "lights": state.lights,
            "seen": sorted(state.seen),
            "scored": sorted(state.scored),
            "can_undo": state.can_undo and signature is None,
            "can_redo": state.can_redo and signature is None,
            "hidden": state.is_hidden,
            "signature": signature and {key: value for key, value in signature.items() if key != "previous"},
            "outputs": signature is not None and is_written(self.folder, signature),
            "statistics": _statistics(state),
            "progress": progress(state, None if state.is_hidden else self.results),
            "readings": list(self.visible_readings(scoring)),
        }

    def _annotate(self, change: Change) -> Change:
        if change["of"] != "stage" or self.results is None:
            return change
        return {**change, **self.results.of_epoch(change["key"])}

    def _first_stages(self, basis: str, of: Sequence[str]) -> list[str]:
        n_epochs = int(self.described["n_epochs"])
        if basis == "blank":
            return ["?"] * n_epochs
        if basis == "consensus":
            readings = self.readings()
            unknown = [name for name in of if name not in readings]
            if unknown:
                raise ReviewError(self.title, "consensus", ", ".join(unknown), f"choose of {', '.join(readings)}")
            return consensus({name: readings[name].labels for name in of})
        if basis == "file":
            hypnogram = None if self.file is None else self.file[1]
        else:
            hypnogram = None if self.results is None else self.results.hypnogram
        if hypnogram is None:
            raise ReviewError(self.title, "basis", basis, "there is none: begin with a blank scoring")
        return hypnogram.labels

    def _first_lights(self) -> dict[str, Any] | None:
        counted = (self.results.summary.get("counted") if self.results else None) or self.described.get("lights") or {}
        lights = {
            "off_s": counted.get("lights_off_s", counted.get("off_s")),
            "on_s": counted.get("lights_on_s", counted.get("on_s")),
        }
        return lights if any(value is not None for value in lights.values()) else None

    def _laid(self, file: Path) -> Hypnogram:
        from eegvlm.staging.scoring_reader import ScoringReader

        return ScoringReader(file).stage(self.recording)


def _statistics(state: Scoring) -> dict[str, Any]:
    try:
        return count_sleep(state.hypnogram()).to_dict()
    except (HypnogramError, InputError) as error:
        return {"error": str(error)}
