"""``eegvlm demo``: a simulated night, staged, and the page that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the night and its results.")] = Path("eegvlm-demo"),
    hours: Annotated[float, typer.Option(min=0.1, max=24.0, help="Length of the night.")] = 2.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated sleeper.")] = 7,
) -> None:
    """Simulate a short night, stage it, compare it with the truth, and name the page that shows it."""
    from rich.console import Console
    from transformers.utils.logging import disable_progress_bar

    from eegvlm.cli.stage import REPORT, Asked, evidence_for, show_night, write_night
    from eegvlm.hypnogram import agreement
    from eegvlm.signals import read_recording
    from eegvlm.simulation import simulate_night
    from eegvlm.staging import Stager

    disable_progress_bar()
    console = Console(markup=False)
    out.mkdir(parents=True, exist_ok=True)
    file = out / "night.edf"
    simulated = simulate_night(hours=hours, seed=seed)
    simulated.write(file)
    recording, stager = read_recording(file), Stager.from_pretrained("nano")
    asked = Asked("uncertain" if stager.can_explain else "none", ("csv", "edf", "bids", "json", REPORT), batch_size=32)
    evidence = evidence_for(recording, stager, asked)
    night = stager.stage(recording, explain=asked.explain, evidence=evidence)
    files = write_night(night, out / file.stem, recording, stager, asked, evidence)
    show_night(console, night, files)
    agreed = agreement(simulated.hypnogram(), night.hypnogram)
    console.print(
        f"agreement with the simulated truth: accuracy {agreed.accuracy:.2f}, kappa {agreed.kappa:.2f} "
        "(a simulated sleeper says nothing about patients)",
        highlight=False,
    )
    page = next(one for one in files if one.suffix == ".html")
    console.print(f"recording: {file}", f"results: {out / file.stem}", f"open {page}", sep="\n", soft_wrap=True)
