"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(what: str, *, quiet: bool = False) -> Iterator[Callable[..., None] | None]:
    """Show a bar, and give what tells it (done, total) or (done, total, name of the item); None where none is shown."""
    from rich.console import Console

    console = Console(stderr=True, markup=False)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)

        def tell(done: int, total: int, name: str = "") -> None:
            progress.update(task, completed=done, total=total, description=f"{what} {name}".strip())

        yield tell
