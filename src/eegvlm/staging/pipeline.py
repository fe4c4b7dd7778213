"""A recording file into a folder of results: what ``eegvlm stage`` does with each of its arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegvlm.errors import InputError
from eegvlm.hypnogram.pooling import pooled
from eegvlm.signals import Recording, choose_lights, read_recording
from eegvlm.staging.answering import Progress
from eegvlm.staging.derivations import EegChoice
from eegvlm.staging.explaining import Explain, Reasons
from eegvlm.staging.night import StagedNight
from eegvlm.staging.result_files import FILES, RATIONALES, REPORT, check_formats
from eegvlm.staging.results_folder import ResultsFolder
from eegvlm.staging.second_reader import SecondReader, ask_second_reader
from eegvlm.staging.stager import Stager

if TYPE_CHECKING:
    from eegvlm.staging.examples import ExampleSource

JOURNAL = ".unfinished.npz"
ALL_FORMATS = tuple(FILES)


@dataclass(frozen=True)
class StageOptions:
    """What is wanted of every recording.

    Parameters
    ----------
    explain
        Which epochs get reasons; None: the uncertain ones, where the model gives reasons.
    reasons, eeg, batch_size
        See :meth:`.Stager.stage`.
    formats
        Any of :data:`.result_files.FILES`.
    lights_off, lights_on
        As a user writes them (:func:`eegvlm.signals.parse_lights`); None: the recording's own markers count.
    second_reader
        Stages the night as well; None: nobody does.
    pool
        Whether the answer is the logarithmic pool of the model's and the second reader's probabilities.
    examples
        Scored epochs of others that a general-purpose model is shown, or that vote beside an EEG-VLM.
    resume
        Whether to go on where a killed run stood, and to leave a finished night as it is.
    """

    explain: Explain | None = None
    reasons: Reasons = "grounded"
    eeg: EegChoice = "first"
    formats: tuple[str, ...] = ALL_FORMATS
    batch_size: int = 32
    lights_off: str | None = None
    lights_on: str | None = None
    second_reader: SecondReader | None = None
    pool: bool = False
    examples: ExampleSource | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        check_formats(self.formats)
        if self.pool and self.second_reader is None:
            raise InputError("arguments", "pool", "no second reader", "name one: --second-reader yasa")


def stage_file(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    stager: Stager,
    channels: Mapping[str, str | Sequence[str]] | None = None,
    options: StageOptions | None = None,
    progress: Progress | None = None,
    explain_progress: Progress | None = None,
    **more: Any,
) -> StagedNight:
    """Stage a recording file, and write its results and its report.

    Parameters
    ----------
    path
        EDF, EDF+, BDF, or what MNE reads.
    out
        Folder of results; the recording gets its own in it, named after the file.
    stager
        The model.
    channels
        The user's choice, as in :func:`eegvlm.signals.read_recording`.
    options
        What is wanted.
    progress, explain_progress
        As in :meth:`.Stager.stage`.
    **more
        Fields of :class:`StageOptions` that replace those of ``options``: ``explain="all"``, ``formats=("csv",)``.

    Returns
    -------
    StagedNight
        What was written.

    Raises
    ------
    InputError
        If the recording, an option or the folder cannot be used: in one sentence, before the work where that can be
        known.

    Examples
    --------
    >>> stager = Stager.from_pretrained("nano")                            # doctest: +SKIP
    >>> night = stage_file("night.edf", "staged", stager=stager, explain="all")  # doctest: +SKIP
    """
    recording = read_recording(Path(path), channels)
    chosen = replace(options or StageOptions(), **more)
    folder = Path(out) / Path(path).stem
    night = stage_recording(recording, folder, stager, chosen, progress, explain_progress)
    if night is None:
        hint = "it is not staged again: read its files, or leave resume out"
        raise InputError(folder, "results", "finished before", hint)
    return night


def stage_recording(
    recording: Recording,
    folder: Path,
    stager: Stager,
    options: StageOptions,
    progress: Progress | None = None,
    explain_progress: Progress | None = None,
) -> StagedNight | None:
    """Stage an opened recording into its own folder; None where ``resume`` finds the night finished."""
    explain = stager.explained(options.explain)
    stager.check_explain(explain)
    if options.examples is not None:
        options.examples.check(stager)
    described = recording.describe()
    results = ResultsFolder(folder)
    results.check(described)
    if options.resume and results.is_finished(_files(explain, options), _expected(stager, explain, options, described)):
        return None
    lights = choose_lights(recording, options.lights_off, options.lights_on)
    journal = folder / JOURNAL if recording.path.is_file() else None
    if journal is not None and not options.resume:
        journal.unlink(missing_ok=True)
    reading = stager if options.examples is None else options.examples.shown_to(stager, recording)
    night = reading.stage(
        recording,
        batch_size=options.batch_size,
        explain=explain,
        reasons=options.reasons,
        eeg=options.eeg,
        measure=REPORT in options.formats,
        progress=progress,
        explain_progress=explain_progress,
        journal=journal,
    )
    night = replace(night, lights=lights)
    if options.examples is not None and not options.examples.are_shown_to(stager):
        provenance = {**night.provenance, "examples": options.examples.provenance_beside(stager)}
        night = replace(night, hypnogram=options.examples.voted(recording, night.hypnogram), provenance=provenance)
    if options.second_reader is not None:
        night = _with_second(night, recording, options.second_reader, pool=options.pool)
    night.write(folder, options.formats)
    return night


def _with_second(night: StagedNight, recording: Recording, reader: SecondReader, *, pool: bool) -> StagedNight:
    opinion = ask_second_reader(reader, recording, night.hypnogram)
    hypnogram = pooled(night.hypnogram, opinion.hypnogram) if pool else night.hypnogram
    about = {"second_reader": f"{opinion.reader} {opinion.version}", "pooled": pool}
    return replace(night, second=opinion, hypnogram=hypnogram, provenance={**night.provenance, **about})


def _files(explain: Explain, options: StageOptions) -> list[str]:
    return [FILES[name][0] for name in options.formats] + ([] if explain == "none" else [RATIONALES])


def _expected(stager: Stager, explain: Explain, options: StageOptions, described: dict[str, Any]) -> dict[str, Any]:
    """Return what the summary of a finished night holds."""
    provenance = stager.night_provenance(explain, reasons=options.reasons, eeg=options.eeg)
    if options.second_reader is not None:
        reader = options.second_reader
        provenance |= {"second_reader": f"{reader.name} {reader.version}", "pooled": options.pool}
    if options.examples is not None:
        provenance["examples"] = options.examples.provenance_beside(stager)
    return {**provenance, "recording": described}
