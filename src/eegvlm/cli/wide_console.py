"""The terminal for tables; where output goes elsewhere, lines are long enough for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 160


def wide_console() -> Console:
    """Return standard output as a console that marks nothing up."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=_WIDTH)
