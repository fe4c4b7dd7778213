"""What a scoring amounts to: every entry of its journal, one after the other.

An edit is a list of changes, each with what was there and what is there now; undo writes the same changes the other way
round. So edits, undo and redo are applied by the same two lines, and an auditor reads all three alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import stage_of_spelling
from eegvlm.review.problems import ReviewError
from eegvlm.signals import Lights

Change = Mapping[str, Any]
LIGHTS_SOURCE = "set by the scorer"


@dataclass
class ReviewedScoring:
    """The state of one scoring; :meth:`take` brings it forward by one entry.

    Attributes
    ----------
    begun
        The journal's first entry: the name, the stages that were there at first and where they are from, the recording,
        the model; empty before it.
    stages
        Label of each epoch.
    marks
        Identifier -> ``kind``, ``start_s``, ``stop_s``, ``channel``, ``text``.
    comments
        Epoch, counted from 1 -> text.
    lights
        ``off_s`` and ``on_s``, seconds after the recording's start; None where nobody set them.
    seen, scored
        Epochs, counted from 1, that the scorer looked at, and those whose stage a person last set.
    revision
        Number of entries that changed the scoring, or whether it can be changed.
    version
        1, and one more each time it was reopened.
    signature
        The entry that signed it; None while it can be changed.
    finished
        Whether a blind scorer said that the scoring is complete.
    """

    begun: Mapping[str, Any] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    marks: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)
    lights: Mapping[str, float | None] | None = None
    seen: set[int] = field(default_factory=set)
    scored: set[int] = field(default_factory=set)
    revision: int = 0
    version: int = 1
    signature: Mapping[str, Any] | None = None
    finished: bool = False
    _undoable: list[tuple[Change, ...]] = field(default_factory=list)
    _redoable: list[tuple[Change, ...]] = field(default_factory=list)

    def take(self, entry: Mapping[str, Any]) -> None:
        """Apply an entry of the journal.

        Raises
        ------
        ReviewError
            If its action is none that this version knows.
        """
        action = entry.get("action")
        if action not in _ACTIONS:
            hint = "it was written by a later version: update eeg-vlm"
            raise ReviewError("journal", f"action of entry {entry.get('n')}", action, hint)
        _ACTIONS[action](self, entry)
        self.revision += action != "seen"

    @property
    def is_hidden(self) -> bool:
        """Whether the scorer must not see what others said yet."""
        return bool(self.begun.get("blind")) and not self.finished

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._undoable)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to restore."""
        return bool(self._redoable)

    def undo_changes(self) -> tuple[Change, ...]:
        """Return what takes the last edit back; empty where there is none."""
        return inverted(self._undoable[-1]) if self._undoable else ()

    def redo_changes(self) -> tuple[Change, ...]:
        """Return what restores the last edit that was taken back; empty where there is none."""
        return self._redoable[-1] if self._redoable else ()

    def hypnogram(self) -> Hypnogram:
        """Return the stages as a scored night, with the lights that the scorer set."""
        start = self.begun.get("start")
        lights = self.lights and Lights(self.lights.get("off_s"), self.lights.get("on_s"), LIGHTS_SOURCE)
        stages = [stage_of_spelling(label) for label in self.stages]
        return Hypnogram(
            np.array(stages, np.int8),
            epoch_s=self.begun["epoch_s"],
            start=None if start is None else datetime.fromisoformat(start),
            onset_s=self.begun["onset_s"],
            lights=lights or None,
        )

    def content(self) -> dict[str, Any]:
        """Return what is signed, in plain types."""
        return {
            "start": self.begun["start"],
            "onset_s": self.begun["onset_s"],
            "epoch_s": self.begun["epoch_s"],
            "stages": self.stages,
            "marks": {key: dict(self.marks[key]) for key in sorted(self.marks)},
            "comments": {str(epoch): self.comments[epoch] for epoch in sorted(self.comments)},
            "lights": None if self.lights is None else dict(self.lights),
        }

    def _begin(self, entry: Mapping[str, Any]) -> None:
        self.begun = entry
        self.stages = list(entry["stages"])
        self.lights = entry.get("lights")

    def _edit(self, entry: Mapping[str, Any]) -> None:
        changes = tuple(entry["changes"])
        self._apply(changes)
        self._undoable.append(changes)
        self._redoable.clear()

    def _undo(self, entry: Mapping[str, Any]) -> None:
        self._apply(entry["changes"])
        self._redoable.append(self._undoable.pop())

    def _redo(self, entry: Mapping[str, Any]) -> None:
        self._apply(entry["changes"])
        self._undoable.append(self._redoable.pop())

    def _see(self, entry: Mapping[str, Any]) -> None:
        self.seen.update(entry["epochs"])

    def _finish(self, entry: Mapping[str, Any]) -> None:
        self.finished = True

    def _sign(self, entry: Mapping[str, Any]) -> None:
        self.signature = entry

    def _reopen(self, entry: Mapping[str, Any]) -> None:
        self.signature = None
        self.version = entry["version"]

    def _apply(self, changes: tuple[Change, ...] | list[Change]) -> None:
        for change in changes:
            key, to = change["key"], change["to"]
            if change["of"] == "stage":
                self.stages[key - 1] = to
                self.scored.add(key)
            elif change["of"] == "lights":
                self.lights = to
            else:
                entries: dict[Any, Any] = self.marks if change["of"] == "mark" else self.comments
                if to is None:
                    entries.pop(key, None)
                else:
                    entries[key] = to


_ACTIONS: dict[str, Callable[[ReviewedScoring, Mapping[str, Any]], None]] = {
    "begin": ReviewedScoring._begin,
    "edit": ReviewedScoring._edit,
    "undo": ReviewedScoring._undo,
    "redo": ReviewedScoring._redo,
    "seen": ReviewedScoring._see,
    "finish": ReviewedScoring._finish,
    "sign": ReviewedScoring._sign,
    "reopen": ReviewedScoring._reopen,
}


def inverted(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the changes that take others back."""
    return tuple({**change, "from": change["to"], "to": change["from"]} for change in reversed(changes))
