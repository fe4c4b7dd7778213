"""A night under review: the model's results, the recording where it can be found, and its scorings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eegvlm.core.files import make_folder
from eegvlm.core.notice import NOTICE
from eegvlm.hypnogram import Hypnogram
from eegvlm.review.beginning import first_lights, first_stages
from eegvlm.review.clinical_page import clinical_page
from eegvlm.review.description import REVIEW_FOLDER, read_description
from eegvlm.review.incomplete_epoch import incomplete_epoch
from eegvlm.review.locating import Channels
from eegvlm.review.night_signals import NightSignals
from eegvlm.review.problems import NotFoundError, ReviewError
from eegvlm.review.readers import compare
from eegvlm.review.results import Results, read_results
from eegvlm.review.scoring import Change
from eegvlm.review.scoring_file import ReviewedScoringFile
from eegvlm.review.scorings import Scorings
from eegvlm.review.signing import PAGE, PDF, signature_of, write_page, write_signed
from eegvlm.staging.results_folder import SUMMARY

MODEL = "model"


class ReviewedNight:
    """One night.

    Parameters
    ----------
    folder
        Its results, or where the review of a recording that was not staged is kept.
    scoring
        A scorer's file: another reading of the night, and where there is no model the stages to begin with.
    channels
        The user's choice of channels, as in :func:`eegvlm.signals.read_recording`.

    Raises
    ------
    InputError
        If the folder holds neither results nor a review, or a file in it cannot be read.
    """

    def __init__(self, folder: Path, scoring: Path | None = None, channels: Channels | None = None) -> None:
        self.folder = folder
        self.review_folder = folder / REVIEW_FOLDER
        self.results: Results | None = read_results(folder) if (folder / SUMMARY).is_file() else None
        self.described: Mapping[str, Any] = (
            self.results.summary["recording"] if self.results else read_description(folder)
        )
        make_folder(self.review_folder)
        self.signals = NightSignals(self.described, folder, self.review_folder, channels)
        self.not_printed = ""
        self.scorings = Scorings(self.review_folder, self._annotate, incomplete=incomplete_epoch(self.described))
        self.file: tuple[str, Hypnogram] | None = None
        if scoring is not None:
            self.file = (scoring.name, self._laid(scoring))

    @property
    def title(self) -> str:
        """The name of its folder."""
        return self.folder.resolve().name

    @property
    def report(self) -> Path:
        """The signed report: the PDF, or the page where none could be printed.

        Raises
        ------
        NotFoundError
            If the night was never signed.
        """
        files = [self.folder / name for name in (PDF, PAGE) if (self.folder / name).is_file()]
        if not files:
            raise NotFoundError(self.title, "report", "none", "sign a scoring to have it written")
        return files[0]

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
        return self.signals.details(self.results.hypnogram, str(self.results.summary.get("layout")))

    def close(self) -> None:
        """Stop what runs in the background."""
        self.signals.close()

    def begin(
        self, name: object, who: str, basis: object, *, blind: bool, of: Sequence[str] = ()
    ) -> ReviewedScoringFile:
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
        first = {
            "name": scoring.name,
            "basis": basis,
            "of": list(of),
            "blind": blind,
            "start": self.described.get("start"),
            "onset_s": 0.0,
            "epoch_s": 30.0,
            "stages": first_stages(
                str(basis),
                of,
                n_epochs=int(self.described["n_epochs"]),
                model=None if self.results is None else self.results.hypnogram,
                file=None if self.file is None else self.file[1],
                readings=self.readings(),
            ),
            "lights": first_lights(self.described, self.results),
            "recording": {key: self.described.get(key) for key in ("file", "fingerprint")},
            "model": None if self.results is None else self.results.model,
        }
        scoring.begin(who, first)
        return scoring

    def readings(self) -> dict[str, Hypnogram]:
        """Return the readings by name: the model, a second reader, a file, scorings that are not hidden."""
        readings: dict[str, Hypnogram] = {}
        if self.results is not None:
            readings[MODEL] = self.results.hypnogram
            if self.results.second is not None:
                readings["second reader"] = self.results.second
        if self.file is not None:
            name, hypnogram = self.file
            readings[name] = hypnogram
        for name, scoring in self.scorings.begun().items():
            if not scoring.state.is_hidden:
                readings[name] = scoring.state.hypnogram()
        return readings

    def compare(self, scoring: ReviewedScoringFile, name: str) -> dict[str, Any]:
        """Compare a scoring with another reading.

        Raises
        ------
        ReviewError
            If the scoring is blind and not finished, the other one does not exist, or is itself blind and unfinished.
        """
        readings = self.visible_readings(scoring)
        if name not in readings:
            hint = "finish this blind scoring first" if scoring.refresh().is_hidden else f"choose {', '.join(readings)}"
            raise ReviewError(self.title, "reading", name, hint)
        return {**compare(scoring.state.hypnogram(), readings[name], name), "stages": readings[name].labels}

    def visible_readings(self, scoring: ReviewedScoringFile) -> dict[str, Hypnogram]:
        """Return the readings that the scorer of a scoring may see: none before a blind one is finished."""
        if scoring.refresh().is_hidden:
            return {}
        return {name: one for name, one in self.readings().items() if name != scoring.name}

    def sign(self, scoring: ReviewedScoringFile, who: str, revision: int, statement: object) -> None:
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
        signature = signature_of(state, self.signals.recording.path, self.described, model, statement)
        scoring.sign(who, revision, signature)
        self.write_outputs(scoring)

    def write_outputs(self, scoring: ReviewedScoringFile) -> list[Path]:
        """Write the files of a signed scoring; why there is no PDF among them is in ``not_printed``.

        Raises
        ------
        InputError
            If it is not signed, or a file cannot be written.
        """
        summary = self.results.summary if self.results else {}
        written = write_signed(self.folder, scoring.refresh(), scoring.entries)
        page = clinical_page(scoring.state, scoring.entries, self.described, str(summary.get("notice") or NOTICE))
        pages, self.not_printed = write_page(self.folder, page)
        return [*pages, *written]

    def _annotate(self, change: Change) -> Change:
        if change["of"] != "stage" or self.results is None:
            return change
        return {**change, **self.results.of_epoch(change["key"])}

    def _laid(self, file: Path) -> Hypnogram:
        from eegvlm.staging.scoring_reader import ScoringReader

        return ScoringReader(file).stage(self.signals.recording)
