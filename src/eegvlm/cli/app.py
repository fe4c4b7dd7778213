"""The command ``eegvlm``: finds the command's file, runs it, and turns errors into exit statuses.

A command's file is imported only when that command is called, so that ``eegvlm --help`` and
``eegvlm inspect`` do not wait for torch.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from eegvlm import __version__
from eegvlm.errors import InputError

# name -> one-line help; the file is eegvlm/cli/<name>.py and holds a function of the same name
COMMANDS = {
    "stage": "Stage recordings: hypnogram, probabilities, statistics.",
    "review": "Open a local page to check a night, correct it, and sign it.",
    "demo": "Simulate a short night, stage it, and say where the files are.",
    "inspect": "Show what a recording holds: channels, roles, units, length, problems.",
    "render": "Draw one epoch as the model sees it.",
    "simulate": "Write a simulated night with its scoring and every event known.",
    "train": "Train a model from a recipe.",
    "merge": "Write a checkpoint from a run that was stopped early.",
    "evaluate": "Judge a model against the experts of a data set.",
    "dataset": "Public data sets and folders of scored nights: list, check, build, download.",
    "convert": "Convert a scoring from one format to another.",
    "compare": "Compare two scorings of one night.",
}


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name every command in the order of :data:`COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and build one command."""
        if cmd_name not in COMMANDS:
            return None
        function = getattr(importlib.import_module(f"eegvlm.cli.{cmd_name}"), cmd_name)
        if isinstance(function, typer.Typer):
            return typer.main.get_command(function)
        single = typer.Typer(add_completion=False)
        single.command(name=cmd_name, short_help=COMMANDS[cmd_name])(function)
        return typer.main.get_command(single)


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"eegvlm {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Stage sleep by reading pictures of the polysomnogram. Research use; verify by a trained scorer."""


def main() -> None:
    """Run the command line.

    Exit status 0: done; 1: a fault of ours; 2: the input or the arguments are wrong.
    """
    # Waiting threads sleep instead of spinning: on a machine that does other work too, staging is twice as fast.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # transformers announces new names for arguments that the oldest version we take knows by the old ones alone.
    warnings.filterwarnings("ignore", r"`\w+` is deprecated and will be removed in", FutureWarning)
    try:
        app(prog_name="eegvlm")
    except InputError as error:
        print(f"eegvlm: {error}", file=sys.stderr)
        sys.exit(2)
