"""A second reader: another stager that reads the same recording, so that a scorer sees where the two differ.

Another package offers one under the entry-point group ``eegvlm.second_readers``: a class, or any callable without
arguments, that returns an object with the attributes of :class:`SecondReader`::

    [project.entry-points."eegvlm.second_readers"]
    clinic = "clinic_stager:ClinicReader"

``yasa`` is built in and cannot be replaced. The path of a scorer's file in place of a name puts that scoring beside
ours.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.second_opinion import SecondOpinion
from eegvlm.signals import Recording
from eegvlm.staging.scoring_reader import ScoringReader
from eegvlm.staging.yasa_reader import YasaReader

GROUP: Final = "eegvlm.second_readers"

_BUILT_IN: Final[dict[str, Callable[[], SecondReader]]] = {"yasa": YasaReader}


@runtime_checkable
class SecondReader(Protocol):
    """A stager beside this package's own."""

    @property
    def name(self) -> str:
        """What it is called in files and on the page."""

    @property
    def version(self) -> str:
        """Its version, for provenance."""

    def stage(self, recording: Recording) -> Hypnogram:
        """Stage a recording.

        Parameters
        ----------
        recording
            ``recording.n_epochs`` 30-s epochs; ``recording.scorable`` says which hold signal.

        Returns
        -------
        Hypnogram
            One stage for each epoch of the recording, ``?`` where there is no signal; with probabilities where the
            reader has them.
        """


def second_reader_names() -> list[str]:
    """Return the names of the second readers: those built in, then those of installed packages."""
    return [*_BUILT_IN, *sorted({entry_point.name for entry_point in entry_points(group=GROUP)} - set(_BUILT_IN))]


def second_reader_named(name: str) -> SecondReader:
    """Return a second reader by its name, ready to stage.

    Parameters
    ----------
    name
        One of :func:`second_reader_names`, or the path of a scoring.

    Raises
    ------
    InputError
        If there is no such reader or file, two packages offer one of that name, or it cannot be loaded. A built-in
        reader whose package is not installed says how to install it.
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name]()
    if Path(name).is_file():
        return ScoringReader(Path(name))
    offered = list(entry_points(group=GROUP, name=name))
    if not offered:
        names = ", ".join(second_reader_names())
        hint = f"use one of {names}, or install the package that offers it; or give a scorer's file"
        raise InputError("arguments", "second reader", name, hint)
    if len(offered) > 1:
        packages = " and ".join(sorted(_package(entry_point) for entry_point in offered))
        raise InputError(
            "arguments", "second reader", name, f"{packages} offer one of that name; uninstall all but one"
        )
    return _loaded(offered[0])


def _loaded(offered: EntryPoint) -> SecondReader:
    try:
        reader = offered.load()()
    except (ImportError, AttributeError, TypeError) as error:
        raise InputError(_package(offered), f"second reader {offered.name}", error, "reinstall that package") from error
    if not isinstance(reader, SecondReader):
        hint = "it must have name, version and stage(recording) (eegvlm.staging.SecondReader)"
        raise InputError(_package(offered), f"second reader {offered.name}", type(reader).__name__, hint)
    return reader


def _package(offered: EntryPoint) -> str:
    return offered.value if offered.dist is None else offered.dist.name


def ask_second_reader(reader: SecondReader, recording: Recording, ours: Hypnogram) -> SecondOpinion:
    """Let a second reader stage a recording, and compare.

    Parameters
    ----------
    reader
        As :func:`eegvlm.staging.second_reader_named` gives it.
    recording
        What was staged.
    ours
        The hypnogram that it was given.

    Raises
    ------
    InputError
        If the recording does not suit the reader, or the reader does not answer with a hypnogram of its epochs.
    """
    second: object = reader.stage(recording)
    if not isinstance(second, Hypnogram):
        hint = "stage(recording) must return an eegvlm.hypnogram.Hypnogram"
        raise InputError(f"second reader {reader.name}", "answer", type(second).__name__, hint)
    return SecondOpinion.of(ours, second, reader=reader.name, version=reader.version)
