"""The command ``eegvlm``: finds the command's file, runs it, and turns errors into exit statuses.

A command's file is imported only when that command is called, so that ``eegvlm --help`` and
``eegvlm inspect`` do not wait for torch.
"""

from __future__ import annotations

import importlib
import sys

import click
import typer

from eegvlm import __version__
from eegvlm.errors import InputError

# name -> one-line help; the file is eegvlm/cli/<name>.py and holds a function of the same name
COMMANDS = {
    "stage": "Stage recordings: hypnogram, probabilities, statistics.",
    "demo": "Simulate a short night, stage it, and say where the files are.",
    "inspect": "Show what a recording holds: channels, roles, units, length, problems.",
    "render": "Draw one epoch as the model sees it.",
    "simulate": "Write a simulated night with its scoring and every event known.",
    "train": "Train a model from a recipe.",
    "convert": "Convert a scoring from one format to another.",
    "compare": "Compare two scorings of one night.",
}


class LazyGroup(click.Group):
    """A click group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command in the order of :data:`COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and build one command."""
        if cmd_name not in COMMANDS:
            return None
        function = getattr(importlib.import_module(f"eegvlm.cli.{cmd_name}"), cmd_name)
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command(name=cmd_name)(function)
        return typer.main.get_command(app)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="eegvlm")
def app() -> None:
    """Stage sleep by reading pictures of the polysomnogram. Research use; verify by a trained scorer."""


def main() -> None:
    """Run the command line. Exit status 0: done; 1: a fault of ours; 2: the input or the arguments are wrong."""
    try:
        app(prog_name="eegvlm")
    except InputError as error:
        print(f"eegvlm: {error}", file=sys.stderr)
        sys.exit(2)
