"""Stage one EDF with GSSC's EEGInfer: run by the Python of an environment of its own, which has GSSC and not eegvlm.

    python -m venv gssc && gssc/bin/pip install 'torch>=2.11,<2.14' && gssc/bin/pip install gssc
    gssc/bin/python benchmarks/gssc_runner.py NIGHT.edf STAGES.csv 'EEG C4-M1' 'EOG E1-M2'

The labels are the channels to read; those that begin with EOG are eye channels. As GSSC does by default, its answer is
the vote of all combinations: with one EEG and one EOG both together and each alone. Nothing here imports eegvlm, and
nothing of eegvlm imports this.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import mne
import torch
from gssc.infer import EEGInfer

STAGES = ("W", "N1", "N2", "N3", "R")


def main() -> None:
    """Write the stages, one a line."""
    source, target, *labels = sys.argv[1:]
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    whole = torch.load
    # its packaged networks are pickled modules, which torch no longer loads unless it is asked to
    torch.load = lambda *arguments, **options: whole(*arguments, **{**options, "weights_only": False})
    raw = mne.io.read_raw_edf(source, include=labels, preload=True)
    raw.set_channel_types({name: "eog" if name.startswith("EOG") else "eeg" for name in raw.ch_names})
    eyes = [name for name in raw.ch_names if name.startswith("EOG")]
    brain = [name for name in raw.ch_names if name not in eyes]
    stages, _ = EEGInfer(use_cuda=False).mne_infer(raw, eeg=brain, eog=eyes)
    Path(target).write_text("".join(f"{STAGES[int(stage)]}\n" for stage in stages), encoding="ascii")


if __name__ == "__main__":
    main()
