"""A staged night and its files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegvlm.core.files import make_folder, write_text
from eegvlm.evidence import Evidence
from eegvlm.hypnogram import CountedSleep, Hypnogram, count_sleep, write_hypnogram
from eegvlm.hypnogram.review import Review, contradicted_epochs, differing_epochs, review, review_flags
from eegvlm.hypnogram.second_opinion import SECOND_READER, SecondOpinion
from eegvlm.images import PreparedNight
from eegvlm.report import FurtherLeads, write_report
from eegvlm.signals import Lights, Problem, Quality
from eegvlm.staging.limits import Limit
from eegvlm.staging.result_files import FILES, RATIONALES, REPORT, check_formats
from eegvlm.staging.results_folder import ResultsFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class StagedNight:
    """A hypnogram with probabilities, and everything that says where it came from.

    Parameters
    ----------
    hypnogram
        One stage and five probabilities an epoch; unscored epochs have NaN.
    recording
        ``Recording.describe()``: channels, length, gaps, problems; no patient fields.
    prepared
        The night as the model saw it.
    provenance
        Software, model and hash of its weights, layout, precision.
    timing
        Seconds spent reading, drawing, in the model, and where they were asked for in measuring and in explaining.
    problems
        What signal quality did to the staging; the recording's own are in ``recording``.
    limits
        Conditions under which the model was not trained or validated, or was with less.
    evidence
        What was measured on the night; None where nothing asked for it.
    rationales
        Lines of ``rationales.jsonl``, in the order of time; None where no reasons were asked for.
    votes
        What each derivation says by itself, by its name; empty where one was read.
    second
        What a second reader says; None where none was asked.
    lights
        When lights went off and on; None where nobody said.
    unfamiliarity
        Distance to the recordings that the model learnt from, beside the one within which 99 of 100 like them lie;
        above 1 it is unlike them. None where that is not known.
    leads
        EEG leads that the model did not read, for the report; None: it shows none of them.
    """

    hypnogram: Hypnogram
    recording: dict[str, Any]
    prepared: PreparedNight
    provenance: dict[str, Any]
    timing: dict[str, float]
    problems: tuple[Problem, ...] = ()
    limits: tuple[Limit, ...] = ()
    evidence: Evidence | None = None
    rationales: tuple[dict[str, Any], ...] | None = None
    votes: dict[str, Hypnogram] = field(default_factory=dict)
    second: SecondOpinion | None = None
    lights: Lights | None = None
    unfamiliarity: float | None = None
    leads: FurtherLeads | None = None

    def __repr__(self) -> str:
        of = f"{self.recording.get('file', 'recording')}, {self.provenance.get('model', 'model')}"
        return f"<StagedNight: {of}, {len(self.all_problems)} problems; {self.hypnogram!r}>"

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(str(problem['message']))}</li>" for problem in self.all_problems)
        return f"{self.hypnogram._repr_html_()}<ul>{notes}</ul>"

    @property
    def panels(self) -> dict[str, str | None]:
        """The preferred channel of each panel of the layout, None where the recording has none."""
        panels = self.prepared.panels
        return {
            panel.name: panels[panel.name][0].name if panel.name in panels else None
            for panel in self.prepared.layout.panels
        }

    @property
    def quality(self) -> Quality | None:
        """The quality of every channel that was judged, epoch by epoch."""
        return self.prepared.quality

    @property
    def all_problems(self) -> list[dict[str, Any]]:
        """Everything that a reader of the result must know: of the recording, its signals, and the model's limits."""
        more = (*self.problems, *(limit.problem for limit in self.limits))
        return [*self.recording.get("problems", ()), *(problem.to_dict() for problem in more)]

    @cached_property
    def counted(self) -> CountedSleep:
        """The night's statistics, and what they count."""
        return count_sleep(self.hypnogram, self.lights)

    @cached_property
    def review(self) -> Review:
        """In which order to review the night, and what that is expected to leave."""
        disputed = contradicted_epochs(self.rationales), differing_epochs(self.rationales)
        return review(
            self.hypnogram,
            review_flags(self.hypnogram, *disputed, self.votes),
            first=() if self.second is None else self.second.differing,
            unstaged=(self.prepared.scorable & ~self.prepared.usable).nonzero()[0].tolist(),
            limit=next((limit.message for limit in self.limits if not limit.validated), ""),
        )

    def summary(self) -> dict[str, Any]:
        """Return what ``staging.json`` holds."""
        corrections = self.prepared.corrections
        counted = self.counted.to_dict()
        return {
            **self.provenance,
            "recording": self.recording,
            "panels": self.panels,
            "gains": {panel: round(correction.gain, 3) for panel, correction in corrections.items()},
            "narrowed": {
                panel: list(correction.band)
                for panel, correction in corrections.items()
                if correction.band != (None, None)
            },
            "narrowed_stretches": {
                panel: [asdict(stretch) for stretch in correction.stretches]
                for panel, correction in corrections.items()
                if correction.stretches
            },
            "problems": self.all_problems,
            **({} if self.unfamiliarity is None else {"unfamiliarity": round(self.unfamiliarity, 3)}),
            "quality": None if self.quality is None else self.quality.to_dict(),
            "epochs": len(self.hypnogram.stages),
            "unscored_epochs": int((self.hypnogram.stages < 0).sum()),
            "statistics": counted.pop("statistics"),
            "counted": counted,
            "notes": list(self.hypnogram.notes),
            "review": self.review.to_dict(),
            **({"votes": {name: hypnogram.labels for name, hypnogram in self.votes.items()}} if self.votes else {}),
            **({} if self.second is None else {"second_reader": self.second.to_dict()}),
            **self._explained(),
            "timing": {name: round(seconds, 3) for name, seconds in self.timing.items()},
        }

    def _explained(self) -> dict[str, Any]:
        """Return how many rationales there are and what the signal said to them, where they were asked for."""
        if self.rationales is None:
            return {}
        verdicts = Counter(claim["verdict"] for rationale in self.rationales for claim in rationale["claims"])
        differing = sum(rationale["differs"] for rationale in self.rationales)
        return {"rationales": {"epochs": len(self.rationales), "differing_stage": differing, "claims": dict(verdicts)}}

    def report(self, path: str | Path) -> Path:
        """Write the report of the night, one self-contained page.

        Parameters
        ----------
        path
            A file that ends in ``.html``, or a folder, in which ``report.html`` is written.

        Returns
        -------
        Path
            The page.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        return write_report(path, self)

    def plot_epoch(self, number: int) -> Figure:
        """Draw the signals of one epoch with what was measured in them, its stage and its reasons.

        Parameters
        ----------
        number
            Which epoch, counted from 1, as scorers do.

        Raises
        ------
        InputError
            If there is no such epoch.
        MissingExtraError
            If matplotlib is not installed.
        """
        from eegvlm.staging.epoch_plot import plot_epoch

        return plot_epoch(self, number)

    def write(self, folder: str | Path, formats: Sequence[str] = ("csv", "edf", "bids", "json")) -> list[Path]:
        """Write the night's files; ``staging.json`` comes last, so that its presence means all are there.

        Parameters
        ----------
        folder
            Made where it does not exist. What an earlier run left in it in other formats is removed.
        formats
            Any of ``csv``, ``edf``, ``bids``, ``json``, ``report``. Rationales and a second reader's stages are written
            where they were asked for.

        Returns
        -------
        list of Path
            The files, in the order in which they were written.

        Raises
        ------
        InputError
            If the folder holds the results of another recording, or a file cannot be written.
        """
        check_formats(formats)
        folder = Path(folder)
        results = ResultsFolder(folder)
        results.claim(self.recording)
        make_folder(folder)
        written = []
        for name in formats:
            file, format_name = FILES[name]
            if name != REPORT:
                write_hypnogram(self.hypnogram, folder / file, format=format_name)
                written.append(folder / file)
        if self.rationales is not None:
            lines = [json.dumps(rationale, ensure_ascii=False, allow_nan=False) + "\n" for rationale in self.rationales]
            write_text(folder / RATIONALES, "".join(lines))
            written.append(folder / RATIONALES)
        if self.second is not None:
            written.append(self.second.write_csv(folder, self.hypnogram))
        if REPORT in formats:
            written.append(write_report(folder, self))
        current = {file.name for file in written} | ({"events.json"} if "bids" in formats else set())
        left = {file for file, _ in FILES.values()} | {"events.json", RATIONALES, SECOND_READER}
        for name in sorted(left - current):
            (folder / name).unlink(missing_ok=True)  # an earlier staging's would be taken for this one's
        return [*written, results.finish(self.summary())]
