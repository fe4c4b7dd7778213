"""What a recipe says of the nights: simulated, recorded and unlabelled sources, and their mixture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Literal

from eegvlm.lab.datasets import FolderRules


@dataclass(frozen=True)
class SimulatedNightsRecipe:
    """Simulated nights; night k has the seed ``first_seed + k`` and a subject of its own.

    Parameters
    ----------
    nights, hours, first_seed
        How many, how long, from which seed.
    eeg
        Derivations; a night has the one at the place of its seed, in turn.
    spread
        How far subjects and recorders differ (:func:`eegvlm.lab.simulation.draw_subject`).
    spectra
        Name under which a folder of measured band powers is given (``--data NAME=FOLDER``): the nights follow these
        real ones in turn (:func:`eegvlm.lab.simulation.read_band_powers`), and ``hours`` is not used.
    carriers, carrier_share
        Name of a recorded source whose EEG lends its texture to this share of the nights.
    teacher, teacher_share, true_n1
        ``yasa``: its probabilities for the night, mixed into the true stages with this weight (extra ``teacher``).
        ``true_n1`` is the least share of the truth where the true stage is N1, which YASA hardly ever says.
    off_grid
        Whether a night begins up to half a minute late, so that stages change within epochs, as they do in real ones
        (:meth:`eegvlm.lab.simulation.SimulatedNight.later`).
    phases
        Names of the phases that learn from these nights; all, where none is named. What reads the vectors of a frozen
        network learns from nights that this network has not learnt from how far they can be trusted.
    weight
        Share of the drawn epochs that come from this source, relative to the others' weights.
    """

    nights: int = 24
    hours: float = 8.0
    first_seed: int = 0
    eeg: tuple[str, ...] = ("EEG C4-M1", "EEG Fpz-Cz", "EEG C3-M2", "EEG F4-M1", "EEG Pz-Oz")
    spread: float = 1.0
    spectra: str = ""
    carriers: str = ""
    carrier_share: float = 0.5
    teacher: Literal["none", "yasa"] = "none"
    teacher_share: float = 0.5
    true_n1: float = 0.0
    off_grid: bool = False
    phases: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True)
class RecordedNights:
    r"""Nights of a data set; where it lies is said when the run starts (``--data NAME=FOLDER``).

    Parameters
    ----------
    name
        What the recipe and the command line call this source.
    dataset
        A name that :func:`eegvlm.lab.datasets.open_dataset` knows, ``folder`` for recordings of your own;
        ``epochs`` for whatever a built epoch store holds.
    only, without
        Patterns of the names of nights that are taken, and that are left out.
    fold
        ``"1/5"``: the nights of the first of five groups of persons; ``"not 1/5"``: those of the others; ``""``: all.
    stages
        Labels of the epochs that are learnt. Where these are fewer than five, because others are missing from
        the data, the loss compares these stages alone: epochs of two stages must not teach that others do not exist.
    soft_negatives
        Of such a source, by the stage of an epoch: the weights, from 0 to 1, with which the loss compares it with each
        stage (W, N1, N2, N3, R) that the source lacks (:func:`eegvlm.lab.training.losses.weighed`). A little keeps
        recorded W from being called R for sure; much wipes R out. A neighbour in depth, as N2 is of N3, wants none:
        only epochs of both could say where one ends.
    wake_crop_min
        Minutes of wake kept around sleep; all where it is not given.
    scorer
        Whose stages are taught, where several scored; the data set's first one where it is not given.
    grid, extend_20s
        Which epochs a night is cut into (:class:`~eegvlm.lab.datasets.cutting.Cutting`); a built epoch store is cut.
    channels
        Channels by role (``{eeg: Fpz-Cz}``), as ``--channels`` takes them; found by the roles where empty.
    rules
        Of ``folder``: how files are named and who the sleepers are (:class:`eegvlm.lab.datasets.FolderRules`), such as
        ``{subject: '(S\d+)_.*'}``. Without a subject rule each recording counts as a person of its own, and one who
        has several may be both trained on and tested.
    persons
        The persons that are taken, as :attr:`eegvlm.lab.datasets.Night.person` names them; all where it is not given. A
        recipe's split sets it.
    weight
        As for simulated nights.
    """

    name: str
    dataset: str = "folder"
    only: tuple[str, ...] = ("*",)
    without: tuple[str, ...] = ()
    fold: str = ""
    stages: tuple[Literal["W", "N1", "N2", "N3", "R"], ...] = ("W", "N1", "N2", "N3", "R")
    soft_negatives: dict[str, tuple[float, ...]] = field(default_factory=dict)
    wake_crop_min: float | None = None
    scorer: str | None = None
    grid: Literal["scoring", "recording"] = "scoring"
    extend_20s: bool = False
    channels: dict[str, str] = field(default_factory=dict)
    rules: FolderRules | None = None
    persons: tuple[str, ...] | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class UnlabelledNights:
    """Recordings without a scoring, for phases that need none (``contrastive``).

    Parameters
    ----------
    name
        What the recipe and the command line (``--data NAME=FOLDER``) call this source.
    only
        Patterns of the names of files that are taken, in all folders below.
    weight
        As for simulated nights.
    """

    name: str
    only: tuple[str, ...] = ("*.edf", "*.EDF", "*.bdf", "*.rec")
    weight: float = 1.0


@dataclass(frozen=True)
class SpectralNights:
    """Scored nights with band features alone, without a signal (:mod:`.spectral_nights`), for ``evidence`` phases.

    Parameters
    ----------
    name
        What the recipe and the command line (``--data NAME=FOLDER``) call this source.
    phases
        Names of the phases that learn from them.
    weight
        As for simulated nights.
    """

    name: str
    phases: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Mixture:
    """Sources that are drawn from together."""

    simulated: tuple[SimulatedNightsRecipe, ...] = ()
    recorded: tuple[RecordedNights, ...] = ()
    unlabelled: tuple[UnlabelledNights, ...] = ()
    spectral: tuple[SpectralNights, ...] = ()

    @property
    def weights(self) -> list[float]:
        """Weights of the recorded, the simulated, the unlabelled and the spectral sources, in this order."""
        return [
            *(source.weight for source in self.recorded),
            *(source.weight for source in self.simulated),
            *(source.weight for source in self.unlabelled),
            *(source.weight for source in self.spectral),
        ]

    def of(self, phase: str) -> tuple[Mixture, list[bool]]:
        """Return the sources from which a phase learns, and whether each, in the order of weights, is among them."""
        learnt = [not source.phases or phase in source.phases for source in self.simulated]
        spectral = [phase in source.phases for source in self.spectral]
        chosen = [True] * len(self.recorded) + learnt + [True] * len(self.unlabelled) + spectral
        simulated = tuple(compress(self.simulated, learnt))
        return replace(self, simulated=simulated, spectral=tuple(compress(self.spectral, spectral))), chosen
