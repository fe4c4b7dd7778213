"""What typer says of a wrong argument, as one sentence like every other error."""

from __future__ import annotations

from typing import Any

_PYDANTICS = "Value error, "


def usage_sentence(error: Any) -> str | None:
    """Return what is wrong with the arguments, and where help is; None for an error of another kind.

    Parameters
    ----------
    error
        What a typer application raised that was told not to print. Usage errors are known by what they have, for
        newer versions of typer bring click's classes under a name of their own.
    """
    if not hasattr(error, "format_message") or type(error).__name__ == "NoArgsIsHelpError":
        return None
    context = getattr(error, "ctx", None)  # none where the parser itself could not go on
    command = "eegvlm" if context is None else context.command_path
    message = " ".join(error.format_message().split()).replace(_PYDANTICS, "").rstrip(".")
    return f"{command}: {message}{'' if message.endswith('?') else ';'} see {command} --help"
