"""The errors of this room: a scoring that cannot be used.

Hints name options as ``eegvlm convert`` calls them; :func:`with_options_of` names them as another command does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from os import PathLike
from typing import TypeVar

from eegvlm.errors import InputError

_OPTION = re.compile(r"--[a-z][a-z-]*")
_Error = TypeVar("_Error", bound=InputError)


class HypnogramError(InputError):
    """A scoring, or a request on one, that cannot be used; says where, what, and the remedy."""


class SeveralScorersError(HypnogramError):
    """A file that holds the stages of several scorers, of whom none was named.

    Attributes
    ----------
    scorers
        Their names.
    """

    def __init__(
        self, path: str | PathLike[str], field: str, value: object, hint: str, scorers: tuple[str, ...] = ()
    ) -> None:
        super().__init__(path, field, value, hint)
        self.scorers = scorers

    @classmethod
    def of(cls, path: str | PathLike[str], field: str, scorers: tuple[str, ...]) -> SeveralScorersError:
        """Make the error for a file and the place where it names its scorers."""
        hint = f'the file holds the stages of several scorers; say whose to read with --scorer "{scorers[0]}"'
        return cls(path, field, ", ".join(scorers), hint, scorers)


def with_options_of(error: _Error, names: Mapping[str, str]) -> _Error:
    """Return an error that names options as another command calls them.

    Parameters
    ----------
    error
        The error.
    names
        Options of ``eegvlm convert``, such as ``--scorer``, and what they are called there.
    """

    def renamed(text: str) -> str:
        return _OPTION.sub(lambda match: names.get(match[0], match[0]), text)

    translated = copy(error)
    translated.field, translated.hint = renamed(error.field), renamed(error.hint)
    translated.args = (error.path, translated.field, error.value, translated.hint)
    return translated
