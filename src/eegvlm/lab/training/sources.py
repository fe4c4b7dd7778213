"""From a recipe's sources to nights on disk: simulated ones are made, recorded ones are read.

A night that a killed run had written is not made again. Where a recorded source lies as a built epoch store, its
nights are taken from there.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.core.random_streams import RunStream
from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.hypnogram.align import notes_of_placing
from eegvlm.hypnogram.timing import Timing
from eegvlm.images import ImageLayout, panel_channels, panel_signals
from eegvlm.lab.datasets import Night
from eegvlm.lab.datasets.checks import alignments_in_words
from eegvlm.lab.epochs.night_file import NightFile, NightLabels, one_hot
from eegvlm.lab.simulation import Carriers, MeasuredSpectra, draw_subject, read_band_powers, simulate_night
from eegvlm.lab.training.built_nights import BuiltNight
from eegvlm.lab.training.chosen_nights import chosen_nights, files_of, folder_of, recorded_nights
from eegvlm.lab.training.data_checks import check_mixture, lender_of, spectra_files
from eegvlm.lab.training.parts import check_parts, divided
from eegvlm.lab.training.recipe import DataRecipe, Mixture, RecordedNights, SimulatedNightsRecipe, UnlabelledNights
from eegvlm.lab.training.spectral_nights import read_spectral_nights
from eegvlm.lab.training.store import StoredNight, TrainingStore, night_key, write_night
from eegvlm.signals import EPOCH_S, read_recording

_LOG = logging.getLogger(__name__)
_OTHERS = ("EOG E1-M2", "EOG E2-M2", "EMG chin")
_EVERY_STAGE = np.ones(5, dtype=bool)

Progress = Callable[[list[Any]], Iterable[Any]]


def prepare(
    data: DataRecipe, layout: ImageLayout, folder: Path, roots: Mapping[str, Path], *, progress: Progress = iter
) -> tuple[TrainingStore, TrainingStore]:
    """Return the epochs to train on, and those to validate on.

    Parameters
    ----------
    data
        The sources.
    layout
        Its panels, rate and filters are what is stored.
    folder
        Two files a night.
    roots
        Where each recorded source lies, by its name.
    progress
        Wraps the list of nights of a source, to show how far it is.

    Raises
    ------
    InputError
        If a recorded source has no root or no night, or a person is in two parts, the test part included.
    """
    data = divided(data, layout, roots)
    train = _mixture(data.train, "train", data, layout, folder, roots, progress, normalised=data.normalised)
    validation = _mixture(data.validation, "validation", data, layout, folder, roots, progress)
    check_parts(data, layout, roots, training=train.persons, validation=validation.persons)
    return train, validation


def _mixture(
    mixture: Mixture,
    part: str,
    data: DataRecipe,
    layout: ImageLayout,
    folder: Path,
    roots: Mapping[str, Path],
    progress: Progress,
    *,
    normalised: bool = True,
) -> TrainingStore:
    files: dict[str, list[StoredNight]] = {}
    check_mixture(mixture, part)
    for recorded in mixture.recorded:
        timings: dict[str, Timing] = {}
        files[recorded.name] = [
            night if isinstance(night, BuiltNight) else NightFile(_record(night, recorded, layout, folder, timings))
            for night in progress(chosen_nights(recorded, layout, roots, level=logging.WARNING))
        ]
        _tell_alignment(recorded.name, timings)
    for place, simulated in enumerate(mixture.simulated):
        lender = lender_of(simulated, data)
        carriers = None if lender is None else _carriers(lender, layout, roots)
        spectra = _spectra(simulated, roots)
        seeds = list(range(simulated.first_seed, simulated.first_seed + simulated.nights))
        files[f"simulated-{place}"] = [
            NightFile(_simulate(seed, simulated, layout, folder, carriers, spectra)) for seed in progress(seeds)
        ]
    for unlabelled in mixture.unlabelled:
        recordings = files_of(unlabelled, roots)
        files[unlabelled.name] = [
            NightFile(_unlabelled(path, unlabelled, layout, folder, roots[unlabelled.name]))
            for path in progress(recordings)
        ]
    for spectral in mixture.spectral:
        files[spectral.name] = list(read_spectral_nights(spectral.name, folder_of(spectral.name, roots)))
    keys = Counter(night.key for nights in files.values() for night in nights)
    for twice in (key for key, count in keys.items() if count > 1):
        hint = "two sources give a night of this name: give simulated ones other seeds, others other names"
        raise InputError("recipe", "data", twice, hint)
    soft_negatives = {recorded.name: recorded.soft_negatives for recorded in mixture.recorded}
    return TrainingStore(
        files, [panel.name for panel in layout.panels], normalised=normalised, soft_negatives=soft_negatives
    )


def _tell_alignment(source: str, timings: Mapping[str, Timing]) -> None:
    """Log what the places of a source's scorings rest on; nights that a killed run had written are not counted."""
    if timings:
        counts = Counter(timings.values())
        words = alignments_in_words({timing: counts[timing] for timing in Timing if counts[timing]})
        _LOG.warning("data %s: scorings laid on their recordings by: %s", source, words)


