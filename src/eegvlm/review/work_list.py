"""The nights of a folder: which are to do, in work, signed; and those that are open."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import RLock
from typing import Any

from eegvlm.errors import InputError
from eegvlm.review.description import DESCRIPTION, REVIEW_FOLDER
from eegvlm.review.locating import Channels
from eegvlm.review.night import ReviewedNight
from eegvlm.review.problems import NotFoundError, ReviewError
from eegvlm.staging.results_folder import SUMMARY

_MOST_OPEN = 3  # an overview is tens of megabytes


class ReviewList:
    """Nights by number; one is opened when it is asked for.

    Parameters
    ----------
    folders
        One for each night.
    scoring
        A scorer's file, for a single night.
    channels
        The user's choice of channels, as in :func:`eegvlm.signals.read_recording`.
    """

    def __init__(self, folders: list[Path], scoring: Path | None = None, channels: Channels | None = None) -> None:
        self.folders = folders
        self._scoring, self._channels = scoring, channels
        self._open: OrderedDict[int, ReviewedNight] = OrderedDict()
        self._lock = RLock()

    def night(self, number: int) -> ReviewedNight:
        """Open a night.

        Raises
        ------
        NotFoundError
            If there is none of that number.
        InputError
            If its files cannot be read.
        """
        if not 0 <= number < len(self.folders):
            raise NotFoundError("work list", "night", number, f"there are {len(self.folders)}")
        with self._lock:
            if number not in self._open:
                self._open[number] = ReviewedNight(self.folders[number], self._scoring, self._channels)
            self._open.move_to_end(number)
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)[1].close()
            return self._open[number]

    def to_list(self) -> list[dict[str, Any]]:
        """Return a line for each night: ``number``, ``title``, ``status``, its scorings; or ``error``."""
        return [self._line(number) for number in range(len(self.folders))]

    def close(self) -> None:
        """Close every night."""
        with self._lock:
            for night in self._open.values():
                night.close()
            self._open.clear()

    def _line(self, number: int) -> dict[str, Any]:
        line: dict[str, Any] = {"number": number, "title": self.folders[number].resolve().name}
        try:
            night = self._open.get(number) or ReviewedNight(self.folders[number], self._scoring, self._channels)
            scorings = night.scorings.to_list()
        except InputError as error:
            return {**line, "status": "cannot be read", "error": str(error)}
        statuses = {one["status"] for one in scorings}
        status = next((one for one in ("signed", "in work") if one in statuses), "to do")
        epochs = int(night.described["n_epochs"])
        return {**line, "status": status, "epochs": epochs, "start": night.described.get("start"), "scorings": scorings}


def find_nights(folder: Path) -> list[Path]:
    """Return the nights of a folder: itself, or those in it, by name.

    Raises
    ------
    ReviewError
        If there is none.
    """
    if _is_night(folder):
        return [folder]
    try:
        nights = sorted(one for one in folder.iterdir() if one.is_dir() and _is_night(one))
    except OSError as error:
        raise ReviewError(folder, "folder", error.strerror or error, "check the path and the permissions") from error
    if not nights:
        raise ReviewError(folder, "nights", "none", "stage recordings into it first: eegvlm stage RECORDING --out DIR")
    return nights


def _is_night(folder: Path) -> bool:
    return (folder / SUMMARY).is_file() or (folder / REVIEW_FOLDER / DESCRIPTION).is_file()
