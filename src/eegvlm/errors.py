"""The one error a user can cause: input that cannot be used, said in one sentence with a remedy."""

from __future__ import annotations

from os import PathLike, fspath
from types import UnionType


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


class WrongTypeError(InputError, TypeError):
    """An argument of a type that a call does not take; the hint names the call that does."""

    @classmethod
    def of(cls, call: str, argument: str, value: object, hint: str) -> WrongTypeError:
        """Make the error for an argument.

        Parameters
        ----------
        call, argument
            The function and the argument that it was given.
        value
            What was given; only its type is named.
        hint
            Which types the call takes, and which call takes this one.
        """
        kind = type(value)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return cls(f"eegvlm.{call}", argument, name, hint)


def check_type(value: object, kinds: type | UnionType, call: str, argument: str, hint: str) -> None:
    """Refuse an argument of another type.

    Raises
    ------
    WrongTypeError
        Naming the call, the argument, its type and what the call takes.
    """
    if not isinstance(value, kinds):
        raise WrongTypeError.of(call, argument, value, hint)


def check_is_path(value: object, call: str, hint: str) -> None:
    """Refuse what is no path.

    Raises
    ------
    WrongTypeError
        If it is neither a text nor a path object.
    """
    check_type(value, str | PathLike, call, "path", f"give a path; {hint}")
