"""``eegvlm ask``: a question about an epoch, answered from what was measured, and verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eegvlm.cli.model_options import Device, Dtype
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from eegvlm.questions import Answer

_COLOURS = {"confirmed": "green", "contradicted": "red", "unverified": "yellow"}


def ask(
    night: Annotated[
        Path,
        typer.Argument(metavar="NIGHT", help="A recording, which is staged first; or the folder of a staged one."),
    ],
    epoch: Annotated[int, typer.Argument(metavar="EPOCH", help="Which epoch, from 1.")],
    question: Annotated[
        str,
        typer.Argument(
            metavar="QUESTION",
            help='"why N2?", "why not N3?", "which events?", "compare with epoch 120", "how sure?"',
        ),
    ],
    model: Annotated[
        str, typer.Option(help="Model that stages a recording: packaged, or a checkpoint folder.")
    ] = "nano",
    freely: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Let this general-purpose model answer, whatever the question; verified."),
    ] = None,
    channels: Annotated[
        list[str] | None,
        typer.Option("--channels", metavar="ROLE=LABEL,...", help="Choose a recording's channels yourself."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: statements, claims and verdicts.")] = False,
    device: Device = "auto",
    dtype: Dtype = "auto",
) -> None:
    """Ask about an epoch of a night.

    Without --freely five kinds of questions are understood and answered from measurements, rules and neighbours. Every
    claim about the signal has a verdict; what is not known is said.
    """
    from rich.console import Console

    from eegvlm.signals import parse_channels, read_recording

    chosen = parse_channels(channels or ())
    if freely is None:
        from eegvlm.questions.question import parse_question

        parse_question(question)  # refused before the night is staged
    if not night.is_dir():
        recording = read_recording(night, chosen)
    elif channels:
        raise InputError("arguments", "--channels", ",".join(channels), "a folder of results has its own: leave it out")

    from eegvlm.questions import AskedNight, answer, answer_freely
    from eegvlm.staging import Stager

    speaker = None if freely is None else Stager.from_pretrained(freely, device=device, dtype=dtype)
    if night.is_dir():
        asked_night = AskedNight.of_results(night)
    else:
        stager = Stager.from_pretrained(model, device=device, dtype=dtype)
        asked_night = AskedNight.of_staged(stager.stage(recording, measure=True), recording)
    reply = (
        answer(asked_night, epoch, question)
        if speaker is None
        else answer_freely(asked_night, epoch, question, speaker)
    )
    if as_json:
        typer.echo(json.dumps(reply.to_dict(), indent=1, ensure_ascii=False))
    else:
        print_answer(reply, Console(highlight=False, markup=False))


def print_answer(reply: Answer, console: Console) -> None:
    """Print an answer, each statement with its mark."""
    from rich.text import Text

    console.print(Text(f"Epoch {reply.epoch}, {reply.stage.label}: {reply.asked}", "bold"))
    for statement in reply.statements:
        mark = Text(f"  [{statement.mark}]", _COLOURS.get(statement.mark, "dim"))
        console.print(Text.assemble("  ", statement.text, mark), soft_wrap=True)
    counts = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in reply.verdicts.items())
    console.print(f"claims: {counts or 'none'}; answered by {reply.answered_by}", soft_wrap=True)
    console.print(Text(NOTICE, "dim"))
