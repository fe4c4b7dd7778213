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
from typer.core import TyperCommand, TyperGroup

from eegvlm import __version__
from eegvlm.cli.usage_errors import usage_sentence
from eegvlm.errors import InputError

# name -> one-line help; the file is eegvlm/cli/<name>.py and holds a function of the same name, - being _
COMMANDS = {
    "stage": "Stage recordings: hypnogram, probabilities, statistics.",
    "cohort": "Stage thousands of nights, resumable, on one machine or a cluster.",
    "review": "Open a local page to check a night, correct it, and sign it.",
    "demo": "Simulate a short night, stage it, and say where the files are.",
    "inspect": "Show what a recording holds: channels, roles, units, length, problems.",
    "render": "Draw one epoch as the model sees it.",
    "simulate": "Write a simulated night with its scoring and every event known.",
    "train": "Train a model from a recipe.",
    "record": "Show or write who a checkpoint was trained and validated on.",
    "merge": "Write a checkpoint from a run that was stopped early.",
    "export": "Write a checkpoint as ONNX graphs that run without torch.",
    "evaluate": "Judge a model against the experts of a data set.",
    "crossval": "Train and judge a recipe fold by fold, on persons each model has not met.",
    "ablate": "Train and judge variants of a recipe: one table, differences on the same persons.",
    "ask": "Ask about an epoch: why this stage, why not that one, which events, how sure.",
    "attribute": "Map what a model's answers hang on: patches of the picture, channels.",
    "failing-channel": "Judge a model while one channel at a time fails.",
    "dataset": "Public data sets and folders of scored nights: list, check, build, download.",
    "index": "Build a store of scored epochs, for staging with examples.",
    "convert": "Convert a scoring from one format to another.",
    "compare": "Compare two scorings of one night.",
    "doctor": "Show versions, device, extras, and what can run here.",
}


class LazyGroup(TyperGroup):
    """A group that lists its commands by name and imports the one that is called."""

    def __init__(self, **options: Any) -> None:
        listed = {name: TyperCommand(name, short_help=line) for name, line in COMMANDS.items()}
        super().__init__(**{**options, "commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called, import its file and build it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, None if name is None else imported_command(name), rest


def imported_command(name: str) -> Any:
    """Import and build one of :data:`COMMANDS`."""
    module = name.replace("-", "_")
    function = getattr(importlib.import_module(f"eegvlm.cli.{module}"), module)
    if isinstance(function, typer.Typer):
        return typer.main.get_command(function)
    single = typer.Typer(add_completion=False)
    single.command(name=name, short_help=COMMANDS[name])(function)
    return typer.main.get_command(single)


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich, to print a list of names, would take half of the time of --help
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(requested: bool) -> None:
    if requested:
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
        status = app(prog_name="eegvlm", standalone_mode=False)
    except typer.Abort:
        sys.exit(1)
    except InputError as error:
        print(f"eegvlm: {error}", file=sys.stderr)
        sys.exit(2)
    except ModuleNotFoundError as error:
        from eegvlm.core.extras import missing_extra

        missing = missing_extra(error, next((name for name in sys.argv[1:] if name in COMMANDS), "this command"))
        if missing is None:
            raise
        print(f"eegvlm: {missing}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        sentence = usage_sentence(error)
        if sentence is not None:
            print(sentence, file=sys.stderr)
        elif hasattr(error, "show"):  # help, where a group of commands is called without one
            error.show()
        else:
            raise
        sys.exit(2)
    sys.exit(status if isinstance(status, int) else 0)
