"""One scoring on the disk: its journal, what it amounts to, and who may change it when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from eegvlm.review.edits import changes_of, checked_epochs, checked_who
from eegvlm.review.journal import ReviewJournal
from eegvlm.review.problems import ConflictError, ReadOnlyError, ReviewError
from eegvlm.review.scoring import Change, ReviewedScoring

Annotate = Callable[[Change], Change]


class ReviewedScoringFile:
    """A scoring that is kept in a journal.

    Every method that changes it returns when the change is on the disk.

    Parameters
    ----------
    file
        The journal.
    annotate
        Adds to a change of a stage what the model said of that epoch, for the audit.
    incomplete
        As in :func:`.edits.changes_of`.

    Attributes
    ----------
    state
        What the journal amounts to.
    entries
        The journal itself.
    """

    def __init__(
        self, file: Path, annotate: Annotate = lambda change: change, *, incomplete: int | None = None
    ) -> None:
        self.state = ReviewedScoring()
        self.entries: list[Mapping[str, Any]] = []
        self._annotate, self._incomplete = annotate, incomplete
        self._journal = ReviewJournal(file, self._take)

    @property
    def name(self) -> str:
        """Its name: that of its file."""
        return self._journal.file.stem

    @property
    def file(self) -> Path:
        """The journal."""
        return self._journal.file

    def refresh(self) -> ReviewedScoring:
        """Return its state, with what another process added."""
        self._journal.catch_up()
        return self.state

    def begin(self, who: str, first: Mapping[str, Any]) -> None:
        """Write the first entry; nothing where another window has just done so."""
        name = checked_who(who)

        def entry() -> dict[str, Any]:
            if self.state.begun:
                raise ConflictError(self.name, "scoring", "it has begun already", "open it")
            return self._entry(name, "begin", **first)

        self._journal.append(entry)

    def edit(self, who: str, revision: int, request: Mapping[str, Any]) -> None:
        """Carry out what a scorer asks for (:func:`.edits.changes_of`); nothing where it changes nothing.

        Raises
        ------
        ConflictError
            If the scoring is no longer the one of that revision.
        ReadOnlyError
            If it is signed.
        ReviewError
            If the request makes no sense.
        """
        name = checked_who(who)

        def entry() -> dict[str, Any]:
            self._check(revision)
            changes = [self._annotate(change) for change in changes_of(self.state, request, self._incomplete)]
            if not changes:
                raise _NothingToDo
            return self._entry(name, "edit", changes=changes)

        self._append(entry)

    def undo(self, who: str, revision: int) -> None:
        """Take the last edit back; nothing where there is none. Raises as :meth:`edit` does."""
        self._reverse(who, revision, "undo", self.state.undo_changes)

    def redo(self, who: str, revision: int) -> None:
        """Restore the last edit that was taken back; nothing where there is none. Raises as :meth:`edit` does."""
        self._reverse(who, revision, "redo", self.state.redo_changes)

    def see(self, who: str, epochs: object) -> None:
        """Note that a scorer looked at epochs, counted from 1; it conflicts with nothing; once signed, ignored."""
        name = checked_who(who)

        def entry() -> dict[str, Any]:
            new = sorted(set(checked_epochs(self.state, epochs)) - self.state.seen)
            if not new or self.state.signature is not None:
                raise _NothingToDo
            return self._entry(name, "seen", epochs=new)

        self._append(entry)

    def finish(self, who: str, revision: int) -> None:
        """Say that a blind scoring is complete: the other scorings are shown from now on."""
        name = checked_who(who)

        def entry() -> dict[str, Any]:
            self._check(revision)
            return self._entry(name, "finish")

        self._append(entry)

    def sign(self, who: str, revision: int, signature: Mapping[str, Any]) -> None:
        """Sign it: it cannot be changed from now on.

        Parameters
        ----------
        who
            Name or initials.
        revision
            The one that was hashed.
        signature
            Statement and hashes.
        """
        name = checked_who(who)

        def entry() -> dict[str, Any]:
            self._check(revision)
            return self._entry(name, "sign", version=self.state.version, **signature)

        self._append(entry)

    def reopen(self, who: str, revision: int, reason: str) -> None:
        """Make a signed scoring editable again, as a new version.

        Raises
        ------
        ReviewError
            If no reason is given, or it is not signed.
        """
        name = checked_who(who)
        if not isinstance(reason, str) or not reason.strip():
            raise ReviewError(self.name, "reason", reason, "say why the signed scoring is reopened")

        def entry() -> dict[str, Any]:
            self._check(revision, signed=True)
            return self._entry(name, "reopen", version=self.state.version + 1, reason=reason.strip())

        self._append(entry)

    def _reverse(self, who: str, revision: int, action: str, changes: Callable[[], tuple[Change, ...]]) -> None:
        name = checked_who(who)

        def entry() -> dict[str, Any]:
            self._check(revision)
            if not changes():
                raise _NothingToDo
            return self._entry(name, action, changes=list(changes()))

        self._append(entry)

    def _append(self, entry: Callable[[], dict[str, Any]]) -> None:
        try:
            self._journal.append(entry)
        except _NothingToDo:
            return

    def _check(self, revision: int, *, signed: bool = False) -> None:
        if revision != self.state.revision:
            hint = "another window changed it: what you see now is its latest state, do it again"
            raise ConflictError(self.name, "revision", f"{revision} of {self.state.revision}", hint)
        if signed and self.state.signature is None:
            raise ReviewError(self.name, "signature", "none", "only a signed scoring is reopened")
        if not signed and self.state.signature is not None:
            hint = "reopen it with a reason to change it"
            raise ReadOnlyError(self.name, "scoring", f"signed by {self.state.signature['who']}", hint)

    def _entry(self, who: str, action: str, **fields: Any) -> dict[str, Any]:
        when = datetime.now().astimezone().isoformat(timespec="milliseconds")
        return {"action": action, "who": who, "when": when, **fields}

    def _take(self, entry: Mapping[str, Any]) -> None:
        self.state.take(entry)
        self.entries.append(entry)


class _NothingToDo(Exception):  # noqa: N818  (no error: it leaves the journal as it is)
    """The request would change nothing."""
