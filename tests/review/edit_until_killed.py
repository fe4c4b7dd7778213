"""For every line that it is sent, a process that edits a scoring without end, each edit said once it is confirmed."""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

from eegvlm.review.scoring_file import ReviewedScoringFile


def edit_without_end(file: Path) -> None:
    scoring = ReviewedScoringFile(file)
    print(f"pid {os.getpid()}", flush=True)
    for number in count():
        state = scoring.state
        epoch = number % len(state.stages) + 1
        stage = "N2" if state.stages[epoch - 1] != "N2" else "R"
        scoring.edit("AB", state.revision, {"what": "stage", "stage": stage, "epochs": [epoch]})
        if number % 7 == 6:
            scoring.undo("AB", state.revision)
        if number % 5 == 4:
            scoring.see("AB", [epoch])
        print(state.revision, "".join(label[-1] for label in state.stages), flush=True)


for _ in sys.stdin:
    child = os.fork()
    if not child:
        edit_without_end(Path(sys.argv[1]))
    _, status = os.waitpid(child, 0)
    print(f"\ndied of {os.WTERMSIG(status)}", flush=True)
