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

    from eegvlm.cli.stage import show_night
    from eegvlm.core.files import check_output_folder, make_folder
    from eegvlm.hypnogram import agreement
    from eegvlm.lab.simulation import simulate_night
    from eegvlm.staging import Stager, stage_file
    from eegvlm.staging.result_files import FILES, result_files

    file = out / "night.edf"
    check_output_folder(out / file.stem, files=result_files(tuple(FILES)))
    check_output_folder(out, files=(file.name, f"{file.stem}.events.tsv"))
    console = Console(markup=False)
    simulated = simulate_night(hours=hours, seed=seed)
    make_folder(out)
    simulated.write(file)
    night = stage_file(file, out, stager=Stager.from_pretrained("nano"))
    folder = out / file.stem
    show_night(console, night, folder)
    agreed = agreement(simulated.hypnogram(), night.hypnogram)
    console.print(
        f"agreement with the simulated truth: accuracy {agreed.accuracy:.2f}, kappa {agreed.kappa:.2f} "
        "(a simulated sleeper says nothing about patients)",
        highlight=False,
    )
    console.print(
        f"recording: {file}", f"results: {folder}", f"open {folder / 'report.html'}", sep="\n", soft_wrap=True
    )
