"""The one error a user can cause: input that cannot be used, said in one sentence with a remedy."""

from __future__ import annotations

from os import PathLike, fspath


class InputError(Exception):
    """Input that cannot be used.

    Parameters
    ----------
    path
        The file (or the thing that stands for one: a setting, an argument).
    field
        The part of it that is wrong: a header field, a channel, a column.
    value
        What was found there.
    hint
        What to do about it, as a clause that can end a sentence.
    """

    def __init__(self, path: str | PathLike[str], field: str, value: object, hint: str) -> None:
        self.path, self.field, self.value, self.hint = fspath(path), field, value, hint
        super().__init__(path, field, value, hint)

    def __str__(self) -> str:
        shown = " ".join(str(self.value).split())
        if len(shown) > 120:
            shown = shown[:117] + "..."
        return f"{self.path}: {self.field}: {shown or 'empty'}; {self.hint}"