def _record(
    night: Night, source: RecordedNights, layout: ImageLayout, folder: Path, timings: dict[str, Timing]
) -> Path:
    """Write one recorded night; epochs of stages that the source does not teach are kept as context."""
    file = folder / f"{night_key(source.name, night.name)}.npy"
    if not file.is_file():
        recording, hypnogram = night.recording(source.channels or None), night.hypnogram()
        timings[night.name] = hypnogram.timing
        for note in notes_of_placing(hypnogram):
            _LOG.warning("data %s: night %s: %s", source.name, night.name, note)
        count = min(recording.n_epochs, len(hypnogram.stages))
        signals = panel_signals(layout, recording, 0, count)
        if not signals:
            raise InputError(recording.path, "channels", "none for any panel", "name them in the data set's rules")
        stages = hypnogram.stages[:count].astype(np.int8)
        allowed = np.array([stage.label in source.stages for stage in map(Stage, range(5))])
        taught = (stages >= 0) & allowed[np.maximum(stages, 0)] & recording.scorable[:count]
        stages = np.where(taught, stages, -1).astype(np.int8)
        write_night(
            file,
            [panel.name for panel in layout.panels],
            signals,
            NightLabels(night.person, stages, one_hot(stages), allowed),
        )
    return file


def _unlabelled(path: Path, source: UnlabelledNights, layout: ImageLayout, folder: Path, root: Path) -> Path:
    """Write one recording without a scoring; it is named by its place, for names may occur in several folders."""
    name = path.relative_to(root).as_posix()
    file = folder / f"{night_key(source.name, name)}.npy"
    if not file.is_file():
        recording = read_recording(path)
        signals = panel_signals(layout, recording, 0, recording.n_epochs)
        if not signals:
            raise InputError(path, "channels", "none for any panel", "leave this recording out")
        stages = np.full(recording.n_epochs, -1, dtype=np.int8)
        labels = NightLabels(f"{source.name}:{name}", stages, one_hot(stages), _EVERY_STAGE)
        write_night(file, [panel.name for panel in layout.panels], signals, labels)
    return file


def _carriers(source: RecordedNights, layout: ImageLayout, roots: Mapping[str, Path]) -> Carriers:
    """Return the EEG of a recorded source at the layout's rate, unfiltered, as texture for simulated nights."""
    epochs, stages = [], []
    for night in recorded_nights(source, roots):
        recording = night.recording(source.channels or None)
        channel = next(candidate for candidate in panel_channels(layout, recording).values() if candidate is not None)
        epochs_of_night, scored = recording.epochs(channel, rate=layout.rate), night.hypnogram().stages
        count = min(len(epochs_of_night), len(scored))
        whole = np.isfinite(epochs_of_night[:count]).all(axis=1) & (scored[:count] >= 0)
        epochs.append(epochs_of_night[:count][whole])
        stages.append(scored[:count][whole])
    return Carriers(np.concatenate(epochs).astype(np.float32), np.concatenate(stages).astype(np.int8))


def _spectra(source: SimulatedNightsRecipe, roots: Mapping[str, Path]) -> list[MeasuredSpectra]:
    """Return the measured nights that a source follows; none where it names none."""
    return [read_band_powers(file) for file in spectra_files(source, roots)] if source.spectra else []


def _simulate(
    seed: int,
    source: SimulatedNightsRecipe,
    layout: ImageLayout,
    folder: Path,
    carriers: Carriers | None,
    spectra: list[MeasuredSpectra],
) -> Path:
    """Write one simulated night."""
    file = folder / f"simulated-{seed:07d}.npy"
    if file.is_file():
        return file
    eeg = source.eeg[seed % len(source.eeg)]
    carried = carriers is not None and np.random.default_rng([seed, RunStream.CARRIERS]).random() < source.carrier_share
    night = simulate_night(
        hours=source.hours,
        seed=seed,
        rate=layout.rate,
        channels=[eeg, *_OTHERS],
        subject=draw_subject(seed, spread=source.spread),
        spectra=spectra[seed % len(spectra)] if spectra else None,
        carriers=carriers if carried else None,
    )
    if source.off_grid:
        night = night.later(np.random.default_rng([seed, RunStream.GRID_OFFSET]).uniform(0, EPOCH_S))
    targets = one_hot(night.stages)
    if source.teacher == "yasa":
        from eegvlm.lab.training.teacher import taught_probabilities

        taught = taught_probabilities(night.epochs(eeg), night.rate, seed=seed)
        share = np.full(len(targets), source.teacher_share)
        share[night.stages == Stage.N1] = min(source.teacher_share, 1 - source.true_n1)
        targets = ((1 - share[:, None]) * targets + share[:, None] * taught).astype(np.float32)
    recording = night.recording()
    signals = panel_signals(layout, recording, 0, recording.n_epochs)
    labels = NightLabels(f"simulated:{seed}", night.stages, targets.astype(np.float32), _EVERY_STAGE)
    write_night(file, [panel.name for panel in layout.panels], signals, labels)
    return file
