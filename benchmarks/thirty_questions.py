"""Thirty questions about a simulated night that the packaged model staged, with answers and verdicts.

    python benchmarks/thirty_questions.py docs/ask.md

puts them between the two marks of the page, in place of what stands there. Three epochs of each stage are asked, the
first, the middle and the last of the model's; each of the five kinds of questions comes up.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from eegvlm.core.files import write_text
from eegvlm.hypnogram import STAGES
from eegvlm.lab.simulation import simulate_night
from eegvlm.questions import AskedNight, answer
from eegvlm.staging import Stager

HOURS, SEED = 4, 3_000_007
BEGIN, END = "<!-- thirty questions: begin -->", "<!-- thirty questions: end -->"
OF_STAGE = {
    "W": ("why?", "why not N1?", "which events?", "how sure?", "why not REM?", "are there blinks?"),
    "N1": (
        "why N1?",
        "why not W?",
        "why not N2?",
        "are there vertex waves?",
        "how sure?",
        "compare with epoch {before}",
    ),
    "N2": ("why N2?", "why not N3?", "why not N1?", "are there spindles?", "which events?", "how sure?"),
    "N3": (
        "why N3?",
        "why not N2?",
        "how much of it is slow waves?",
        "how sure?",
        "compare with epoch {before}",
        "why R?",
    ),
    "R": ("why R?", "why not W?", "why not N1?", "are there eye movements?", "how is the chin?", "how sure?"),
}


def main() -> None:
    """Ask, and write the page."""
    page = Path(sys.argv[1])
    recording = simulate_night(hours=HOURS, seed=SEED).recording()
    night = AskedNight.of_staged(
        Stager.from_pretrained("nano", dtype="float32").stage(recording, measure=True), recording
    )
    lines, verdicts, bases = [], Counter[str](), Counter[str]()
    number = 0
    for stage in STAGES:
        places = np.flatnonzero(night.hypnogram.stages == stage)
        chosen = [int(places[int(k)]) + 1 for k in np.linspace(0, len(places) - 1, 3)]
        for k, question in enumerate(OF_STAGE[stage.label]):
            epoch = chosen[k % 3]
            found = answer(night, epoch, question.format(before=max(1, epoch - 20)))
            number += 1
            verdicts += found.verdicts
            bases += Counter(one.basis.value for one in found.statements)
            lines += [f"**{number}. Epoch {epoch}, {found.stage.label}: {found.asked}**", ""]
            lines += [*(f"- {one.text} *[{one.mark}]*" for one in found.statements), ""]
    claims = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in verdicts.items())
    statements = ", ".join(f"{count} {name}" for name, count in bases.items())
    head = [
        f"A simulated night of {HOURS} hours (seed {SEED}), staged by nano. Claims: {claims}. Statements by what they "
        f"rest on: {statements}.",
        "",
    ]
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    write_text(page, "\n".join([before + BEGIN, "", *head, *lines]) + END + after)


if __name__ == "__main__":
    main()
